# SPDX-License-Identifier: BSD-3-Clause
"""The bench command: the record's shape, medians and spread, and what it says when something is missing or broken.

No test here judges a time.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.commands import bench
from harness.commands.bench import BenchError, figure, model_rate, number_of, spread_of
from harness.lit import ROOT

GAUNTLET = ROOT / "conformance" / "gauntlet"
KEYS = {"name", "unit", "procs", "reference", "go", "ratio", "runs", "spread"}

needs_builds = pytest.mark.skipif(bool(bench.missing()), reason=bench.missing())


def gauntlet(*args: object) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does."""
    return subprocess.run([str(GAUNTLET), "bench", *map(str, args)], capture_output=True, text=True, timeout=200,
                          env={**os.environ, "COLUMNS": "80"}, check=False)


def program(folder: Path, name: str, script: str) -> Path:
    """A program of one shell script that stands in for a benchmark."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@needs_builds
def test_the_record_has_its_shape(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    done = gauntlet("--quick", "--json", path)
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads(path.read_text())
    assert set(record) == {"machine", "go", "results"}
    assert re.match(r"go1\.\d+", record["go"])
    assert all(KEYS <= set(result) for result in record["results"])
    figures = [r for r in record["results"] if r["unit"] == "ns/op"]
    assert [r["name"] for r in figures] == [name for name, _ in bench.FIGURES]
    for result in figures:
        assert result["runs"] == 3 and result["procs"] == 1
        assert result["ratio"] == pytest.approx(result["reference"] / result["go"], rel=0.01, abs=0.002)
    models = [r for r in record["results"] if r["unit"] == "states/s"]
    assert [r["states"] for r in models] == [23461, 147712]
    assert all(r["go"] is None and r["ratio"] is None and r["seconds"] > 0 for r in models)
    lines = done.stdout.splitlines()
    assert max(map(len, (line for line in lines if not line.startswith("report: ")))) <= 80
    assert all(any(line.split()[:1] == [name] for line in lines) for name, _ in bench.FIGURES)


@needs_builds
@pytest.mark.parametrize("name", [name for name, _ in bench.FIGURES])
def test_both_sides_know_the_figure(name: str) -> None:
    for side in (bench.BASICS, bench.GO_BASICS):
        assert number_of([side, name, "100"], GR_PROCS="1", GOMAXPROCS="1") > 0


@needs_builds
@pytest.mark.parametrize("args", [[], ["ping-pong"], ["ping-pong", "0"], ["ping-pong", "x"], ["ping-pong", "-1"],
                                  ["ping-pong", "1000000001"], ["no-such", "1"], ["ping-pong", "1", "1"]])
def test_both_sides_refuse_the_same(args: list[str]) -> None:
    for side in (bench.BASICS, bench.GO_BASICS):
        done = subprocess.run([str(side), *args], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2 and done.stdout == "", f"{side} {args}"
        assert "usage: basics NAME OPS" in done.stderr and "ping-pong" in done.stderr


def test_the_sides_take_turns_and_the_medians_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    counter = f'echo "$0 $1 $2 $GR_PROCS$GOMAXPROCS" | sed "s|.*/||" >>{log}; n=$(grep -c "^$(basename $0) " {log});'
    monkeypatch.delenv("GR_PROCS", raising=False)
    monkeypatch.delenv("GOMAXPROCS", raising=False)
    monkeypatch.setattr(bench, "BASICS", program(tmp_path, "ours", f'{counter} echo $((n * 10))'))
    monkeypatch.setattr(bench, "GO_BASICS", program(tmp_path, "theirs", f'{counter} echo $((n * n * 100))'))
    result = figure("mutex", 50, 3)
    assert log.read_text().split("\n")[:-1] == ["ours mutex 50 1", "theirs mutex 50 1"] * 3
    assert (result.reference, result.go, result.ratio, result.runs) == (20.0, 400.0, 0.05, 3)
    assert (result.spread, result.go_spread) == (1.0, 2.0)


def test_the_models_rate_is_states_through_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = "echo 'ok main.v=1'; echo '# states 500  transitions 7  depth 2  seconds 0.25'; echo '# goroutines 5'"
    monkeypatch.setattr(bench, "LIT", program(tmp_path, "lit", script))
    result = model_rate("model", (), 3)
    assert (result.reference, result.states, result.seconds, result.unit, result.spread) == (2000, 500, 0.25, "states/s", 0.0)
    monkeypatch.setattr(bench, "LIT", program(tmp_path, "lit", "echo nothing"))
    with pytest.raises(BenchError, match="printed no line"):
        model_rate("model", (), 1)


def test_spread_is_a_part_of_the_median() -> None:
    assert spread_of([10.0, 12.0, 8.0]) == 0.4
    assert spread_of([5.0]) == 0.0


@pytest.mark.parametrize(("script", "text"), [
    ("echo 12; exit 3", "exit status 3, nothing on stderr"), ("echo boom >&2; exit 1", "exit status 1, boom"),
    ("echo twelve", "printed 'twelve'"), ("echo 1; echo 2", "expected one number"), ("echo -4", "expected one number"),
    ("echo nan", "expected one number"), ("echo inf", "expected one number"), (":", "printed ''")])
def test_a_broken_benchmark_is_no_figure(tmp_path: Path, script: str, text: str) -> None:
    with pytest.raises(BenchError, match=re.escape(text)):
        number_of([program(tmp_path, "broken", script)])


def test_a_benchmark_without_an_end_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LIMIT_SECONDS", 0.2)
    with pytest.raises(BenchError, match=r"no end within 0\.2 s; again: GR_PROCS=1 .*/slow 5"):
        number_of([program(tmp_path, "slow", "exec sleep 30"), "5"], GR_PROCS="1")


def test_what_is_not_built_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    monkeypatch.setattr(bench, "GO_BASICS", ROOT / "build" / "go" / "no-such")
    monkeypatch.setattr(bench, "BASICS", ROOT / "build" / "opt" / "bench" / "nor-this")
    assert main(["bench", "--quick"]) == 2
    said = capsys.readouterr().err
    assert "build/go/no-such" in said and "build/opt/bench/nor-this" in said and "make go" in said


@pytest.mark.parametrize("runs", ["0", "-1", "many"])
def test_a_wrong_number_of_runs_is_refused(runs: str) -> None:
    done = gauntlet("--runs", runs)
    assert done.returncode == 2 and "--runs" in done.stderr
