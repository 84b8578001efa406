# SPDX-License-Identifier: BSD-3-Clause
"""The C drivers over the wire: hand-written plans in, answers out (spec/protocol.md).

Owns: that the kit says what the protocol says, with the toy runtime and with the reference.
Not here: the corpus (test_litmus.py), the harness's side of the conversation (test_harness.py).

Each plan of FAMILIES has one outcome, forced by its own synchronisation, and is run in every mode that the driver
has.  All conversations are bounded by a time limit that only a hang reaches.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DRIVERS = {"toy": "build/opt/driver-toy", "reference": "build/opt/driver-gr"}
SANITIZED = {f"{name}-{flavor}": f"build/{flavor}/{program}"
             for flavor in ("asan", "tsan", "racecheck")
             for name, program in (("toy", "driver-toy"), ("reference", "driver-gr"))
             if (name, flavor) != ("toy", "racecheck")}
ENV = {"ASAN_OPTIONS": "detect_leaks=0:detect_stack_use_after_return=0",
       "TSAN_OPTIONS": "halt_on_error=0 exitcode=0 atexit_sleep_ms=0"}
REPORTS = ("WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "runtime error:")
HANG_SECONDS = 60


@dataclass
class Answer:
    """What a driver said and how it ended."""

    command: str
    lines: list[str]
    stderr: str
    status: int
    counts: Counter[str] = field(default_factory=Counter)
    tapes: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        last = ""
        for line in self.lines:
            words = line.split(" ", 3)
            if words[0] == "out":
                last = words[3]
                self.counts[last] += int(words[2])
            elif words[0] == "tape":
                self.tapes[last] = words[2]

    def told(self, verb: str) -> list[str]:
        """The lines that start with this word."""
        return [line for line in self.lines if line.split()[0] == verb]

    def __str__(self) -> str:
        shown = "\n".join(self.lines)
        return f"again: {self.command}\nstatus {self.status}\n{shown}\n{self.stderr[:2000]}"


@cache
def binary(name: str) -> Path:
    """The driver; built when it is not there."""
    path = ROOT / (DRIVERS | SANITIZED)[name]
    if not path.exists():
        subprocess.run(["make", "-j2", "tools", f"FLAVOR={path.parent.name}"], cwd=ROOT, check=True,
                       capture_output=True, timeout=600)
    return path


def talk(driver: str, text: str) -> Answer:
    """One process, all of its input at once."""
    done = subprocess.run([binary(driver)], input=text, capture_output=True, text=True, timeout=HANG_SECONDS,
                          env={**os.environ, **ENV}, check=False)
    settings = " ".join(f"{k}='{v}'" for k, v in ENV.items()) if driver in SANITIZED else ""
    return Answer(f"{settings} {(DRIVERS | SANITIZED)[driver]} <<'END'\n{text}END", done.stdout.splitlines(), done.stderr, done.returncode)


def run(driver: str, plan: str, **keys: str | int) -> Answer:
    """One run of a plan; keys are those of the run command."""
    words = " ".join(f"{k}={v}" for k, v in {"seed": 7, **keys}.items())
    return talk(driver, f"run 1 {words}\n{plan.strip()}\nend\nbye\n")


@cache
def caps(driver: str) -> frozenset[str]:
    """The words of its cap lines."""
    answer = talk(driver, "hello gl/1\nbye\n")
    return frozenset(word for line in answer.told("cap") for word in line.split()[1:])


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    """Each C driver."""
    return str(request.param)


def fits(driver: str, needs: str) -> None:
    """Skips what the driver does not offer."""
    lacking = set(needs.split()) - caps(driver)
    if lacking:
        pytest.skip(f"{driver} has no {' '.join(sorted(lacking))}")


# name: (capabilities, plan, its one outcome)
FAMILIES: dict[str, tuple[str, str, str]] = {
    "registers": ("", """globals 3
blk 0 main 3
 set >r0 #5
 calc >r1 * r0 #-3
 calc >r2 - r1 r0
 set >g0 r2
 unless r0 < #6 6
 set >g1 #1
 jmp 8
 set >g1 #2
 calc >g2 + g0 g1
show g0 g1 g2""", "ok -20 1 -19"),
    "loop": ("", """globals 1
blk 0 main 2
 unless r0 < #10 4
 calc >r1 + r1 r0
 calc >r0 + r0 #1
 jmp 0
 set >g0 r1
 ret
show g0""", "ok 45"),
    "call": ("", """globals 1
obj 0 atomic 3
blk 0 main 0
 call 1
 call 1
 load 0 >g0
blk 1 f 1
 set >r0 #10
 add 0 r0 >_
show g0""", "ok 23"),
    "rendezvous": ("chan", """globals 3
obj 0 chan 0 8
obj 1 chan 0 8
blk 0 main 0
 spawn 1
 send 0 #7
 recv2 1 >g0 >g1
 recv1 1 >g2
blk 1 w 1
 recv1 0 >r0
 calc >r0 + r0 #1
 send 1 r0
 close 1
show g0 g1 g2""", "ok 8 1 0"),
    "buffer": ("chan make", """globals 6
obj 0 chan 3 8
blk 0 main 2
 send 0 #1
 send 0 #2
 len 0 >g0
 cap 0 >g1
 recv0 0
 recv1 0 >g2
 make 0 #5
 cap 0 >g3
 len 0 >g4
 send 0 #9
 close 0
 range 0 >r0 14
 calc >r1 + r1 r0
 jmp 11
 set >g5 r1
show g0 g1 g2 g3 g4 g5""", "ok 2 3 2 5 0 9"),
    "chan-panics": ("chan make", """globals 6
obj 0 chan 1 8
obj 1 nilchan
blk 0 main 0
 close 0
 catch >g0 close 0
 catch >g1 send 0 #1
 catch >g2 close 1
 catch >g3 make 0 #-1
 catch >g4 recv0 0
 cap 1 >g5
show g0 g1 g2 g3 g4 g5""", "ok -1002 -1001 -1003 -1004 0 0"),
    "select": ("chan select", """globals 8
obj 0 chan 1 8
obj 1 nilchan
blk 0 main 0
 select 3 >g0
 case recv0 0
 case recv0 1
 case default
 select 2 >g1
 case send 1 #4
 case send 0 #5
 select 2 >g2
 case recv2 0 >g3 >g4
 case recv1 1 >_
 close 0
 select 1 >g5
 case recv2 0 >g6 >g7
show g0 g1 g2 g3 g4 g5 g6 g7""", "ok 2 1 0 5 1 0 0 0"),
    "select-waits": ("chan select", """globals 3
obj 0 chan 0 8
obj 1 chan 0 8
obj 2 chan 0 8
blk 0 main 0
 spawn 1
 send 2 #0
 select 2 >g0
 case recv1 0 >_
 case recv1 1 >g1
 select 2 >g2
 case send 0 #3
 case recv0 1
blk 1 w 0
 recv0 2
 send 1 #6
 recv0 0
show g0 g1 g2""", "ok 1 6 0"),
    "elements": ("chan elem ptr", """globals 7
obj 0 chan 2 0
obj 1 chan 2 1
obj 2 chan 2 7
obj 3 chan 2 9
obj 4 chan 2 65535
obj 5 chan 2 ptr
blk 0 main 0
 send 0 #0
 send 1 #255
 send 2 #72057594037927935
 send 3 #-77
 send 4 #123456789
 send 5 #-5
 recv1 0 >g0
 recv2 1 >g1 >_
 recv2 2 >g2 >_
 recv2 3 >g3 >_
 recv2 4 >g4 >_
 recv2 5 >g5 >_
 close 5
 recv2 5 >g6 >_
show g0 g1 g2 g3 g4 g5 g6""", "ok 0 255 72057594037927935 -77 123456789 -5 0"),
    "select-elements": ("chan select elem ptr", """globals 4
obj 0 chan 1 1000
obj 1 chan 1 ptr
obj 2 chan 0 33
blk 0 main 0
 spawn 1
 select 3 >g0
 case recv2 2 >g1 >_
 case recv0 0
 case recv0 1
 send 1 #8
 select 2 >g2
 case recv2 0 >_ >_
 case recv2 1 >g3 >_
blk 1 w 0
 send 2 #77
show g0 g1 g2 g3""", "ok 0 77 1 8"),
    "mutex": ("mutex", """globals 2
obj 0 mutex
blk 0 main 0
 lock 0
 trylock 0 >g0
 unlock 0
 trylock 0 >g1
show g0 g1""", "ok 0 1"),
    "mutex-excludes": ("mutex var wg", """globals 1
obj 0 mutex
obj 1 var 0
obj 2 wg
blk 0 main 0
 wgadd 2 #3
 spawn 1
 spawn 1
 spawn 1
 wgwait 2
 read 1 >g0
blk 1 w 2
 unless r0 < #20 8
 lock 0
 read 1 >r1
 calc >r1 + r1 #1
 write 1 r1
 unlock 0
 calc >r0 + r0 #1
 jmp 0
 wgdone 2
show g0""", "ok 60"),
    "rwmutex": ("rwmutex", """globals 6
obj 0 rwmutex
blk 0 main 0
 rlock 0
 rlock 0
 tryrlock 0 >g0
 trylock 0 >g1
 runlock 0
 runlock 0
 runlock 0
 trylock 0 >g2
 tryrlock 0 >g3
 trylock 0 >g4
 unlock 0
 lock 0
 unlock 0
 tryrlock 0 >g5
show g0 g1 g2 g3 g4 g5""", "ok 1 0 1 0 0 1"),
    "wg-negative": ("wg", """globals 1
obj 0 wg
blk 0 main 0
 catch >g0 wgdone 0
show g0""", "ok -1008"),
    "once": ("once atomic", """globals 2
obj 0 once
obj 1 atomic 0
blk 0 main 0
 do 0 1
 do 0 1
 catch >g1 do 0 1
 load 1 >g0
blk 1 f 0
 add 1 #1 >_
show g0 g1""", "ok 1 0"),
    "once-panic": ("once panic atomic", """globals 3
obj 0 once
obj 1 atomic 0
blk 0 main 0
 catch >g0 do 0 1
 catch >g1 do 0 1
 load 1 >g2
blk 1 f 0
 add 1 #1 >_
 panic #6
show g0 g1 g2""", "ok 6 0 1"),
    "cond": ("cond mutex var", """globals 1
obj 0 cond 1
obj 1 mutex
obj 2 var 0
blk 0 main 1
 spawn 1
 lock 1
 read 2 >r0
 unless r0 == #0 6
 cwait 0
 jmp 2
 unlock 1
 set >g0 r0
blk 1 w 0
 lock 1
 write 2 #4
 signal 0
 broadcast 0
 unlock 1
show g0""", "ok 4"),
    "atomics": ("atomic", """globals 6
obj 0 atomic -7
blk 0 main 0
 load 0 >g0
 add 0 #2 >g1
 cas 0 #0 #9 >g2
 cas 0 #-5 #9 >g3
 swap 0 #11 >g4
 store 0 #12
 load 0 >g5
show g0 g1 g2 g3 g4 g5""", "ok -7 -5 0 1 9 12"),
    "defer-order": ("panic", """globals 0
blk 0 main 0
 call 1
 note #4
blk 1 f 0
 defer 2
 defer 3
 note #1
blk 2 a 0
 note #3
blk 3 b 0
 note #2
show log""", "ok 1,2,3,4"),
    "recover": ("panic recover", """globals 4
blk 0 main 0
 call 1
 catch >g2 panic #-1000
 catch >g3 panic #-1006
blk 1 f 0
 defer 2
 panic #5
blk 2 h 0
 recover >g0
 recover >g1
show g0 g1 g2 g3""", "ok 5 -1000 -1012 -1006"),
    "recover-only-direct": ("panic recover", """globals 3
blk 0 main 0
 catch >g0 call 1
 recover >g2
blk 1 f 0
 deferrec
 defer 2
 panic #5
blk 2 h 0
 call 3
blk 3 helper 0
 recover >g1
show g0 g1 g2""", "ok 5 -1000 -1000"),
    "panic-replaces": ("panic recover", """globals 3
blk 0 main 0
 call 1
 set >g2 #1
blk 1 f 0
 defer 3
 defer 2
 panic #1
blk 2 second 0
 panic #2
blk 3 h 0
 recover >g0
 recover >g1
show g0 g1 g2""", "ok 2 -1000 1"),
    "defer-nil": ("panic recover", """globals 2
blk 0 main 0
 catch >g0 call 1
 catch >g1 defer nil
blk 1 f 0
 defer nil
 ret
show g0 g1""", "ok -1005 -1005"),
    "goexit": ("goexit panic chan", """globals 0
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 recv0 0
 note #9
blk 1 w 0
 defer 2
 call 3
 note #8
blk 2 last 0
 note #2
 close 0
blk 3 f 0
 defer 4
 goexit
blk 4 d 0
 note #1
show log""", "ok 1,2,9"),
    "goexit-survives-recover": ("goexit panic recover chan", """globals 1
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 recv0 0
blk 1 w 0
 defer 2
 call 3
 note #8
blk 2 last 0
 close 0
blk 3 f 0
 defer 4
 defer 5
 goexit
blk 4 rec 0
 recover >g0
blk 5 raise 0
 panic #3
show g0 log""", "ok 3 -"),
    "faults": ("fault", """globals 3
blk 0 main 0
 catch >g0 fault nil-deref
 catch >g1 fault index
 catch >g2 fault div-zero
show g0 g1 g2""", "ok -1005 -1006 -1007"),
    "sleep": ("timer chan", """globals 2
obj 0 timer
blk 0 main 0
 sleep #1
 after 0 #2
 recv2 0 >g0 >g1
show g0 g1""", "ok 1 1"),
    "timer-stop": ("timer chan select", """globals 4
obj 0 timer
blk 0 main 0
 start 0 #100000
 stop 0 >g0
 stop 0 >g1
 reset 0 #1 >g2
 recv1 0 >g3
show g0 g1 g2 g3""", "ok 1 0 0 1"),
    "ticker": ("ticker timer chan", """globals 3
obj 0 ticker
blk 0 main 0
 catch >g0 start 0 #0
 start 0 #1
 recv1 0 >g1
 recv1 0 >g2
 stop 0 >_
show g0 g1 g2""", "ok -1011 1 1"),
    "afterfunc": ("afterfunc timer chan", """globals 2
obj 0 timer
obj 1 chan 0 8
obj 2 timer
blk 0 main 0
 afterfunc 0 #1 1
 recv1 1 >g0
 afterfunc 2 #100000 1
 stop 2 >g1
blk 1 f 0
 send 1 #3
show g0 g1""", "ok 3 1"),
    "afterfunc-pending": ("afterfunc timer", """globals 1
obj 0 timer
blk 0 main 0
 afterfunc 0 #1000000 1
 reset 0 #2000000 >g0
blk 1 f 0
 note #1
show g0 log""", "ok 1 -"),
    "goroutines": ("goroutines chan", """globals 2
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 goroutines >g0
 close 0
blk 1 w 0
 recv0 0
show g0 g1""", "ok 2 0"),
    "yield-spin-procs": ("procs", """globals 1
blk 0 main 1
 yield
 spin #100
 procs #0 >r0
 unless r0 >= #1 5
 set >g0 #1
show g0""", "ok 1"),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("mode", ["free", "one", "control"])
def test_family(driver: str, mode: str, name: str) -> None:
    """Each operation family gives its one outcome, however often and in whatever mode it runs."""
    needs, plan, expected = FAMILIES[name]
    fits(driver, needs if mode == "free" else f"{needs} {mode}")
    iters = 1 if mode == "one" else 20
    answer = run(driver, plan, mode=mode, iters=iters, join=1, unit_us=200)
    assert dict(answer.counts) == {expected: iters}, answer
    assert answer.status == 0, answer
    assert bool(answer.told("done")) == (mode != "one"), answer


def test_hello(driver: str) -> None:
    """The greeting has name, version, caps, limits, in this order."""
    answer = talk(driver, "hello gl/1\nbye\n")
    assert [line.split()[0] for line in answer.lines] == ["hi", "cap", "limit", "ok"], answer
    assert answer.lines[0].startswith(f"hi gl/1 name={driver} version="), answer
    assert re.fullmatch(r"limit goroutines=\d+", answer.lines[2]), answer
    assert answer.status == 0 and not answer.stderr, answer


def test_faketime_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference offers a virtual clock exactly when it has been told to have one; years pass in no time then."""
    assert "faketime" not in caps("reference")
    monkeypatch.setenv("GR_DEBUG", "faketime=1")
    answer = talk("reference", "hello gl/1\nbye\n")
    assert "faketime" in answer.told("cap")[0].split(), answer
    plan = "globals 1\nblk 0 main 0\n sleep #1000000000\n now >g0\nshow g0"
    for mode in ("free", "one", "control"):
        answer = run("reference", plan, mode=mode, iters=1)
        assert dict(answer.counts) == {"ok 1000000000": 1}, answer


RACING_TIMER = """globals 1
obj 0 timer
blk 0 main 0
 afterfunc 0 #1 1
 yield
 stop 0 >g0
blk 1 f 0
show g0"""


@pytest.mark.parametrize(("clock", "outcomes"), [("still", {"ok 1"}), ("any", {"ok 0", "ok 1"})])
def test_clock(clock: str, outcomes: set[str]) -> None:
    """Under control a deadline comes early only where the run asks for it."""
    fits("reference", "control timer")
    answer = run("reference", RACING_TIMER, mode="control", iters=200, clock=clock)
    assert set(answer.counts) == outcomes, answer


@pytest.mark.parametrize("greeting", ["hello gl/2", "hello", "hello gl/10"])
def test_wrong_version(driver: str, greeting: str) -> None:
    """Another version is refused with status 3."""
    answer = talk(driver, f"{greeting}\nbye\n")
    assert answer.lines == ["err version gl/1"] and answer.status == 3, answer


TWO = """globals 2
obj 0 chan 1 8
blk 0 main 0
 spawn 1
 catch >g0 send 0 #5
 recv2 0 >g1 >_
 ret
blk 1 closer 0
 close 0
 ret
show g0 g1"""


@pytest.mark.parametrize("mode", ["free", "control"])
def test_counts_add_up(driver: str, mode: str) -> None:
    """Outcomes are counted, each of them allowed, and the counts add up."""
    fits(driver, "chan" if mode == "free" else "control")
    answer = run(driver, TWO, mode=mode, iters=3000)
    assert sum(answer.counts.values()) == 3000, answer
    assert set(answer.counts) <= {"ok 0 5", "ok -1001 0"}, answer
    assert re.fullmatch(r"done 1 3000 us=\d+", answer.lines[-1]), answer
    if mode == "control":
        assert len(answer.counts) == 2, f"random schedules must find both ends of this race\n{answer}"


def test_unknown_keys_comments_blank_lines(driver: str) -> None:
    """What the protocol says is to be ignored is ignored."""
    plan = "# a comment\n\nglobals 1\nblk 0 main 0\n# another\n set >g0 #1\n\nshow g0"
    answer = talk(driver, f"\n# hi\nrun 5 iters=2 colour=red mode=free flag\n{plan}\nend\nbye\n")
    assert dict(answer.counts) == {"ok 1": 2}, answer


def test_crlf_and_no_final_newline(driver: str) -> None:
    """Lines may end in CR LF, and the last one in nothing."""
    text = "run 1 iters=1 mode=free\r\nglobals 1\r\nblk 0 main 0\r\n set >g0 #3\r\nshow g0\r\nend\r\nbye"
    answer = talk(driver, text)
    assert dict(answer.counts) == {"ok 3": 1}, answer


@pytest.mark.parametrize(("line", "name"), [
    (" frobnicate 1 2 3", "frobnicate"), (" new >r0 #1", "new"), (" catch >_ teleport #1", "teleport"),
    ("obj 0 barrier 3", "barrier"),
])
def test_unknown_operation_is_skipped(driver: str, line: str, name: str) -> None:
    """What the driver does not know is a skip that names it, and the next run is served."""
    objects, code = (line, "") if line.startswith("obj") else ("obj 0 var 0", line)
    plan = f"globals 1\n{objects}\nblk 0 main 1\n set >g0 #1\n{code}\nshow g0"
    good = "globals 1\nblk 0 main 0\n set >g0 #1\nshow g0"
    answer = talk(driver, f"run 8 iters=1\n{plan}\nend\nrun 9 iters=1 mode=free\n{good}\nend\nbye\n")
    assert answer.lines[0] == f"skip 8 op {name}", answer
    assert answer.told("done") and answer.lines[1] == "out 9 1 ok 1", answer


def test_lacking_capability_is_skipped() -> None:
    """A plan that needs what the table lacks is a skip that names the operation."""
    answer = run("toy", "globals 0\nobj 0 var 0\nblk 0 main 0\n sleep #1\nshow", mode="free", iters=1)
    assert answer.lines == ["skip 1 op sleep"], answer


# plan line to be added to a sound plan (line 5 of it), what the complaint must say
BAD = [
    (" send 9 #1", "line 5: object 9 of send"),
    (" send 1 #1", "line 5: object 1 is of a kind"),
    (" lock 0", "line 5: object 0 is of a kind"),
    (" set >r7 #1", "line 5: r7; block main has 2"),
    (" set >g4 #1", "line 5: g4; the plan has 1"),
    (" set >r-1 #1", "line 5: r-1"),
    (" set r0 #1", "line 5: `r0` is no destination"),
    (" set >r0 1", "line 5: `1` is no value"),
    (" set >r0 #12x", "line 5: `#12x` is no value"),
    (" set >r0 #99999999999999999999", "line 5: `#99999999999999999999` is no value"),
    (" set >r0", "line 5: `` is no value"),
    (" set >r0 #1 #2", "line 5: `#2` is too much for set"),
    (" jmp 99", "line 5: instruction 99"),
    (" spawn 5", "line 5: block 5"),
    (" call nil", "line 5: the block is `nil`"),
    (" calc >r0 / #1 #2", "line 5: `/` is no operator"),
    (" unless r0 =< #1 0", "line 5: `=<` is no comparison"),
    (" fault overflow", "line 5: `overflow` is no fault"),
    (" catch >r0 ret", "line 5: ret cannot be caught"),
    (" select 2 >_\n case recv0 0", "line 5: select with 1 of 2 cases"),
    (" select 1 >_\n set >r0 #1", "line 6: expected another case"),
    (" case recv0 0", "line 5: a case that belongs to no select"),
    (" select 2 >_\n case default\n case default", "line 7: a second default"),
    (" select 1 >_\n case close 0", "line 6: `close` is no case"),
    ("obj 5 mutex", "line 5: object 5; expected 2"),
    ("obj 2 chan x 8", "line 5: the capacity is `x`"),
    ("obj 2 chan 1 65536", "line 5: the element size is `65536`"),
    ("obj 2 chan 1000000000 8", "line 5: a buffer of more than"),
    ("obj 2 cond 0", "line 5: object 0 is no mutex"),
    ("obj 2 atomic", "line 5: the first value is ``"),
    ("blk 3 w 1", "line 5: block 3; expected 1"),
    ("blk 1 w 1000", "line 5: the number of registers is `1000`"),
    ("globals -1", "line 5: the number of globals is `-1`"),
    ("nonsense", "line 5: `nonsense`; expected globals"),
    ("show g1", "line 5: `g1` is no term"),
    (" " + "x" * 40, "line 5: too long"),
    (" set " + "#1 " * 20, "line 5: too long"),
]


@pytest.mark.parametrize(("line", "complaint"), BAD)
def test_bad_line(driver: str, line: str, complaint: str) -> None:
    """A bad plan is an err that names the line, and the session goes on."""
    plan = f"globals 1\nobj 0 chan 1 8\nobj 1 var 0\nblk 0 main 2\n{line}\nshow g0"
    answer = talk(driver, f"run 3 iters=1\n{plan}\nend\nrun 4 iters=1 mode=free\nglobals 0\nblk 0 m 0\nend\nbye\n")
    assert answer.lines[0].startswith(f"err 3 {complaint}"), answer
    assert answer.told("done") == [answer.lines[-1]] and answer.status == 0, answer


def test_no_block(driver: str) -> None:
    """A plan without main is refused."""
    answer = run(driver, "globals 1\nshow g0", mode="free", iters=1)
    assert answer.lines == ["err 1 line 2: no block 0; expected `blk 0 main N`"], answer


@pytest.mark.parametrize("key", ["iters=x", "iters=-1", "mode=fast", "join=2", "noise=9", "unit_us=0", "strat=dfs",
                                 "tape=abc", "tape=zz"])
def test_bad_key(driver: str, key: str) -> None:
    """A value that a key cannot have is an err that quotes it."""
    answer = talk(driver, f"run 2 {key}\nglobals 0\nblk 0 main 0\nend\nbye\n")
    assert answer.lines[0].startswith(f"err 2 {key}: not a value"), answer


@pytest.mark.parametrize("text", [
    "", "hello gl/1\n", "run 1 iters=1", "run 1 iters=1\nglobals 1\n", "run 1 iters=1\nblk 0 main 0\n set >r0",
])
def test_early_end_of_input(driver: str, text: str) -> None:
    """At the end of its input a driver ends, with status 0."""
    answer = talk(driver, text)
    assert answer.status == 0 and not answer.told("out"), answer


def test_unknown_command_and_endless_line(driver: str) -> None:
    """Neither an unknown word nor a line of two megabytes stops the session."""
    good = "run 1 iters=1 mode=free\nglobals 0\nblk 0 main 0\nend\n"
    answer = talk(driver, f"dance\n{'y' * 2_000_000}\n{good}bye\n")
    assert answer.lines[0].startswith("err 0 `dance`"), answer.lines[0]
    assert answer.lines[1] == "err 0 a command that is too long", answer.lines[1]
    assert answer.told("done"), answer.lines[:5]


DEATHS = [
    ("panic", " note #1\n note #2\n panic #42", r"^panic: 42\n\n", 2),
    ("panic chan", " note #1\n note #2\n close 0\n close 0", r"^panic: close of closed channel\n\n", 2),
    ("mutex", " note #1\n note #2\n unlock 1", r"^fatal error: sync: unlock of unlocked mutex$", 2),
    ("deadlock chan", " note #1\n note #2\n recv0 0", r"^fatal error: all goroutines are asleep - deadlock!$", 2),
    ("", " note #1\n note #2\n spawn nil", r"go of nil func value", 2),
    ("goexit", " note #1\n note #2\n goexit", r"^fatal error: no goroutines \(main called runtime\.Goexit\)", 2),
    ("exit", " note #1\n note #2\n exit #7", r"^$", 7),
]


@pytest.mark.parametrize(("needs", "code", "text", "status"), DEATHS)
def test_notes_before_death(driver: str, needs: str, code: str, text: str, status: int) -> None:
    """In mode one the process dies as the runtime decides, after all notes were told, with no out and no done."""
    fits(driver, f"{needs} one die")
    answer = run(driver, f"globals 0\nobj 0 chan 0 8\nobj 1 mutex\nblk 0 main 0\n{code}\nshow log", mode="one")
    assert answer.lines == ["note 1 1", "note 1 2"], answer
    assert answer.status == status and re.search(text, answer.stderr, re.MULTILINE), answer


def test_mode_one_ends_with_main(driver: str) -> None:
    """Main's return ends the process though others are blocked for ever, and the log is in the out line."""
    plan = "globals 1\nobj 0 chan 0 8\nblk 0 main 0\n spawn 1\n note #4\n set >g0 #2\nblk 1 w 0\n recv0 0\nshow g0 log"
    answer = run(driver, plan, mode="one")
    assert answer.lines == ["note 1 4", "out 1 1 ok 2 4"] and answer.status == 0, answer


def test_leftovers_are_not_waited_for(driver: str) -> None:
    """join=0: goroutines that block for ever are left behind, as many as a run makes."""
    plan = "globals 1\nobj 0 chan 0 8\nblk 0 main 0\n spawn 1\n set >g0 #2\nblk 1 w 0\n recv0 0\nshow g0"
    answer = run(driver, plan, mode="free", iters=100, join=0)
    assert dict(answer.counts) == {"ok 2": 100}, answer


def test_death_in_a_batch_is_the_drivers_death(driver: str) -> None:
    """A runtime that dies in mode free takes the session along, with its status and its text."""
    answer = run(driver, "globals 0\nblk 0 main 0\n panic #42\nshow", mode="free", iters=5)
    assert answer.status == 2 and "panic: 42" in answer.stderr and not answer.told("done"), answer


def test_log_overflow_is_an_error(driver: str) -> None:
    """More notes than the driver keeps are an err, not a wrong log."""
    plan = "globals 0\nblk 0 main 1\n unless r0 < #5000 4\n note r0\n calc >r0 + r0 #1\n jmp 0\n ret\nshow log"
    answer = run(driver, plan, mode="free", iters=1)
    assert answer.lines[0].startswith("err 1 more notes"), answer


CONTROL_ENDS = [
    (" panic #42", "panic:42 -"), (" panic #-1001", "panic:-1001 -"), (" unlock 1", "fatal:unlock-unlocked -"),
    (" recv0 0", "deadlock -"), (" spawn nil", "fatal:go-nil -"), (" goexit", "fatal:no-goroutines -"),
    (" note #3\n exit #7", "exit:7 3"), (" runlock 2", "fatal:runlock-unlocked -"),
    (" unlock 2", "fatal:rw-unlock-unlocked -"), (" spawn 1\n recv0 0", "panic:9 -"),
]


@pytest.mark.parametrize(("code", "outcome"), CONTROL_ENDS)
def test_control_never_dies(code: str, outcome: str) -> None:
    """Under control an end is a status word, run after run in one session."""
    fits("reference", "control")
    plan = (f"globals 0\nobj 0 chan 0 8\nobj 1 mutex\nobj 2 rwmutex\nblk 0 main 0\n{code}\n"
            "blk 1 w 0\n panic #9\nshow log")
    answer = run("reference", plan, mode="control", iters=50)
    assert dict(answer.counts) == {outcome: 50} and answer.status == 0, answer


@pytest.mark.parametrize("strategy", ["random", "pct", "robin", "zero"])
def test_tapes_replay(strategy: str) -> None:
    """The tape of an outcome, given back, leads to that outcome."""
    fits("reference", "control")
    answer = run("reference", TWO, mode="control", iters=300, strat=strategy, depth=3)
    assert set(answer.tapes) == set(answer.counts), answer
    for outcome, tape in answer.tapes.items():
        again = run("reference", TWO, mode="control", iters=1, strat="zero", tape=tape)
        assert dict(again.counts) == {outcome: 1}, f"{outcome}\n{again}"


def test_equal_seeds_equal_answers() -> None:
    """A controlled run is a function of its seed."""
    fits("reference", "control")
    first, second, other = (run("reference", TWO, mode="control", iters=500, seed=seed) for seed in (1, 1, 2))
    assert (first.counts, first.tapes) == (second.counts, second.tapes), second
    assert first.counts != other.counts, other


def test_undecided_executions_count() -> None:
    """Executions that are cut off are told apart and counted."""
    fits("reference", "control")
    answer = run("reference", "globals 0\nblk 0 main 0\n yield\n jmp 0\nshow", mode="control", iters=2)
    assert answer.told("undecided") == ["undecided 1 2"] and answer.told("done"), answer


def test_modes_mix_in_one_session() -> None:
    """Free and controlled runs take turns without disturbing each other; mode one ends the session."""
    text = "".join(f"run {n} iters=50 mode={mode} seed={n}\n{TWO}\nend\n"
                   for n, mode in enumerate(["free", "control", "free", "control", "one"], 1))
    answer = talk("reference", text)
    assert sum(answer.counts.values()) == 201 and answer.status == 0, answer
    assert [line.split()[1] for line in answer.told("done")] == ["1", "2", "3", "4"], answer


def test_a_signal_takes_the_session_along() -> None:
    """A driver whose run dies by a signal dies by that signal."""
    process = subprocess.Popen([binary("toy")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    process.stdin.write("run 1 mode=free\nglobals 0\nblk 0 main 0\n jmp 0\nend\n")
    process.stdin.flush()
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not children.read_text().split():
        assert process.poll() is None
    child = int(children.read_text().split()[0])
    subprocess.run(["kill", "-SEGV", str(child)], check=True)
    assert process.wait(timeout=HANG_SECONDS) == -signal.SIGSEGV
    process.stdin.close()
    process.stdout.close()


@pytest.mark.parametrize("mode", ["free", "control"])
@pytest.mark.parametrize("name", SANITIZED)
def test_sanitizers_have_nothing_to_say(name: str, mode: str) -> None:
    """All families in one session of an instrumented driver: right outcomes, not one report."""
    fits(name, "" if mode == "free" else mode)
    able = {family: case for family, case in FAMILIES.items() if set(case[0].split()) <= caps(name)}
    text = "".join(f"run {family} iters=10 mode={mode} unit_us=200\n{plan}\nend\n"
                   for family, (_, plan, _) in able.items())
    answer = talk(name, f"{text}bye\n")
    outs = [line for line in answer.lines if line.startswith("out ")]
    assert outs == [f"out {family} 10 {expected}" for family, (_, _, expected) in able.items()], answer
    assert not any(report in answer.stderr for report in REPORTS), answer


# main writes the variable before (RACY) or after (ORDERED) it has seen w's store.
RACY, ORDERED = (f"""globals 1
obj 0 var 0
obj 1 atomic 0
blk 0 main 1
 spawn 1
{before} load 1 >r0
 unless r0 == #0 {jump}
 yield
 jmp {jump - 4}
{after} set >g0 #1
blk 1 w 0
 write 0 #2
 store 1 #1
show g0""" for before, after, jump in ((" write 0 #1\n", "", 6), ("", " write 0 #1\n", 5)))


def test_race_canary() -> None:
    """A program with a race is reported, as the race it is; in order it is not."""
    racy = run("reference-racecheck", RACY, mode="free", iters=5)
    assert "WARNING: ThreadSanitizer: data race" in racy.stderr and "interp.c" in racy.stderr, racy
    clean = run("reference-racecheck", ORDERED, mode="free", iters=5)
    assert not clean.stderr and dict(clean.counts) == {"ok 1": 5}, clean


IN_PROCESS = r"""
#include <stdio.h>
#include <string.h>
#include "kit.h"

static const char plan[] =
    "globals 2\nobj 0 chan 1 8\nblk 0 main 0\n spawn 1\n catch >g0 send 0 #5\n recv2 0 >g1 >_\n"
    "blk 1 closer 0\n close 0\nshow g0 g1\n";

int main(void)
{
    char why[200];
    struct gl_result r, again;
    if (gl_plan_parse(" jmp 0\n", 7, why, sizeof why) != NULL)
        return 1;
    printf("%s\n", why);
    if (gl_plan_parse("blk 0 main 0\n teleport #1\n", 26, why, sizeof why) != NULL)
        return 1;
    printf("%s\n", why);
    struct plan *p = gl_plan_parse(plan, strlen(plan), why, sizeof why);
    for (unsigned long seed = 0; seed < 20000; seed++) {
        struct gl_control how = {.strategy = GL_RANDOM, .seed = seed};
        if (p == NULL || !gl_plan_run(p, &how, &r))
            return 2;
        how = (struct gl_control){.tape = r.verdict.tape, .tape_len = r.verdict.tape_len};
        if (!gl_plan_run(p, &how, &again) || strcmp(r.text, again.text) != 0)
            return 3;
        gl_result_fini(&again);
        gl_result_fini(&r);
    }
    printf("%s\n", strcmp(r.text, "ok 0 5") == 0 || strcmp(r.text, "ok -1001 0") == 0 ? "fine" : r.text);
    gl_plan_free(p);
    return 0;
}
"""


def test_in_process(tmp_path: Path) -> None:
    """The entry for fuzzers: parse from memory, run under control, replay; the sanitizer finds no leak."""
    binary("reference-asan")
    kit = ROOT / "conformance" / "drivers" / "c"
    (tmp_path / "in.c").write_text(IN_PROCESS)
    flags = ["-std=gnu11", "-g", "-pthread", "-fsanitize=address,undefined", "-DGAUNTLET_NO_MAIN",
             f"-I{kit / 'kit'}", f"-I{ROOT / 'reference/include'}"]
    sources = [str(tmp_path / "in.c"), *map(str, sorted(kit.glob("kit/*.c"))), str(kit / "gr_ops.c")]
    built = subprocess.run(["clang", *flags, *sources, str(ROOT / "build/asan/libgr.a"), "-o", str(tmp_path / "in")],
                           capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(tmp_path / "in")], capture_output=True, text=True, timeout=HANG_SECONDS, check=False,
                          env={**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=0:detect_leaks=1"})
    assert done.stdout.splitlines() == ["line 1: an instruction outside of a block", "skip op teleport", "fine"], done
    assert done.returncode == 0 and not done.stderr, done
