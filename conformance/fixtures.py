# SPDX-License-Identifier: BSD-3-Clause
"""Programs and records for the tests of the harness: fixtures.jsonl is what `lit json` once printed for four programs."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.lit import Program, program_from_json
from harness.manifest import Manifest, Variant
from harness.observe import Observed
from harness.report.record import make_record
from harness.verdict import Verdict, judge

HERE = Path(__file__).resolve().parent

RAW = [json.loads(line) for line in (HERE / "fixtures.jsonl").read_text(encoding="utf-8").splitlines()]
PROGRAMS: list[Program] = [program_from_json(raw) for raw in RAW]
RACE, FAIR, UNLOCK, GOEXIT = PROGRAMS

KEPT = "ok main.e=0 main.v=5 main.ok=1"
REFUSED = "ok main.e=send-closed main.v=0 main.ok=0"
LOST = "ok main.e=0 main.v=0 main.ok=0"
AGAIN = "conformance/gauntlet replay --runtime wrong conformance/litmus/chan/close/send-race-buffered.lit --mode free"


def manifest(runtime: str = "mini", **changes: Any) -> Manifest:
    """A manifest without a driver behind it."""
    variant = Variant("plain", ("true",), {}, 1.0, ())
    return replace(Manifest(runtime, runtime, HERE, frozenset({"spec"}), "report", variant, {"plain": variant}, ()),
                   **changes)


def observed(program: Program, **counts: int) -> Observed:
    """What a run without incidents has seen; keys by `kept=3` and the like for RACE."""
    seen = Observed(program)
    names = {"kept": KEPT, "refused": REFUSED, "lost": LOST}
    seen.counts = Counter({names.get(name, name): count for name, count in counts.items()})
    seen.modes = {"free": Counter(seen.counts)}
    return seen


def verdicts_of(runtime: str) -> list[Verdict]:
    """One verdict for each program: all is well, or for the runtime `wrong` a value is lost."""
    race = observed(RACE, kept=90, refused=9, **({"lost": 1} if runtime == "wrong" else {}))
    race.again = dict.fromkeys(race.counts, AGAIN)
    fair = observed(FAIR)
    fair.counts = Counter({key: 500 for key in FAIR.allowed})
    unlock = observed(UNLOCK)
    unlock.counts = Counter({key: 1 for key in UNLOCK.allowed})
    skipped = Observed(GOEXIT, skip="lacks goexit")
    return [judge(o, manifest(runtime), version="1.0") for o in (race, fair, unlock, skipped)]


def record_of(runtime: str) -> dict[str, Any]:
    """The record of a made-up run."""
    return make_record(manifest(runtime), "1.0", verdicts_of(runtime), seconds=1.5, seed=1)
