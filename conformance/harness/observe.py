# SPDX-License-Identifier: BSD-3-Clause
"""Everything that one runtime showed on one program, over all modes: the input of the verdict and of the reports."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from .driver import RunResult, how_it_ended
from .lit import Program

_RACE = re.compile(r"WARNING: (?:DATA RACE|ThreadSanitizer: data race)")
_SANITIZER = re.compile(r"^.*(?:WARNING: DATA RACE|\b\w+Sanitizer: ).*$|^\S+:\d+:\d+: runtime error: .*$", re.MULTILINE)


def _first_report(stderr: str, mark: re.Pattern[str], ignore: re.Pattern[str] | None) -> re.Match[str] | None:
    """Where the mark is in the first part, between lines of equals signs, that has it and is not to be ignored."""
    for part in re.split(r"^={10,}$", stderr, flags=re.MULTILINE):
        found = mark.search(part)
        if found and not (ignore and ignore.search(part)):
            return found
    return None


def race_report(stderr: str, ignore: re.Pattern[str] | None) -> str:
    """The first race report in this text that counts; empty when there is none."""
    found = _first_report(stderr, _RACE, ignore)
    return found.string.strip()[:8000] if found else ""


def sanitizer_report(stderr: str, ignore: re.Pattern[str] | None) -> str:
    """The same for reports of any sanitizer: of memory, of undefined behaviour, and of what else goes wrong with threads."""
    found = _first_report(stderr, _SANITIZER, ignore)
    return found.string[found.start():].strip()[:8000] if found else ""


@dataclass(frozen=True)
class Incident:
    """A run that ended otherwise than planned: kind is crash, timeout, protocol or error."""

    kind: str
    text: str
    again: str
    stderr: str = ""


@dataclass
class Observed:
    """Counts by outcome and mode, with the command that shows each outcome again."""

    program: Program
    counts: Counter[str] = field(default_factory=Counter)
    modes: dict[str, Counter[str]] = field(default_factory=dict)
    again: dict[str, str] = field(default_factory=dict)
    tapes: dict[str, str] = field(default_factory=dict)
    stat_counts: list[Counter[str]] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    death_texts: dict[str, str] = field(default_factory=dict)
    evidence: set[str] = field(default_factory=set)
    skip: str = ""
    race: str = ""
    unjudged: str = ""
    undecided: int = 0
    seconds: float = 0.0
    ignore_race: re.Pattern[str] | None = None

    @property
    def executions(self) -> int:
        """Executions that gave an outcome."""
        return sum(self.counts.values())

    def seen_all(self) -> bool:
        """Every allowed outcome was observed."""
        return self.program.allowed <= self.counts.keys()

    def add(self, mode: str, result: RunResult, again: str) -> None:
        """Takes in one run. `again` is the command that repeats it."""
        self.seconds += result.seconds
        self.undecided += result.undecided
        counter = self.modes.setdefault(mode, Counter())
        for key, count in result.counts.items():
            self.counts[key] += count
            counter[key] += count
            tape = result.tapes.get(key)
            if tape:
                self.tapes.setdefault(key, tape)
            self.again.setdefault(key, f"{again} --tape {tape}" if tape else again)
            if mode == "one" and not key.startswith("ok") and not result.evidence:
                self.death_texts.setdefault(key, result.stderr)
        if result.evidence:
            self.evidence.add(result.evidence)
        self.race = self.race or race_report(result.stderr, self.ignore_race)
        self._incident(mode, result, again)

    def _incident(self, mode: str, result: RunResult, again: str) -> None:
        if result.end == "timeout":
            self.incidents.append(Incident("timeout", f"mode {mode}: no answer in time", again, result.stderr))
        elif result.end == "protocol":
            self.incidents.append(Incident("protocol", result.detail, again, result.stderr))
        elif result.end == "err":
            self.incidents.append(Incident("error", result.detail, again, result.stderr))
        elif result.end == "skip":
            self.skip = self.skip or f"claims all that it needs, then skips: {result.detail}"
        elif result.end == "died" and not (mode == "one" and result.counts):
            self.incidents.append(Incident("crash", how_it_ended(result), again, result.stderr))
