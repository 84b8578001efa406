# SPDX-License-Identifier: BSD-3-Clause
"""The corpus on other builds of the reference: under sanitizers, and on the other processor.

A report of a sanitizer is a finding like a wrong outcome.  The emulator is slow and shows no missing barriers, so it gets
each fourth litmus program and no whole ones; `gauntlet run --runtime reference-aarch64` runs them all.  In generational mode,
with a verified collection at each second look of the allocator, each fourth program about memory runs and a few whole ones:
`gauntlet run --runtime reference-young`.
"""

from __future__ import annotations

import shutil

import pytest

from conftest import Sessions, corpus
from harness.lit import Program
from harness.manifest import load_manifest
from harness.programs import Whole, load_wholes
from harness.whole import WholeRun
from test_litmus import story, verdict_of

PICKED = {"reference-tsan": 1, "reference-aarch64": 4}
WHOLES = load_wholes()
MEMORY = [p for p in corpus()[0] if p.path.split("/")[0] in ("gc", "alloc", "mem")]
YOUNG_WHOLES = {"programs/gc/" + name for name in ("depths", "finalizers", "kept", "passed", "stores", "weak-race")}


@pytest.mark.parametrize(("runtime", "program"), [
    pytest.param(runtime, program, id=f"{runtime}-{program.path}", marks=pytest.mark.xdist_group(runtime))
    for runtime, nth in PICKED.items() for program in corpus()[0][::nth]] + [
    pytest.param("reference-young", program, id=f"reference-young-{program.path}", marks=pytest.mark.xdist_group("reference-young"))
    for program in MEMORY[::4]])
def test_build(runtime: str, program: Program, sessions: Sessions) -> None:
    command = load_manifest(runtime).variant.cmd
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not there: make setup, make check")
    verdict = verdict_of(sessions.get(runtime), program)
    if verdict.status == "skip":
        pytest.skip(verdict.findings[0].what)
    assert not verdict.unexpected, story(verdict)


@pytest.mark.parametrize(("runtime", "whole"), [
    pytest.param(runtime, whole, id=f"{runtime}-{whole.path}")
    for runtime in ("reference-tsan", "reference-asan") for whole in WHOLES] + [
    pytest.param("reference-young", whole, id=f"reference-young-{whole.path}")
    for whole in WHOLES if whole.path in YOUNG_WHOLES])
def test_program(runtime: str, whole: Whole) -> None:
    manifest = load_manifest(runtime)
    if not manifest.variant.is_built:
        pytest.skip(f"{manifest.variant.cmd[0]} is not there: make check")
    verdict = WholeRun(manifest, whole, manifest.profile, "").judge()
    if verdict.status == "skip":
        pytest.skip(verdict.findings[0].what)
    assert not verdict.unexpected, "\n".join(f"{f.what}\nagain: {f.again}\n{f.text}" for f in verdict.findings)


@pytest.mark.parametrize("runtime", ["reference-tsan", "reference-asan"])
def test_few_programs_are_left_out_under_a_sanitizer(runtime: str) -> None:
    """Most of those that the reference has a source for are asked in full."""
    manifest = load_manifest(runtime)
    asked = [w for w in WHOLES if "reference" not in w.without]
    in_full = [w for w in asked if len(w.asked_of(manifest.name, manifest.settings, manifest.variant.name).runs)
               == len(w.asked_of(manifest.name, manifest.settings).runs)]
    assert len(in_full) >= 0.8 * len(asked)


def test_enough_in_generational_mode() -> None:
    assert len(MEMORY[::4]) >= 40
    assert {w.path for w in WHOLES} >= YOUNG_WHOLES


def test_enough_on_the_other_processor() -> None:
    assert len(corpus()[0][::PICKED["reference-aarch64"]]) >= 100
