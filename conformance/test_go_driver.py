# SPDX-License-Identifier: BSD-3-Clause
"""The Go driver over the wire: hand-written plans in, answers out (spec/protocol.md).

Owns: that the driver says what the protocol says, as each of its builds: plain, with the race detector, with the virtual clock,
and as Debian's Go 1.19 builds it.  Not here: the corpus (test_litmus.py), exported programs (test_export.py).

All conversations are bounded by a time limit that only a hang reaches.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from harness.campaign import Options, ProgramRun, Session
from harness.canned import Sample
from harness.driver import Driver
from harness.lit import ROOT, find_files, load_programs
from harness.manifest import load_manifest
from harness.observe import Observed, race_report
from kit_plans import FAMILIES, TWO
from kit_wire import HANG_SECONDS, Answer

SOURCE = ROOT / "conformance" / "drivers" / "go"
VARIANTS = ("plain", "race", "faketime")
OLD_GO = Path("/usr/lib/go-1.19/bin/go")
OLD = "go1.19"
SIZES = sorted(int(n) for n in re.findall(r"(?<!-)\b(\d+): makeTyped", (SOURCE / "elem.go").read_text()))

# Before Go 1.21 panic(nil) raised nothing that recover could tell from no panic.
OLD_FAMILIES = {"recover": "ok 5 -1000 0 -1006"}


@cache
def old_driver() -> Path:
    """The driver built with Go 1.19, the oldest that the module allows."""
    found = shutil.which("go1.19") or (str(OLD_GO) if OLD_GO.exists() else "")
    if not found:
        pytest.skip("no Go 1.19 here; Debian's package is golang-1.19-go")
    out = ROOT / "build" / "go" / "driver-1.19"
    half = out.with_name(f"{out.name}.{os.getpid()}")
    done = subprocess.run([found, "build", "-trimpath", "-o", str(half), "."], cwd=SOURCE, capture_output=True,
                          text=True, env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""})
    assert done.returncode == 0, f"again: cd conformance/drivers/go && {found} build .\n{done.stderr}"
    half.replace(out)
    return out


@cache
def command(build: str) -> tuple[Path, dict[str, str]]:
    """The program of a build, and its environment."""
    if build == OLD:
        return old_driver(), {}
    variant = load_manifest(f"go-{build}").variant
    if not variant.is_built:
        if not (shutil.which("go") or list(Path("/usr/lib").glob("go-*/bin/go"))):
            pytest.skip("no go toolchain: make setup")
        subprocess.run(["make", "go"], cwd=ROOT, check=True, capture_output=True, timeout=600)
    return Path(variant.cmd[0]), variant.env


def talk(build: str, text: str) -> Answer:
    """One process, all of its input at once."""
    path, env = command(build)
    done = subprocess.run([path], input=text, capture_output=True, timeout=HANG_SECONDS,
                          encoding="utf-8", errors="replace", env={**os.environ, **env}, check=False)
    settings = "".join(f"{k}='{v}' " for k, v in env.items())
    return Answer(f"{settings}{path.relative_to(ROOT)} <<'END'\n{text}END", done.stdout.splitlines(), done.stderr,
                  done.returncode)


def run(build: str, plan: str, **keys: str | int) -> Answer:
    """One run of a plan; keys are those of the run command."""
    words = " ".join(f"{k}={v}" for k, v in {"seed": 7, **keys}.items())
    return talk(build, f"run 1 {words}\n{plan.strip()}\nend\nbye\n")


@cache
def caps(build: str) -> frozenset[str]:
    """The words of its cap lines."""
    return frozenset(w for line in talk(build, "hello gl/1\nbye\n").told("cap") for w in line.split()[1:])


# ---- families, elements, selects ----

@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("build", [*VARIANTS, OLD])
def test_family(build: str, name: str) -> None:
    """Each operation family gives its one outcome, in a batch and in a process of its own."""
    needs, plan, expected = FAMILIES[name]
    if lacking := set(needs.split()) - caps(build):
        pytest.skip(f"the driver has no {' '.join(sorted(lacking))}")
    if build == OLD:
        expected = OLD_FAMILIES.get(name, expected)
    batch = run(build, plan, mode="free", iters=10, join=1, unit_us=2000)
    assert dict(batch.counts) == {expected: 10} and batch.told("done") and batch.status == 0, batch
    one = run(build, plan, mode="one", iters=1, unit_us=2000)
    assert dict(one.counts) == {expected: 1} and not one.told("done") and one.status == 0, one


def element_plan(size: int | str, value: int) -> str:
    """A value by hand-over, by buffer, by try and by select of each form, then the zero value of the closed channel."""
    return f"""globals 7
obj 0 chan 0 {size}
obj 1 chan 2 {size}
obj 2 chan 0 1
blk 0 main 0
 spawn 1
 recv2 0 >g0 >_
 send 1 #{value}
 send 1 #{value}
 recv1 1 >g1
 select 2 >_
 case recv1 1 >g2
 case default
 select 2 >_
 case send 1 #{value}
 case recv0 2
 select 3 >_
 case recv1 1 >g3
 case recv0 2
 case recv0 0
 select 1 >_
 case send 1 #{value}
 range 1 >g4 10
 close 1
 recv2 1 >g5 >g6
blk 1 w 0
 send 0 #{value}
show g0 g1 g2 g3 g4 g5 g6"""


@pytest.mark.parametrize("size", [*SIZES, "ptr"])
def test_every_element_size(size: int | str) -> None:
    value = -77 if size == "ptr" or int(size) >= 8 else 256 ** int(size) - 1
    answer = run("plain", element_plan(size, value), mode="free", iters=5, join=1)
    assert dict(answer.counts) == {f"ok {' '.join([str(value)] * 5)} 0 0": 5}, answer


def test_the_sizes_are_those_of_the_page() -> None:
    page = (ROOT / "spec" / "litmus.md").read_text()
    listed = re.search(r"SIZE bytes \(([\d ]+); default", page)
    assert listed and sorted(map(int, listed[1].split())) == SIZES


def select_plan(cases: list[str], elem: int | str, before: str = "") -> str:
    objects = "".join(f"obj {i} chan 1 {elem}\n" for i in range(12))
    lines = "".join(f" case {c}\n" for c in cases)
    return f"globals 3\n{objects}blk 0 main 0\n{before} select {len(cases)} >g0\n{lines}show g0 g1 g2"


@pytest.mark.parametrize("elem", [8, 4, "ptr"])
@pytest.mark.parametrize("count", [1, 2, 4, 5, 9])
def test_select_takes_the_ready_case(elem: int | str, count: int) -> None:
    """Native selects and those by reflection: the one case that is ready, and the default, by their place."""
    for ready in range(count):
        cases = [f"recv2 {i} >g1 >g2" for i in range(count)]
        answer = run("plain", select_plan(cases, elem, f" send {ready} #6\n"), iters=3)
        assert dict(answer.counts) == {f"ok {ready} 6 1": 3}, answer
        full = "".join(f" send {i} #1\n" for i in range(count) if i != ready)
        answer = run("plain", select_plan([f"send {i} #6" for i in range(count)], elem, full), iters=3)
        assert dict(answer.counts) == {f"ok {ready} 0 0": 3}, answer
    for place in range(count + 1):
        cases = [f"recv0 {i}" for i in range(count)]
        cases.insert(place, "default")
        answer = run("plain", select_plan(cases, elem), iters=3)
        assert dict(answer.counts) == {f"ok {place} 0 0": 3}, answer
        last = count if place < count else count - 1
        ready = select_plan(cases, elem, f" send {count - 1} #6\n")
        answer = run("plain", ready, iters=3)
        assert dict(answer.counts) == {f"ok {last} 0 0": 3}, answer


@pytest.mark.parametrize("elem", [8, 4])
def test_select_of_closed_and_by_chance(elem: int | str) -> None:
    answer = run("plain", select_plan(["recv2 0 >g1 >g2", "recv0 1"], elem, " set >g2 #9\n close 0\n"), iters=3)
    assert dict(answer.counts) == {"ok 0 0 0": 3}, answer
    both = run("plain", select_plan(["recv1 0 >g1", "recv1 1 >g1"], elem, " send 0 #5\n send 1 #6\n"), iters=2000)
    assert set(both.counts) == {"ok 0 5 0", "ok 1 6 0"} and sum(both.counts.values()) == 2000, both


# ---- Go 1.19 on the corpus ----

def test_go_1_19_on_a_sample_of_the_corpus() -> None:
    """Programs that ask for no later version's promises end as the model allows."""
    manifest = load_manifest("go")
    variant = replace(manifest.variant, cmd=(str(old_driver()),), env={})
    sample = [p for p in load_programs(find_files()[::25]) if p.model and p.model.isolation == "batch" and not p.want_race]
    ran = 0
    with Driver(manifest, variant) as driver:
        driver.hello()
        for program in sample:
            if set(program.needs) <= driver.caps and set(program.profile) <= manifest.profile:
                result = driver.run(program, limit_seconds=20, iters=20, seed=1, mode="free", join=1)
                assert result.end == "done" and set(result.counts) <= program.allowed, (program.path, result)
                ran += 1
    assert ran >= 5, f"only {ran} of {len(sample)} programs fit"


# ---- the conversation ----

@pytest.mark.parametrize("build", [*VARIANTS, OLD])
def test_hello(build: str) -> None:
    answer = talk(build, "# a comment\nhello gl/1\nbye\n")
    assert [line.split()[0] for line in answer.lines] == ["hi", "cap", "promise", "limit", "ok"], answer
    assert re.match(r"hi gl/1 name=go version=go\d+\.\d+", answer.lines[0]) and answer.status == 0, answer
    found = caps(build)
    assert ("race" in found, "faketime" in found) == (build == "race", build == "faketime"), answer
    assert ("deadlock" in found) == (build != "race"), "a build that links C reports no deadlock"


def test_promises_follow_the_version() -> None:
    assert talk(OLD, "hello gl/1\n").told("promise") == ["promise spec fifo-waiters"]
    answer = talk("plain", "hello gl/1\n")
    minor = int(re.search(r"version=go1\.(\d+)", answer.lines[0])[1])  # type: ignore[index]
    assert ("go>=1.23" in answer.told("promise")[0]) == (minor >= 23), answer


def test_another_version_is_refused() -> None:
    answer = talk("plain", "hello gl/2\n")
    assert (answer.lines, answer.status) == (["err version gl/1"], 3), answer


def test_what_it_does_not_know_is_skipped_to_the_end() -> None:
    known = f"run 9 iters=4 seed=1 colour=red join=1\n{TWO}\nend\n"
    op = "run 1 iters=1\nblk 0 main 0\n warp 1 2\n ret\nshow\nend\n"
    obj = "run 2 iters=1\nobj 0 lens 4\nblk 0 main 0\nshow\nend\n"
    mode = f"run 3 iters=1 mode=control\n{TWO}\nend\n"
    answer = talk("plain", op + obj + mode + known + "bye\n")
    assert answer.lines[:3] == ["skip 1 op warp", "skip 2 object lens", "skip 3 mode control"] or \
        [line.split()[:2] for line in answer.lines[:3]] == [["skip", "1"], ["skip", "2"], ["skip", "3"]], answer
    assert "warp" in answer.lines[0] and "lens" in answer.lines[1], answer
    assert sum(answer.counts.values()) == 4 and answer.lines[-1].startswith("done 9 4 us="), answer


BAD_PLANS = [
    ("blk 0 main 0\n send 0 #1\nshow", "index"), ("blk 0 main 0\n set >r0 #1\nshow", "index"),
    ("blk 0 main 0\n jmp 7\nshow", "index"), ("blk 0 main 0\n spawn 3\nshow", "index"),
    ("obj 0 mutex\nblk 0 main 0\n send 0 #1\nshow", "index"), ("obj 0 cond 0\nblk 0 main 0\nshow", "mutex"),
    ("globals 1\nblk 0 main 0\nshow g4", "register"), ("globals 0\nshow", "without blocks"),
    ("blk 0 main 0\n note 5\nshow", "plan line 2"), ("blk 0 main 0\n note\nshow", "plan line 2"),
    (" ret\nblk 0 main 0\nshow", "plan line 1"), ("blk 0 main 0\n case recv0 0\nshow", "plan line 2"),
    ("glue 4\nblk 0 main 0\nshow", "plan line 1"),
]


@pytest.mark.parametrize(("plan", "says"), BAD_PLANS)
def test_a_bad_plan_is_an_err_and_the_session_goes_on(plan: str, says: str) -> None:
    answer = talk("plain", f"run 5 iters=1\n{plan}\nend\nrun 6 iters=2 join=1\n{TWO}\nend\n")
    assert answer.lines[0].startswith("err 5 ") and says in answer.lines[0], answer
    assert answer.lines[-1].startswith("done 6 2 us=") and answer.status == 0, answer


def test_processors_are_those_of_the_run() -> None:
    """Neither the key nor the instruction lasts longer than its run."""
    plan = "globals 1\nblk 0 main 0\n procs #0 >g0\n procs #3 >_\nshow g0"
    ask = f"\n{plan}\nend\n"
    answer = talk("plain", f"hello gl/1\nrun 1 iters=1{ask}run 2 iters=1 procs=7{ask}run 3 iters=1{ask}")
    own = re.search(r"procs=(\d+)", answer.lines[0])
    assert own and [line.split()[-1] for line in answer.told("out")] == [own[1], "7", own[1]], answer


@pytest.mark.parametrize("text", ["", "hello gl/1\n", "run 1 iters=1\nglobals 1\nblk 0 main 0\n", "run 1 it"])
def test_the_end_of_input_is_the_end(text: str) -> None:
    answer = talk("plain", text)
    assert answer.status == 0 and not answer.told("out") and not answer.stderr, answer


# ---- the log ----

NOTES = """globals 1
obj 0 chan 0 8
blk 0 main 0
 spawn 1
 spawn 1
 yield
 note #7
blk 1 w 0
 note #5
 note #5
show log"""


@pytest.mark.parametrize("noise", [0, 1, 2])
def test_a_log_has_no_holes(noise: int) -> None:
    """A note that another goroutine is writing is there or is not; it never reads as something else."""
    seen: set[str] = set()
    for seed in range(40):  # how far one run spreads is up to the machine's load
        answer = run("plain", NOTES, mode="free", iters=30_000, join=1, noise=noise, seed=seed)
        assert sum(answer.counts.values()) == 30_000, answer
        assert all(re.fullmatch(r"ok (5,){0,4}7(,5){0,4}", key) for key in answer.counts), answer
        seen |= set(answer.counts)
        if len(seen) > 5:
            break
    assert len(seen) > 5, seen


def test_log_overflow_is_an_error() -> None:
    plan = "globals 0\nblk 0 main 1\n unless r0 < #5000 4\n note r0\n calc >r0 + r0 #1\n jmp 0\n ret\nshow log"
    assert run("plain", plan, iters=3).lines == ["err 1 more notes than 4096"]


# ---- noise ----

COHERENCE = """globals 2
obj 0 atomic 0
blk 0 main 0
 spawn 1
 load 0 >g0
 load 0 >g1
blk 1 w 0
 store 0 #1
 store 0 #2
show g0 g1"""
COHERENT = {f"ok {a} {b}" for a in range(3) for b in range(a, 3)}


@pytest.mark.parametrize("build", ["plain", "race"])
def test_noise_shows_what_is_rare(build: str) -> None:
    seen: set[str] = set()
    for seed in range(20):
        answer = run(build, COHERENCE, mode="free", iters=2000, join=1, noise=2, seed=seed)
        seen |= set(answer.counts)
        if seen == COHERENT:
            break
    assert seen == COHERENT, answer


def test_noise_is_quiet_where_one_goroutine_runs() -> None:
    """On one goroutine the same seed or another, any level: the same outcome."""
    for noise in (0, 1, 2):
        answer = run("plain", FAMILIES["loop"][1], iters=5, noise=noise, seed=noise)
        assert dict(answer.counts) == {"ok 45": 5}, answer


# ---- ends ----

DEATHS = [
    (" note #1\n note #2\n panic #42", "panic:42"), (" note #1\n note #2\n close 0\n close 0", "panic:close-closed"),
    (" note #1\n note #2\n unlock 1", "fatal:unlock-unlocked"), (" note #1\n note #2\n recv0 0", "deadlock"),
    (" note #1\n note #2\n spawn nil", "fatal:go-nil"), (" note #1\n note #2\n goexit", "fatal:no-goroutines"),
    (" note #1\n note #2\n exit #7", "exit:7"), (" note #1\n note #2\n fault index", "panic:index"),
]


@pytest.mark.parametrize("build", [*VARIANTS])
@pytest.mark.parametrize(("code", "status"), DEATHS)
def test_notes_come_before_the_death(build: str, code: str, status: str) -> None:
    """Mode one: all notes were told, the death is read with driver.toml; a frame of the virtual clock does not hide it."""
    if build == "race" and status == "fatal:no-goroutines":
        pytest.skip("not reported by builds that link C; its deadlocks are seen by quiescence")
    command(build)
    plan = f"globals 0\nobj 0 chan 0 8\nobj 1 mutex\nblk 0 main 0\n{code}\nshow log\n"
    sample = Sample("death", (), plan, (f"{status} log=1,2",), dies=True)
    with Driver(load_manifest(f"go-{build}")) as driver:
        driver.hello()
        result = driver.run(sample.program(), limit_seconds=10, iters=1, seed=1, mode="one")
    assert dict(result.counts) == {f"{status} log=1,2": 1} and result.end == "died", result
    assert bool(result.evidence) == (build == "race" and status == "deadlock"), result


def test_mode_one_ends_with_main() -> None:
    plan = "globals 1\nobj 0 chan 0 8\nblk 0 main 0\n spawn 1\n note #4\n set >g0 #2\nblk 1 w 0\n recv0 0\nshow g0 log"
    answer = run("plain", plan, mode="one")
    assert answer.lines == ["note 1 4", "out 1 1 ok 2 4"] and answer.status == 0, answer


def test_leftovers_are_not_waited_for() -> None:
    plan = "globals 1\nobj 0 chan 0 8\nblk 0 main 0\n spawn 1\n calc >g0 + g0 #1\nblk 1 w 0\n recv0 0\nshow g0"
    assert dict(run("plain", plan, iters=100, join=0).counts) == {"ok 1": 100}


def test_death_in_a_batch_is_the_drivers_death() -> None:
    answer = run("plain", "globals 0\nblk 0 main 0\n panic #42\nshow", mode="free", iters=5)
    assert answer.status == 2 and "panic: 42" in answer.stderr and not answer.told("done"), answer


# ---- canaries ----

RACY, ORDERED = (f"""globals 1
obj 0 var 0
obj 1 chan 0 8
blk 0 main 0
 spawn 1
{before} recv0 1
{after} read 0 >g0
blk 1 w 0
 write 0 #2
 send 1 #1
show g0""" for before, after in ((" write 0 #1\n", ""), ("", " write 0 #1\n")))


def test_race_canary() -> None:
    """A program with a race is reported, with its plain accesses; in order it is not, nor without the detector."""
    racy = run("race", RACY, mode="free", iters=200, join=1)
    assert "wordStep" in race_report(racy.stderr, None) and racy.status == 0, racy
    assert sum(racy.counts.values()) == 200, racy
    for noise in (0, 2):
        clean = run("race", ORDERED, mode="free", iters=200, join=1, noise=noise)
        assert not clean.stderr and dict(clean.counts) == {"ok 1": 200}, clean
    assert not run("plain", RACY, mode="free", iters=200, join=1).stderr


def observe(runtime: str, *paths: str) -> dict[str, Observed]:
    """What the harness sees in one session, with the least work, program after program."""
    command(runtime.removeprefix("go-"))
    session = Session(load_manifest(runtime), Options(budget=1.0))
    try:
        return {path: ProgramRun(session, program, 0.05).run()
                for path in paths for program in load_programs([path])}
    finally:
        session.close()


def test_a_race_is_reported_in_each_program_of_a_session() -> None:
    """The detector tells a pair of places once per process; a racy program must not hide the race of the next."""
    paths = ("mem/lock/two-locks-race", "mem/lock/unlocked-read-races", "mem/chan/len-no-sync", "mem/chan/close-publishes")
    seen = observe("go-race", *paths)
    for path, observed in seen.items():
        assert bool(observed.race) == observed.program.want_race, (path, observed.counts, observed.race)
    assert sum(o.program.want_race for o in seen.values()) >= 3


def test_a_slow_build_is_asked_for_the_least() -> None:
    """No trials, and the record says so; deadlocks by quiescence, and what that cannot tell is left out with a reason."""
    seen = observe("go-race", "select/fair/two-ready", "deadlock/recv", "goexit/main-then-none-left")
    stat, hang, none_left = seen.values()
    assert stat.program.stats and not stat.stat_counts and "too slow" in stat.unjudged, stat
    assert set(hang.counts) == {"deadlock log=1"} and hang.evidence and hang.executions <= 2, hang
    assert none_left.skip.startswith("lacks deadlock"), none_left


@pytest.mark.parametrize("mode", ["free", "one"])
def test_the_virtual_clock_does_not_wait(mode: str) -> None:
    """Years pass at once: a clock that waited would reach the time limit."""
    plan = "globals 1\nblk 0 main 0\n sleep #1000000000\n now >g0\nshow g0"
    answer = run("faketime", plan, mode=mode, iters=1)
    assert dict(answer.counts) == {"ok 1000000000": 1} and answer.status == 0, answer
