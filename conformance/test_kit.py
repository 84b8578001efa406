# SPDX-License-Identifier: BSD-3-Clause
"""The C drivers over the wire: hand-written plans in, answers out (spec/protocol.md).

Owns: that the kit says what the protocol says, with the toy runtime and with the reference.
Not here: how runs end otherwise than by main's return (test_kit_ends.py), the corpus, the harness's side.

All conversations are bounded by a time limit that only a hang reaches.
"""

from __future__ import annotations

import re

import pytest

from kit_plans import FAMILIES, TWO
from kit_wire import DRIVERS, caps, fits, run, talk


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    """Each C driver."""
    return str(request.param)


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


def test_sleepers_are_joined_on_a_virtual_clock(driver: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """join=1 waits for goroutines that sleep: the driver must let a virtual clock go on, for years if need be."""
    monkeypatch.setenv("GR_DEBUG", "faketime=1")
    plan = "globals 1\nblk 0 main 0\n spawn 1\n set >g0 #1\nblk 1 w 0\n sleep #100000000\nshow g0"
    answer = run(driver, plan, mode="free", iters=3, join=1)
    assert dict(answer.counts) == {"ok 1": 3}, answer


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
    (" frobnicate 1 2 3", "frobnicate"), (" warp >r0 #1", "warp"), (" catch >_ teleport #1", "teleport"),
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
    answer = run("toy", "globals 0\nblk 0 main 0\n procs #0 >_\nshow", mode="free", iters=1)
    assert answer.lines == ["skip 1 op procs"], answer


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
    (" spawn 1", "line 5: block 1; the plan has 1"),
    (" send 2 #1", "line 5: object 2 of send; the plan has 2"),
    (" set >r2 #1", "line 5: r2; block main has 2"),
    (" set >g1 #1", "line 5: g1; the plan has 1"),
    (" jmp 1", "line 5: instruction 1; block main has 1"),
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
