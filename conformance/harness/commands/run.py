# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet run: litmus programs and whole programs, all or some, on one or more runtimes."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
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
from ..programs import Whole, is_whole, load_wholes
from ..report.junit import write_junit
from ..report.matrix import shown
from ..report.record import make_record, write_record
from ..report.terminal import area_table, print_failure, time_table
from ..verdict import Verdict, judge
from ..whole import run_wholes

MODES = ("control", "free", "one")


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("paths", nargs="*", help="litmus files, programs/AREA/NAME, or folders; default: all there are")
    parser.add_argument("--only", action="append", default=[], metavar="PATH", help="one more of these")
    parser.add_argument("--runtime", action="append", help="reference (default), go, go-race, ..., or a driver's folder")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--litmus", action="store_true", help="no whole programs")
    kinds.add_argument("--programs", action="store_true", help="whole programs only")
    parser.add_argument("--budget", type=seconds, default=40.0, help="time for repetitions, e.g. 40s or 5m")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2, help="drivers that run at once")
    parser.add_argument("--mode", default=",".join(MODES), help="modes to use, comma separated")
    parser.add_argument("--noise", type=int, choices=(0, 1, 2), default=0)
    parser.add_argument("--procs", default="", help="numbers of processors to go through, e.g. 1,2,8")
    parser.add_argument("--mutant", default="", help="switch on this fault; the runtime is reference-mutant then")
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


def chosen(args: argparse.Namespace) -> tuple[list[Program], list[Whole]]:
    """The programs of both kinds that the command line asks for. Raises LitError, ProgramError."""
    paths = [*args.paths, *args.only]
    whole = [p for p in paths if is_whole(p)]
    litmus = [p for p in paths if not is_whole(p)]
    programs = load_programs(litmus) if not args.programs and (litmus or not paths) else []
    return programs, load_wholes(whole) if not args.litmus and (whole or not paths) else []


@dataclass(frozen=True)
class Identity:
    """What a driver says about its runtime in its hello, with what its folder promises."""

    version: str
    caps: frozenset[str]
    promises: frozenset[str]


def identify(manifest: Manifest, options: Options) -> Identity:
    """Asks a driver who it is. Raises Protocol when it does not answer."""
    session = Session(manifest, options)
    try:
        driver = session.driver(manifest.variant)
        return Identity(driver.version, driver.caps, manifest.profile | driver.promises)
    finally:
        session.close()


def run_runtime(manifest: Manifest, programs: Sequence[Program], wholes: Sequence[Whole], options: Options,
                console: Console) -> tuple[list[Verdict], str, bool, float]:
    """Runs the programs with progress; returns verdicts, version, whether it was stopped early, seconds."""
    who = identify(manifest, options)
    total = len(programs) + len(wholes)
    stop = threading.Event()
    started = time.monotonic()
    former = signal.signal(signal.SIGINT, lambda *_: stop.set()) \
        if threading.current_thread() is threading.main_thread() else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
               TextColumn("{task.fields[last]}"))
    try:
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(manifest.runtime, total=total, last="")

            def step(observed: Observed) -> None:
                progress.update(task, advance=1, last=observed.program.path)
                done = int(progress.tasks[0].completed)
                if not console.is_terminal and done % max(10, total // 8) == 0:
                    print(f"{manifest.runtime}: {done} of {total} programs", flush=True)

            observed = run_campaign(manifest, programs, options, step, stop)
            ends = run_wholes(manifest, wholes, who.promises, who.version, workers=options.workers,
                              mutant=options.mutant, stop=stop, progress=step)
    finally:
        if former is not None:
            signal.signal(signal.SIGINT, former)
    verdicts = [judge(o, manifest, version=who.version, gates="control" in who.caps) for o in observed]
    return [*verdicts, *ends], who.version, stop.is_set(), time.monotonic() - started


def run(args: argparse.Namespace) -> int:
    """Runs, prints the verdict, writes the reports."""
    console = Console(highlight=False)
    try:
        options = options_from(args)
    except ValueError as error:
        print(f"gauntlet: {error}", file=sys.stderr)
        return USAGE
    programs, wholes = chosen(args)
    if not programs and not wholes:
        print("gauntlet: no programs there", file=sys.stderr)
        return USAGE
    runtimes = args.runtime or ["reference-mutant" if args.mutant else "reference"]
    if args.json and len(runtimes) > 1:
        print("gauntlet: --json holds one runtime; run them one by one, or leave it out", file=sys.stderr)
        return USAGE
    clauses = load_clauses(ROOT)
    status, records = PASS, []
    for runtime in runtimes:
        manifest = load_manifest(runtime)
        try:
            verdicts, version, stopped, took = run_runtime(manifest, programs, wholes, options, console)
        except Protocol as error:
            print(f"gauntlet: {runtime}: {error}", file=sys.stderr)
            return USAGE
        record = make_record(manifest, version, verdicts, seconds=took, seed=options.seed, stopped=stopped,
                             partial=bool(args.paths or args.only or args.litmus or args.programs))
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
