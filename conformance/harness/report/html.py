# SPDX-License-Identifier: BSD-3-Clause
"""One HTML page of the last runs: every clause by every runtime, and behind each cell the programs, with their outcomes.

Owns: gathering what the page shows, and putting it with template, style and script into one file that needs no network.
Not here: what the page does with it (page/*.js), the status of a clause (matrix.py).

  I1  Every clause of the fixed list is a row, whatever the records hold.
  I2  The page stays small: witnesses are cut after STEPS_MAX steps, and texts of processes after TEXT_MAX characters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..clause import Area, load_areas
from ..lit import ROOT, LitError, Program, load_programs
from ..programs import load_wholes
from .matrix import columns, program_status, read_records
from .record import program_source

PAGE = Path(__file__).resolve().parent / "page"
STEPS_MAX = 150
OUTCOMES_MAX = 64
SOURCE_MAX = 20_000
TEXT_MAX = 1500
FINDINGS_MAX = 4


def _result(program: Mapping[str, Any]) -> dict[str, Any]:
    """What one record says about one program, cut to size."""
    result: dict[str, Any] = {"status": program_status(program), "outcomes": program["outcomes"]}
    findings = [{**f, "text": f.get("text", "")[:TEXT_MAX]} for f in program.get("findings", ())[:FINDINGS_MAX]]
    if findings:
        result["findings"] = findings
    for key in ("missing", "known", "evidence"):
        if program.get(key):
            result[key] = program[key]
    if program.get("runs"):
        result["runs"] = [{**r, "stdout": r["stdout"][-TEXT_MAX:], "stderr": r["stderr"][:TEXT_MAX]}
                          for r in program["runs"]]
    return result


def _source(program: Program) -> dict[str, Any]:
    """A program as the page shows it."""
    source = program_source(program)
    source["source"] = source["source"][:SOURCE_MAX]
    source["files"] = {suffix: text[:SOURCE_MAX] for suffix, text in source["files"].items()}
    outcomes = []
    for outcome in source["outcomes"][:OUTCOMES_MAX]:
        steps = outcome["witness"]
        outcomes.append({"key": outcome["key"], "weight": round(outcome["weight"], 6), "steps": steps[:STEPS_MAX],
                         "more": max(0, len(steps) - STEPS_MAX)})
    source["outcomes"] = outcomes
    source["wanted"] = sorted(program.wanted)
    source["allowed"] = sorted(program.allowed)
    return source


def _programs(records: Sequence[Mapping[str, Any]], sources: Sequence[Program]) -> dict[str, dict[str, Any]]:
    """All programs of the records and of the corpus by id; `results` are in the order of the records."""
    known = {program.id: program for program in sources}
    found: dict[str, dict[str, Any]] = {program.id: _source(program) for program in sources}
    for number, record in enumerate(records):
        for program in record["programs"]:
            entry = found.setdefault(program["id"], {
                "id": program["id"], "path": program["path"], "clauses": program["clauses"], "about": "", "source": "",
                "outcomes": [], "expects": [], "allowed": program.get("allowed", []),
                "wanted": program.get("wanted", [])})
            entry.setdefault("results", [None] * len(records))[number] = _result(program)
    for program_id, entry in found.items():
        entry.setdefault("results", [None] * len(records))
        if program_id not in known:
            entry["gone"] = True
    return found


def page_data(records: Sequence[Mapping[str, Any]], sources: Sequence[Program], areas: Sequence[Area],
              problem: str = "") -> dict[str, Any]:
    """All that the page shows, as plain values."""
    clauses = [clause for area in areas for clause in area.clauses]
    cells = columns(records, [clause.id for clause in clauses])
    programs = _programs(records, sources)
    citing: dict[str, list[str]] = {}
    for program in programs.values():
        for clause in program["clauses"]:
            citing.setdefault(clause, []).append(program["id"])
    return {
        "problem": problem,
        "runtimes": [{key: record.get(key) for key in ("runtime", "version", "seed", "seconds", "executions", "summary",
                                                       "outcomes", "stopped", "partial")} for record in records],
        "areas": [[area.name, area.title] for area in areas],
        "clauses": [[c.id, c.area, c.level, c.portability, c.requirement, c.source,
                     [column[c.id].status for column in cells.values()], citing.get(c.id, [])] for c in clauses],
        "programs": programs,
    }


def render(data: Mapping[str, Any]) -> str:
    """The page as one text."""
    env = Environment(loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined,
                      trim_blocks=True, lstrip_blocks=True)
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True)
    for bad, good in (("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")):
        text = text.replace(bad, good)
    scripts = [path.read_text(encoding="utf-8") for path in sorted(PAGE.glob("*.js"))]
    style = (PAGE / "page.css").read_text(encoding="utf-8")
    return env.get_template("page.html").render(data=text, scripts=scripts, style=style,
                                                names=", ".join(r["runtime"] for r in data["runtimes"]))


def write_html(path: Path, records: Sequence[Mapping[str, Any]] | None = None,
               programs: Sequence[Program] | None = None) -> None:
    """Writes the page, of all records there are when none are given. Raises ReportError, OSError.

    Without a `lit` command the page lacks sources and schedules, and says so.
    """
    problem = ""
    if programs is None:
        try:
            programs = [*load_programs(), *load_wholes()]
        except LitError as error:
            programs, problem = [], f"sources and schedules are missing: {str(error).splitlines()[0]}"
    page = render(page_data(records or read_records(), programs, load_areas(ROOT), problem))
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text(page, encoding="utf-8")
    half.replace(path)
