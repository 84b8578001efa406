# SPDX-License-Identifier: BSD-3-Clause
"""The records of runs as a JUnit file: one test case per program, for the systems that draw such files.

Fail and crash are `failure`, unknown and error are `error`, skips carry their reason.  A known failure is a skip, and so is a
wanted outcome that never came where that is no failure: both say so.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .matrix import program_status

# Characters that XML 1.0 cannot hold.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    return _UNFIT.sub("?", text)


def _story(program: Mapping[str, Any]) -> str:
    lines = []
    for finding in program.get("findings", ()):
        lines.append(finding["what"] + (f"   [{finding['outcome']}]" if finding.get("outcome") else ""))
        lines += [f"  again: {finding['again']}"] if finding.get("again") else []
        lines += [f"  | {line}" for line in finding.get("text", "").splitlines()[:20]]
    seen, allowed = program["outcomes"], program.get("allowed", ())
    lines += [f"  {seen.get(key, 0):>10}  {'' if key in allowed else 'FORBIDDEN '}{key}"
              for key in sorted({*allowed, *seen})]
    return _clean("\n".join(lines))


def _case(suite: ET.Element, program: Mapping[str, Any], runtime: str) -> None:
    folder, _, name = str(program["path"]).rpartition("/")
    case = ET.SubElement(suite, "testcase", {"classname": f"{runtime}.{folder.replace('/', '.')}".rstrip("."),
                                             "name": name, "time": f"{program['seconds']:.3f}"})
    findings = program.get("findings", ())
    status = program_status(program)
    first = _clean(findings[0]["what"]) if findings else status
    if status == "known":
        ET.SubElement(case, "skipped", {"message": _clean(f"known: {program['known']['reason']}")})
    elif status in ("skip", "want_missing"):
        ET.SubElement(case, "skipped", {"message": f"{status}: {first}"})
    elif status in ("fail", "crash"):
        ET.SubElement(case, "failure", {"type": status, "message": first}).text = _story(program)
    elif status != "pass":
        ET.SubElement(case, "error", {"type": status, "message": first}).text = _story(program)


def junit_element(record: Mapping[str, Any]) -> ET.Element:
    """The test suite of one run."""
    suite = ET.Element("testsuite", {"name": f"gauntlet {record['runtime']}", "tests": str(len(record["programs"]))})
    for program in record["programs"]:
        _case(suite, program, str(record["runtime"]))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(key, str(len(suite.findall(f"testcase/{tag}"))))
    suite.set("time", f"{record['seconds']:.3f}")
    return suite


def write_junit(records: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes one suite per record. Raises OSError."""
    root = ET.Element("testsuites")
    root.extend(junit_element(record) for record in records)
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
