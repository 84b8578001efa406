# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet stress: long seeded runs, plain and under sanitizers.

Flavour tsan looks for races of the runtime, racecheck for races reported in programs that have none.

Two kinds of work share the budget: the corpus with scheduling noise and changing numbers of processors, and the C programs of
stress/, each with one claim.  Every flavour gets rounds in turn, each with a seed of its own, until the budget is used up; a round that
has begun is finished.  With --rounds the amount of work is fixed instead, whatever time it takes.  Every finding comes with the one command that repeats it.  The record is build/stress.json.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from ..campaign import Options, run_campaign
from ..cli import FINDINGS, PASS, USAGE, seconds
from ..lit import ROOT, Program, load_programs
from ..manifest import Manifest, load_manifest
from ..report.terminal import print_failure
from ..verdict import judge
from .mutants import read_list

FLAVOURS = {"plain": ("reference", "opt"), "tsan": ("reference-tsan", "tsan"), "asan": ("reference-asan", "asan"),
            "racecheck": ("reference-racecheck", "racecheck")}
PATIENCE, MUTANT_PATIENCE = 60.0, 20.0  # seconds for a C program, besides 20 times the seconds it was told to run
SANITIZER_ENV = {
    "TSAN_OPTIONS": "halt_on_error=1 exitcode=66 atexit_sleep_ms=0",
    "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
}
LINE = re.compile(r"^(\w+): seed=(\d+) rounds=(\d+) ops=(\d+) verdict=pass.*$", re.MULTILINE)


class Missing(Exception):
    """Something to run is not there; the text has the remedy."""


@dataclass
class Tally:
    """What was done in one flavour."""

    flavour: str
    rounds: int = 0
    executions: int = 0
    operations: int = 0
    findings: list[dict[str, str]] = field(default_factory=list)


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("--budget", type=seconds, default=300.0, help="time in all, e.g. 90s or 5m")
    parser.add_argument("--rounds", type=int, help="instead of a budget: rounds of each flavour, and in each round "
                        "that many of every C program")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flavours", default=",".join(FLAVOURS), help="of " + ", ".join(FLAVOURS))
    parser.add_argument("--programs", default="", help="only these C programs, comma separated; `none` for none")
    parser.add_argument("--no-corpus", action="store_true", help="only the C programs")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="of the corpus only these: files, folders "
                        "or ids")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--mutant", default="", help="with a planted fault (flavour mutant), to see it found")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "stress.json")


def c_programs(build: str, chosen: str) -> list[Path]:
    """The stress programs of a build folder. Raises Missing when there is none of that name, or it is not built."""
    folder = ROOT / "build" / build / "stress"
    sources = sorted(p.stem for p in (ROOT / "stress").glob("*.c"))
    names = [] if chosen == "none" else chosen.split(",") if chosen else sources
    unknown = [n for n in names if n not in sources]
    if unknown:
        raise Missing(f"--programs: no program {unknown[0]!r}; expected some of {', '.join(sources)}, or none")
    missing = [n for n in names if not os.access(folder / n, os.X_OK)]
    if missing:
        raise Missing(f"not built in build/{build}/stress: {', '.join(missing)}; run: make FLAVOR={build} tools stresses")
    return [folder / name for name in names]


def run_program(path: Path, seed: int, amount: tuple[str, float], mutant: str, tally: Tally) -> str:
    """Runs one stress program with this amount of work, ("--seconds", 2.5) or ("--rounds", 3); returns the line to print."""
    unit, much = amount
    words = [str(path.relative_to(ROOT)), "--seed", str(seed), unit, f"{much:g}", "--noise", str(seed % 3)]
    env = {**os.environ, **SANITIZER_ENV, **({"GR_MUTANT": mutant} if mutant else {})}
    limit = (much if unit == "--seconds" else 0.0) * 20 + (MUTANT_PATIENCE if mutant else PATIENCE)
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", env=env, cwd=ROOT,
                              timeout=limit, check=False)
        output, code = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = (late.stdout or b"").decode("utf-8", "replace"), None
    found = LINE.search(output)
    if code == 0 and found:
        tally.operations += int(found[4])
        return found[0]
    again = re.search(r"^again: \S+ (.*)$", output, re.MULTILINE)
    command = f"{words[0]} {again[1]}" if again else shlex.join(words)
    command = (f"GR_MUTANT={mutant} " if mutant else "") + command
    what = _complaint(output, code)
    tally.findings.append({"what": f"{path.stem}: {what}"[:400], "again": command, "text": output[-4000:]})
    return f"{path.stem}: seed={seed} verdict=FAIL {what}\nagain: {command}"


def _complaint(output: str, code: int | None) -> str:
    """The line that tells what went wrong. After a time limit nothing is known."""
    if code is None:
        return "no end in time: unknown"
    said = re.search(r"verdict=FAIL (.*)", output)
    if said:
        return said[1]
    return next((line for line in output.splitlines() if re.search(r"[Ee]rror|ERROR|panic:|WARNING", line)),
                f"exit status {code}")


def corpus_round(manifest: Manifest, programs: Sequence[Program], seed: int, args: argparse.Namespace,
                 tally: Tally, console: Console, budget: float) -> None:
    """One pass over the corpus with noise and changing processors; only findings are printed."""
    procs = ((1, 2), (4, 1), (2, 8), (3, 2))[seed % 4]
    options = Options(seed=seed, budget=budget, workers=args.workers, noise=1 + seed % 2, procs=procs,
                      modes=("free", "one"), mutant=args.mutant)
    for observed in run_campaign(manifest, programs, options):
        verdict = judge(observed, manifest)
        tally.executions += observed.executions
        if verdict.unexpected:
            print_failure(console, verdict)
            for found in verdict.findings[:3]:
                tally.findings.append({"what": f"{verdict.program.path}: {found.what}", "again": found.again,
                                       "text": found.text[-2000:]})


def one_round(number: int, flavour: str, work: tuple[Manifest, list[Path]], programs: Sequence[Program],
              args: argparse.Namespace, tally: Tally, console: Console, share: float) -> None:
    """The C programs and the corpus once, in this flavour, with the round's own seed."""
    manifest, storms = work
    seed = args.seed + number
    console.print(f"round {number + 1}, {flavour}, seed {seed}", style="bold")
    length = max(0.2, share * (0.5 if programs else 1.0) / max(1, len(storms)))
    for storm in storms:
        amount = ("--rounds", float(args.rounds)) if args.rounds else ("--seconds", round(length, 1))
        console.print(run_program(storm, seed, amount, args.mutant, tally), soft_wrap=True)
    if programs:
        corpus_round(manifest, programs, seed, args, tally, console, 0.0 if args.rounds else share * 0.5)
    tally.rounds += 1


def refusal(args: argparse.Namespace) -> str:
    """What is wrong with the arguments; empty when nothing is."""
    unknown = [f for f in args.flavours.split(",") if f not in FLAVOURS]
    if unknown:
        return f"no flavour {', '.join(unknown)}; expected some of {', '.join(FLAVOURS)}"
    if args.mutant and args.mutant not in {m.name for m in read_list()}:
        return f"no mutant {args.mutant}; see gauntlet mutants --list"
    if args.rounds is not None and args.rounds < 1:
        return f"--rounds {args.rounds}: expected a number of 1 or more"
    return "--programs none --no-corpus: nothing to run" if args.no_corpus and args.programs == "none" else ""


def run(args: argparse.Namespace) -> int:
    """Rounds over flavours until the budget is used up; prints a line per program and a summary per flavour."""
    console = Console(highlight=False)
    flavours = ["plain"] if args.mutant else args.flavours.split(",")
    table = {"plain": ("reference-mutant", "mutant")} if args.mutant else FLAVOURS
    try:
        if refusal(args):
            raise Missing(refusal(args))
        work = {f: (load_manifest(table[f][0]), c_programs(table[f][1], args.programs)) for f in flavours}
        for manifest, _ in work.values():
            if not args.no_corpus and not manifest.variant.is_built:
                raise Missing(f"not built: {manifest.variant.cmd[0].removeprefix(f'{ROOT}/')}; "
                              f"run: make FLAVOR={Path(manifest.variant.cmd[0]).parent.name} tools stresses")
    except Missing as error:
        print(f"gauntlet: {error}", file=sys.stderr)
        return USAGE
    programs = [] if args.no_corpus else [p for p in load_programs(args.only) if not p.want_race]
    tallies = {f: Tally(f) for f in flavours}
    started = time.monotonic()
    number = 0

    def goes_on() -> bool:
        if args.mutant and any(t.findings for t in tallies.values()):
            return False
        return number < args.rounds * len(flavours) if args.rounds else \
            number == 0 or time.monotonic() - started < args.budget

    while goes_on():
        flavour = flavours[number % len(flavours)]
        left = max(0.0, args.budget - (time.monotonic() - started))
        share = min(left, max(6.0, args.budget / (2 * len(flavours))))
        one_round(number, flavour, work[flavour], programs, args, tallies[flavour], console, share)
        number += 1
    return report(args, list(tallies.values()), time.monotonic() - started, console)


def report(args: argparse.Namespace, tallies: Sequence[Tally], took: float, console: Console) -> int:
    """Prints the summary, writes the record, returns the exit status."""
    for tally in tallies:
        console.print(f"{tally.flavour}: {tally.rounds} rounds, {tally.operations:,} operations, "
                      f"{tally.executions:,} executions, {len(tally.findings)} findings")
    record = {"seed": args.seed, "seconds": round(took, 1), "flavours": [asdict(t) for t in tallies]}
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record, indent=1) + "\n")
    console.print(f"report: {args.json}", style="dim", soft_wrap=True)
    return FINDINGS if any(t.findings for t in tallies) else PASS
