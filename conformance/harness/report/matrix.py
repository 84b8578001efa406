# SPDX-License-Identifier: BSD-3-Clause
"""Clauses by runtimes, from the records of the last runs: the data of `gauntlet compare` and of the HTML page.

Owns: reading records, the status of a clause.  Not here: writing records (record.py), drawing (html.py, compare.py).

A clause's status on a runtime is the worst one of the programs that cite it; a skipped program says nothing unless all
are.  A clause that no program of the record cites has the status `uncovered`: it stays in every total.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..lit import ROOT

REPORTS = ROOT / "build" / "report"

# The worst first.
ORDER = ("crash", "fail", "error", "unknown", "want_missing", "known", "pass", "skip", "uncovered")


class ReportError(Exception):
    """A record is missing or cannot be read; the text names the file and what to do."""


@dataclass(frozen=True)
class Cell:
    """One clause on one runtime: its status and the programs behind it."""

    status: str
    programs: tuple[str, ...] = ()


def shown(path: Path) -> str:
    """A path as messages show it: from the root of the checkout when it lies there."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def read_record(path: Path) -> dict[str, Any]:
    """One record. Raises ReportError."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ReportError(f"{shown(path)}: no such report; run: make conform RUNTIME={path.stem}") from None
    except (OSError, ValueError) as error:
        raise ReportError(f"{shown(path)}: not a report: {error}; run: make conform RUNTIME={path.stem}") from None
    if not isinstance(raw, dict) or not {"runtime", "programs", "summary", "clauses"} <= raw.keys():
        raise ReportError(f"{shown(path)}: not a report: expected the keys runtime, programs, summary, clauses; "
                          f"run: make conform RUNTIME={path.stem}")
    return raw


def read_records(names: Iterable[str] = (), folder: Path = REPORTS) -> list[dict[str, Any]]:
    """The records of these runtimes (or files); of all there are when none is named. Raises ReportError."""
    paths = [Path(n) if n.endswith(".json") else folder / f"{n}.json" for n in names]
    paths = paths or sorted(folder.glob("*.json"), key=lambda p: (p.stem != "reference", p.stem))
    if not paths:
        raise ReportError(f"{shown(folder)}: no reports yet; run: make conform")
    return [read_record(path) for path in paths]


def program_status(program: Mapping[str, Any]) -> str:
    """The status of a program in a record; a known failure is `known`."""
    return "known" if program.get("known") else str(program["status"])


def clause_cells(record: Mapping[str, Any], clauses: Iterable[str]) -> dict[str, Cell]:
    """Every clause's cell for the runtime of this record."""
    citing: dict[str, list[Mapping[str, Any]]] = {}
    for program in record["programs"]:
        for clause in program["clauses"]:
            citing.setdefault(clause, []).append(program)
    cells = {}
    for clause in clauses:
        programs = citing.get(clause, [])
        statuses = [program_status(p) for p in programs]
        status = min(statuses, key=ORDER.index) if statuses else "uncovered"
        cells[clause] = Cell(status, tuple(p["id"] for p in programs))
    return cells


def tally(cells: Mapping[str, Cell]) -> dict[str, int]:
    """How many clauses have each status, in the order of ORDER."""
    statuses = [cell.status for cell in cells.values()]
    return {status: statuses.count(status) for status in ORDER}


def columns(records: Sequence[Mapping[str, Any]], clauses: Iterable[str]) -> dict[str, dict[str, Cell]]:
    """Cells by runtime, in the order of the records."""
    ids = list(clauses)
    return {str(record["runtime"]): clause_cells(record, ids) for record in records}
