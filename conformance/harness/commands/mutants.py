# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet mutants: switches on each planted fault of the reference and looks which program finds it.

A mutant is killed when a program that passes without it fails with it.  Programs that name the clause which the fault breaks
are asked first; only if none of them finds it the rest of the corpus is.  A kill by the rest is reported as such:
the clause's own programs are too weak then.  A program that merely runs into a time limit kills nothing.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..campaign import Options, run_campaign
from ..cli import FINDINGS, PASS, USAGE
from ..driver import Protocol
from ..lit import ROOT, Program, load_programs
from ..manifest import Manifest, load_manifest
from ..verdict import Verdict, judge
from .run import identify

LIST = ROOT / "reference" / "src" / "base" / "fault.def"
DEADLY = ("fail", "crash", "error")


@dataclass(frozen=True)
class Mutant:
    """A planted fault and the clause that it breaks."""

    name: str
    clause: str


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: killed, survived or timeout."""

    mutant: Mutant
    end: str
    killed_by: str
    by_clause: bool
    what: str
    seconds: float


def read_list(path: Path = LIST) -> list[Mutant]:
    """The mutants of the reference. Raises ValueError when the list is not sorted."""
    found = re.findall(r'^MUTANT_DEF\((\w+),\s*"([^"]+)"\)', path.read_text(), re.MULTILINE)
    mutants = [Mutant(name.replace("_", "-"), clause) for name, clause in found]
    if [m.name for m in mutants] != sorted(m.name for m in mutants):
        raise ValueError(f"{path}: the mutants are not sorted")
    return mutants


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("names", nargs="*", help="mutants to run; default: all")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "mutants.json")


def mutant_manifest() -> Manifest:
    """The reference in flavour mutant, with its virtual clock for the programs that need it."""
    manifest = load_manifest("reference-mutant")
    plain = manifest.variant
    fake = dataclasses.replace(plain, name="faketime", serves=("faketime",),
                               env={**plain.env, "GR_DEBUG": "faketime=1"})
    manifest.variants = {plain.name: plain, fake.name: fake}
    return manifest


def _verdicts(manifest: Manifest, programs: Sequence[Program], options: Options) -> list[Verdict]:
    observed = run_campaign(manifest, programs, options)
    return [judge(o, manifest, gates=True) for o in observed]


class Hunt:
    """Runs mutants against the corpus."""

    def __init__(self, programs: Sequence[Program], seed: int, workers: int) -> None:
        self.manifest = mutant_manifest()
        self.seed = seed
        self.workers = workers
        self.programs = list(programs)

    def baseline(self) -> list[Verdict]:
        """Drops the programs that do not pass without a fault; returns their verdicts."""
        verdicts = _verdicts(self.manifest, self.programs, self._options("", ("control",), 30.0))
        self.programs = [v.program for v in verdicts if v.status == "pass"]
        return [v for v in verdicts if v.status not in ("pass", "skip")]

    def _options(self, mutant: str, modes: tuple[str, ...], budget: float) -> Options:
        return Options(seed=self.seed, budget=budget, workers=self.workers, modes=modes, mutant=mutant, least=True)

    def hunt(self, mutant: Mutant) -> Fate:
        """Finds the program that kills this mutant."""
        started = time.monotonic()
        own = [p for p in self.programs if mutant.clause in p.spec]
        rest = [p for p in self.programs if mutant.clause not in p.spec]
        late = ""
        for group, by_clause in ((own, True), (rest, False)):
            for modes in (("control",), ("free", "one")):
                for verdict in _verdicts(self.manifest, group, self._options(mutant.name, modes, 0.0)):
                    took = time.monotonic() - started
                    if verdict.status in DEADLY:
                        what = verdict.findings[0].outcome or verdict.findings[0].what
                        return Fate(mutant, "killed", verdict.program.path, by_clause, what, took)
                    if verdict.status == "unknown":
                        late = verdict.program.path
        return Fate(mutant, "timeout" if late else "survived", late, False, "", time.monotonic() - started)


def table_of(fates: Sequence[Fate]) -> Table:
    """The table that `make mutants` prints."""
    killed = sum(f.end == "killed" for f in fates)
    table = Table(title=f"{killed} of {len(fates)} mutants killed", title_justify="left", header_style="bold")
    for name in ("mutant", "breaks", "killed by", "seen"):
        table.add_column(name, overflow="fold")
    for fate in fates:
        style = "" if fate.end == "killed" and fate.by_clause else "yellow" if fate.end == "killed" else "bold red"
        by = fate.killed_by if fate.end == "killed" else f"{fate.end.upper()} {fate.killed_by}"
        by += "" if fate.by_clause or fate.end != "killed" else " (names another clause)"
        table.add_row(fate.mutant.name, fate.mutant.clause, Text(by), Text(fate.what), style=style)
    return table


def record_of(fates: Sequence[Fate], seconds: float) -> dict[str, object]:
    """build/mutants.json; keys are stable."""
    return {
        "total": len(fates), "killed": sum(f.end == "killed" for f in fates),
        "survived": [f.mutant.name for f in fates if f.end == "survived"],
        "timeout": [f.mutant.name for f in fates if f.end == "timeout"],
        "seconds": round(seconds, 2),
        "mutants": [{"name": f.mutant.name, "target": f.mutant.clause, "killed_by": f.killed_by, "end": f.end,
                     "by_clause": f.by_clause, "seen": f.what, "seconds": round(f.seconds, 2)} for f in fates]}


def run(args: argparse.Namespace) -> int:
    """Hunts, prints the table, writes the record."""
    console = Console(highlight=False)
    mutants = read_list()
    unknown = set(args.names) - {m.name for m in mutants}
    if unknown:
        print(f"gauntlet: no mutant {', '.join(sorted(unknown))}; see gauntlet mutants --list", file=sys.stderr)
        return USAGE
    chosen = [m for m in mutants if not args.names or m.name in args.names]
    if args.list:
        for mutant in chosen:
            console.print(f"{mutant.name:34} {mutant.clause}")
        return PASS
    started = time.monotonic()
    hunt = Hunt(load_programs(), args.seed, args.workers)
    try:
        identify(hunt.manifest, Options())
    except Protocol as error:
        print(f"gauntlet: {error}; run: make FLAVOR=mutant tools", file=sys.stderr)
        return USAGE
    for verdict in hunt.baseline():
        console.print(f"left out, {verdict.status} without any fault: {verdict.program.path}", style="yellow")
    fates = []
    for number, mutant in enumerate(chosen, 1):
        fates.append(hunt.hunt(mutant))
        if console.is_terminal:
            console.print(f"\r{number}/{len(chosen)} {mutant.name}: {fates[-1].end}", style="dim")
    console.print(table_of(fates))
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record_of(fates, time.monotonic() - started), indent=1) + "\n")
    console.print(f"report: {args.json}", style="dim", soft_wrap=True)
    for fate in fates:
        if fate.end == "killed":
            continue
        console.print(f"again: conformance/gauntlet run --runtime reference-mutant --mutant {fate.mutant.name}")
    return PASS if all(f.end == "killed" and f.by_clause for f in fates) else FINDINGS
