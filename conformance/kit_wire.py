# SPDX-License-Identifier: BSD-3-Clause
"""Conversations with the C drivers, for their tests: one process, all input at once, bounded time.

Owns: where the drivers are, building them when they are not there, reading answers into counts.
Not here: what is said (kit_plans.py) and what must come back (test_kit.py, test_kit_ends.py).
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DRIVERS = {"toy": "build/opt/driver-toy", "reference": "build/opt/driver-gr"}
SANITIZED = {f"{name}-{flavor}": f"build/{flavor}/{program}"
             for flavor in ("asan", "tsan", "racecheck")
             for name, program in (("toy", "driver-toy"), ("reference", "driver-gr"))
             if (name, flavor) != ("toy", "racecheck")}
ENV = {"ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
       # A report that comes to nothing, about 1 in 100, would silence all that are equal to it.
       "TSAN_OPTIONS": "halt_on_error=0 exitcode=0 atexit_sleep_ms=0 suppress_equal_stacks=0 suppress_equal_addresses=0"}
MUTANT = {"reference-mutant": "build/mutant/driver-gr"}
REPORTS = ("WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "runtime error:")
HANG_SECONDS = 60


@dataclass
class Answer:
    """What a driver said and how it ended."""

    command: str
    lines: list[str]
    stderr: str
    status: int
    counts: Counter[str] = field(default_factory=Counter)
    tapes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        last = ""
        for line in self.lines:
            words = line.split(" ", 3)
            if words[0] == "out":
                last = words[3]
                self.counts[last] += int(words[2])
            elif words[0] == "tape":
                self.tapes[last] = words[2]

    def told(self, verb: str) -> list[str]:
        """The lines that start with this word."""
        return [line for line in self.lines if line.split()[0] == verb]

    def __str__(self) -> str:
        shown = "\n".join(self.lines)
        return f"again: {self.command}\nstatus {self.status}\n{shown}\n{self.stderr[:2000]}"


@cache
def binary(name: str) -> Path:
    """The driver; built when it is not there."""
    path = ROOT / (DRIVERS | SANITIZED | MUTANT)[name]
    if not path.exists():
        subprocess.run(["make", "-j2", "tools", f"FLAVOR={path.parent.name}"], cwd=ROOT, check=True,
                       capture_output=True, timeout=600)
    return path


def talk(driver: str, text: str) -> Answer:
    """One process, all of its input at once."""
    done = subprocess.run([binary(driver)], input=text, capture_output=True, text=True, timeout=HANG_SECONDS,
                          env={**os.environ, **ENV}, check=False)
    settings = " ".join(f"{k}='{v}'" for k, v in ENV.items()) if driver in SANITIZED else ""
    return Answer(f"{settings} {(DRIVERS | SANITIZED | MUTANT)[driver]} <<'END'\n{text}END", done.stdout.splitlines(), done.stderr, done.returncode)


def run(driver: str, plan: str, **keys: str | int) -> Answer:
    """One run of a plan; keys are those of the run command."""
    words = " ".join(f"{k}={v}" for k, v in {"seed": 7, **keys}.items())
    return talk(driver, f"run 1 {words}\n{plan.strip()}\nend\nbye\n")


@cache
def caps(driver: str) -> frozenset[str]:
    """The words of its cap lines."""
    answer = talk(driver, "hello gl/1\nbye\n")
    return frozenset(word for line in answer.told("cap") for word in line.split()[1:])


def fits(driver: str, needs: str) -> None:
    """Skips what the driver does not offer."""
    lacking = set(needs.split()) - caps(driver)
    if lacking:
        pytest.skip(f"{driver} has no {' '.join(sorted(lacking))}")
