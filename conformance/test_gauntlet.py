# SPDX-License-Identifier: BSD-3-Clause
"""The command and the campaigns behind it, on drivers that are made for the test (miniatures/)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

import pytest
from test_miniatures import MINIATURES, PROGRAM, manifest_of

from harness.campaign import Options, ProgramRun, Session, run_campaign
from harness.cli import COMMANDS
from harness.lit import ROOT
from harness.verdict import judge

GAUNTLET = ROOT / "conformance" / "gauntlet"
LITMUS = """\
litmus  mini/{name}
id      mini-{name}
spec    chan.concurrent-use
about   Two senders, one receiver.

chan c 2
wg g

main:
  add g 2
  go a
  go b
  wait g
  r = <-c

a:
  c <- 1
  done g

b:
  c <- 2
  done g

show main.r
want main.r=1
want main.r=2
"""


def write_driver(folder: Path, name: str, *args: str, expect: str = "") -> Path:
    """A driver's folder that starts this liar, or the honest one when name is empty."""
    folder.mkdir(parents=True, exist_ok=True)
    words = [sys.executable, "-B", str(MINIATURES / ("liars.py" if name else "mini.py")), *([name] if name else []), *args]
    (folder / "driver.toml").write_text(
        f'name = "{name or "mini"}"\nexpect = "expect.toml"\n[variant.plain]\ncmd = {json.dumps(words)}\ntimeout_x = 0.5\n')
    (folder / "expect.toml").write_text(expect)
    return folder


def write_program(folder: Path, name: str = "one") -> Path:
    """A litmus file that the honest miniature passes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.lit"
    path.write_text(LITMUS.format(name=name))
    return path


def gauntlet(*args: object) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does."""
    return subprocess.run([str(GAUNTLET), *map(str, args)], capture_output=True, text=True, timeout=120,
                          env={**os.environ, "COLUMNS": "200"})


def check_status(done: subprocess.CompletedProcess[str], status: int) -> str:
    """The output, after a look at the exit status."""
    assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout + done.stderr


# ---- campaigns ----


def test_a_death_is_a_crash_with_its_last_words() -> None:
    session = Session(manifest_of("DiesInLargeBatches"), Options(modes=("free",), seed=7))
    try:
        verdict = judge(ProgramRun(session, PROGRAM, 0.5).run(), session.manifest)
    finally:
        session.close()
    assert verdict.status == "crash"
    finding = verdict.findings[0]
    assert finding.what == "SIGABRT: mini: out of goroutines"
    assert "--iters " in finding.again and "mini: out of goroutines" in finding.text


def test_a_death_is_bisected() -> None:
    session = Session(manifest_of("DiesInLargeBatches"), Options(modes=("free",)))
    run = ProgramRun(session, PROGRAM, 0.5)
    try:
        run._batch({"iters": 4000, "seed": 1, "mode": "free"})
    finally:
        session.close()
    incident = run.observed.incidents[-1]
    assert incident.text.endswith("(within 7 executions)"), incident.text
    assert "--iters 7 " in incident.again


def test_after_a_death_the_next_program_gets_a_fresh_driver() -> None:
    small = replace(PROGRAM, id="small", path="small")
    manifest = manifest_of("DiesInLargeBatches")
    session = Session(manifest, Options(modes=("free",)))
    try:
        driver = session.driver(manifest.variant)
        assert driver.run(PROGRAM, limit_seconds=20, iters=9, mode="free").end == "died"
        result = session.driver(manifest.variant).run(small, limit_seconds=20, iters=3, mode="free")
        assert (result.end, sum(result.counts.values())) == ("done", 3)
    finally:
        session.close()


def test_seeds_follow_from_the_program_and_the_option() -> None:
    manifest = manifest_of("")

    def seed(ident: str, option: int) -> int:
        return ProgramRun(Session(manifest, Options(seed=option)), replace(PROGRAM, id=ident), 1.0).seed
    assert seed("a", 1) == seed("a", 1)
    assert len({seed("a", 1), seed("a", 2), seed("b", 1)}) == 3


def test_a_fault_of_the_harness_loses_no_other_program(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = replace(PROGRAM, id="bad", path="bad")
    run = ProgramRun.run

    def break_one(self: ProgramRun) -> object:
        if self.program.id == "bad":
            raise RuntimeError("a bug of ours")
        return run(self)

    monkeypatch.setattr(ProgramRun, "run", break_one)
    manifest = manifest_of("")
    verdicts = [judge(o, manifest) for o in run_campaign(manifest, [bad, PROGRAM], Options(budget=0.5, modes=("free",)))]
    assert [v.status for v in verdicts] == ["error", "pass"]
    assert "a bug of ours" in verdicts[0].findings[0].what and "Traceback" in verdicts[0].findings[0].text


# ---- the command ----


def test_run_passes_and_writes_its_reports(tmp_path: Path) -> None:
    driver = write_driver(tmp_path / "mini", "")
    files = [tmp_path / name for name in ("r.json", "r.xml", "r.html")]
    text = check_status(gauntlet("run", "--runtime", driver, write_program(tmp_path), "--budget", "1s", "--json", files[0],
                                 "--junit", files[1], "--html", files[2]), 0)
    assert "1/681" in text and "report: " in text
    record = json.loads(files[0].read_text())
    assert record["summary"]["pass"] == 1 and record["partial"] is True
    assert record["programs"][0]["outcomes"].keys() == {"ok main.r=1", "ok main.r=2"}
    assert ET.parse(files[1]).getroot().find("testsuite/testcase") is not None
    assert "mini-one" in files[2].read_text()


def test_run_fails_and_says_how_to_repeat_it(tmp_path: Path) -> None:
    driver = write_driver(tmp_path / "liar", "InventsAnOutcome")
    program = write_program(tmp_path)
    text = check_status(gauntlet("run", "--runtime", driver, program, "--budget", "1s", "--json", tmp_path / "r.json"), 1)
    assert "FORBIDDEN" in text and "main.r=9" in text and "chan.concurrent-use" in text
    again = next(line for line in text.splitlines() if "again:" in line).partition("again: ")[2].split()
    assert again[:2] == ["conformance/gauntlet", "replay"]
    text = check_status(gauntlet(*again[1:]), 1)
    assert "main.r=9" in text and "FORBIDDEN" in text


def test_known_failures_are_listed_pasted_and_accepted(tmp_path: Path) -> None:
    driver = write_driver(tmp_path / "liar", "InventsAnOutcome")
    program, record = write_program(tmp_path), tmp_path / "r.json"
    run = ("run", "--runtime", driver, program, "--budget", "1s", "--json", record)
    check_status(gauntlet(*run), 1)
    printed = gauntlet("update-expectations", "--runtime", driver, "--report", record)
    pasted = check_status(printed, 0)
    entry = tomllib.loads(pasted)["expect"][0]
    assert (entry["id"], entry["status"], entry["seen"]) == ("mini-one", ["fail"], ["ok main.r=9"])
    write_driver(tmp_path / "liar", "InventsAnOutcome", expect=pasted)
    assert "expected a key `reason`" in check_status(gauntlet(*run), 2), "an entry needs its reason"
    write_driver(tmp_path / "liar", "InventsAnOutcome", expect=pasted.replace('reason = ""', 'reason = "it lies"'))
    check_status(gauntlet(*run), 0)
    assert json.loads(record.read_text())["programs"][0]["known"]["reason"] == "it lies"


def test_an_interrupt_keeps_what_was_done(tmp_path: Path) -> None:
    driver = write_driver(tmp_path / "slow", "WaitsForLeave", str(tmp_path))
    programs = [write_program(tmp_path, name) for name in ("a", "b", "c", "d")]
    record = tmp_path / "r.json"
    command = [str(GAUNTLET), "run", "--runtime", str(driver), *map(str, programs), "--workers", "1", "--budget", "0s",
               "--json", str(record)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        while not (tmp_path / "begun").exists():
            assert process.poll() is None, process.stdout and process.stdout.read()
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
        (tmp_path / "leave").touch()
        text = process.communicate(timeout=60)[0]
    assert process.returncode == 1, text
    assert "stopped early" in text
    done = json.loads(record.read_text())
    assert done["stopped"] is True
    assert [p["status"] for p in done["programs"]] == ["pass", "skip", "skip", "skip"]
    assert done["programs"][1]["findings"][0]["what"] == "stopped before its turn"


USAGE = {
    "no command": ([], "required: COMMAND"),
    "unknown command": (["dance"], "invalid choice: 'dance'"),
    "unknown runtime": (["run", "--runtime", "nix"], "no runtime 'nix'; expected one of"),
    "unknown file": (["run", "no/such"], "no/such: no such litmus file or folder"),
    "budget": (["run", "--budget", "soon"], "'soon' is no time; expected a number of seconds, or 40s, 5m, 1h"),
    "procs": (["run", "--procs", "two"], "--procs two: expected numbers"),
    "mode": (["run", "--mode", "fast"], "--mode fast: no mode 'fast'; expected some of control,free,one"),
    "json of two": (["run", "--runtime", "a", "--runtime", "b", "--json", "x"], "--json holds one runtime"),
    "unknown area": (["clauses", "cheese"], "no area or clause 'cheese'; areas: alloc"),
    "compare area": (["compare", "--area", "cheese"], "no area 'cheese'; expected one of alloc"),
    "no report": (["report", "nix"], "build/report/nix.json: no such report; run: make conform RUNTIME=nix"),
    "no driver": (["selftest"], "required: --driver"),
}


@pytest.mark.parametrize("name", USAGE)
def test_usage(name: str) -> None:
    args, complaint = USAGE[name]
    assert complaint in check_status(gauntlet(*args), 2)


def test_a_bad_litmus_file_is_named_with_its_line(tmp_path: Path) -> None:
    path = write_program(tmp_path)
    path.write_text(path.read_text().replace("c <- 1", "c <-"))
    text = check_status(gauntlet("run", "--runtime", write_driver(tmp_path / "mini", ""), path), 2)
    assert f"{path}:17:" in text


def test_a_driver_that_is_not_built(tmp_path: Path) -> None:
    driver = write_driver(tmp_path / "mini", "")
    (driver / "driver.toml").write_text('[variant.plain]\ncmd = ["{build}/no-such-driver"]\n')
    text = check_status(gauntlet("run", "--runtime", driver, write_program(tmp_path)), 2)
    assert "cannot start" in text and "is it built?" in text


@pytest.mark.parametrize("command", [c for c in COMMANDS
                                     if (ROOT / f"conformance/harness/commands/{c.replace('-', '_')}.py").exists()])
def test_help(command: str) -> None:
    text = check_status(gauntlet(command, "--help"), 0)
    assert f"usage: gauntlet {command}" in text


def test_clauses() -> None:
    assert "681" in check_status(gauntlet("clauses"), 0)
    text = check_status(gauntlet("clauses", "chan.close.concurrent-send"), 0)
    assert "chan/close/send-race-buffered" in text and "1 clauses" in text
    uncovered = check_status(gauntlet("clauses", "--uncovered", "chan"), 0)
    assert "chan.close.concurrent-send" not in uncovered.split()


def test_compare_and_report_from_files(tmp_path: Path) -> None:
    records = []
    for name in ("", "InventsAnOutcome"):
        records.append(tmp_path / f"{name or 'honest'}.json")
        gauntlet("run", "--runtime", write_driver(tmp_path / (name or "honest"), name), write_program(tmp_path),
                 "--budget", "1s", "--json", records[-1])
    text = check_status(gauntlet("compare", *records), 0)
    assert "chan.concurrent-use" in text and "fail" in text and "680" in text
    page = tmp_path / "page.html"
    check_status(gauntlet("report", *records, "--html", page, "--junit", tmp_path / "junit.xml"), 0)
    assert 100_000 < page.stat().st_size < 5_000_000
    assert len(ET.parse(tmp_path / "junit.xml").getroot().findall("testsuite")) == 2


# ---- selftest ----


@pytest.mark.parametrize("name", ["reference", "toy", "go"])
def test_selftest_accepts_the_drivers_that_are_here(name: str) -> None:
    places = {"reference": "build/opt/driver-gr", "toy": "build/opt/driver-toy", "go": "build/go/driver"}
    if not (ROOT / places[name]).exists():
        pytest.skip(f"{places[name]} is not built")
    text = check_status(gauntlet("selftest", "--driver", ROOT / "conformance" / "drivers" / name), 0)
    assert "0 failed" in text


@pytest.mark.parametrize(("name", "complaint"), [
    ("", "FAIL  Refuses a version it does not speak"),
    ("WrongVersion", "speaks gl/7, expected gl/1"),
    ("DropsACount", "the counts add up to"),
    ("AnswersTwice", "FAIL  Counts many executions"),
    ("DiesAtHello", "ended during hello: exit status 7"),
])
def test_selftest_objects(tmp_path: Path, name: str, complaint: str) -> None:
    text = check_status(gauntlet("selftest", "--driver", write_driver(tmp_path / "x", name)), 1)
    assert complaint in text, text
