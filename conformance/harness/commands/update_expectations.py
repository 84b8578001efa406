# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet update-expectations: what the last report found, as entries to paste into expect.toml.

Nothing is written: a known failure needs a reason, and only a person has it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..cli import PASS
from ..manifest import load_manifest
from ..report.matrix import read_records

FAILED = ("fail", "crash", "unknown", "error")


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("--runtime", default="reference")
    parser.add_argument("--report", help="another report file than the last one of that runtime")


def entry(program: Mapping[str, Any]) -> str:
    """The [[expect]] table for one failed program of a record."""
    wrong = sorted({f["outcome"] for f in program.get("findings", ()) if f.get("outcome")})
    what = "; ".join(f["what"] for f in program.get("findings", ()))[:300]
    lines = [f"# {program['path']}: {what}", "[[expect]]", f"id     = {json.dumps(program['id'])}",
             f"status = {json.dumps([program['status']])}"]
    if wrong:
        lines.append(f"seen   = {json.dumps(wrong)}")
    lines += ['reason = ""   # why this is so; an entry without a reason is refused', ""]
    return "\n".join(lines)


def stale(programs: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of entries whose programs pass now."""
    return [p["id"] for p in programs if p.get("surprise")]


def run(args: argparse.Namespace) -> int:
    """Prints the entries for new failures, and the names of entries to remove."""
    manifest = load_manifest(args.runtime)
    record = read_records([args.report or (manifest.name if "/" in args.runtime else args.runtime)])[0]
    fresh = [p for p in record["programs"] if p["status"] in FAILED and not p.get("known")]
    print(f"# {args.runtime} {record.get('version', '')}: {len(fresh)} failures that "
          f"{manifest.folder.name}/expect.toml does not list")
    for program in fresh:
        print("\n" + entry(program), end="")
    for name in stale(record["programs"]):
        print(f"\n# remove: {name} passes now")
    return PASS
