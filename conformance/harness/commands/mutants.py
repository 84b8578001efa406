# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet mutants: switches on each planted fault of the reference and looks which program finds it.

A mutant is killed when a program that passes without it fails with it.  Programs that name the clause which the fault breaks
are asked first, litmus programs before whole ones; only if none of them finds it all others are.  A kill by one of those is
reported as such: the clause's own programs are too weak then.  A program that merely runs into a time limit kills nothing.

  I1  The search for a mutant ends with its first kill.
  I2  A program that seems to kill is run again without the fault, in the same way; if it fails then too it kills nothing.
  I3  Time limits are short here, because many a fault makes programs hang, and that decides nothing.  Only whole programs of the
      clause, which a busy machine may have kept too long, get all of their time before the others are asked.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..campaign import Options, run_campaign
from ..cli import FINDINGS, PASS, USAGE
from ..driver import Protocol
from ..lit import ROOT, Program, load_programs
from ..manifest import Manifest, load_manifest
from ..observe import Observed
from ..programs import Whole, load_wholes
from ..verdict import Verdict, judge
from ..whole import run_wholes
from .run import identify

LIST = ROOT / "reference" / "src" / "base" / "fault.def"
DEADLY = ("fail", "crash", "error")
ROUNDS = (("control",), ("free", "one"))
PATIENCE = {"control": 0.25, "free": 0.1}  # of the time limits of a campaign, by the first of the modes
WHOLE_PATIENCE = 0.1


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


def mutant_manifest(patience: float = 1.0) -> Manifest:
    """The reference in flavour mutant, with scaled time limits."""
    manifest = load_manifest("reference-mutant")
    manifest.variants = {name: dataclasses.replace(variant, timeout_x=variant.timeout_x * patience)
                         for name, variant in manifest.variants.items()}
    manifest.variant = manifest.variants[manifest.variant.name]
    return manifest


class Hunt:
    """Runs mutants against the corpus."""

    def __init__(self, programs: Sequence[Program], seed: int, workers: int, wholes: Sequence[Whole] = ()) -> None:
        self.programs = list(programs)
        self.wholes = list(wholes)
        self.left_out: dict[str, str] = {}
        self._seed = seed
        self._workers = workers
        self._promises = mutant_manifest().profile
        self._manifests = {modes: mutant_manifest(PATIENCE[modes[0]]) for modes in ROUNDS}
        self._sound: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._lock = threading.Lock()

    def hunt(self, mutant: Mutant) -> Fate:
        """Finds the program that kills this mutant."""
        started = time.monotonic()
        late = ""
        for by_clause in (True, False):
            for verdict in self._verdicts(mutant, by_clause):
                took = time.monotonic() - started
                if verdict.status in DEADLY:
                    found = verdict.findings[0]
                    return Fate(mutant, "killed", verdict.program.path, by_clause, found.outcome or found.what, took)
                if verdict.status == "unknown":
                    late = verdict.program.path
        return Fate(mutant, "timeout" if late else "survived", late, False, "", time.monotonic() - started)

    def _verdicts(self, mutant: Mutant, by_clause: bool) -> Iterator[Verdict]:
        """Verdicts on the programs that name its clause, or on all others, as long as somebody asks."""
        group = [p for p in self.programs if (mutant.clause in p.spec) is by_clause]
        for modes in ROUNDS:
            yield from self._search(group, mutant, modes)
        wholes = [w for w in self.wholes if (mutant.clause in w.spec) is by_clause]
        late = []
        for verdict in self._search_wholes(wholes, mutant, WHOLE_PATIENCE):
            if verdict.status == "unknown" and by_clause:
                late.append(verdict.program.id)
            else:
                yield verdict
        yield from self._search_wholes([w for w in wholes if w.id in late], mutant, 1.0)

    def _search_wholes(self, wholes: Sequence[Whole], mutant: Mutant, patience: float) -> Iterator[Verdict]:
        """The same for whole programs, a few at a time."""
        for start in range(0, len(wholes), self._workers):
            for verdict in self._run_wholes(wholes[start:start + self._workers], mutant.name, patience):
                if verdict.status not in DEADLY or self._is_sound_whole(verdict.program):
                    yield verdict

    def _run_wholes(self, wholes: Sequence[Whole], mutant: str, patience: float) -> Sequence[Verdict]:
        return run_wholes(mutant_manifest(), wholes, self._promises, "", workers=self._workers, mutant=mutant, patience=patience)

    def _is_sound_whole(self, whole: Program) -> bool:
        """This whole program passes when there is no fault."""
        key = (whole.id, ("whole",))
        if key not in self._sound:
            status = self._run_wholes([w for w in self.wholes if w.id == whole.id], "", 1.0)[0].status
            self._sound[key] = status == "pass"
            if status != "pass":
                self.left_out[whole.path] = status
        return self._sound[key]

    def _search(self, programs: Sequence[Program], mutant: Mutant, modes: tuple[str, ...]) -> list[Verdict]:
        """Verdicts on these programs with the fault, until one kills; a kill that does not count is left out."""
        manifest = self._manifests[modes]
        stop = threading.Event()

        def step(observed: Observed) -> None:
            if judge(observed, manifest, gates=True).status in DEADLY and self._is_sound(observed.program, modes):
                stop.set()

        seen = run_campaign(manifest, programs, self._options(mutant.name, modes, self._workers), step, stop)
        verdicts = [judge(o, manifest, gates=True) for o in seen]
        return [v for v in verdicts if v.status not in DEADLY or self._is_sound(v.program, modes)]

    def _is_sound(self, program: Program, modes: tuple[str, ...]) -> bool:
        """This program passes in these modes when there is no fault."""
        with self._lock:
            key = (program.id, modes)
            if key not in self._sound:
                manifest = mutant_manifest()
                verdict = judge(run_campaign(manifest, [program], self._options("", modes, 1))[0], manifest, gates=True)
                self._sound[key] = verdict.status == "pass"
                if not self._sound[key]:
                    self.left_out[program.path] = verdict.status
            return self._sound[key]

    def _options(self, mutant: str, modes: tuple[str, ...], workers: int) -> Options:
        return Options(seed=self._seed, budget=0.0, workers=workers, modes=modes, mutant=mutant, least=True)


def table_of(fates: Sequence[Fate]) -> Iterator[Text]:
    """What `make mutants` prints: two lines for each mutant, as wide as the terminal at most."""
    width = max((len(f.mutant.name) for f in fates), default=0) + 2
    for fate in fates:
        style = "green" if fate.end == "killed" and fate.by_clause else "yellow" if fate.end == "killed" else "bold red"
        by = fate.killed_by if fate.end == "killed" else f"{fate.end.upper()} {fate.killed_by}"
        by += "" if fate.by_clause or fate.end != "killed" else " (names another clause)"
        yield Text(fate.mutant.name.ljust(width)) + Text(by, style=style)
        yield Text(f"    breaks {fate.mutant.clause}" + (f"; seen: {fate.what}" if fate.what else ""), style="dim")
    killed = sum(f.end == "killed" for f in fates)
    own = sum(f.end == "killed" and f.by_clause for f in fates)
    yield Text(f"{killed} of {len(fates)} mutants killed, {own} of them by a program that names the clause", style="bold")


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
    try:
        identify(mutant_manifest(), Options())
    except Protocol as error:
        print(f"gauntlet: {error}; run: make FLAVOR=mutant tools", file=sys.stderr)
        return USAGE
    hunt = Hunt(load_programs(), args.seed, args.workers, load_wholes())
    fates = []
    with console.status("") as status:
        for number, mutant in enumerate(chosen, 1):
            status.update(f"{number} of {len(chosen)}: {mutant.name}")
            fates.append(hunt.hunt(mutant))
    for path, status_word in sorted(hunt.left_out.items()):
        console.print(f"left out, {status_word} without any fault: {path}", style="yellow")
    for line in table_of(fates):
        console.print(line, no_wrap=True, overflow="ellipsis")
    args.json.parent.mkdir(parents=True, exist_ok=True)
    args.json.write_text(json.dumps(record_of(fates, time.monotonic() - started), indent=1) + "\n")
    console.print(f"report: {args.json}", style="dim", soft_wrap=True)
    for fate in fates:
        if fate.end == "killed":
            continue
        console.print(f"again: conformance/gauntlet run --runtime reference-mutant --mutant {fate.mutant.name}")
    return PASS if all(f.end == "killed" and f.by_clause for f in fates) else FINDINGS
