# SPDX-License-Identifier: BSD-3-Clause
"""How runs of the C drivers end: deaths, verdicts under control, replay, sanitizers, the in-process entry.

Owns: what mode one and mode control promise beyond an outcome (spec/protocol.md section 2).
Not here: the conversation and its refusals (test_kit.py).
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from kit_plans import FAMILIES, TWO
from kit_wire import DRIVERS, HANG_SECONDS, REPORTS, ROOT, SANITIZED, binary, caps, fits, run, talk


@pytest.fixture(params=sorted(DRIVERS))
def driver(request: pytest.FixtureRequest) -> str:
    """Each C driver."""
    return str(request.param)


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
    plan = "globals 1\nobj 0 chan 0 8\nblk 0 main 0\n spawn 1\n calc >g0 + g0 #1\nblk 1 w 0\n recv0 0\nshow g0"
    answer = run(driver, plan, mode="free", iters=100, join=0)
    assert dict(answer.counts) == {"ok 1": 100}, answer


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


def test_a_long_tape_is_left_out() -> None:
    """A run of 40,000 decisions is an outcome like any other; its tape would be a line that nobody reads."""
    fits("reference", "control")
    loop = " unless r0 < #20000 4\n yield\n calc >r0 + r0 #1\n jmp 0\n ret\n"
    plan = f"globals 0\nblk 0 main 1\n spawn 1\n{loop.replace(' 4', ' 5').replace('jmp 0', 'jmp 1')}blk 1 w 1\n{loop}show"
    answer = run("reference", plan, mode="control", iters=1, strat="robin")
    assert sum(answer.counts.values()) == 1 and not answer.tapes, answer


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
    sources = [str(tmp_path / "in.c"), *map(str, sorted(kit.glob("kit/*.c"))), *map(str, sorted(kit.glob("gr_ops*.c")))]
    built = subprocess.run(["clang", *flags, *sources, str(ROOT / "build/asan/libgr.a"), "-o", str(tmp_path / "in")],
                           capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(tmp_path / "in")], capture_output=True, text=True, timeout=HANG_SECONDS, check=False,
                          env={**os.environ, "ASAN_OPTIONS": "detect_stack_use_after_return=0:detect_leaks=1"})
    assert done.stdout.splitlines() == ["line 1: an instruction outside of a block", "skip op teleport", "fine"], done
    assert done.returncode == 0 and not done.stderr, done


USED_STACK = r"""
#include <stdio.h>
#include "exec.h"
static int stale;
static __attribute__((noinline)) void soil(void)
{
    volatile unsigned char left[2048];
    for (size_t i = 0; i < sizeof left; i++)
        left[i] = 0xa5;
}
static __attribute__((noinline)) void look(void *unused)
{
    volatile unsigned char hole[512];
    (void)unused;
    for (size_t i = 0; i < sizeof hole; i++)
        stale += hole[i] == 0xa5;
}
const struct gl_ops gl_ops = {.block = look};
static struct plan plan;
static struct exec x = {.plan = &plan};
int main(void)
{
    struct entry e = {.x = &x};
    for (int heap = 0; heap < 2; heap++) {
        plan.uses_heap = heap;
        stale = 0;
        soil();
        enter_block(&e);
        printf("%s\n", stale > 0 ? "stale" : "clean");
    }
    return 0;
}
"""


def test_a_block_begins_on_a_clean_stack(tmp_path: Path) -> None:
    """What was on the stack before is not in a block's frames, where a collector would take it for a pointer."""
    kit = ROOT / "conformance" / "drivers" / "c" / "kit"
    (tmp_path / "used.c").write_text(USED_STACK)
    built = subprocess.run(["clang", "-std=gnu11", "-O0", "-ffunction-sections", "-Wl,--gc-sections", f"-I{kit}",
                            str(tmp_path / "used.c"), str(kit / "heapop.c"), "-o", str(tmp_path / "used")],
                           capture_output=True, text=True, timeout=300, check=False)
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(tmp_path / "used")], capture_output=True, text=True, timeout=HANG_SECONDS, check=True)
    assert done.stdout.splitlines() == ["stale", "clean"]  # the first: without a heap nobody wipes, and the test sees it


DAMAGE = [("chan-closed-dest-kept", 8, "ok 5 0 -1010"), ("chan-closed-dest-kept", 100, "ok 5 0 -1010"),
          ("chan-closed-dest-kept", "ptr", "ok 5 0 -1010")]


@pytest.mark.parametrize(("mutant", "size", "outcome"), DAMAGE)
def test_damage_is_seen(monkeypatch: pytest.MonkeyPatch, mutant: str, size: int | str, outcome: str) -> None:
    """A runtime that leaves an element as it was is found out by the pattern in the destination."""
    monkeypatch.setenv("GR_MUTANT", mutant)
    plan = (f"globals 3\nobj 0 chan 1 {size}\nblk 0 main 0\n send 0 #5\n close 0\n recv2 0 >g0 >_\n"
            " recv2 0 >g2 >g1\nshow g0 g1 g2")
    for mode in ("free", "control", "one"):
        answer = run("reference-mutant", plan, mode=mode, iters=1)
        assert dict(answer.counts) == {outcome: 1}, answer
