# SPDX-License-Identifier: BSD-3-Clause
"""The fuzzers: they find planted faults and say how to repeat them, they are quiet without, and every input is a program.

Owns: tests of fuzz/ and of `gauntlet fuzz`.  Runs are bounded by numbers of inputs, never by time.
"""

from __future__ import annotations

import json
import os
import random
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.lit import ROOT

BUILT = ROOT / "build" / "fuzz"
LIT = ROOT / "build" / "opt" / "lit"
MUTANT_DRIVER = ROOT / "build" / "mutant" / "driver-gr"
SEED = 20
INPUTS = 200

pytestmark = pytest.mark.skipif(not (BUILT / "fuzz_chan").exists() or not LIT.exists(),
                                reason="not built: make FLAVOR=fuzz && make")


def fuzz(folder: Path, *args: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Runs the command in a folder of its own; gives what it said and its record."""
    words = [sys.executable, str(ROOT / "conformance" / "gauntlet"), "fuzz", "--budget", "1h", "--folder", str(folder),
             "--json", str(folder / "fuzz.json"), *args]
    done = subprocess.run(words, capture_output=True, text=True, errors="replace", cwd=ROOT, check=False)
    assert done.returncode in (0, 1), f"again: {shlex.join(words)}\n{done.stdout}{done.stderr}"
    return done, json.loads((folder / "fuzz.json").read_text())


@pytest.mark.parametrize("mutant", ["chan-buffer-lifo", "chan-close-drops-buffer", "select-default-eager"])
def test_planted_fault(mutant: str, tmp_path: Path) -> None:
    """A fault is found within a bounded number of inputs, and the printed command shows it again."""
    if not MUTANT_DRIVER.exists():
        pytest.skip("not built: make FLAVOR=mutant")
    done, record = fuzz(tmp_path, "--target", "fuzz_chan", "--mutant", mutant, "--runs", "8000")
    assert done.returncode == 1, done.stdout + done.stderr
    [finding] = record["targets"][0]["findings"]
    assert f"again: {finding['again']}" in done.stdout
    again = subprocess.run(shlex.split(finding["again"]), capture_output=True, text=True, cwd=ROOT, check=False)
    assert again.returncode == 1 and "FORBIDDEN" in again.stdout, f"{finding}\n{again.stdout}{again.stderr}"
    sound = finding["again"].replace(f" --mutant {mutant}", "").replace("reference-mutant", "reference")
    fine = subprocess.run(shlex.split(sound), capture_output=True, text=True, cwd=ROOT, check=False)
    assert "FORBIDDEN" not in fine.stdout and fine.returncode == 0, f"{sound}\n{fine.stdout}{fine.stderr}"
    check = subprocess.run([LIT, "check", finding["lit"]], capture_output=True, text=True, check=False)
    assert check.returncode == 0, check.stdout + check.stderr
    assert bytes.fromhex(Path(finding["tape"]).read_text()) is not None
    assert Path(finding["go"]).read_text().startswith("package main") or "package main" in Path(finding["go"]).read_text()


def test_no_fault(tmp_path: Path) -> None:
    """The same number of inputs without a fault: no finding, by any target."""
    done, record = fuzz(tmp_path, "--runs", "8000", "--cross", "50")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(t["name"], t["findings"]) for t in record["targets"]] == [(name, []) for name in ("fuzz_chan", "fuzz_lit", "fuzz_pace")]
    assert all(t["executions"] >= 8000 and t["coverage"] > 0 and t["corpus"] > 0 for t in record["targets"]), record


def test_parser(tmp_path: Path) -> None:
    """The parser on 20,000 inputs grown from the corpus."""
    done, record = fuzz(tmp_path, "--target", "fuzz_lit", "--runs", "20000")
    assert done.returncode == 0 and record["targets"][0]["executions"] >= 20000, done.stdout + done.stderr


def test_every_input_is_a_program(tmp_path: Path) -> None:
    """Random bytes of any length become programs whose lists `lit check` accepts."""
    draw = random.Random(SEED)
    inputs = tmp_path / "inputs"
    programs = tmp_path / "programs"
    inputs.mkdir()
    programs.mkdir()
    for number in range(INPUTS):
        (inputs / str(number)).write_bytes(draw.randbytes(draw.randrange(60)))
    written = subprocess.run([BUILT / "fuzz_chan", *sorted(inputs.iterdir())], capture_output=True, text=True,
                             errors="replace", env={**os.environ, "FUZZ_WRITE": str(programs)}, check=False)
    assert written.returncode == 0, written.stderr
    files = sorted(programs.glob("*.lit"))
    assert len(files) > INPUTS * 0.9
    whole = [file for file in files if "\nwant " in file.read_text()]
    assert len(whole) > INPUTS * 0.5, f"{len(whole)} of {len(files)} are small enough for the model"
    check = subprocess.run([LIT, "check", *whole], capture_output=True, text=True, check=False)
    assert check.returncode == 0, f"again: {LIT} check {programs}\n{check.stdout}{check.stderr}"
    for file in set(files) - set(whole):
        plan = subprocess.run([LIT, "plan", file], capture_output=True, text=True, check=False)
        assert plan.returncode == 0, f"{file}\n{plan.stderr}"


def test_unknown_mutant(tmp_path: Path) -> None:
    """A mutant that does not exist is an error of use that names the list."""
    words = [sys.executable, str(ROOT / "conformance" / "gauntlet"), "fuzz", "--mutant", "none-such", "--folder",
             str(tmp_path), "--json", str(tmp_path / "fuzz.json"), "--runs", "1"]
    done = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 2 and "none-such" in done.stderr, done.stdout + done.stderr
