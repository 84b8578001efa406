# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet compare: runtimes side by side, clause by clause, from their last reports."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..clause import Clause, load_clauses
from ..cli import PASS, USAGE
from ..lit import ROOT
from ..report.matrix import ORDER, Cell, columns, read_records, tally
from ..report.terminal import STYLES


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("runtimes", nargs="*", help="runtimes with a report, or report files; default: all there are")
    parser.add_argument("--area", help="only the clauses of this area")
    parser.add_argument("--all", action="store_true", help="also the clauses on which all agree")


def _word(status: str) -> Text:
    return Text("-" if status == "uncovered" else status.replace("_", " "), style=STYLES.get(status, "dim"))


def _totals(cells: Mapping[str, Mapping[str, Cell]]) -> Table:
    table = Table(title="clauses by status", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
                  pad_edge=False)
    counts = {runtime: tally(column) for runtime, column in cells.items()}
    used = [s for s in ORDER if any(c[s] for c in counts.values())]
    table.add_column("runtime")
    for status in used:
        table.add_column(status.replace("_", " "), justify="right")
    table.add_column("all", justify="right")
    for runtime, count in counts.items():
        table.add_row(runtime, *(Text(str(count[s] or "-"), style=STYLES.get(s, "dim")) for s in used),
                      str(sum(count.values())))
    return table


def _clause_table(clauses: Mapping[str, Clause], cells: Mapping[str, Mapping[str, Cell]], everything: bool,
                  is_wide: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1))
    table.add_column("clause", no_wrap=True)
    for runtime in cells:
        table.add_column(runtime, no_wrap=True)
    if is_wide:
        table.add_column("requirement", overflow="ellipsis", no_wrap=True, style="dim")
    for clause in clauses.values():
        row = [column[clause.id].status for column in cells.values()]
        if everything or len(set(row)) > 1 or row[0] not in ("pass", "uncovered", "skip"):
            table.add_row(clause.id, *map(_word, row), *([clause.requirement] if is_wide else []))
    return table


def run(args: argparse.Namespace) -> int:
    """Prints the totals, and the clauses on which the runtimes differ or fail."""
    console = Console(highlight=False)
    clauses = load_clauses(ROOT)
    areas = sorted({c.area for c in clauses.values()})
    if args.area and args.area not in areas:
        print(f"gauntlet: no area {args.area!r}; expected one of {', '.join(areas)}", file=sys.stderr)
        return USAGE
    mine = {i: c for i, c in clauses.items() if args.area in (None, c.area)}
    cells = columns(read_records(args.runtimes), mine)
    console.print(_totals(cells))
    table = _clause_table(mine, cells, args.all, console.width >= 120)
    if table.row_count:
        console.print(table)
    else:
        console.print("they agree on every clause; --all lists them")
    return PASS
