# SPDX-License-Identifier: BSD-3-Clause
"""Run every unit test of the C code, one pytest id per case, flavour and processor.

Owns: which flavours count, building them once, turning a case's exit into a verdict.
Not here: the cases (reference/unit, spec/unit), how they are run one by one (unit.c).

Idea: cases are read from the sources, so that collecting needs no build; a case that a program
has and its source does not show would go unseen, so each program's own list is compared.

  I1  A flavour is built by one process at a time, once per session and process.
  I2  The command in a failure's message runs that case and nothing else.
"""
from __future__ import annotations

import fcntl
import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CASE = re.compile(r"\bUNIT(?:_EXITS|_DIES)?\(\s*(\w+)")
SKIP = re.compile(r"^ok 1 - \w+ # SKIP (.*)$", re.MULTILINE)
TIMEOUT_S = 280


@dataclass(frozen=True)
class Build:
    """One way to build and run the unit tests."""

    name: str
    flavor: str
    arch: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        return (f"qemu-{self.arch}", f"{self.arch}-linux-gnu-gcc") if self.arch else ()

    @property
    def make(self) -> list[str]:
        return [f"FLAVOR={self.flavor}"] + ([f"ARCH={self.arch}"] if self.arch else [])

    @property
    def folder(self) -> str:
        return f"build/{self.flavor}" + (f"-{self.arch}" if self.arch else "")

    @property
    def runner(self) -> list[str]:
        return [f"qemu-{self.arch}"] if self.arch else []


BUILDS = (
    Build("opt", "opt"),
    Build("debug", "debug"),
    Build("asan", "asan"),
    Build("tsan", "tsan"),
    Build("racecheck", "racecheck"),
    Build("aarch64", "opt", "aarch64"),
)


def cases_of(source: Path) -> list[str]:
    """The cases in a source; one that does not use unit.h is a single case without a name."""
    return CASE.findall(source.read_text()) or [""]


def programs(build: Build | None = None) -> list[Path]:
    """The sources that matter to a build: the model has one thread, so no race to look for."""
    found = [*ROOT.glob("reference/unit/*_test.c")]
    if build is None or build.name in ("opt", "asan", "aarch64"):
        found += ROOT.glob("spec/unit/*_test.c")
    return sorted(found)


@functools.cache
def build_error(build: Build) -> str:
    """Build all unit tests of one flavour; under a lock, as other workers do the same."""
    lock = ROOT / "build" / f".unit-{build.name}.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        command = ["make", "-s", "-j2", *build.make, "units"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    return f"{' '.join(command)}\n{done.stdout}{done.stderr}"


def run(build: Build, program: str, *args: str) -> tuple[str, subprocess.CompletedProcess[str]]:
    """Run a unit test program; gives the command as a user would type it, and what it did."""
    for tool in build.needs:
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed: make setup")
    assert not build_error(build), build_error(build)
    command = [*build.runner, f"{build.folder}/unit/{program}", *args]
    shown = f"make {' '.join(build.make)} units && {' '.join(command)}"
    env = dict(os.environ)
    if build.arch:
        env["UNIT_SLOW"] = "1"
        shown = shown.replace("qemu-", "UNIT_SLOW=1 qemu-")
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=TIMEOUT_S,
    )
    return shown, done


@pytest.mark.parametrize(
    ("build", "program", "case"),
    [
        pytest.param(build, source.stem, case, id=f"{build.name}-{source.stem}-{case or 'all'}")
        for build in BUILDS
        for source in programs(build)
        for case in cases_of(source)
    ],
)
def test_case(build: Build, program: str, case: str) -> None:
    shown, done = run(build, program, *([case] if case else []))
    assert done.returncode == 0, f"again: {shown}\n{done.stdout}{done.stderr}"
    if case and (skipped := SKIP.search(done.stdout)):
        pytest.skip(skipped[1])


@pytest.mark.parametrize("source", programs(), ids=lambda source: source.stem)
def test_every_case_is_collected(source: Path) -> None:
    expected = cases_of(source)
    if expected == [""]:
        pytest.skip("not a program of unit.h")
    shown, done = run(BUILDS[0], source.stem, "--list")
    assert done.returncode == 0, f"again: {shown}\n{done.stderr}"
    assert done.stdout.split() == expected


def test_an_unknown_case_is_refused() -> None:
    shown, done = run(BUILDS[0], "base_test", "no_such_case")
    assert done.returncode == 2, f"again: {shown}"
    assert "no case no_such_case" in done.stderr
