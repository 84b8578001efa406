# SPDX-License-Identifier: BSD-3-Clause
"""From what was observed to a verdict: observed must be a subset of allowed, wanted a subset of observed.

Statuses, strongest first: `error` (the program or the driver cannot be judged), `crash`, `fail`, `unknown` (a time limit, or
undecided executions only), `want_missing` (nothing wrong was seen, but a wanted outcome never came), `skip`, `pass`.
A status that the runtime's expectation file names, with no wrong outcome but those it lists, is `known` on top.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .lit import Program
from .manifest import STATUSES, Known, Manifest, applies
from .observe import Observed
from .stats import judge_stats



@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a sentence, the outcome it is about, the command that shows it, text of the process."""

    what: str
    outcome: str = ""
    again: str = ""
    text: str = ""


@dataclass
class Verdict:
    """The verdict on one program on one runtime."""

    observed: Observed
    status: str
    findings: list[Finding] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    known: Known | None = None
    surprise: str = ""

    @property
    def program(self) -> Program:
        return self.observed.program

    @property
    def unexpected(self) -> bool:
        """The run must not end with exit status 0 because of this."""
        return self.status in ("fail", "unknown", "crash", "error") and self.known is None


def reason_of(program: Program, key: str) -> str:
    """Why a forbidden outcome is forbidden, when a `forbid` line says so."""
    if not program.plan:
        return "no run may end so"
    words = set(key.split())
    for expect in program.expects:
        if expect.verb == "forbid" and set(expect.key.split()) <= words and expect.why:
            return expect.why
    return "no line of the program lists it"


def _outcome_findings(observed: Observed) -> list[Finding]:
    program = observed.program
    return [Finding(f"forbidden outcome, seen {'once' if count == 1 else f'{count} times'}: {reason_of(program, key)}",
                    key, observed.again.get(key, ""))
            for key, count in sorted(observed.counts.items()) if key not in program.allowed]


def _text_findings(observed: Observed) -> list[Finding]:
    return [Finding(f"what it printed does not match /{pattern}/", key, observed.again.get(key, ""), text)
            for pattern in observed.program.stderr
            for key, text in observed.death_texts.items()
            if key in observed.program.allowed and not re.search(pattern, text, re.MULTILINE)]


def _race_findings(observed: Observed, can_see: bool) -> list[Finding]:
    if observed.race and not observed.program.want_race:
        return [Finding("a data race was reported, but the program has none", "race", text=observed.race)]
    if observed.program.want_race and can_see and not observed.race and observed.executions:
        return [Finding("the program has a data race that was not reported", "race")]
    return []


def _incident_findings(observed: Observed, kinds: Iterable[str]) -> list[Finding]:
    return [Finding(i.text, again=i.again, text=i.stderr) for i in observed.incidents if i.kind in kinds]


def judge(observed: Observed, manifest: Manifest, *, version: str = "", gates: bool = False) -> Verdict:
    """Judges one program.

    `gates`: the runtime has a controlled scheduler, so that a wanted outcome that never came in such runs is a failure,
    unless it depends on real time, which stands still there.
    """
    program = observed.program
    verdict = Verdict(observed, "pass")
    if program.complaints:
        verdict.status = "error"
        verdict.findings = [Finding(text) for text in program.complaints]
    elif observed.skip:
        verdict.status = "skip"
        verdict.findings = [Finding(observed.skip)]
    else:
        _judge_runs(verdict, gates and "control" in observed.modes)
    apply_known(verdict, manifest, version)
    return verdict


def _judge_runs(verdict: Verdict, gates: bool) -> None:
    observed = verdict.observed
    crashes = _incident_findings(observed, ("crash",))
    wrong = _outcome_findings(observed) + _text_findings(observed) + _race_findings(observed, True)
    wrong += [Finding(text) for text in judge_stats(observed.program, observed.stat_counts)]
    broken = _incident_findings(observed, ("protocol", "error"))
    late = _incident_findings(observed, ("timeout",))
    verdict.missing = sorted(observed.program.wanted - observed.counts.keys())
    verdict.findings = crashes + wrong + broken + late
    if crashes:
        verdict.status = "crash"
    elif wrong:
        verdict.status = "fail"
    elif broken:
        verdict.status = "error"
    elif late or not observed.executions:
        verdict.status = "unknown"
        if not late:
            verdict.findings.append(Finding("no execution was decided"))
    elif verdict.missing:
        verdict.status = "fail" if gates else "want_missing"
        verdict.findings = [Finding("a wanted outcome never came", key) for key in verdict.missing]


def apply_known(verdict: Verdict, manifest: Manifest, version: str) -> None:
    """Marks a failure that the runtime's expectation file lists, and a success that it does not expect."""
    known = manifest.known.get(verdict.program.id)
    if not known or not applies(known.when, {"version": version, "variant": manifest.variant.name}):
        return
    wrong = {f.outcome for f in verdict.findings if f.outcome}
    if verdict.status in known.status and (not known.seen or wrong <= set(known.seen)):
        verdict.known = known
    elif verdict.status == "pass":
        verdict.surprise = "passes, though the expectation file says " + "/".join(known.status)


def summary(verdicts: Sequence[Verdict]) -> Counter[str]:
    """Counts by status; known failures are counted as `known` and not under their status."""
    counts: Counter[str] = Counter({status: 0 for status in (*STATUSES, "known")})
    for verdict in verdicts:
        counts["known" if verdict.known else verdict.status] += 1
    return counts
