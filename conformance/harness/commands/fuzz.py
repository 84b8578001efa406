# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet fuzz: the libFuzzer targets of fuzz/, each for its share of a budget.

Owns: seeds, starting and stopping the targets, build/fuzz.json.  Not here: what an input means and what is wrong with it (the
heads of fuzz/*.c).

Seeds are written anew each time: the corpus of conformance/litmus, and fuzz_chan's own table; usual figures for fuzz_pace.  What libFuzzer
adds stays in build/fuzz/corpus/TARGET between runs.  A target stops at its first finding, which is printed with the one command
that repeats it; the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from ..cli import FINDINGS, PASS, USAGE, seconds
from ..lit import CORPUS, ROOT

TARGETS = ("fuzz_chan", "fuzz_lit", "fuzz_pace")
PACE_SEED = (100 << 21, 1 << 20, 80 << 20, 100, 4 << 20, (1 << 63) - 1, 1 << 20, 10 << 20, 10**8, 80 << 20, 8 * 10**7, 1 << 20,
             80 << 20, 100 << 20, 20 << 20, 150 << 20, 200 << 20, 10**9 << 1, 0, 10**8)
OPTIONS = {
    "fuzz_chan": ("-entropic=0", "-max_len=1024", "-len_control=200", "-detect_leaks=0"),
    "fuzz_lit": ("-max_len=8192",),
    "fuzz_pace": ("-max_len=160",),
}
PROGRESS_SECONDS = 15.0
STATUS = re.compile(r"^#(\d+)\s+\S+\s+cov: (\d+) .*corp: (\d+)/")
EXECUTED = re.compile(r"^stat::number_of_executed_units:\s*(\d+)")
COMPLAINT = re.compile(r"^fuzz: |ERROR: |runtime error: |^throw: |^fatal error: |assertion", re.IGNORECASE)
WRITTEN = re.compile(r"Test unit written to (\S+)")


@dataclass
class Target:
    """One target and what it did."""

    name: str
    executions: int = 0
    coverage: int = 0
    corpus: int = 0
    took: float = 0.0
    status: int | None = None
    findings: list[dict[str, str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    def record(self) -> dict[str, object]:
        """Its part of build/fuzz.json."""
        return {"name": self.name, "executions": self.executions, "seconds": round(self.took, 1),
                "per_second": round(self.executions / self.took) if self.took else 0,
                "coverage": self.coverage, "corpus": self.corpus, "findings": self.findings}


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("--budget", type=seconds, default=300.0, help="time in all, e.g. 90s or 5m")
    parser.add_argument("--target", choices=TARGETS, help="only this one; default: all")
    parser.add_argument("--seed", type=int, default=1, help="of libFuzzer's mutations")
    parser.add_argument("--runs", type=int, default=-1, help="stop each target after this many inputs as well")
    parser.add_argument("--mutant", default="", help="with a planted fault, to see it found by fuzz_chan")
    parser.add_argument("--cross", type=int, default=100, metavar="N",
                        help="explore each N-th input without reduction as well; 0: never")
    parser.add_argument("--jobs", type=int, default=2, help="targets at a time")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "fuzz", help="for corpora and findings")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "fuzz.json")


def _shown(path: Path) -> str:
    """A path as a command started in the root of the project would name it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def binary(name: str) -> Path:
    """The program of a target. Raises FileNotFoundError when it is not built."""
    path = ROOT / "build" / "fuzz" / name
    if not path.exists():
        raise FileNotFoundError(2, "not built; run: make FLAVOR=fuzz", _shown(path))
    return path


def write_seeds(name: str, folder: Path) -> None:
    """Fills a folder with a target's seeds."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if name == "fuzz_pace":
        (folder / "usual").write_bytes(struct.pack("<20Q", *PACE_SEED))
        return
    for path in sorted(CORPUS.rglob("*.lit")):
        shutil.copy(path, folder / "-".join(path.relative_to(CORPUS).parts))
    if name == "fuzz_chan":
        done = subprocess.run([binary(name)], env={**os.environ, "FUZZ_SEEDS": str(folder), "GR_MUTANT": ""},
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise OSError(5, done.stderr.strip() or f"exit status {done.returncode}", str(folder))


def command_of(target: Target, args: argparse.Namespace, budget: float) -> list[str]:
    """The command line of a target; folders are made."""
    corpus, seeds = args.folder / "corpus" / target.name, args.folder / "seeds" / target.name
    findings = args.folder / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    write_seeds(target.name, seeds)
    words = [str(binary(target.name)), *OPTIONS[target.name], f"-max_total_time={max(1, round(budget))}",
             f"-runs={args.runs}", f"-seed={args.seed}", "-timeout=10", "-rss_limit_mb=2048", "-print_final_stats=1",
             f"-artifact_prefix={_shown(findings)}/{target.name}-"]
    if target.name != "fuzz_pace":
        words += [f"-dict={ROOT / 'fuzz' / 'lit.dict'}"]
    return [*words, str(corpus), str(seeds)]


def environment(args: argparse.Namespace) -> dict[str, str]:
    """What the targets read from the environment (head of fuzz_chan.c)."""
    return {**os.environ, "GR_MUTANT": args.mutant, "FUZZ_CROSS": str(args.cross),
            "FUZZ_FINDINGS": _shown(args.folder / "findings")}


def read_line(target: Target, line: str) -> None:
    """Takes from a line of libFuzzer's what the record needs."""
    if found := STATUS.match(line):
        target.executions, target.coverage, target.corpus = (int(n) for n in found.groups())
    elif found := EXECUTED.match(line):
        target.executions = int(found[1])
    else:
        target.lines.append(line)


def write_program(kept: str) -> str:
    """Writes the program of an input of fuzz_chan beside it, without running it; gives the path of the `.lit`, or nothing."""
    done = subprocess.run([binary("fuzz_chan"), kept], capture_output=True, text=True, check=False, cwd=ROOT,
                          env={**os.environ, "FUZZ_WRITE": str(Path(kept).parent), "GR_MUTANT": ""})
    found = re.search(r"^fuzz: wrote (\S+)", done.stderr, re.MULTILINE)
    return found[1] if found else ""


def finding_of(target: Target, mutant: str) -> dict[str, str]:
    """What a target that ended badly has found; a crash of its own is repeated by the input that libFuzzer kept."""
    text = "\n".join(target.lines)
    what = next((line for line in target.lines if COMPLAINT.search(line)), "")
    kept = WRITTEN.search(text)
    again = next((line.removeprefix("again: ") for line in target.lines if line.startswith("again: ")), "")
    finding = {"what": what.removeprefix("fuzz: ") or f"exit status {target.status}", "lit": "", "tape": "", "go": "",
               "input": kept[1] if kept else "", "again": again}
    if lit := re.search(r"\S+\.lit\b", again):
        finding["lit"] = lit[0]
        finding["tape"], finding["go"] = (lit[0].removesuffix(".lit") + end for end in (".tape", ".go"))
    elif kept:
        if target.name == "fuzz_chan" and (path := write_program(kept[1])):
            finding["lit"], finding["go"] = path, path.removesuffix(".lit") + ".go"
        fault = f"GR_MUTANT={mutant} " if mutant else ""
        finding["again"] = f"{fault}build/fuzz/{target.name} {shlex.quote(kept[1])}"
    return finding


def follow(target: Target, words: Sequence[str], env: dict[str, str], console: Console) -> None:
    """Runs a target to its end, with a line of progress now and then."""
    started = said = time.monotonic()
    target.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                      errors="replace", env=env, cwd=ROOT, start_new_session=True)
    assert target.process.stdout
    for line in target.process.stdout:
        read_line(target, line.rstrip("\n"))
        if time.monotonic() - said > PROGRESS_SECONDS:
            said = time.monotonic()
            console.print(f"{target.name}: {said - started:.0f}s, {target.executions:,} executions, "
                          f"coverage {target.coverage}, corpus {target.corpus}", style="dim")
    target.status = target.process.wait()
    target.took = time.monotonic() - started


def hunt(targets: Sequence[Target], args: argparse.Namespace, console: Console) -> None:
    """Runs the targets, args.jobs at a time; each gets an equal share of the budget."""
    jobs = max(1, min(args.jobs, len(targets)))
    share = args.budget * jobs / len(targets)
    commands = {target.name: command_of(target, args, share) for target in targets}
    waiting = list(targets)

    def work() -> None:
        while waiting:
            target = waiting.pop(0)
            follow(target, commands[target.name], environment(args), console)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException:
        waiting.clear()
        for target in targets:
            if target.process and target.process.poll() is None:
                target.process.kill()
        raise


def write_record(args: argparse.Namespace, targets: Sequence[Target], took: float) -> None:
    """build/fuzz.json; keys are stable."""
    record = {"seed": args.seed, "mutant": args.mutant, "seconds": round(took, 1),
              "targets": [target.record() for target in targets]}
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record, indent=1) + "\n")


def run(args: argparse.Namespace) -> int:
    """Runs the targets; a line for each at the end, findings with their command."""
    console = Console(highlight=False, soft_wrap=True)
    args.folder = args.folder.resolve()
    names = [args.target] if args.target else ["fuzz_chan"] if args.mutant else list(TARGETS)
    targets = [Target(name) for name in names]
    started = time.monotonic()
    try:
        hunt(targets, args, console)
    finally:
        write_record(args, targets, time.monotonic() - started)
    for target in targets:
        if target.status == 2 and not target.executions:
            print(f"gauntlet: {target.name}: {' '.join(target.lines[-1:])}", file=sys.stderr)
            return USAGE
        if target.status != 0:
            target.findings.append(finding_of(target, args.mutant))
        told = target.record()
        console.print(f"{target.name}: {told['executions']:,} executions, {told['per_second']:,} a second, coverage "
                      f"{told['coverage']}, corpus {told['corpus']}, {len(target.findings)} findings")
        for finding in target.findings:
            console.print(f"  {finding['what']}", style="bold red", markup=False)
            console.print(f"  again: {finding['again']}", markup=False)
    write_record(args, targets, time.monotonic() - started)
    console.print(f"report: {_shown(args.json.resolve())}", style="dim")
    return FINDINGS if any(target.findings for target in targets) else PASS
