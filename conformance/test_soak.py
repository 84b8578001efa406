# SPDX-License-Identifier: BSD-3-Clause
"""The soak command: clean without a fault, a planted one is found, growth and silence are findings."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from harness.cli import main
from harness.commands import soak
from harness.commands.soak import growth_of
from harness.lit import ROOT

PROGRAM = ROOT / "build" / "opt" / "stress" / "soak"
needs_build = pytest.mark.skipif(not os.access(PROGRAM, os.X_OK), reason="not built: make stresses")
PASS = "echo 'soak: seed=1 rounds=5 ops=50 verdict=pass -- claim'"


def told(resident_kb: object, rounds: int = 1) -> str:
    """A line of sums, as shell."""
    return f"""echo 'soak: {{"seconds": 1.5, "rounds": {rounds}, "spawned": 7, "resident_kb": '{resident_kb}'}}' >&2"""


def canned(folder: Path, script: str) -> list[str]:
    """A program that stands in for the soak."""
    path = folder / "soak"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return [str(path)]


@needs_build
def test_a_short_soak_is_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["soak", "--budget", "6s", "--procs", "1,2,8", "--json", str(tmp_path / "soak.json")]) == 0
    record = json.loads((tmp_path / "soak.json").read_text())
    assert [run["procs"] for run in record["runs"]] == [1, 2, 8]
    for run in record["runs"]:
        assert run["findings"] == [] and run["counters"]["rounds"] > 0 and run["resident_kb"]
        counters = run["counters"]
        assert counters["fired"] + counters["stopped"] == 400 * counters["rounds"]
        assert counters["spawned"] == 1500 * counters["rounds"]
    assert "soak: 3 runs, " in capsys.readouterr().out


@pytest.mark.parametrize("mutant", ["chan-value-dropped", "sched-spill-drops-one", "timer-disarm-forgets", "mutex-unlock-wakes-none"])
def test_a_planted_fault_is_found(tmp_path: Path, mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if not os.access(ROOT / "build" / "mutant" / "stress" / "soak", os.X_OK):
        pytest.skip("not built: make FLAVOR=mutant stresses")
    monkeypatch.setenv("GR_MUTANT", mutant)
    monkeypatch.setattr(soak, "PATIENCE", 10.0)
    assert main(["soak", "--budget", "20s", "--procs", "2", "--flavour", "mutant", "--json", str(tmp_path / "s")]) == 1
    assert json.loads((tmp_path / "s").read_text())["runs"][0]["findings"]


def test_sums_are_read_and_the_last_is_kept(tmp_path: Path) -> None:
    heard: list[dict[str, float]] = []
    done = soak.soak(canned(tmp_path, f"{told(100)}; {told(110, 2)}; {PASS}"), 2, heard.append)
    assert done.findings == [] and done.resident_kb == [100, 110] and done.counters["rounds"] == 2
    assert heard == [done.counters]
    assert soak.sums(done.counters) == "2 s: rounds=2 spawned=7 resident=0.1 MB"


@pytest.mark.parametrize(("script", "finding"), [
    ("echo 'soak: seed=1 verdict=FAIL messages: 3 of 4 -- claim: c'; exit 1", "messages: 3 of 4 -- claim: c"),
    ("echo 'fatal error: all goroutines are asleep' >&2; exit 2", "fatal error: all goroutines are asleep"),
    ("exit 7", "exit status 7"), ("kill -9 $$", "exit status -9"), ("true", "exit status 0"),
    ("echo 'soak: seed=1 rounds=0 ops=0 verdict=pass'", "exit status 0")])
def test_what_does_not_pass_is_a_finding(tmp_path: Path, script: str, finding: str) -> None:
    assert soak.soak(canned(tmp_path, script), 2, lambda _: None).findings[0] == finding


def test_silence_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soak, "PATIENCE", 0.5)
    done = soak.soak(canned(tmp_path, "trap 'echo goroutine 1 >&2; exit 2' QUIT; echo went this far; sleep 30 & wait"), 2,
                     lambda _: None)
    assert done.findings[0] == "no word for 0.5 s: unknown" and "went this far" in done.findings[1]


def test_growth_of_a_program_is_a_finding(tmp_path: Path) -> None:
    leak = f"for i in $(seq 40); do {told('$((i * 10000))')}; done; {PASS}"
    [finding] = soak.soak(canned(tmp_path, leak), 2, lambda _: None).findings
    assert finding == "memory grows: 200000 KB at most in the second quarter of the time, 310000 KB at least in the last"


def test_growth_is_judged_by_quarters() -> None:
    flat, early = [50000] * 40, [1000] * 10 + [90000] * 30
    assert growth_of(flat) == growth_of(early) == growth_of([]) == growth_of([1, 10 ** 9]) == ""
    assert growth_of([*flat[:39], 10 ** 6]) == "" and growth_of([40000 + 500 * i for i in range(40)]) == ""
    assert "memory grows" in growth_of([40000 + 5000 * i for i in range(40)])


@pytest.mark.parametrize("args", [["--procs", "0"], ["--procs", "1,x"], ["--flavour", "no-such"], ["--budget", "soon"]])
def test_wrong_arguments_are_refused(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(["soak", *args]) == 2
    except SystemExit as refused:
        assert refused.code == 2
    said = capsys.readouterr().err
    assert args[1] in said
