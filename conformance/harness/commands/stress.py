# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet stress: long seeded runs, plain and under sanitizers.

Two kinds of work share the budget: the corpus with scheduling noise and changing numbers of processors, and the C programs of
stress/, each with one claim.  Every flavour gets rounds in turn, each with a seed of its own, until the budget is used up; a round that
has begun is finished.  Every finding comes with the one command that repeats it.  The record is build/stress.json.
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

FLAVOURS = {"plain": ("reference", "opt"), "tsan": ("reference-tsan", "tsan"), "asan": ("reference-asan", "asan")}
SANITIZER_ENV = {
    "TSAN_OPTIONS": "halt_on_error=1 exitcode=66",
    "ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
}
LINE = re.compile(r"^(\w+): seed=(\d+) rounds=(\d+) ops=(\d+) verdict=pass", re.MULTILINE)


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
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flavours", default=",".join(FLAVOURS), help="of " + ", ".join(FLAVOURS))
    parser.add_argument("--programs", default="", help="only these C programs, comma separated; `none` for none")
    parser.add_argument("--no-corpus", action="store_true", help="only the C programs")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--mutant", default="", help="with a planted fault (flavour mutant), to see it found")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "stress.json")


def c_programs(build: str, chosen: str) -> list[Path]:
    """The stress programs of a build folder. Raises FileNotFoundError when they are not built."""
    folder = ROOT / "build" / build / "stress"
    sources = sorted(p.stem for p in (ROOT / "stress").glob("*.c"))
    names = [] if chosen == "none" else chosen.split(",") if chosen else sources
    missing = [n for n in names if not (folder / n).exists()]
    if missing:
        raise FileNotFoundError(2, f"not built ({', '.join(missing)}); run: make FLAVOR={build} stresses", str(folder))
    return [folder / name for name in names]


def run_program(path: Path, seed: int, length: float, mutant: str, tally: Tally) -> str:
    """Runs one stress program for some seconds; returns the line to print."""
    noise = seed % 3
    words = [str(path), "--seed", str(seed), "--seconds", f"{length:.1f}", "--noise", str(noise)]
    env = {**os.environ, **SANITIZER_ENV, **({"GR_MUTANT": mutant} if mutant else {})}
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", env=env, cwd=ROOT,
                              timeout=length * 20 + 60, check=False)
        output, code = done.stdout + done.stderr, done.returncode
    except subprocess.TimeoutExpired as late:
        output, code = (late.stdout or b"").decode("utf-8", "replace"), None
    found = LINE.search(output)
    if code == 0 and found:
        tally.operations += int(found[4])
        return found.string[found.start():].splitlines()[0]
    again = re.search(r"^again: \S+ (.*)$", output, re.MULTILINE)
    relative = path.relative_to(ROOT)
    command = f"{relative} {again[1]} --noise {noise}" if again else shlex.join([str(relative), *words[1:]])
    command = (f"GR_MUTANT={mutant} " if mutant else "") + command
    what = "no end in time: unknown" if code is None else \
        next((line for line in output.splitlines() if "FAIL" in line or "rror" in line or "WARNING" in line),
             f"exit status {code}")
    tally.findings.append({"what": f"{path.stem}: {what}"[:400], "again": command, "text": output[-4000:]})
    return f"{path.stem}: seed={seed} verdict=FAIL {what}\nagain: {command}"


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


def run(args: argparse.Namespace) -> int:
    """Rounds over flavours until the budget is used up; prints a line per program and a summary per flavour."""
    console = Console(highlight=False)
    flavours = args.flavours.split(",")
    unknown = [f for f in flavours if f not in FLAVOURS]
    if unknown:
        print(f"gauntlet: no flavour {', '.join(unknown)}; expected some of {', '.join(FLAVOURS)}", file=sys.stderr)
        return USAGE
    table = {"plain": ("reference-mutant", "mutant")} if args.mutant else FLAVOURS
    flavours = ["plain"] if args.mutant else flavours
    programs = [] if args.no_corpus else [p for p in load_programs() if not p.want_race]
    work = {f: (load_manifest(table[f][0]), c_programs(table[f][1], args.programs)) for f in flavours}
    tallies = {f: Tally(f) for f in flavours}
    started = time.monotonic()
    number = 0
    while number == 0 or time.monotonic() - started < args.budget:
        left = max(0.0, args.budget - (time.monotonic() - started))
        flavour = flavours[number % len(flavours)]
        manifest, storms = work[flavour]
        tally = tallies[flavour]
        seed = args.seed + number
        share = min(left, max(6.0, args.budget / (2 * len(flavours))))
        console.print(f"round {number + 1}, {flavour}, seed {seed}", style="bold")
        for storm in storms:
            length = share * (0.5 if programs else 1.0) / len(storms)
            console.print(run_program(storm, seed, max(0.2, length), args.mutant, tally), soft_wrap=True)
        if programs:
            corpus_round(manifest, programs, seed, args, tally, console, share * 0.5)
        tally.rounds += 1
        number += 1
        if args.mutant and tally.findings:
            break
    took = time.monotonic() - started
    for tally in tallies.values():
        console.print(f"{tally.flavour}: {tally.rounds} rounds, {tally.operations:,} operations, "
                      f"{tally.executions:,} executions, {len(tally.findings)} findings")
    record = {"seed": args.seed, "seconds": round(took, 1), "flavours": [asdict(t) for t in tallies.values()]}
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record, indent=1) + "\n")
    console.print(f"report: {args.json}", style="dim", soft_wrap=True)
    return FINDINGS if any(t.findings for t in tallies.values()) else PASS
