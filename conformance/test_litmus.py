# SPDX-License-Identifier: BSD-3-Clause
"""Every program of the corpus on the reference and on Go, with the least work that can judge it.

`gauntlet run` does the same with a budget for repetitions.  A failure shows the verdict's table and the command that
repeats it.
"""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from conftest import Sessions, corpus
from harness.campaign import ProgramRun, Session
from harness.lit import Program
from harness.report.terminal import print_failure
from harness.verdict import Verdict, judge

SLICE_SECONDS = 5.0


def verdict_of(session: Session, program: Program) -> Verdict:
    """The verdict; a time-out gets a second chance, because other tests may keep the machine busy."""
    for _ in range(2):
        run = ProgramRun(session, program, SLICE_SECONDS)
        verdict = judge(run.run(), session.manifest, version=run.version, gates="control" in run.caps)
        if verdict.status != "unknown" or verdict.known:
            break
    return verdict


def story(verdict: Verdict) -> str:
    """The verdict as the command would print it."""
    text = io.StringIO()
    print_failure(Console(file=text, width=110, highlight=False), verdict)
    return text.getvalue()


def test_corpus_is_there() -> None:
    programs, problem = corpus()
    assert not problem, problem
    assert programs, "no litmus file below conformance/litmus"


def test_schedules_make_sense() -> None:
    """In a witness nobody acts before somebody started it, and steps name lines of the file."""
    for program in corpus()[0]:
        lines = program.source.count("\n") + 1
        for outcome in program.model.outcomes if program.model else ():
            known = {0}
            for step in outcome.witness:
                where = f"{program.path}: {outcome.key}: {step}; again: build/opt/lit witness {program.file}"
                assert step.g < 0 or step.g in known, f"acts before it was started: {where}"
                assert 0 <= step.line <= lines, f"no such line: {where}"
                known.add(step.partner)
                if step.what.startswith("the time"):
                    known.add(max(known) + 1)


def test_program(runtime: str, program: Program | None, sessions: Sessions) -> None:
    if program is None:
        pytest.fail(corpus()[1] or "no programs", pytrace=False)
    verdict = verdict_of(sessions.get(runtime), program)
    if verdict.unexpected:
        pytest.fail(story(verdict), pytrace=False)
    if verdict.status == "skip":
        pytest.skip(verdict.findings[0].what)
    if verdict.known:
        pytest.xfail(verdict.known.reason)
