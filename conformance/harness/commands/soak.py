# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet soak: one mixed load for a long time, on several numbers of processors in turn.

The program is stress/soak.c: it keeps accounts, and fails when they do not balance.  This command shares the budget among the
numbers of processors, prints the sums each minute, and judges what one round can not see: memory that grows, and a program
that does not go on.  The record is build/soak.json.

  I1  A program that says nothing for PATIENCE seconds is unknown, never passed; what it printed last is kept.
  I2  Memory is compared between two rounds only, where nothing is alive but what a leak has kept.
"""

from __future__ import annotations

import argparse
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from ..cli import FINDINGS, PASS, USAGE, seconds
from ..lit import ROOT

PATIENCE = 120.0  # seconds without a word
MINUTE = 60.0
GROWTH, SLACK_KB = 1.2, 16 * 1024  # the least of the last quarter beside the most of the second one
SAMPLES = 8  # fewer prove nothing about growth
TOLD = re.compile(r"^soak: (\{.*\})$")
PASSED = re.compile(r"^soak: seed=\d+ rounds=[1-9]\d* ops=[1-9]\d* verdict=pass", re.MULTILINE)


@dataclass
class Soaked:
    """What happened on one number of processors."""

    procs: int
    seconds: float = 0.0
    counters: dict[str, float] = field(default_factory=dict)
    resident_kb: list[int] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    again: str = ""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("--budget", type=seconds, default=300.0, help="time in all, e.g. 90s or 30m")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--procs", default="1,2,8", help="numbers of processors, each for its part of the time; default 1,2,8")
    parser.add_argument("--flavour", default="opt", help="which build: opt, debug, tsan, asan")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "soak.json")


def growth_of(samples: Sequence[int]) -> str:
    """What is wrong with the memory between rounds, sampled evenly; empty when nothing is."""
    if len(samples) < SAMPLES:
        return ""
    quarter = len(samples) // 4
    before, after = max(samples[quarter:2 * quarter]), min(samples[-quarter:])
    if after <= before * GROWTH + SLACK_KB:
        return ""
    return f"memory grows: {before} KB at most in the second quarter of the time, {after} KB at least in the last"


def _follow(stream: object, name: str, into: queue.Queue[tuple[str, str]]) -> None:
    """Hands on the lines of a stream, and its end as None."""
    for line in stream:  # type: ignore[attr-defined]
        into.put((name, line.rstrip("\n")))
    into.put((name, "\0"))


def soak(words: Sequence[str], procs: int, say: Callable[[dict[str, float]], None]) -> Soaked:
    """Runs the program to its end, or to its silence; `say` gets the sums of each minute and of the end."""
    result = Soaked(procs, again=f"GR_PROCS={procs} " + " ".join(words))
    child = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", cwd=ROOT,
                             env={**os.environ, "GR_PROCS": str(procs)})
    lines: queue.Queue[tuple[str, str]] = queue.Queue()
    for name, stream in (("out", child.stdout), ("err", child.stderr)):
        threading.Thread(target=_follow, args=(stream, name, lines), daemon=True).start()
    started = said = time.monotonic()
    text: list[str] = []
    ended = 0
    while ended < 2:
        try:
            _, line = lines.get(timeout=PATIENCE)
        except queue.Empty:
            result.findings.append(f"no word for {PATIENCE:g} s: unknown")
            _stop(child)
            ended = 2
            continue
        if line == "\0":
            ended += 1
            continue
        told = TOLD.match(line)
        if told:
            result.counters = json.loads(told[1])
            result.resident_kb.append(int(result.counters["resident_kb"]))
            if time.monotonic() - said >= MINUTE:
                said = time.monotonic()
                say(result.counters)
        else:
            text = [*text[-200:], line]
    _judge(result, child, "\n".join(text))
    result.seconds = round(time.monotonic() - started, 1)
    say(result.counters)
    return result


def _stop(child: subprocess.Popen[str]) -> None:
    """Asks for a dump, then ends it."""
    child.send_signal(signal.SIGQUIT)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()


def _judge(result: Soaked, child: subprocess.Popen[str], text: str) -> None:
    """Adds what was wrong with a run that has ended."""
    code = child.wait()
    if not result.findings and (code != 0 or not PASSED.search(text)):
        failed = re.search(r"verdict=FAIL (.*)", text)
        error = re.search(r"^.*(?:[Ee]rror|ERROR|panic:|WARNING|throw).*$", text, re.MULTILINE)
        result.findings.append(failed[1] if failed else error[0] if error else f"exit status {code}")
    if result.findings:
        result.findings.append("last lines: " + text[-2000:])
    grown = growth_of(result.resident_kb)
    if grown:
        result.findings.append(grown)


def sums(counters: dict[str, float]) -> str:
    """The sums of a run in a line."""
    parts = [f"{name}={value:,}" for name, value in counters.items() if name not in ("seconds", "resident_kb")]
    return f"{counters.get('seconds', 0):.0f} s: {' '.join(parts)} resident={counters.get('resident_kb', 0) / 1024:.1f} MB"


def refusal(args: argparse.Namespace) -> str:
    """What is wrong with the arguments; empty when nothing is."""
    if not re.fullmatch(r"[1-9]\d{0,2}(,[1-9]\d{0,2})*", args.procs):
        return f"--procs {args.procs}: expected numbers of processors, as 1,2,8"
    program = ROOT / "build" / args.flavour / "stress" / "soak"
    if not os.access(program, os.X_OK):
        return f"not built: build/{args.flavour}/stress/soak; run: make FLAVOR={args.flavour} stresses"
    return ""


def run(args: argparse.Namespace) -> int:
    """Runs each number of processors in turn; prints the sums, writes the record."""
    wrong = refusal(args)
    if wrong:
        print(f"gauntlet: {wrong}", file=sys.stderr)
        return USAGE
    console = Console(highlight=False)
    numbers = [int(word) for word in args.procs.split(",")]
    share = args.budget / len(numbers)
    runs = []
    for number in numbers:
        console.print(f"{number} processors, {share:.0f} s, seed {args.seed}", style="bold")
        words = [f"build/{args.flavour}/stress/soak", "--seed", str(args.seed), "--seconds", f"{share:g}", "--procs", str(number)]
        done = soak(words, number, lambda counters: console.print(sums(counters), soft_wrap=True))
        for finding in done.findings:
            console.print(f"FAIL {finding}\nagain: {done.again}", soft_wrap=True, markup=False)
        runs.append(done)
    findings = sum(1 for done in runs if done.findings)
    console.print(f"soak: {len(runs)} runs, {sum(r.seconds for r in runs):.0f} s, {findings} with findings")
    record = {"seed": args.seed, "flavour": args.flavour, "runs": [asdict(done) for done in runs]}
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record, indent=1) + "\n")
    console.print(f"report: {args.json}", style="dim", soft_wrap=True)
    return FINDINGS if findings else PASS
