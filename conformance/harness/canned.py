# SPDX-License-Identifier: BSD-3-Clause
"""Tiny plans with known answers: what `gauntlet selftest` asks a driver.

Owns: the plans, as text of protocol.md section 3, one per capability or ability.  Not here: the exchanges (selftest.py).

Each has one sure outcome, or a few, whatever the schedule; the sum of the counts is checked besides.  They are written
by hand, so that a driver's author needs no `lit` and sees here what each instruction looks like.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .lit import Program


@dataclass(frozen=True)
class Sample:
    """A plan, what it needs, and the outcome keys it may have. `dies`: asked in mode one only."""

    name: str
    needs: tuple[str, ...]
    plan: str
    allowed: tuple[str, ...]
    dies: bool = False

    @property
    def terms(self) -> tuple[str, ...]:
        """The names of the shown terms, as in the plan's last line."""
        return tuple(self.plan.rstrip().rpartition("show")[2].split())

    def program(self) -> Program:
        """The sample as a program, for Driver.run."""
        return Program(
            file=Path(self.name), path=self.name, id="sample", spec=(), needs=self.needs, profile=(), about=(),
            mode="explore", trials=0, source="", plan=self.plan, terms=self.terms, expects=(), want_race=False,
            stats=(), stderr=(), model=None, complaints=(), allowed=frozenset(self.allowed),
            wanted=frozenset(self.allowed))


def _plan(objects: str, blocks: str, show: str) -> str:
    shown = [int(word[1:]) + 1 for word in show.split() if word.startswith("g")]
    head = [f"globals {max(shown, default=0)}"]
    head += [f"obj {i} {o.strip()}" for i, o in enumerate(filter(None, objects.split(";")))]
    body = [line.strip() for line in blocks.split(";") if line.strip()]
    body = [line if line.startswith("blk") else f" {line}" for line in body]
    return "\n".join([*head, *body, f"show {show}"]) + "\n"


def _sample(name: str, needs: str, objects: str, blocks: str, show: str, *allowed: str, dies: bool = False) -> Sample:
    return Sample(name, tuple(needs.split()), _plan(objects, blocks, show), allowed, dies)


SAMPLES: tuple[Sample, ...] = (
    _sample("registers, arithmetic and jumps", "", "",
            "blk 0 main 2; set >r0 #5; unless r0 > #0 6; calc >r1 + r1 r0; calc >r0 - r0 #1; yield; jmp 1;"
            "calc >g0 * r1 #-2; set >g1 #9223372036854775807; set >g2 #-9223372036854775808; spin #3; ret",
            "g0 g1 g2", "ok g0=-30 g1=9223372036854775807 g2=-9223372036854775808"),
    _sample("registers are 0 at first, globals in each execution", "", "",
            "blk 0 main 1; calc >g0 + g0 #1; calc >g1 + r0 #0; call 1; call 1; ret;"
            "blk 1 f 1; calc >g2 + g2 r0; set >r0 #7; ret", "g0 g1 g2", "ok g0=1 g1=0 g2=0"),
    _sample("unbuffered channel", "chan", "chan 0 8",
            "blk 0 main 0; spawn 1; recv1 0 >g0; recv2 0 >g1 >g2; ret; blk 1 w 0; send 0 #7; close 0; ret",
            "g0 g1 g2", "ok g0=7 g1=0 g2=0"),
    _sample("buffered channel, len, cap, range", "chan", "chan 3 8",
            "blk 0 main 1; send 0 #1; send 0 #2; len 0 >g0; cap 0 >g1; close 0;"
            "range 0 >r0 8; calc >g2 + g2 r0; jmp 5; ret", "g0 g1 g2", "ok g0=2 g1=3 g2=3"),
    _sample("elements of 17 bytes", "chan elem", "chan 1 17",
            "blk 0 main 0; send 0 #-5; recv2 0 >g0 >g1; close 0; recv2 0 >g2 >_; ret", "g0 g1 g2",
            "ok g0=-5 g1=1 g2=0"),
    _sample("elements that are pointers", "chan ptr", "chan 0 ptr",
            "blk 0 main 0; spawn 1; recv2 0 >g0 >g1; ret; blk 1 w 0; send 0 #77; ret", "g0 g1", "ok g0=77 g1=1"),
    _sample("nil channel in a select", "chan select", "nilchan; chan 1 8",
            "blk 0 main 0; select 2 >g0; case recv0 0; case default; send 1 #4; select 2 >g1; case send 0 #1;"
            "case recv2 1 >g2 >_; ret", "g0 g1 g2", "ok g0=1 g1=1 g2=4"),
    _sample("select takes either", "chan select", "chan 1 8; chan 1 8",
            "blk 0 main 0; send 0 #1; send 1 #2; select 2 >_; case recv1 0 >g0; case recv1 1 >g0; ret", "g0",
            "ok g0=1", "ok g0=2"),
    _sample("a channel made at run time", "chan make", "chan 0 8", "blk 0 main 0; make 0 #2; cap 0 >g0; ret", "g0",
            "ok g0=2"),
    _sample("make with a negative size", "chan make recover", "chan 0 8", "blk 0 main 0; catch >g0 make 0 #-1; ret",
            "g0", "ok g0=makechan-size"),
    _sample("catch and the codes of channel panics", "chan recover", "chan 0 8; nilchan",
            "blk 0 main 0; close 0; catch >g0 send 0 #1; catch >g1 close 0; catch >g2 close 1; ret", "g0 g1 g2",
            "ok g0=send-closed g1=close-closed g2=close-nil"),
    _sample("panic, defer, recover", "panic recover", "",
            "blk 0 main 0; call 1; set >g1 #1; ret; blk 1 f 0; defer 2; panic #42; ret; blk 2 d 0; recover >g0; ret",
            "g0 g1", "ok g0=42 g1=1"),
    _sample("deferred blocks run last in, first out", "", "",
            "blk 0 main 0; call 1; ret; blk 1 f 0; defer 2; defer 3; note #1; ret; blk 2 a 0; note #3; ret;"
            "blk 3 b 0; note #2; ret", "log", "ok log=1,2,3"),
    _sample("an empty log is a dash", "", "", "blk 0 main 0; ret", "log", "ok log=-"),
    _sample("faults have their codes", "fault recover", "",
            "blk 0 main 0; catch >g0 fault nil-deref; catch >g1 fault index; catch >g2 fault div-zero; ret",
            "g0 g1 g2", "ok g0=nil-deref g1=index g2=div-zero"),
    _sample("goexit runs deferred blocks", "goexit wg", "wg",
            "blk 0 main 0; wgadd 0 #1; spawn 1; wgwait 0; ret; blk 1 w 0; defer 2; goexit; set >g0 #9; ret;"
            "blk 2 d 0; calc >g0 + g0 #1; wgdone 0; ret", "g0", "ok g0=1"),
    _sample("mutex", "mutex wg", "mutex; wg; var 0",
            "blk 0 main 0; trylock 0 >g0; trylock 0 >g1; unlock 0; wgadd 1 #2; spawn 1; spawn 1; wgwait 1; read 2 >g2;"
            "ret; blk 1 w 1; lock 0; read 2 >r0; calc >r0 + r0 #1; write 2 r0; unlock 0; wgdone 1; ret", "g0 g1 g2",
            "ok g0=1 g1=0 g2=2"),
    _sample("rwmutex", "rwmutex", "rwmutex",
            "blk 0 main 0; rlock 0; tryrlock 0 >g0; trylock 0 >g1; runlock 0; runlock 0; lock 0; tryrlock 0 >g2;"
            "unlock 0; ret", "g0 g1 g2", "ok g0=1 g1=0 g2=0"),
    _sample("once", "once", "once; atomic 0",
            "blk 0 main 0; do 0 1; do 0 1; load 1 >g0; ret; blk 1 f 0; add 1 #1 >_; ret", "g0", "ok g0=1"),
    _sample("cond", "cond mutex", "mutex; cond 0; var 0",
            "blk 0 main 1; lock 0; spawn 1; read 2 >r0; unless r0 == #0 6; cwait 1; jmp 2; set >g0 r0; unlock 0; ret;"
            "blk 1 w 0; lock 0; write 2 #5; signal 1; broadcast 1; unlock 0; ret", "g0", "ok g0=5"),
    _sample("atomics", "atomic", "atomic 5",
            "blk 0 main 0; load 0 >g0; add 0 #2 >g1; cas 0 #5 #1 >g2; cas 0 #7 #1 >g3; swap 0 #-9 >g4; store 0 #3;"
            "load 0 >g5; ret", "g0 g1 g2 g3 g4 g5", "ok g0=5 g1=7 g2=0 g3=1 g4=1 g5=3"),
    _sample("a one-shot timer", "timer sleep", "timer; atomic 0",
            "blk 0 main 0; start 0 #1; recv0 0; stop 0 >g0; reset 0 #100000 >g1; stop 0 >g2; sleep #1; ret", "g0 g1 g2",
            "ok g0=0 g1=0 g2=1"),
    _sample("afterfunc", "afterfunc chan", "timer; chan 0 8",
            "blk 0 main 0; afterfunc 0 #1 1; recv1 1 >g0; ret; blk 1 f 0; send 1 #6; ret", "g0", "ok g0=6"),
    _sample("ticker", "ticker", "ticker",
            "blk 0 main 0; start 0 #1; recv0 0; recv0 0; stop 0 >_; set >g0 #2; ret", "g0", "ok g0=2"),
    _sample("the virtual clock jumps", "faketime sleep", "",
            "blk 0 main 1; now >r0; sleep #1000000; now >g0; calc >g0 - g0 r0; ret", "g0", "ok g0=1000000"),
    _sample("goroutines of this execution", "goroutines chan", "chan 0 8",
            "blk 0 main 0; goroutines >g0; spawn 1; goroutines >g1; send 0 #1; ret; blk 1 w 0; recv0 0; ret", "g0 g1",
            "ok g0=1 g1=2"),
    _sample("notes, one at a time", "", "", "blk 0 main 0; note #1; note #-1001; note #3; ret", "log",
            "ok log=1,send-closed,3", dies=True),
    _sample("values in mode one", "", "", "blk 0 main 0; set >g0 #-7; ret", "g0 log", "ok g0=-7 log=-", dies=True),
    _sample("an uncaught panic", "die panic", "", "blk 0 main 0; note #5; panic #42; ret", "g0 log", "panic:42 log=5",
            dies=True),
    _sample("an uncaught panic of another goroutine", "die panic chan", "chan 0 8",
            "blk 0 main 0; spawn 1; recv0 0; ret; blk 1 w 0; panic #7; ret", "g0", "panic:7", dies=True),
    _sample("send on a closed channel, uncaught", "die chan", "chan 0 8", "blk 0 main 0; close 0; send 0 #1; ret", "g0",
            "panic:send-closed", dies=True),
    _sample("unlock of an unlocked mutex", "die mutex", "mutex", "blk 0 main 0; unlock 0; ret", "g0",
            "fatal:unlock-unlocked", dies=True),
    _sample("all goroutines are asleep", "deadlock chan", "chan 0 8", "blk 0 main 0; note #1; recv0 0; ret", "log",
            "deadlock log=1", dies=True),
    _sample("exit", "exit", "", "blk 0 main 0; note #2; exit #3; ret", "g0 log", "exit:3 log=2", dies=True),
)

CONTROL = _sample("both orders of two senders", "chan control", "chan 2 8; wg",
                  "blk 0 main 0; wgadd 1 #2; spawn 1; spawn 2; wgwait 1; recv1 0 >g0; ret;"
                  "blk 1 a 0; send 0 #1; wgdone 1; ret; blk 2 b 0; send 0 #2; wgdone 1; ret", "g0",
                  "ok g0=1", "ok g0=2")
UNKNOWN_OP = _plan("", "blk 0 main 0; frobnicate #1; ret", "g0")
UNKNOWN_OBJECT = _plan("gadget 5", "blk 0 main 0; ret", "g0")
COMMENTED = "# a comment\n" + _plan("", "blk 0 main 0; set >g0 #1; ret", "g0").replace("show", "# another\nshow")
