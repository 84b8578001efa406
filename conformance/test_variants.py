# SPDX-License-Identifier: BSD-3-Clause
"""The corpus on other builds of the reference: under the detector of races, and on the other processor.

A report of the detector is a finding like a wrong outcome.  The emulator is slow and shows no missing barriers, so it gets
each fourth program; `gauntlet run --runtime reference-aarch64` runs them all.
"""

from __future__ import annotations

import shutil

import pytest

from conftest import Sessions, corpus
from harness.lit import Program
from harness.manifest import load_manifest
from test_litmus import story, verdict_of

PICKED = {"reference-tsan": 1, "reference-aarch64": 4}


@pytest.mark.parametrize(("runtime", "program"), [
    pytest.param(runtime, program, id=f"{runtime}-{program.path}", marks=pytest.mark.xdist_group(runtime))
    for runtime, nth in PICKED.items() for program in corpus()[0][::nth]])
def test_build(runtime: str, program: Program, sessions: Sessions) -> None:
    command = load_manifest(runtime).variant.cmd
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not there: make setup, make check")
    verdict = verdict_of(sessions.get(runtime), program)
    if verdict.status == "skip":
        pytest.skip(verdict.findings[0].what)
    assert not verdict.unexpected, story(verdict)


def test_enough_on_the_other_processor() -> None:
    assert len(corpus()[0][::PICKED["reference-aarch64"]]) >= 100
