# SPDX-License-Identifier: BSD-3-Clause
"""The verdict on the terminal: a table by area, and for each failure the table of its outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..clause import Clause
from ..verdict import Verdict, reason_of
from ..whole import WholeVerdict

STYLES = {"pass": "green", "fail": "bold red", "crash": "bold red", "unknown": "yellow", "error": "bold red",
          "want_missing": "yellow", "skip": "dim", "known": "cyan"}
COLUMNS = ("pass", "fail", "crash", "error", "unknown", "want_missing", "known", "skip")
HEADINGS = {"want_missing": "missing"}


def area_of(verdict: Verdict, clauses: dict[str, Clause]) -> str:
    """The area of a program: that of the first clause it names; `?` for a clause that does not exist."""
    first = verdict.program.spec[0] if verdict.program.spec else ""
    return clauses[first].area if first in clauses else "?"


def area_table(verdicts: Sequence[Verdict], clauses: dict[str, Clause]) -> Table:
    """Per area: clauses covered out of all there are, programs by status, outcomes observed out of allowed."""
    areas = [*sorted({c.area for c in clauses.values()}), "?"]
    rows = {area: _row(area, [v for v in verdicts if area_of(v, clauses) == area], verdicts, clauses) for area in areas}
    total: Counter[str] = sum(rows.values(), Counter())
    shown = [c for c in COLUMNS if total[c] or c in ("pass", "fail")]
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 0, 0, 1), show_edge=False)
    table.add_column("area", no_wrap=True)
    for name in ("clauses", "progs", *(HEADINGS.get(c, c) for c in shown), "outcomes"):
        table.add_column(name, justify="right", no_wrap=True)
    for area, row in rows.items():
        if row["programs"] or row["covered"]:
            table.add_row(area, *_cells(row, shown))
    table.add_section()
    table.add_row("all", *_cells(total, shown), style="bold")
    return table


def _row(area: str, mine: Sequence[Verdict], everybody: Sequence[Verdict],
         clauses: dict[str, Clause]) -> Counter[str]:
    covered = {c for v in everybody if v.status != "skip" for c in v.program.spec if c in clauses}
    row: Counter[str] = Counter()
    row["clauses"] = sum(c.area == area for c in clauses.values())
    row["covered"] = sum(clauses[c].area == area for c in covered)
    row["programs"] = len(mine)
    for v in mine:
        row["known" if v.known else v.status] += 1
        if v.status not in ("skip", "error"):
            row["allowed"] += len(v.program.allowed)
            row["observed"] += len(v.program.allowed & v.observed.counts.keys())
    return row


def _cells(row: Counter[str], shown: Sequence[str]) -> list[Text]:
    statuses = [Text(str(row[c]) if row[c] else "-", style=STYLES[c] if row[c] else "dim") for c in shown]
    return [Text(f"{row['covered']}/{row['clauses']}"), Text(str(row["programs"])), *statuses,
            Text(f"{row['observed']}/{row['allowed']}")]


def time_table(verdicts: Sequence[Verdict], rows: int = 15) -> Table:
    """The programs that took longest, with the time of one execution."""
    table = Table(title="slowest programs", title_justify="left", title_style="bold", header_style="bold",
                  box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("program", no_wrap=True)
    for name in ("seconds", "share", "executions", "each"):
        table.add_column(name, justify="right", no_wrap=True)
    total = sum(v.observed.seconds for v in verdicts) or 1.0
    for verdict in sorted(verdicts, key=lambda v: -v.observed.seconds)[:rows]:
        seen = verdict.observed
        each = f"{1e6 * seen.seconds / seen.executions:,.1f} us" if seen.executions else "-"
        table.add_row(verdict.program.path, f"{seen.seconds:.2f}", f"{100 * seen.seconds / total:.1f}%",
                      f"{seen.executions:,}", each)
    return table


def outcome_table(verdict: Verdict) -> Table:
    """Outcome, samples, frequency, what was expected of it, and what it means."""
    program, seen = verdict.program, verdict.observed
    table = Table(header_style="bold", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name, justify in (("outcome", "left"), ("samples", "right"), ("freq", "right"), ("expect", "left"),
                          ("meaning", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    total = max(1, seen.executions)
    for key in sorted(program.allowed | seen.counts.keys()):
        count = seen.counts[key]
        allowed = key in program.allowed
        expect = ("wanted" if key in program.wanted else "allowed") if allowed else "FORBIDDEN"
        why = "" if allowed else reason_of(program, key)
        style = "bold red" if not allowed else "yellow" if not count and key in program.wanted else ""
        table.add_row(key, f"{count:,}", f"{100 * count / total:.2f}%", expect, why, style=style)
    return table


def print_failure(console: Console, verdict: Verdict, *, table: bool = False) -> None:
    """Everything that is needed to understand and repeat one failure. `table`: the outcomes in any case."""
    program = verdict.program
    state = "known" if verdict.known else verdict.status
    name = program.path + ("" if isinstance(verdict, WholeVerdict) else ".lit")
    console.print(Text(f"\n{name}   {' '.join(program.spec)}", style="bold"))
    console.print(Text(f"  {state}: {' '.join(program.about)}", style=STYLES.get(state, "")))
    if verdict.known:
        console.print(Text(f"  known: {verdict.known.reason} {verdict.known.bug}"))
    if table or verdict.status in ("fail", "want_missing", "unknown", "crash"):
        console.print(outcome_table(verdict))
    for finding in verdict.findings[:6]:
        console.print(Text(f"  {finding.what}" + (f"   [{finding.outcome}]" if finding.outcome else "")))
        if finding.again:
            console.print(Text(f"    again: {finding.again}", style="dim"), soft_wrap=True)
        if finding.text.strip():
            console.print(Text("    | " + "\n    | ".join(finding.text.strip().splitlines()[:12]), style="dim"))
    if len(verdict.findings) > 6:
        console.print(f"  ... and {len(verdict.findings) - 6} more findings")
