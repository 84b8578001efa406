# SPDX-License-Identifier: BSD-3-Clause
"""What README.md tells a reader to type works, and what it links to exists.

Every line of a ```sh block is one command and is run from the root, long ones in a cheap variant
of the same command (CHEAP). `make check` would run this test again: it is compared with .ci/run.
"""
from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")

CHECK = "make check"
FEW = "ARGS='conformance/litmus/deadlock/abba-race.lit --budget 3s --json build/readme/{}.json'"
CHEAP = {
    "make conform": "make conform " + FEW.format("reference"),
    "make conform RUNTIME=go": "make conform RUNTIME=go " + FEW.format("go"),
    "make conform RUNTIME=go-race": "make conform RUNTIME=go-race " + FEW.format("go-race"),
    "make conform RUNTIME=toy": "make conform RUNTIME=toy " + FEW.format("toy"),
    "make report": "ls build/report/*.json >build/ls.log 2>&1 || make conform "
    "ARGS='conformance/litmus/deadlock/abba-race.lit --budget 3s' && make report",
    "make stress BUDGET=5m": "make stress BUDGET=5s",
    "make soak BUDGET=30m": "make soak BUDGET=6s",
    "make fuzz BUDGET=5m": "make fuzz BUDGET=5s",
    "make mutants": "make mutants ARGS='chan-buffer-lifo panic-defer-fifo'",
    "make bench": "make bench ARGS='--quick'",
    "make unit FLAVOR=asan": "make unit FLAVOR=asan UNITS=build/asan/unit/fix_test",
    "make unit ARCH=aarch64": "make unit ARCH=aarch64 UNITS=build/opt-aarch64/unit/fix_test",
}


def commands() -> list[str]:
    """The lines of all ```sh blocks, comments and empty lines left out."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    lines = (line.strip() for block in blocks for line in block.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def links() -> list[str]:
    """Targets of relative links."""
    return sorted(set(re.findall(r"\]\((?!https?:)([^)#]+)", README)))


def test_cheap_variants_stand_in_for_commands_that_are_there() -> None:
    assert set(CHEAP) <= set(commands())


def test_check_is_what_ci_runs() -> None:
    assert CHECK in commands()
    assert re.search(rf"^{CHECK} ", (ROOT / ".ci/run").read_text(), re.MULTILINE)


@pytest.mark.slow
@pytest.mark.parametrize("command", [line for line in commands() if line != CHECK])
def test_command(command: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "ARGS")}
    cheap = CHEAP.get(command, command)
    done = subprocess.run(
        ["sh", "-c", cheap],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    tail = "\n".join(done.stdout.splitlines()[-30:])
    assert done.returncode == 0, f"again: {cheap}   (exit {done.returncode})\n{tail}"


@pytest.mark.parametrize("target", links())
def test_link(target: str) -> None:
    assert (ROOT / target).exists()


def test_paths_in_code_marks_exist() -> None:
    paths = re.findall(r"`((?:ci|spec|conformance|reference|stress|fuzz)/[\w./-]+)`", README)
    fixed = [path for path in paths if not re.search(r"[A-Z]{2}", path)]
    assert fixed and [path for path in fixed if not (ROOT / path).exists()] == []


def test_the_example_is_a_program_of_the_corpus() -> None:
    example = re.search(r"^```\n(litmus +(\S+)\n.*?)^```$", README, re.MULTILINE | re.DOTALL)
    assert example, "README.md has no example in the litmus language"
    assert (ROOT / f"conformance/litmus/{example[2]}.lit").read_text() == example[1]
