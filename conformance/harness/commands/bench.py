# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet bench: the reference and Go side by side, and the model's rate.

Each figure is the median of some runs.  The two sides take turns within one run of this command, so that a busy or a slow
machine is slow for both; the spread says how far the runs lay apart, and `best` is the ratio of the fastest runs, which a busy
machine disturbs least.  A figure with settings has the reference itself without them for the other side; a star tells.  Other libraries that are installed (stress/bench/peers) take their turns too, at what they can do.
Nothing passes or fails by its time: a goal that is missed is said in the table and in the record, build/bench.json; the picture
is build/bench.svg.

  I1  Both sides do the same number of operations on the same number of processors; with one processor both are tied to one
      and the same CPU, but for figures that are `loose`.
  I2  A median is of whole runs of a program, never of parts of one.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from ..cli import FINDINGS, PASS, USAGE
from ..figures import (
    GO,
    BenchError,
    Figure,
    choose_figures,
    load_figures,
    load_peers,
    missing_programs,
    run_peer,
    run_side,
    run_text,
)
from ..lit import ROOT
from ..report.bars import picture_of

LIT = ROOT / "build" / "opt" / "lit"
MODEL_PROGRAM = ROOT / "stress" / "bench" / "fan_in_4x2.lit"
MODEL = {"model": (), "model-plain": ("--no-reduction",)}
STATS = re.compile(r"^# states (\d+) .* seconds ([\d.]+)$", re.MULTILINE)
RUNS, QUICK_RUNS = 7, 3


@dataclass(frozen=True)
class Result:
    """One row of the record. `ratio` is reference / go, below 1 where the reference takes less; None where Go has no part."""

    name: str
    unit: str
    procs: int
    reference: float
    go: float | None
    ratio: float | None
    runs: int
    spread: float
    go_spread: float | None = None
    best: float | None = None
    row: int | None = None
    goal: float | None = None
    met: bool | None = None
    before: float | None = None
    states: int | None = None
    seconds: float | None = None
    against: str = ""
    peers: Mapping[str, float] = field(default_factory=dict)


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("what", nargs="*", help="only these figures, by name, row or theme; `model` is the model's rate")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} short runs instead of {RUNS}")
    parser.add_argument("--runs", type=int, help=f"runs of each figure; default {RUNS}")
    parser.add_argument("--procs", type=_procs, help="numbers of processors, e.g. 1,2,4, for the figures of several")
    parser.add_argument("--cpu", action="store_true", help="CPU time of the processes instead of wall time, for a busy machine; "
                        "sleeps and requests per second stay as they are")
    parser.add_argument("--list", action="store_true", help="the figures, and their goals")
    parser.add_argument("--baseline", type=Path, help="an older record: how the reference's figures compare with it")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")
    parser.add_argument("--svg", type=Path, default=ROOT / "build" / "bench.svg")


def _procs(text: str) -> tuple[int, ...]:
    """Numbers of processors out of 1,2,4."""
    try:
        numbers = tuple(int(word) for word in text.split(","))
    except ValueError:
        numbers = (0,)
    if not all(1 <= n <= 256 for n in numbers):
        raise argparse.ArgumentTypeError(f"{text!r}: expected numbers from 1 to 256, as 1,2,4")
    return numbers


def spread_of(values: Sequence[float]) -> float:
    """How far the runs lie apart, as a part of their median."""
    return round((max(values) - min(values)) / statistics.median(values), 3)


def measure(figures: Sequence[Figure], ops: int, procs: int, runs: int, peers: Sequence[str] = (),
            clock: str = "wall") -> list[Result]:
    """The figures of one and the same run, on both sides, in turns. Raises BenchError."""
    ours: list[dict[str, float]] = []
    theirs: list[dict[str, float]] = []
    others: dict[str, list[float]] = {peer: [] for peer in peers}
    for _ in range(runs):
        ours.append(run_side(figures, False, ops, procs, clock))
        theirs.append(run_side(figures, True, ops, procs, clock))
        for peer, values in others.items():
            values.append(run_peer(peer, figures[0].asked, ops, procs))
    medians = {peer: _digits(statistics.median(values)) for peer, values in others.items()}
    results = [_result(f, procs, [o[f.printed] for o in ours], [t[f.printed] for t in theirs]) for f in figures]
    return [replace(result, peers=medians) for result in results]


def _result(figure: Figure, procs: int, ours: Sequence[float], theirs: Sequence[float]) -> Result:
    """The medians of both sides, compared."""
    reference, go = statistics.median(ours), statistics.median(theirs)
    ratio = reference / go
    fastest = max if figure.more else min
    return Result(figure.name, figure.unit, procs, _digits(reference), _digits(go), round(ratio, 4), len(ours),
                  spread_of(ours), spread_of(theirs), round(fastest(ours) / fastest(theirs), 4), figure.row or None,
                  figure.goal.get(procs), figure.is_met(procs, ratio), against=figure.against)


def _digits(value: float) -> float:
    """Five digits are enough."""
    return float(f"{value:.5g}")


def model_rate(name: str, options: Sequence[str], runs: int) -> Result:
    """States per second of the model on a fixed program."""
    rates, times = [], []
    states = 0
    for _ in range(runs):
        text = run_text([LIT, "outcomes", "--stats", *options, MODEL_PROGRAM])
        found = STATS.search(text)
        if not found or float(found[2]) <= 0:
            raise BenchError(f"{LIT} outcomes --stats printed no line `# states N ... seconds S`")
        states = int(found[1])
        times.append(float(found[2]))
        rates.append(states / times[-1])
    return Result(name, "states/s", 1, round(statistics.median(rates)), None, None, runs, spread_of(rates),
                  states=states, seconds=round(statistics.median(times), 6))


def machine() -> str:
    """This machine in a line: processor, number of CPUs, system."""
    try:
        names = re.findall(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        names = []
    return f"{names[0] if names else platform.machine()}, {len(os.sched_getaffinity(0))} CPUs, {platform.system()}"


def number(value: float | None) -> str:
    """A figure for a column: about three digits."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table_of(results: Sequence[Result]) -> Table:
    """What the command prints; the ratio is the reference's figure through Go's."""
    has_before = any(r.before is not None for r in results)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("row", justify="right", no_wrap=True)
    for name in ("figure", "unit"):
        table.add_column(name, no_wrap=True)
    for name in ("P", "reference", "Go", "±", "ratio", "best", "goal"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("old" if has_before else "met", no_wrap=True)
    for r in results:
        met = "" if r.met is None else "yes" if r.met else "[bold]no[/bold]"
        old = "" if r.before is None else f"{r.reference / r.before:.2f}"
        table.add_row("" if r.row is None else str(r.row), r.name + ("*" if r.against else ""), r.unit, str(r.procs), number(r.reference),
                      number(r.go), f"{max(r.spread, r.go_spread or 0):.0%}",
                      *("-" if v is None else f"{v:.2f}" for v in (r.ratio, r.best, r.goal)), old if has_before else met)
    return table


def peers_of(results: Sequence[Result]) -> Table:
    """Other libraries at the same work."""
    names = sorted({name for r in results for name in r.peers})
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("beside other libraries", no_wrap=True)
    for name in ("P", "reference", "Go", *names):
        table.add_column(name, justify="right", no_wrap=True)
    for r in results:
        if r.peers:
            table.add_row(r.name, str(r.procs), number(r.reference), number(r.go),
                          *(number(r.peers.get(name)) for name in names))
    return table


def list_of(figures: Sequence[Figure]) -> Table:
    """The figures and their goals."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("row", "figure", "theme", "unit", "processors", "goal"):
        table.add_column(name, no_wrap=True)
    for f in figures:
        goals = [f"{f.goal[p]:g}" if p in f.goal else "-" for p in f.procs]
        table.add_row(str(f.row or ""), f.name, f.theme, f.unit, ", ".join(map(str, f.procs)), " / ".join(goals))
    return table


def missing(figures: Sequence[Figure], models: Sequence[str]) -> str:
    """What is not built, with the remedy; empty when all is there."""
    lacks = missing_programs(figures) if figures else []
    if models and not os.access(LIT, os.X_OK):
        lacks.append(str(LIT).removeprefix(f"{ROOT}/"))
    return f"not built: {', '.join(lacks)}; run: make FLAVOR=opt tools benches && make go" if lacks else ""


def older(path: Path | None) -> Mapping[tuple[str, int], float]:
    """The reference's figures in an older record. Raises BenchError."""
    if path is None:
        return {}
    try:
        return {(r["name"], r["procs"]): float(r["reference"]) for r in json.loads(path.read_text())["results"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"--baseline {path}: {error}; expected a record that gauntlet bench --json wrote") from None


def measure_all(figures: Sequence[Figure], models: Sequence[str], args: argparse.Namespace, runs: int,
                console: Console) -> tuple[list[Result], list[str]]:
    """All that was asked for, in order, and what went wrong; one broken program does not end the rest."""
    results: list[Result] = []
    errors: list[str] = []
    peers = {} if args.cpu else load_peers()
    clock = "cpu" if args.cpu else "wall"
    with console.status("") as status:
        for (_, ops), group in groupby(figures, key=lambda f: ((f.theme, f.asked), f.ops_of(args.quick))):
            together = list(group)
            procs = args.procs if args.procs and len(together[0].procs) > 1 else together[0].procs
            for p in procs:
                status.update(f"{together[0].name}, {p}")
                try:
                    most = runs if args.runs is not None else min(runs, together[0].runs or runs)
                    results += measure(together, ops, p, most, peers.get((together[0].asked, p), ()), clock)
                except BenchError as error:
                    errors.append(str(error))
        for name in models:
            status.update(name)
            try:
                results.append(model_rate(name, MODEL[name], runs))
            except BenchError as error:
                errors.append(str(error))
    return results, errors


def say(results: Sequence[Result], runs: int, version: str, clock: str, console: Console) -> None:
    """The table and the line that sums it up."""
    console.print(f"{machine()}; {version}", style="bold", soft_wrap=True)
    few = sorted({r.runs for r in results if r.runs < runs})
    said = f"{runs} runs" + "".join(f" ({n} of what takes seconds)" for n in few)
    console.print(f"medians of {said} in turns, {clock} time; ±: how far they lay apart, the worse side")
    console.print("ratio: reference / Go; best: the same of the fastest runs")
    console.print(table_of(results))
    for against in sorted({r.against for r in results if r.against}):
        console.print(f"*: not Go, but the reference without {against}")
    if any(r.peers for r in results):
        console.print(peers_of(results))
    judged = [r.met for r in results if r.met is not None]
    if judged:
        console.print(f"{sum(judged)} of {len(judged)} goals met")


def run(args: argparse.Namespace) -> int:
    """Measures, prints the table, writes record and picture."""
    console = Console(highlight=False)
    runs = (QUICK_RUNS if args.quick else RUNS) if args.runs is None else args.runs
    try:
        models = [name for name in MODEL if not args.what or name in args.what or "model" in args.what]
        words = [word for word in args.what if word not in MODEL]
        figures = choose_figures(load_figures(), words) if words or not args.what else []
        if args.list:
            console.print(list_of(figures))
            return PASS
        before = older(args.baseline)
        wrong = missing(figures, models) or ("" if runs >= 1 else f"--runs {runs}: expected a number of 1 or more")
        has_go = any(not f.settings for f in figures)
        version = run_text([GO, "version"]).strip() if has_go and not wrong else "no Go"
    except BenchError as error:
        wrong = str(error)
    if wrong:
        print(f"gauntlet: {wrong}", file=sys.stderr)
        return USAGE
    results, errors = measure_all(figures, models, args, runs, console)
    results = [replace(r, before=before.get((r.name, r.procs))) for r in results]
    clock = "CPU" if args.cpu else "wall"
    say(results, runs, version, clock, console)
    record = {"machine": machine(), "go": version, "clock": clock, "results": [asdict(r) for r in results]}
    picture = picture_of([asdict(r) for r in results], f"{machine()}; {version}")
    for path, text in ((args.json, json.dumps(record, indent=1) + "\n"), (args.svg, picture)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    console.print(f"report: {args.json}, picture: {args.svg}", style="dim", soft_wrap=True)
    for error in errors:
        print(f"gauntlet: no figure: {error}", file=sys.stderr)
    return FINDINGS if errors else PASS
