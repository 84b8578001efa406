# SPDX-License-Identifier: BSD-3-Clause
"""The bench command: the list of figures, the record's shape, medians and spread, and what it says when something is wrong.

No test here judges a time.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import xml.etree.ElementTree
from pathlib import Path

import pytest

from harness import figures
from harness.commands import bench
from harness.commands.bench import Result, measure, model_rate, spread_of
from harness.figures import BenchError, Figure, choose_figures, load_figures, numbers_of, run_side, run_text
from harness.lit import ROOT
from harness.report.bars import picture_of

GAUNTLET = ROOT / "conformance" / "gauntlet"
KEYS = {"name", "unit", "procs", "reference", "go", "ratio", "runs", "spread", "goal", "met", "row", "best"}
ALL = load_figures()
THEMES = sorted({f.theme for f in ALL})
LEAST = {"fib": 6, "trees": 5, "sleep-hogs": 1, "sleep-tight": 1, "parked": 5000, "squeezed": 5000, "young": 100000}
GOALS_OF_THE_ISSUE = {  # row: ratio of each number of processors
    2: {1: 0.2}, 3: {1: 0.5}, 4: {1: 0.1, 2: 0.2}, 5: {1: 0.2, 2: 0.2}, 6: {1: 0.25, 2: 0.25}, 7: {1: 0.28, 2: 0.28},
    8: {1: 0.6, 2: 0.8}, 9: {1: 0.3, 2: 0.3}, 10: {1: 0.65, 2: 0.65}, 11: {1: 0.5, 2: 0.5}, 13: {1: 0.1, 2: 0.1},
    14: {1: 0.4, 2: 0.4}, 15: {1: 0.8, 2: 0.8}, 16: {2: 0.35}, 17: {1: 0.4, 2: 0.4}, 18: {1: 0.55, 2: 0.55},
    19: {1: 0.05, 2: 0.05}, 21: {1: 0.2, 2: 0.2}, 22: {1: 0.5, 2: 0.5}, 26: {1: 0.15},
    27: {1: 0.27, 2: 0.27}, 28: {1: 0.15, 2: 0.1}, 29: {2: 0.95}, 30: {1: 0.3, 2: 0.3}, 32: {2: 0.25}, 33: {2: 0.6}, 34: {2: 0.6}, 35: {1: 0.7, 2: 0.7},
    39: {1: 0.15, 2: 0.15}}

needs_builds = pytest.mark.skipif(bool(bench.missing(ALL, ["model"])), reason=bench.missing(ALL, ["model"]))


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


def side(theme: str) -> Path:
    """A side's program: Go has one for all themes."""
    return figures.GO if theme == "go" else figures.PROGRAMS / theme


def figure(name: str = "mutex", **more: object) -> Figure:
    """A figure for canned programs."""
    return Figure(**{"row": 15, "name": name, "theme": "ours", "ops": 50, "procs": (1,), **more})  # type: ignore[arg-type]


@pytest.fixture
def canned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two canned sides that count their calls in a log and print a figure that depends on the count."""
    log = tmp_path / "log"
    count = f'echo "$0 $1 $2 $GR_PROCS$GOMAXPROCS" | sed "s|.*/||" >>{log}; n=$(grep -c "^$(basename $0) " {log});'
    monkeypatch.delenv("GR_PROCS", raising=False)
    monkeypatch.delenv("GOMAXPROCS", raising=False)
    monkeypatch.setattr(figures, "PROGRAMS", tmp_path)
    monkeypatch.setattr(figures, "GO", program(tmp_path, "theirs", f'{count} echo $1 $((n * n * 100))'))
    program(tmp_path, "ours", f'{count} echo $1 $((n * 10))')
    return log


@needs_builds
def test_the_record_has_its_shape(tmp_path: Path) -> None:
    done = gauntlet("buffered", "12", "sync", "model", "--quick", "--json", tmp_path / "bench.json",
                    "--svg", tmp_path / "b.svg")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "bench.json").read_text())
    assert set(record) == {"machine", "go", "clock", "results"} and record["clock"] == "wall"
    assert re.match(r"go1\.\d+", record["go"])
    assert all(KEYS <= set(result) for result in record["results"])
    compared = [r for r in record["results"] if r["unit"] == "ns/op"]
    assert [(r["name"], r["procs"]) for r in compared] == [
        ("buffered", 1), ("buffered", 2), ("select-2", 1), ("select-2", 2), ("select-4", 1), ("select-4", 2), ("select-8", 1),
        ("select-8", 2), ("mutex", 1), ("mutex", 2), ("mutex-16", 1), ("mutex-16", 2),
        ("mutex-1000", 1), ("mutex-1000", 2), ("mutex-yield", 1), ("mutex-yield", 2)]
    for result in compared:
        assert result["runs"] == 3
        assert result["ratio"] == pytest.approx(result["reference"] / result["go"], rel=0.01)
        assert result["met"] is (None if result["goal"] is None else result["ratio"] <= result["goal"])
    models = [r for r in record["results"] if r["unit"] == "states/s"]
    assert [r["states"] for r in models] == [23461, 147712]
    assert all(r["go"] is None and r["ratio"] is None and r["seconds"] > 0 for r in models)
    lines = done.stdout.splitlines()
    assert max(map(len, (line for line in lines if not line.startswith("report: ")))) <= 80
    assert "…" not in done.stdout
    assert all(any(r["name"] in line.split() for line in lines) for r in record["results"])
    xml.etree.ElementTree.fromstring((tmp_path / "b.svg").read_text())


def test_every_row_of_the_issue_has_its_goal() -> None:
    for row, goals in GOALS_OF_THE_ISSUE.items():
        found = [f for f in ALL if f.row == row]
        assert found, f"row {row}"
        for f in found:
            assert {p: f.goal.get(p) for p in goals} == goals, f.name
    for row, goals in {12: [0.5, 0.35, 0.2], 20: [0.25, 0.2, None], 23: [1.7, 0.4], 25: [0.4, None], 38: [1.12, 0.9],
                       40: [1.4, 0.2], 41: [0.7, 0.16], 42: [0.5, None]}.items():
        assert [f.goal.get(1) for f in ALL if f.row == row] == goals
    for row, goals in {31: [0.4, 0.4, 0.45, 0.35], 36: [None, 1, 1], 37: [0.8, 0.2]}.items():
        assert [f.goal.get(2) for f in ALL if f.row == row] == goals


@needs_builds
def test_both_sides_have_the_same_names() -> None:
    both = [f for f in ALL if not f.settings]
    ours = [name for theme in sorted({f.theme for f in both}) for name in run_text([side(theme), "--list"]).split()]
    assert sorted(ours) == sorted(run_text([side("go"), "--list"]).split())
    assert {f.asked for f in both} == set(ours)


@needs_builds
@pytest.mark.parametrize("one", sorted({f.asked: f for f in ALL}.values(), key=lambda f: f.asked), ids=lambda f: f.asked)
def test_both_sides_do_each_figure(one: Figure) -> None:
    for is_rival in (False, True):
        for procs in (1, 2):
            group = [f for f in ALL if f.asked == one.asked and (f.name == one.name or "." in f.name)]
            found = run_side(group, is_rival, LEAST.get(one.asked, 50), procs)
            assert len(found) == len(group) or one.settings


@needs_builds
@pytest.mark.parametrize("theme", [*THEMES, "go"])
def test_every_side_refuses_the_same(theme: str) -> None:
    name = run_text([side(theme), "--list"]).split()[-1]
    assert "usage: " in run_text([side(theme), "--help"])
    for args in ([], [name], [name, "0"], [name, "x"], [name, "5x"], [name, "-1"], [name, "1000000001"],
                 [name, "99999999999999999999"], ["no-such", "1"], [name, "1", "1"]):
        done = subprocess.run([str(side(theme)), *args], capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 2 and done.stdout == "", f"{theme} {args}"
        assert "NAME OPS" in done.stderr and name in done.stderr


@needs_builds
@pytest.mark.parametrize("args", [[], ["1"], ["70000", "1", "1"], ["80", "0", "1"], ["80", "1", "x"], ["80", "1001", "1"]])
def test_the_load_refuses_what_it_can_not_do(args: list[str]) -> None:
    done = subprocess.run([str(figures.PROGRAMS / "echo_load"), *args], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "usage: echo_load PORT CONNECTIONS REQUESTS" in done.stderr


@needs_builds
def test_the_load_notices_a_wrong_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        load = subprocess.Popen([str(figures.PROGRAMS / "echo_load"), str(listener.getsockname()[1]), "1", "10"],
                                stderr=subprocess.PIPE, text=True)
        with listener.accept()[0], listener.accept()[0] as conn:
            asked = conn.recv(128, socket.MSG_WAITALL)
            conn.sendall(asked[:-1] + b"?")
            assert "the answer differs from the request" in load.communicate(timeout=60)[1]
    assert load.returncode == 1


def test_the_sides_take_turns_and_the_medians_are_compared(canned: Path) -> None:
    [result] = measure([figure(goal={1: 0.05})], 50, 1, 3)
    assert canned.read_text().split("\n")[:-1] == ["ours mutex 50 1", "theirs mutex 50 1"] * 3
    assert (result.reference, result.go, result.ratio, result.runs) == (20.0, 400.0, 0.05, 3)
    assert (result.spread, result.go_spread, result.best) == (1.0, 2.0, 0.1)
    assert (result.row, result.goal, result.met) == (15, 0.05, True)


def test_the_rival_of_settings_is_the_reference_without_them(canned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                              capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    monkeypatch.delenv("GR_X", raising=False)
    program(tmp_path, "ours", f'echo "$1 $GR_X" >>{canned}; echo "$1.a ${{GR_X:-8}}"; echo "$1.other 0"')
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("one.a", settings={"GR_X": "2"}, goal={1: 0.5}), figure("two.a")])
    program(tmp_path, "theirs", 'echo "$1.a 16"')
    assert main(["bench", "one", "two", "--runs", "2", "--json", str(tmp_path / "j"), "--svg", str(tmp_path / "s")]) == 0
    assert canned.read_text().split("\n")[:-1] == ["one 2", "one "] * 2 + ["two "] * 2
    found = [(r["ratio"], r["met"], r["against"]) for r in json.loads((tmp_path / "j").read_text())["results"]]
    assert found == [(0.25, True, "GR_X=2"), (0.5, None, "")]
    said = capsys.readouterr().out
    assert re.search(r"^ *15 *one\.a\* ", said, re.MULTILINE) and "two.a*" not in said
    assert said.count("*: not Go, but the reference without GR_X=2") == 1
    assert "one.a*, P1" in (tmp_path / "s").read_text() and "the reference without GR_X=2" in (tmp_path / "s").read_text()


def test_what_needs_no_go_does_not_miss_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "PROGRAMS", tmp_path)
    monkeypatch.setattr(figures, "GO", tmp_path / "no-go")
    program(tmp_path, "ours", "true")
    assert figures.missing_programs([figure("a", settings={"GR_X": "1"})]) == []
    assert len(figures.missing_programs([figure("a", settings={"GR_X": "1"}), figure("b")])) == 1


def test_one_run_may_print_several_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "PROGRAMS", tmp_path)
    monkeypatch.setattr(figures, "GO", program(tmp_path, "go", 'echo "$1.add 4"; echo "$1.stop 5"'))
    program(tmp_path, "ours", 'echo "$1.add 1"; echo "$1.stop 2"')
    pair = [figure("timers.add", goal={1: 0.2}), figure("timers.stop", more=True, goal={1: 0.2})]
    found = [(r.name, r.ratio, r.met) for r in measure(pair, 9, 1, 1)]
    assert found == [("timers.add", 0.25, False), ("timers.stop", 0.4, True)]


def test_peers_take_their_turns(canned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    program(tmp_path, "peer-fast", 'test "$1" = --list && echo "one 1 2" && exit; echo "$0 $1 $PEER_PROCS" | sed "s|.*/||" '
            f'>>{canned}; echo "$1 7.5"')
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("one"), figure("two")])
    assert main(["bench", "one", "two", "--runs", "2", "--json", str(tmp_path / "j"), "--svg", str(tmp_path / "s")]) == 0
    assert canned.read_text().split("\n")[:6] == ["ours one 50 1", "theirs one 50 1", "peer-fast one 1"] * 2
    assert [r["peers"] for r in json.loads((tmp_path / "j").read_text())["results"]] == [{"fast": 7.5}, {}]
    said = capsys.readouterr().out
    assert re.search(r"^ *beside other libraries.* fast *$", said, re.MULTILINE)
    assert re.search(r"^ *one .* 7\.50 *$", said, re.MULTILINE)


@pytest.mark.parametrize("peer", ["boehm", "fiber", "tbb"])
def test_a_peer_does_what_it_lists(peer: str) -> None:
    if not os.access(figures.PROGRAMS / f"peer-{peer}", os.X_OK):
        pytest.skip(f"not built: peer-{peer}; its library is not installed")
    mine = [key for key, names in figures.load_peers().items() if peer in names]
    assert mine and {name for name, _ in mine} <= {f.asked for f in ALL}
    for name, procs in mine:
        assert figures.run_peer(peer, name, LEAST.get(name, 50), procs) > 0


def test_with_one_processor_both_sides_are_tied_to_one_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "PROGRAMS", tmp_path)
    monkeypatch.setattr(figures, "GO", program(tmp_path, "go", 'echo "$1 $(nproc)"'))
    program(tmp_path, "ours", 'echo "$1 $(nproc)"')
    for is_go in (False, True):
        assert run_side([figure()], is_go, 1, 1) == {"mutex": 1}
        assert run_side([figure()], is_go, 1, 2) == {"mutex": len(os.sched_getaffinity(0))}


def test_procs_may_be_asked_for(canned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from harness.cli import main
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("one"), figure("two", procs=(1, 2))])
    assert main(["bench", "one", "two", "--runs", "1", "--procs", "1,4", "--json", str(tmp_path / "j"),
                 "--svg", str(tmp_path / "s")]) == 0
    assert canned.read_text().split("\n")[:-1:2] == ["ours one 50 1", "ours two 50 1", "ours two 50 4"]


def test_what_takes_seconds_runs_less_often(canned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("long", runs=2), figure("short")])
    files = ["--json", str(tmp_path / "j"), "--svg", str(tmp_path / "s")]
    for more, runs in (([], [2, bench.RUNS]), (["--runs", "4"], [4, 4])):
        assert main(["bench", "long", "short", *files, *more]) == 0
        assert [r["runs"] for r in json.loads((tmp_path / "j").read_text())["results"]] == runs
        assert ("2 of what takes seconds" in " ".join(capsys.readouterr().out.split())) is (more == [])


def test_a_broken_program_does_not_end_the_rest(canned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                                capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    program(tmp_path, "theirs", 'echo "$1" | grep -q version || echo "$1 1"')
    program(tmp_path, "ours", 'case $1 in bad) echo boom >&2; exit 3;; esac; echo "$1 1"')
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("bad"), figure("good")])
    assert main(["bench", "bad", "good", "--runs", "1", "--json", str(tmp_path / "j"), "--svg", str(tmp_path / "s")]) == 1
    assert [r["name"] for r in json.loads((tmp_path / "j").read_text())["results"]] == ["good"]
    assert "no figure: exit status 3, boom" in capsys.readouterr().err


def test_an_older_record_is_compared_with(canned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                          capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("one")])
    (tmp_path / "old").write_text(json.dumps({"results": [{"name": "one", "procs": 1, "reference": 40}]}))
    args = ["bench", "one", "--runs", "1", "--json", str(tmp_path / "j"), "--svg", str(tmp_path / "s"), "--baseline"]
    assert main([*args, str(tmp_path / "old")]) == 0
    assert json.loads((tmp_path / "j").read_text())["results"][0]["before"] == 40
    assert "0.25" in capsys.readouterr().out
    (tmp_path / "old").write_text("{}")
    assert main([*args, str(tmp_path / "old")]) == 2
    assert "--baseline" in capsys.readouterr().err


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


@pytest.mark.parametrize(("text", "said"), [
    ("a twelve", "printed 'a twelve'"), ("12", "printed '12'"), ("a -4", "above 0"), ("a nan", "above 0"), ("a inf", "above 0"),
    ("a 0", "above 0"), ("a 1\na 2", "printed 'a 2'"), ("", "no figure a, but nothing"), ("b 1", "no figure a, but b")])
def test_a_broken_benchmark_is_no_figure(text: str, said: str) -> None:
    with pytest.raises(BenchError, match=re.escape(said)):
        numbers_of(text, ["a"], "it")
    assert numbers_of("a 12.5", ["a"], "it") == {"a": 12.5}


@pytest.mark.parametrize(("script", "text"), [("echo 12; exit 3", "exit status 3, nothing on stderr"),
                                              ("echo boom >&2; exit 1", "exit status 1, boom")])
def test_a_failing_benchmark_is_no_figure(tmp_path: Path, script: str, text: str) -> None:
    with pytest.raises(BenchError, match=re.escape(text)):
        run_text([program(tmp_path, "broken", script)])


def test_a_benchmark_without_an_end_is_no_figure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "LIMIT_SECONDS", 0.2)
    with pytest.raises(BenchError, match=r"no end within 0\.2 s; again: GR_PROCS=1 taskset -c \d+ .*/slow 5"):
        run_text([program(tmp_path, "slow", "exec sleep 30"), "5"], pinned=True, GR_PROCS="1")


def test_what_is_not_built_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    monkeypatch.setattr(figures, "GO", ROOT / "build" / "go" / "no-such")
    monkeypatch.setattr(figures, "PROGRAMS", ROOT / "build" / "opt" / "nor-this")
    assert main(["bench", "--quick", "mutex"]) == 2
    said = capsys.readouterr().err
    assert "build/go/no-such" in said and "build/opt/nor-this/sync" in said and "make go" in said and "/chan" not in said


@pytest.mark.parametrize("args", [["--runs", "0"], ["--runs", "-1"], ["--runs", "many"], ["--procs", "0"], ["--procs", "1,x"],
                                  ["no-such-figure"], ["--baseline", "/no/such"]])
def test_wrong_arguments_are_refused(args: list[str]) -> None:
    done = gauntlet(*args)
    assert done.returncode == 2 and args[0] in done.stderr


@pytest.mark.parametrize(("entry", "said"), [
    ('name = "a", row = 1, theme = "t", ops = 1, procs = [1], color = 3', "color"), ('name = "a", row = 1', "procs"),
    ('name = "a", row = 1, theme = "t", ops = 0, procs = [1]', "ops above 0"),
    ('name = "a", row = 1, theme = "t", ops = 1, procs = [1], goal = { 2 = 0.5 }', "goals for some of procs"),
    ('name = "a", row = 1, theme = "t", ops = 1, procs = [1], settings = 5', "not iterable"),
    ('name = "a", row = 1, theme = "t", ops = 1, procs = [1], goal = { x = 0.5 }', "invalid literal"), ("name = ", "figures")])
def test_a_wrong_list_of_figures_is_refused(tmp_path: Path, entry: str, said: str) -> None:
    (tmp_path / "f.toml").write_text(f"figures = [ {{ {entry} }} ]")
    with pytest.raises(BenchError, match=re.escape(said)):
        load_figures(tmp_path / "f.toml")


def test_a_figure_stands_once_in_the_list(tmp_path: Path) -> None:
    one = '{ name = "a", row = 1, theme = "t", ops = 1, procs = [1] }'
    (tmp_path / "f.toml").write_text(f"figures = [ {one}, {one} ]")
    with pytest.raises(BenchError, match="a stands there twice"):
        load_figures(tmp_path / "f.toml")


def test_figures_are_chosen_by_name_row_and_theme() -> None:
    list_ = [figure("a"), figure("b.x", row=3, theme="t"), figure("b.y", row=4, theme="t")]
    for words, names in (([], "a b.x b.y"), (["a"], "a"), (["b"], "b.x b.y"), (["b.y"], "b.y"), (["3", "15"], "a b.x"),
                         (["t"], "b.x b.y")):
        assert [f.name for f in choose_figures(list_, words)] == names.split()


def test_cpu_time_may_be_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from harness.cli import main
    monkeypatch.setattr(figures, "PROGRAMS", tmp_path)
    monkeypatch.setattr(figures, "GO", program(tmp_path, "go", 'test $BENCH_CLOCK = cpu && echo "$1 7" || echo "$1 8"'))
    program(tmp_path, "ours", 'test $BENCH_CLOCK = cpu && echo "$1 5" || echo "$1 6"')
    monkeypatch.setattr(bench, "GO", program(tmp_path, "version", "echo go1.99"))
    monkeypatch.setattr(bench, "load_figures", lambda: [figure("one")])
    for more, clock, reference, go in (([], "wall", 6, 8), (["--cpu"], "CPU", 5, 7)):
        assert main(["bench", "one", *more, "--json", str(tmp_path / "j"), "--svg", str(tmp_path / "s")]) == 0
        record = json.loads((tmp_path / "j").read_text())
        assert (record["clock"], record["results"][0]["reference"], record["results"][0]["go"]) == (clock, reference, go)
        assert f"{clock} time" in capsys.readouterr().out


@needs_builds
@pytest.mark.parametrize("is_go", [False, True])
def test_cpu_time_is_without_sleep(is_go: bool) -> None:
    [fire] = [f for f in ALL if f.name == "timers-fire"]  # the first timer's time comes after 8.8 ms
    assert run_side([fire], is_go, 1, 1, "cpu")["timers-fire"] < 8.8e6 <= run_side([fire], is_go, 1, 1)["timers-fire"]


def test_the_list_of_figures_is_printed() -> None:
    done = gauntlet("--list", "sync")
    assert done.returncode == 0 and "mutex-16" in done.stdout and "- / 0.35" in done.stdout


def test_the_picture_has_a_bar_for_each_ratio() -> None:
    def row(name: str, ratio: float | None, goal: float | None) -> dict[str, object]:
        return vars(Result(name, "ns/op", 1, 1.0, None, ratio, 7, 0.1, goal=goal, met=None if goal is None else True))

    picture = picture_of([row("a<b", 0.5, 0.6), row("slow", 30.0, None), row("fast", 0.004, None), row("model", None, None)], "t")
    root = xml.etree.ElementTree.fromstring(picture)
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"a<b, P1", "slow, P1", "fast, P1", "0.50 (goal 0.6)", "30.00"} <= set(texts) and "model, P1" not in texts
    bars = [node for node in root.iter("{http://www.w3.org/2000/svg}rect") if node.get("width") != "100%"]
    width = float(root.get("width", "0"))
    assert len(bars) == 3 and all(float(b.get("x", "-1")) > 150 and float(b.get("x", "0")) + float(b.get("width", "0")) < width
                                  for b in bars)
    assert len([node for node in root.iter("{http://www.w3.org/2000/svg}line") if node.get("class") == "goal"]) == 1
