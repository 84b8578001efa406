# SPDX-License-Identifier: BSD-3-Clause
"""The record of a run: what build/report/<runtime>.json holds, and all other reports are made from.

Keys are stable: they may be added, never renamed.  Written atomically, so that a killed run leaves the former record whole.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..clause import load_clauses
from ..lit import ROOT, Program
from ..manifest import Manifest
from ..programs import Whole
from ..verdict import Verdict, summary
from ..whole import WholeVerdict
from .matrix import REPORTS, ReportError, read_record


def _finding(f: Any) -> dict[str, str]:
    return {k: v for k, v in (("what", f.what), ("outcome", f.outcome), ("again", f.again),
                              ("text", f.text[-4000:])) if v}


def program_record(verdict: Verdict) -> dict[str, Any]:
    """One program of the record."""
    program, seen = verdict.program, verdict.observed
    record: dict[str, Any] = {
        "id": program.id, "path": program.path, "clauses": list(program.spec), "status": verdict.status,
        "outcomes": dict(sorted(seen.counts.items())),
        "allowed": sorted(program.allowed), "wanted": sorted(program.wanted),
        "modes": {mode: dict(sorted(counts.items())) for mode, counts in sorted(seen.modes.items())},
        "seconds": round(seen.seconds, 4),
    }
    if verdict.findings:
        record["findings"] = [_finding(f) for f in verdict.findings]
    if verdict.missing:
        record["missing"] = verdict.missing
    if verdict.known:
        record["known"] = {"reason": verdict.known.reason, "bug": verdict.known.bug}
    if verdict.surprise:
        record["surprise"] = verdict.surprise
    if seen.unjudged:
        record["unjudged"] = seen.unjudged
    if seen.undecided:
        record["undecided"] = seen.undecided
    if seen.tapes:
        record["tapes"] = dict(sorted(seen.tapes.items()))
    if seen.evidence:
        record["evidence"] = sorted(seen.evidence)
    if isinstance(verdict, WholeVerdict):
        record["runs"] = [asdict(run) for run in verdict.runs]
    return record


def make_record(manifest: Manifest, version: str, verdicts: Sequence[Verdict], *, seconds: float, seed: int,
                stopped: bool = False, partial: bool = False) -> dict[str, Any]:
    """The whole record of a run on one runtime."""
    clauses = load_clauses(ROOT)
    covered = {c for v in verdicts if v.status != "skip" for c in v.program.spec}
    judged = [v for v in verdicts if v.status not in ("skip", "error")]
    return {
        "runtime": manifest.name if os.sep in manifest.runtime else manifest.runtime, "version": version, "seed": seed, "stopped": stopped, "partial": partial,
        "clauses": {"total": len(clauses), "covered": len(covered & clauses.keys())},
        "summary": dict(summary(verdicts)),
        "outcomes": {"allowed": sum(len(v.program.allowed) for v in judged),
                     "observed": sum(len(v.program.allowed & v.observed.counts.keys()) for v in judged)},
        "executions": sum(v.observed.executions for v in verdicts),
        "seconds": round(seconds, 3),
        "programs": [program_record(v) for v in verdicts],
    }


def program_source(program: Program) -> dict[str, Any]:
    """What the HTML page shows of a program besides the verdicts."""
    model = program.model
    return {
        "id": program.id, "path": program.path, "clauses": list(program.spec), "about": " ".join(program.about),
        "source": program.source,
        "files": program.sources() if isinstance(program, Whole) else {},
        "outcomes": [{"key": o.key, "weight": o.weight, "paths": o.paths,
                      "witness": [[s.g, s.block, s.line, s.partner, s.what] for s in o.witness]}
                     for o in (model.outcomes if model else ())],
        "expects": [[e.verb, e.key, e.why] for e in program.expects],
    }


def _place(record: dict[str, Any]) -> Path:
    """build/report/<runtime>.json; a run of a part of the corpus never replaces the record of a whole one."""
    path = REPORTS / f"{record['runtime']}.json"
    if record.get("partial") and path.exists():
        try:
            if not read_record(path).get("partial"):
                return REPORTS / "part" / path.name
        except ReportError:
            pass
    return path


def write_record(record: dict[str, Any], path: Path | None = None) -> Path:
    """Writes the record, to its usual place when none is given, and returns where. Raises OSError."""
    path = path or _place(record)
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_name(path.name + ".part")
    half.write_text(json.dumps(record, indent=1) + "\n")
    half.replace(path)
    return path
