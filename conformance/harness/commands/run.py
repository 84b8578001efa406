# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet run: the corpus, or parts of it, on one or more runtimes."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ..campaign import Options, Session, run_campaign
from ..clause import load_clauses
from ..cli import FINDINGS, PASS, USAGE, seconds
from ..driver import Protocol
from ..lit import ROOT, Program, load_programs
from ..manifest import Manifest, load_manifest
from ..observe import Observed
from ..report.junit import write_junit
from ..report.matrix import shown
from ..report.record import make_record, write_record
from ..report.terminal import area_table, print_failure, time_table
from ..verdict import Verdict, judge


MODES = ("control", "free", "one")


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("paths", nargs="*", help="litmus files or folders; default: the whole corpus")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="one more of these")
    parser.add_argument("--runtime", action="append", help="reference (default), go, go-race, ..., or a driver's folder")
    parser.add_argument("--budget", type=seconds, default=40.0, help="time for repetitions, e.g. 40s or 5m")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="drivers that run at once")
    parser.add_argument("--mode", default=",".join(MODES), help="modes to use, comma separated")
    parser.add_argument("--noise", type=int, choices=(0, 1, 2), default=0)
    parser.add_argument("--procs", default="", help="numbers of processors to go through, e.g. 1,2,8")
    parser.add_argument("--mutant", default="", help="switch on this fault (flavour mutant of the reference)")
    parser.add_argument("--json", type=Path, help="write the record here instead of build/report")
    parser.add_argument("--junit", type=Path, help="write a JUnit file")
    parser.add_argument("--html", type=Path, help="write an HTML page")
    parser.add_argument("--profile", action="store_true", help="show where the time went")
    parser.add_argument("--verbose", action="store_true", help="show skips and known failures too")


def options_from(args: argparse.Namespace) -> Options:
    """Options of a campaign from the command line. Raises ValueError with what is wrong."""
    if not re.fullmatch(r"(\d{1,4}(,\d{1,4})*)?", args.procs):
        raise ValueError(f"--procs {args.procs}: expected numbers, e.g. 1,2,8")
    procs = tuple(int(word) for word in args.procs.split(",") if word)
    unknown = sorted(set(args.mode.split(",")) - set(MODES))
    if unknown:
        raise ValueError(f"--mode {args.mode}: no mode {unknown[0]!r}; expected some of {','.join(MODES)}")
    return Options(seed=args.seed, budget=args.budget, workers=max(1, args.workers), noise=args.noise, procs=procs,
                   modes=tuple(args.mode.split(",")), mutant=args.mutant)


def identify(manifest: Manifest, options: Options) -> tuple[str, frozenset[str]]:
    """Version and capabilities of a runtime. Raises Protocol when its driver does not answer."""
    session = Session(manifest, options)
    try:
        driver = session.driver(manifest.variant)
        return driver.version, driver.caps
    finally:
        session.close()


def run_runtime(manifest: Manifest, programs: Sequence[Program], options: Options,
                console: Console) -> tuple[list[Verdict], str, bool, float]:
    """Runs the programs with progress; returns verdicts, version, whether it was stopped early, seconds."""
    version, caps = identify(manifest, options)
    stop = threading.Event()
    started = time.monotonic()
    former = signal.signal(signal.SIGINT, lambda *_: stop.set()) \
        if threading.current_thread() is threading.main_thread() else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[last]}"))
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(manifest.runtime, total=len(programs), last="")

            def step(observed: Observed) -> None:
                progress.update(task, advance=1, last=observed.program.path)
                done = int(progress.tasks[0].completed)
                if not console.is_terminal and done % max(10, len(programs) // 8) == 0:
                    print(f"{manifest.runtime}: {done} of {len(programs)} programs", flush=True)

            observed = run_campaign(manifest, programs, options, step, stop)
    finally:
        if former is not None:
            signal.signal(signal.SIGINT, former)
    verdicts = [judge(o, manifest, version=version, gates="control" in caps) for o in observed]
    return verdicts, version, stop.is_set(), time.monotonic() - started


def run(args: argparse.Namespace) -> int:
    """Runs, prints the verdict, writes the reports."""
    console = Console(highlight=False)
    try:
        options = options_from(args)
    except ValueError as error:
        print(f"gauntlet: {error}", file=sys.stderr)
        return USAGE
    programs = load_programs([*args.paths, *args.only])
    if not programs:
        print("gauntlet: no litmus files there", file=sys.stderr)
        return USAGE
    runtimes = args.runtime or ["reference"]
    if args.json and len(runtimes) > 1:
        print("gauntlet: --json holds one runtime; run them one by one, or leave it out", file=sys.stderr)
        return USAGE
    clauses = load_clauses(ROOT)
    status, records = PASS, []
    for runtime in runtimes:
        manifest = load_manifest(runtime)
        try:
            verdicts, version, stopped, took = run_runtime(manifest, programs, options, console)
        except Protocol as error:
            print(f"gauntlet: {runtime}: {error}", file=sys.stderr)
            return USAGE
        record = make_record(manifest, version, verdicts, seconds=took, seed=options.seed, stopped=stopped,
                             partial=bool(args.paths or args.only))
        records.append(record)
        _show(console, verdicts, args.verbose)
        title = f"{record['runtime']} {version}: {record['executions']:,} executions in {took:.1f} s, seed {options.seed}"
        console.print(f"\n{title}", style="bold", soft_wrap=True)
        console.print(area_table(verdicts, clauses))
        if args.profile:
            console.print(time_table(verdicts))
        console.print(f"report: {shown(write_record(record, args.json))}", soft_wrap=True, style="dim")
        if stopped or any(v.unexpected for v in verdicts):
            status = FINDINGS
        if stopped:
            console.print("stopped early: programs that had not begun are skips", style="yellow")
            break
    _other_reports(args, records)
    return status


def _show(console: Console, verdicts: Sequence[Verdict], verbose: bool) -> None:
    """The failures; with verbose also what is known, skipped or was not seen."""
    for verdict in verdicts:
        if verdict.unexpected or verdict.surprise or (
                verbose and (verdict.known or verdict.status in ("skip", "want_missing"))):
            print_failure(console, verdict)


def _other_reports(args: argparse.Namespace, records: Sequence[dict[str, Any]]) -> None:
    if args.junit:
        write_junit(records, args.junit)
    if args.html:
        from ..report.html import write_html
        write_html(args.html, records)
