# SPDX-License-Identifier: BSD-3-Clause
"""Lying and broken drivers (miniatures/) are found out: each is reported for what it is, in bounded time and memory."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign import Options, ProgramRun, Session
from harness.canned import Sample
from harness.driver import Driver, Protocol
from harness.lit import Program
from harness.manifest import Manifest, Variant
from harness.streams import QUEUE_BYTES
from harness.verdict import Verdict, judge

MINIATURES = Path(__file__).resolve().parent / "miniatures"
ROOM_KB = 50_000
PLAN = "globals 1\nobj 0 chan 2 8\nblk 0 main 0\n send 0 #1\n recv1 0 >g0\n ret\nshow g0\n"
PROGRAM = replace(Sample("mini", ("chan",), PLAN, ("ok r=1", "ok r=2")).program(), terms=("r",), path="mini")
ONE = ("one",)

# What a liar deserves: status, and a text of its first finding. Modes: how it is asked.
LIARS: dict[str, tuple[str, str]] = {
    "DropsACount": ("error", r"the counts add up to \d+, expected \d+"),
    "InventsAnOutcome": ("fail", r"forbidden outcome, seen 2 times: no line of the program lists it"),
    "Hangs": ("unknown", r"mode free: no answer in time"),
    "HangsAtHello": ("error", r"no answer to hello within"),
    "DiesAtHello": ("error", r"ended during hello: exit status 7; it said: mini: no licence"),
    "DiesMidBatch": ("crash", r"SIGSEGV"),
    "FloodsWithOutcomes": ("error", r"more than \d+ lines of answer, the last one: out 1 1 ok 1"),
    "FloodsWithNoise": ("error", r"unexpected line: lorem ipsum"),
    "FloodsWithComments": ("unknown|error", r"more than \d+ lines of answer|no answer in time"),
    "NewOutcomesForEver": ("fail", r"forbidden outcome"),
    "EndlessLine": ("error", r"a line of more than 65536 bytes: xxxx"),
    "FloodsStderr": ("pass", ""),
    "FloodsStderrForEver": ("unknown", r"mode free: no answer in time"),
    "WrongVersion": ("error", r"speaks gl/7, expected gl/1"),
    "AnswersAnotherRun": ("error", r"answer for run 2 while run 1 is on"),
    "TooManyValues": ("error", r"2 values for 1 shown terms: out \d+ ok 1 2"),
    "ValueIsAWord": ("error", r"one is no integer"),
    "UnknownStatus": ("error", r"expected `out ID COUNT STATUS VALUES`, got: out \d+ fine 1"),
    "NegativeCount": ("error", r"expected `out ID COUNT STATUS VALUES`, got: out -1 ok 1"),
    "HugeCount": ("error", r"expected `out ID COUNT STATUS VALUES`, got: out 99999"),
    "ClosesStdout": ("error", r"closed its stdout but goes on"),
    "LeavesAChild": ("error", r"ended \(exit status 0\), but a child of it holds its stdout open"),
    "ChildEscapes": ("error", r"ended \(exit status 0\), but a child of it holds its stdout open"),
    "DoneWithoutOut": ("error", r"the counts add up to 0, expected \d+"),
    "DoneTooEarly": ("error", r"done \d+, expected \d+"),
    "GarbageBytes": ("error", r"unexpected line"),
    "ClaimsAndSkips": ("skip", r"claims all that it needs, then skips: op send"),
    "GivesUp": ("error", r"out of memory"),
}
LIARS_IN_MODE_ONE = {
    "SaysNothingInModeOne": ("error", r"ended with status 0 without an `out` line"),
    "LivesOnInModeOne": ("error|unknown", r"printed its outcome but did not end|no answer in time"),
}


def manifest_of(name: str, deadlock: str = "report") -> Manifest:
    """A driver's folder that starts this liar, with short time limits."""
    command = (sys.executable, "-B", str(MINIATURES / "liars.py"), name) if name else \
        (sys.executable, "-B", str(MINIATURES / "mini.py"))
    variant = Variant("plain", command, {}, 0.1, ())
    return Manifest(name or "mini", name or "mini", MINIATURES, frozenset({"spec"}), deadlock, variant,
                    {"plain": variant}, ())


def verdict_on(name: str, modes: tuple[str, ...] = ("free",), program: Program = PROGRAM,
               deadlock: str = "report") -> Verdict:
    """The verdict after the least work."""
    manifest = manifest_of(name, deadlock)
    session = Session(manifest, Options(least=True, modes=modes))
    try:
        return judge(ProgramRun(session, program, 1.0).run(), manifest)
    finally:
        session.close()


def memory_kb(key: str) -> int:
    """VmRSS or VmHWM of this process."""
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE)[1])  # type: ignore[index]


@pytest.fixture(autouse=True)
def bounded_memory() -> object:
    """Fails a test in which the harness itself grew."""
    Path("/proc/self/clear_refs").write_text("5")
    before = memory_kb("VmRSS")
    yield
    grown = memory_kb("VmHWM") - before
    assert grown < ROOM_KB, f"the harness grew by {grown} kB"


def check(verdict: Verdict, status: str, text: str) -> None:
    """Status and first finding are as expected."""
    story = "\n".join(f.what for f in verdict.findings)
    assert re.fullmatch(status, verdict.status), f"{verdict.status}: {story}"
    assert re.search(text, story), story
    assert verdict.status == "pass" or verdict.unexpected or verdict.status == "skip"


def test_the_base_is_correct() -> None:
    assert verdict_on("").status == "pass"
    assert verdict_on("", ONE).status == "want_missing"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", LIARS)
def test_liar(name: str) -> None:
    check(verdict_on(name), *LIARS[name])


@pytest.mark.timeout(60)
@pytest.mark.parametrize("name", LIARS_IN_MODE_ONE)
def test_liar_in_mode_one(name: str) -> None:
    check(verdict_on(name, ONE), *LIARS_IN_MODE_ONE[name])


def test_a_process_that_sleeps_is_a_deadlock_only_where_that_is_evidence() -> None:
    assert verdict_on("Hangs", ONE).status == "unknown"
    verdict = verdict_on("Hangs", ONE, deadlock="hang")
    assert verdict.observed.counts == {"deadlock": 1}
    assert verdict.observed.evidence == {"all threads are asleep (quiescent)"}
    assert verdict.status == "fail", "this program may not deadlock"
    check(verdict_on("LivesOnInModeOne", ONE, deadlock="hang"), "error", "printed its outcome but did not end")
    timed = replace(PROGRAM, needs=("timer",))
    manifest = manifest_of("Hangs", "hang")
    with Driver(manifest) as driver:
        driver.hello()
        assert driver.run(timed, limit_seconds=10, iters=1, mode="one").end == "timeout", "it may wait for its timer"


def test_an_answer_given_twice_is_found_in_the_next_run() -> None:
    manifest = manifest_of("AnswersTwice")
    with Driver(manifest) as driver:
        driver.hello()
        assert driver.run(PROGRAM, limit_seconds=10, iters=9, mode="free").end == "done"
        second = driver.run(PROGRAM, limit_seconds=10, iters=9, mode="free")
        assert second.end == "protocol" and "answer for run 1 while run 2 is on" in second.detail
        assert not driver.alive


def test_a_driver_that_never_reads_is_found_when_the_pipe_is_full() -> None:
    plan = PLAN.replace(" ret\n", " yield\n" * 40_000 + " ret\n")
    with Driver(manifest_of("NeverReads")) as driver:
        driver.hello()
        result = driver.run(replace(PROGRAM, plan=plan), limit_seconds=10, iters=1, mode="free")
        assert (result.end, result.detail) == ("protocol", "does not read its commands")


def test_lines_that_nobody_reads_do_not_pile_up() -> None:
    with Driver(manifest_of("FloodsWithComments")) as driver:
        driver.hello()
        driver.say(f"run 1 iters=1 mode=free\n{PLAN}end\n")
        before = -1
        while (now := driver._lines.waiting_bytes) != before or not now:  # until the driver is the one that waits
            before = now
            time.sleep(0.3)
        assert now < 2 * QUEUE_BYTES


def test_a_command_that_does_not_exist() -> None:
    manifest = manifest_of("")
    variant = replace(manifest.variant, cmd=("build/opt/no-such-driver",))
    with pytest.raises(Protocol, match="cannot start build/opt/no-such-driver: No such file or directory; is it built?"):
        Driver(manifest, variant)


@pytest.mark.timeout(60)
def test_nobody_is_left_behind() -> None:
    manifest = manifest_of("LeavesAChild")
    driver = Driver(manifest)
    driver.hello()
    driver.run(PROGRAM, limit_seconds=10, iters=3, mode="free")
    driver.close()
    while any(p.name.isdigit() and session_of(p) == driver.process.pid for p in Path("/proc").iterdir()):
        time.sleep(0.01)  # a killed process is gone when it has run once more; the time limit is the failure


def session_of(process: Path) -> int:
    """The session id of a process; 0 when it has gone, or is a zombie."""
    try:
        fields = (process / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[3])
