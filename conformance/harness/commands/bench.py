# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet bench: the reference and Go side by side, and the model's rate.

Each figure is the median of some runs.  The two sides take turns within one run of this command, so that a busy or a slow
machine is slow for both; `spread` says how far the runs lay apart.  Nothing passes or fails by its time.  The record is
build/bench.json.

  I1  Both sides do the same number of operations on the same number of processors.
  I2  A program that does not print one number is an error, never a figure.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

from ..cli import FINDINGS, PASS, USAGE
from ..lit import ROOT

LIT = ROOT / "build" / "opt" / "lit"
BASICS = ROOT / "build" / "opt" / "bench" / "basics"
GO_BASICS = ROOT / "build" / "go" / "basics"
MODEL_PROGRAM = ROOT / "stress" / "bench" / "fan_in_4x2.lit"
STATS = re.compile(r"^# states (\d+) .* seconds ([\d.]+)$", re.MULTILINE)
RUNS, QUICK_RUNS, QUICK_PART = 7, 3, 10
LIMIT_SECONDS = 120.0

# Name and operations in one run: some tenths of a second.
FIGURES = (("ping-pong", 1_000_000), ("buffered", 5_000_000), ("spawn-join", 1_000_000), ("select-2-ready", 3_000_000),
           ("mutex", 10_000_000))


class BenchError(Exception):
    """A program of the comparison did not give a figure; the text has the command."""


@dataclass(frozen=True)
class Result:
    """One row of the record. `ratio` is reference / go, below 1 where the reference is faster; None where Go has no part."""

    name: str
    unit: str
    procs: int
    reference: float
    go: float | None
    ratio: float | None
    runs: int
    spread: float
    go_spread: float | None = None
    states: int | None = None
    seconds: float | None = None


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_RUNS} short runs instead of {RUNS}")
    parser.add_argument("--runs", type=int, help=f"runs of each figure; default {RUNS}")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")


def run_text(words: Sequence[str | Path], **env: str) -> str:
    """What a program prints. Raises BenchError when it fails."""
    command = " ".join([*(f"{k}={v}" for k, v in env.items()), *(str(w).removeprefix(f"{ROOT}/") for w in words)])
    try:
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, cwd=ROOT, check=False,
                              env={**os.environ, **env}, timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        raise BenchError(f"no end within {LIMIT_SECONDS:g} s; again: {command}") from None
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if line.strip()), "nothing on stderr")
        raise BenchError(f"exit status {done.returncode}, {said[:200]}; again: {command}")
    return done.stdout


def number_of(words: Sequence[str | Path], **env: str) -> float:
    """The one number that a program prints. Raises BenchError."""
    text = run_text(words, **env).strip()
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value < float("inf"):
        raise BenchError(f"{words[0]} printed {text[:80]!r}, expected one number above 0")
    return value


def spread_of(values: Sequence[float]) -> float:
    """How far the runs lie apart, as a part of their median."""
    return round((max(values) - min(values)) / statistics.median(values), 3)


def figure(name: str, ops: int, runs: int, procs: int = 1) -> Result:
    """One operation on both sides, in turns."""
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(number_of([BASICS, name, str(ops)], GR_PROCS=str(procs)))
        theirs.append(number_of([GO_BASICS, name, str(ops)], GOMAXPROCS=str(procs)))
    reference, go = statistics.median(ours), statistics.median(theirs)
    return Result(name, "ns/op", procs, round(reference, 2), round(go, 2), round(reference / go, 3), runs,
                  spread_of(ours), spread_of(theirs))


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


def table_of(results: Sequence[Result]) -> Table:
    """What the command prints; the ratio is the reference's time through Go's."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("figure", "unit"):
        table.add_column(name, no_wrap=True)
    for name in ("reference", "spread", "Go", "spread", "ratio"):
        table.add_column(name, justify="right", no_wrap=True)
    for r in results:
        go = ("-", "-", "-") if r.go is None or r.go_spread is None or r.ratio is None else \
            (f"{r.go:,.1f}", f"{r.go_spread:.0%}", f"{r.ratio:.2f}")
        table.add_row(r.name, r.unit, f"{r.reference:,.{0 if r.go is None else 1}f}", f"{r.spread:.0%}", *go)
    return table


def missing() -> str:
    """What is not built, with the remedy; empty when all is there."""
    lacks = [str(path.relative_to(ROOT)) for path in (LIT, BASICS, GO_BASICS) if not os.access(path, os.X_OK)]
    return f"not built: {', '.join(lacks)}; run: make FLAVOR=opt tools benches && make go" if lacks else ""


def run(args: argparse.Namespace) -> int:
    """Measures, prints the table, writes the record."""
    console = Console(highlight=False)
    runs = (QUICK_RUNS if args.quick else RUNS) if args.runs is None else args.runs
    wrong = missing() or ("" if runs >= 1 else f"--runs {runs}: expected a number of 1 or more")
    if wrong:
        print(f"gauntlet: {wrong}", file=sys.stderr)
        return USAGE
    results = []
    try:
        version = run_text([GO_BASICS, "version"]).strip()
        with console.status("") as status:
            for name, ops in FIGURES:
                status.update(name)
                results.append(figure(name, ops // QUICK_PART if args.quick else ops, runs))
            status.update("model")
            results.append(model_rate("model", (), runs))
            results.append(model_rate("model, no reduction", ("--no-reduction",), runs))
    except BenchError as error:
        print(f"gauntlet: {error}", file=sys.stderr)
        return FINDINGS
    console.print(f"{machine()}; {version}", style="bold", soft_wrap=True)
    console.print(f"medians of {runs} runs on 1 processor; ratio below 1: the reference is faster", soft_wrap=True)
    console.print(table_of(results))
    record = {"machine": machine(), "go": version, "results": [asdict(r) for r in results]}
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record, indent=1) + "\n")
    console.print(f"report: {args.json}", style="dim", soft_wrap=True)
    return PASS
