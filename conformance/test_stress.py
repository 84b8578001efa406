# SPDX-License-Identifier: BSD-3-Clause
"""The stress programs and their command: clean without a fault, and each relevant one finds a planted fault."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.commands.stress import SANITIZER_ENV, Tally, run_program
from harness.lit import ROOT

GAUNTLET = ROOT / "conformance" / "gauntlet"
PROGRAMS = sorted(p.stem for p in (ROOT / "stress").glob("*.c"))
LINE = re.compile(r"(\w+): seed=(\d+) rounds=(\d+) ops=(\d+) verdict=pass -- (.+)\n")

# A fault that this program must find in a few rounds: it breaks what the program claims.
FAULTS = [("chan_storm", "chan-value-dropped"), ("chan_storm", "chan-buffer-lifo"), ("close_storm", "chan-close-twice"),
          ("close_storm", "chan-close-wakes-one"), ("panic_storm", "panic-defer-fifo"), ("panic_storm", "panic-recover-older"),
          ("select_storm", "select-wrong-index"), ("select_storm", "chan-value-duplicated"),
          ("spawn_storm", "sched-spill-drops-one"), ("spawn_storm", "panic-defer-twice"), ("timer_churn", "timer-early"),
          ("timer_churn", "timer-stop-keeps-value")]


def path_of(name: str, flavour: str = "opt") -> Path:
    """A built stress program; skips the test when it is not there."""
    path = ROOT / "build" / flavour / "stress" / name
    if not os.access(path, os.X_OK):
        pytest.skip(f"not built: make FLAVOR={flavour} stresses")
    return path


def storm(path: Path, *args: object, mutant: str = "") -> subprocess.CompletedProcess[str]:
    """Runs a stress program."""
    env = {**os.environ, **SANITIZER_ENV, **({"GR_MUTANT": mutant} if mutant else {})}
    return subprocess.run([str(path), *map(str, args)], capture_output=True, text=True, timeout=120, env=env, cwd=ROOT,
                          check=False)


def gauntlet(*args: object, json_path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does."""
    words = [str(GAUNTLET), "stress", *map(str, args), *(["--json", str(json_path)] if json_path else [])]
    return subprocess.run(words, capture_output=True, text=True, timeout=200, env={**os.environ, "COLUMNS": "200"},
                          cwd=ROOT, check=False)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_claim_stands_first_and_is_printed(name: str) -> None:
    path = path_of(name)
    source = (ROOT / "stress" / f"{name}.c").read_text()
    assert re.match(rf"/\* SPDX-[^\n]*\n/\* {name}\.c - claim: ", source)
    done = storm(path, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: {name} ") and "\nclaim: " in done.stdout


@pytest.mark.parametrize("flavour", ["opt", "tsan", "asan", "racecheck"])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_round_is_clean(name: str, flavour: str) -> None:
    path = path_of(name, flavour)
    done = storm(path, "--seed", 11, "--rounds", 2, "--noise", 1)
    again = f"\nagain: {path.relative_to(ROOT)} --seed 11 --rounds 2 --noise 1\n{done.stderr[-3000:]}"
    assert done.returncode == 0, done.stdout + again
    found = LINE.fullmatch(done.stdout)
    assert found, f"expected one line, got {done.stdout!r}{again}"
    assert found[1] == name and found[2] == "11" and found[3] == "2" and int(found[4]) > 0


@pytest.mark.parametrize("args", [["--seed", "x"], ["--seed", "-1"], ["--rounds", "0"], ["--rounds"], ["--seconds", "nan"],
                                  ["--procs", "0"], ["--noise", "3"], ["--loud", "1"], ["7"]])
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_bad_option_is_refused_by_name(name: str, args: list[str]) -> None:
    done = storm(path_of(name), *args)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"{name}: {args[0]} "), done.stderr
    assert "expected" in done.stderr and "usage: " in done.stderr


def test_the_same_seed_does_the_same_work() -> None:
    path = path_of("chan_storm")
    lines = {storm(path, "--seed", 5, "--rounds", 4).stdout for _ in range(2)}
    assert len(lines) == 1 and "verdict=pass" in lines.pop()


@pytest.mark.parametrize(("name", "mutant"), FAULTS, ids=lambda value: value)
def test_a_planted_fault_is_found_and_found_again(name: str, mutant: str) -> None:
    tally = Tally("plain")
    said = run_program(path_of(name, "mutant"), 3, ("--rounds", 5), mutant, tally)
    assert len(tally.findings) == 1, said
    found = tally.findings[0]
    assert "verdict=FAIL" in said and "unknown" not in said, said
    assert found["again"].startswith(f"GR_MUTANT={mutant} build/mutant/stress/{name} --seed ")
    for _ in range(20):  # a round is the same work again, not the same schedule
        done = subprocess.run(found["again"], shell=True, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
        if done.returncode:
            break
    assert done.returncode in (1, 2), f"it passes: {found['again']}"
    assert "verdict=FAIL" in done.stdout or re.search("fatal error|panic", done.stderr), done.stdout + done.stderr


def test_a_failing_round_names_its_own_seed() -> None:
    done = storm(path_of("chan_storm", "mutant"), "--seed", 1, "--rounds", 50, "--procs", 2, "--noise", 1,
                 mutant="chan-value-dropped")
    found = re.fullmatch(r"chan_storm: seed=(\d+) verdict=FAIL .* -- claim: .*\n"
                         r"again: chan_storm --seed \1 --rounds 1 --procs 2 --noise 1\n", done.stdout)
    assert done.returncode == 1 and found, done.stdout


def test_the_command_is_clean_without_a_fault(tmp_path: Path) -> None:
    path_of("chan_storm")
    record = tmp_path / "stress.json"
    done = gauntlet("--flavours", "plain", "--no-corpus", "--rounds", 2, "--seed", 40, json_path=record)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("verdict=pass") == 2 * len(PROGRAMS)
    (plain,) = json.loads(record.read_text())["flavours"]
    assert plain["flavour"] == "plain" and plain["rounds"] == 2 and plain["operations"] > 0 and plain["findings"] == []


def test_the_command_finds_a_fault_in_a_program(tmp_path: Path) -> None:
    path_of("chan_storm", "mutant")
    record = tmp_path / "stress.json"
    done = gauntlet("--mutant", "chan-value-dropped", "--programs", "chan_storm", "--no-corpus", "--rounds", 5,
                    json_path=record)
    assert done.returncode == 1, done.stdout + done.stderr
    (again,) = re.findall(r"^again: (GR_MUTANT=.*)$", done.stdout, re.MULTILINE)
    (plain,) = json.loads(record.read_text())["flavours"]
    assert [f["again"] for f in plain["findings"]] == [again]
    assert plain["findings"][0]["what"].startswith("chan_storm: ")


def test_the_command_finds_a_fault_in_the_corpus(tmp_path: Path) -> None:
    path_of("chan_storm", "mutant")
    record = tmp_path / "stress.json"
    done = gauntlet("--mutant", "panic-defer-fifo", "--programs", "none", "--rounds", 1, "--only", "defer", json_path=record)
    assert done.returncode == 1, done.stdout + done.stderr
    (plain,) = json.loads(record.read_text())["flavours"]
    assert plain["executions"] > 0
    found = next(f for f in plain["findings"] if "forbidden outcome" in f["what"])
    assert found["again"].endswith("--mutant panic-defer-fifo")
    again = subprocess.run(f"{found['again']}", shell=True, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)
    assert again.returncode == 1, again.stdout + again.stderr


@pytest.mark.parametrize(("args", "text"), [
    (["--flavours", "plain,loud"], "no flavour loud"),
    (["--programs", "no_storm"], "no program 'no_storm'"),
    (["--mutant", "no-such"], "no mutant no-such"),
    (["--rounds", "0"], "expected a number of 1 or more"),
    (["--programs", "none", "--no-corpus"], "nothing to run"),
    (["--budget", "long"], "is no time"),
])
def test_wrong_arguments_are_refused(args: list[str], text: str) -> None:
    done = gauntlet(*args)
    assert done.returncode == 2
    assert text in done.stderr


def test_a_hang_is_unknown_not_a_pass(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bin" / "sleeper"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\necho sleeper: on my way\nexec sleep 60\n")
    path.chmod(0o755)
    monkeypatch.setattr("harness.commands.stress.ROOT", tmp_path)
    monkeypatch.setattr("harness.commands.stress.PATIENCE", 0.2)
    tally = Tally("plain")
    said = run_program(path, 1, ("--seconds", 0.01), "", tally)
    assert "unknown" in said
    assert [f["again"] for f in tally.findings] == ["bin/sleeper --seed 1 --seconds 0.01 --noise 1"]
