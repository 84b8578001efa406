# SPDX-License-Identifier: BSD-3-Clause
"""Whole programs: each on each runtime, the soundness of their files, and a runner that notices every kind of lie."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from fixtures import manifest

from harness.campaign import Options
from harness.clause import load_areas, load_clauses
from harness.commands.run import Identity, identify
from harness.lit import ROOT
from harness.manifest import Manifest, Variant, load_manifest
from harness.programs import PROGRAMS, SETTINGS, End, ProgramError, Run, Whole, is_whole, load_wholes, read_whole
from harness.report.html import page_data
from harness.report.record import make_record
from harness.whole import WholeRun, WholeVerdict, environment, full_environment

WHOLES = load_wholes()
RUNTIMES = ["reference", *(["go"] if (ROOT / "build" / "go" / "programs" / ".built").exists() else [])]


@cache
def identity(runtime: str) -> Identity:
    """What the runtime's driver says of itself."""
    return identify(load_manifest(runtime), Options())


@pytest.mark.parametrize("whole", WHOLES, ids=lambda w: w.path)
@pytest.mark.parametrize("runtime", RUNTIMES)
def test_program(runtime: str, whole: Whole) -> None:
    who = identity(runtime)
    verdict = WholeRun(load_manifest(runtime), whole, who.promises, who.version).judge()
    if verdict.status == "unknown":  # a busy machine is no verdict
        verdict = WholeRun(load_manifest(runtime), whole, who.promises, who.version).judge()
    text = "\n".join(f"{f.what}\nagain: {f.again}\n{f.text}" for f in verdict.findings)
    assert not verdict.unexpected, text
    assert not verdict.surprise, f"{verdict.surprise}; remove its entry from expect.toml"


# ---- the files ----


@pytest.mark.parametrize("whole", WHOLES, ids=lambda w: w.path)
def test_a_program_is_complete(whole: Whole) -> None:
    """Its clauses exist, the first one is of its area's file, and it has a source for each of our runtimes."""
    clauses = load_clauses(ROOT)
    assert not [name for name in whole.spec if name not in clauses]
    assert whole.area in {area.name for area in load_areas(ROOT)}
    for name in {name for run in whole.runs for name in run.differs}:
        load_manifest(name)  # a runtime or a variant that there is
    assert clauses[whole.spec[0]].area == whole.area, "a program lies in the area of its first clause"
    for runtime, suffix in (("reference", "c"), ("go", "go")):
        has = suffix in whole.sources()
        assert has != (runtime in whole.without), f"it has a source for {runtime}, or a reason why there is none"
        assert has or len(whole.without[runtime]) > 20, "a reason is a sentence"
    assert re.fullmatch(r"[a-z0-9-]+", whole.name)
    assert whole.about[0].endswith("."), "the title is a sentence"


def is_shared_go(path: Path) -> bool:
    """A Go file without a main goes into all programs of its area."""
    return path.suffix == ".go" and re.search(r"^func main\(\)", path.read_text(encoding="utf-8"), re.MULTILINE) is None


def test_nothing_lies_beside_the_programs() -> None:
    """A source without an expectation file would never be run, but for what programs share."""
    names = {(w.area, w.name) for w in WHOLES}
    includes = re.compile(r'^#include "(\w+)/(\w+)\.h"$', re.MULTILINE)
    names |= {shared for w in WHOLES for shared in includes.findall(w.sources().get("c", ""))}
    stray = [p for p in PROGRAMS.glob("*/*") if p.is_file() and (p.parent.name, p.stem) not in names]
    assert not [p for p in stray if not is_shared_go(p)]


def test_the_readme_lists_all_settings() -> None:
    text = (PROGRAMS / "README.md").read_text(encoding="utf-8")
    assert not [name for name in SETTINGS if f"| `{name}` |" not in text]
    for runtime in ("reference", "go"):
        assert load_manifest(runtime).settings.keys() <= set(SETTINGS)


SOUND = 'title = "A program."\nclauses = ["chan.len"]\n[[run]]\n'
BREACHES = {
    "no title": ('clauses = ["chan.len"]\n[[run]]\n', "expected a key `title`"),
    "no clause": ('title = "A."\nclauses = []\n[[run]]\n', "expected a key `clauses`"),
    "no run": ('title = "A."\nclauses = ["chan.len"]\n', "expected a key `run`"),
    "unknown key": (SOUND + "exitt = 1\n", "unknown key exitt; expected some of args"),
    "no pattern": (SOUND + "stdout = ['(']\n", "run 1: stdout: /(/ is no regular expression"),
    "no list": (SOUND + "stdout = 'x'\n", "stdout = 'x': expected a list of texts"),
    "no setting": (SOUND + "settings = { colour = 1 }\n", "no setting 'colour'; expected some of procs"),
    "no signal": (SOUND + 'signal = "SIGFOO"\n', "no signal 'SIGFOO'"),
    "two ends": (SOUND + 'signal = "SIGTERM"\nexit = 2\n', "exit and signal exclude each other"),
    "two forms": (SOUND + "stdout = ['x']\nstdout_has = ['x']\n", "lists all lines"),
    "no number": (SOUND + "exit = 256\n", "exit = 256: expected a number from 0 to 255"),
    "idle step": (SOUND + "on = [{ line = 'x' }]\n", "expected the line to wait for"),
    "no reason": (SOUND + "differs = { go = { exit = 1 } }\n", "differs.go: a difference needs a reason"),
    "no descriptor": (SOUND + "closed = [3]\n", "some of the descriptors 0, 1, 2"),
    "no name": (SOUND + "[[run]]\n", "run 2: name = None: expected a name"),
    "one name": (SOUND + '[[run]]\nname = "plain"\n', "two runs have the same name"),
    "syntax": ("title", "Expected '='"),
}


@pytest.mark.parametrize("name", BREACHES)
def test_an_unsound_file_is_refused(tmp_path: Path, name: str) -> None:
    text, expected = BREACHES[name]
    path = tmp_path / "area" / "sample.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ProgramError, match=re.escape(expected)) as caught:
        read_whole(path)
    assert str(path) in str(caught.value)


def test_paths_tell_the_kinds_apart() -> None:
    assert is_whole("programs/sched") and is_whole("a/b.toml") and is_whole(PROGRAMS / "init")
    assert not is_whole("sched") and not is_whole("conformance/litmus/sched/a.lit")
    with pytest.raises(ProgramError, match="no such program; name one below conformance/programs"):
        load_wholes(["programs/nowhere/x"])


# ---- liars ----

HONEST = "echo one; echo two; echo why >&2; exit 3"
EXPECTED = ("exit = 3\nstdout = ['one', 't.o']\nstderr_has = ['w', 'y']\nstderr_not = ['panic']\nseconds = 1\n")
LIARS = {
    "honest": (HONEST, "pass", ""),
    "wrong line": ("echo one; echo tow; echo why >&2; exit 3", "fail", "stdout line 2 is 'tow', expected /t.o/"),
    "line too many": ("echo one; echo two; echo three; exit 3", "fail", "stdout line 3 is 'three', expected its end"),
    "line too few": ("echo one; exit 3", "fail", "stdout ends after 1 lines, expected /t.o/"),
    "part of a line": ("echo one; echo xtwo; exit 3", "fail", "stdout line 2 is 'xtwo'"),
    "wrong order": ("echo one; echo two; echo yhw >&2; exit 3", "fail", "stderr does not match /y/ after what came"),
    "forbidden": ("echo one; echo two; echo why panic >&2; exit 3", "fail", "stderr has 'panic', which /panic/ forbids"),
    "wrong status": ("echo one; echo two; echo why >&2; exit 4", "fail", "ended with exit:4, expected exit:3: why"),
    "no failure": ("echo one; echo two; echo why >&2", "fail", "ended with exit:0, expected exit:3"),
    "signal": ("echo one; echo two; kill -SEGV $$", "crash", "ended with SIGSEGV, expected exit:3"),
    "hang": ("echo one; exec sleep 100", "unknown", "no end within its time limit"),
    "deaf hang": ("trap '' QUIT; echo one; while :; do sleep 1; done", "unknown", "no end within its time limit"),
    "race": ("echo one; echo two; echo why >&2; echo 'WARNING: ThreadSanitizer: data race (pid=1)' >&2; exit 3", "fail",
             "a sanitizer reported: WARNING: ThreadSanitizer: data race"),
    "memory": ("echo one; echo two; echo why >&2; echo '==1==ERROR: AddressSanitizer: SEGV on' >&2; exit 1", "fail",
               "a sanitizer reported: ==1==ERROR: AddressSanitizer: SEGV"),
    "undefined": ("echo one; echo two; echo why >&2; echo 'a.c:1:2: runtime error: shift' >&2; exit 3", "fail",
                  "a sanitizer reported: a.c:1:2: runtime error: shift"),
    "no report": ("echo one; echo two; echo 'why: runtime error: index out of range' >&2; exit 3", "pass", ""),
    "flood": ("exec yes", "fail", "printed without end on stdout"),
    "flood of errors": ("exec yes >&2", "fail", "printed without end on stderr"),
    "orphan": ("sleep 100 & echo one; echo two; echo why >&2; exit 3", "pass", ""),
}


def liar(folder: Path, script: str, expected: str, **changes: object) -> tuple[Manifest, Whole]:
    """A runtime whose only program is this script, and the program with its expectations."""
    (folder / "mem").mkdir()
    path = folder / "mem" / "sample.toml"
    path.write_text(SOUND + expected, encoding="utf-8")
    path.with_suffix(".sh").write_text("#!/bin/sh\n" + script + "\n", encoding="utf-8")
    path.with_suffix(".sh").chmod(0o755)
    place = f"{folder}/{{area}}/{{name}}.sh"
    variant = Variant("plain", ("true",), {}, 1.0, (), program=(place,), source=place, program_env={"LIAR": "a"})
    return manifest("mini", variant=variant, **changes), read_whole(path)


def judged(folder: Path, script: str, expected: str = EXPECTED, **changes: object) -> WholeVerdict:
    """The verdict on a script."""
    runtime, whole = liar(folder, script, expected, **changes)
    return WholeRun(runtime, whole, frozenset({"spec"}), "1.0").judge()


@pytest.mark.parametrize("name", LIARS)
def test_a_lie_is_noticed(tmp_path: Path, name: str) -> None:
    script, status, what = LIARS[name]
    began = time.monotonic()
    verdict = judged(tmp_path, script)
    assert time.monotonic() - began < 20, "a program must not hold up the harness"
    assert verdict.status == status, [f.what for f in verdict.findings]
    if status == "pass":
        assert not verdict.findings and verdict.observed.seen_all()
    else:
        finding = verdict.findings[0]
        assert finding.what.startswith(f"plain: {what}")
        assert finding.again == "conformance/gauntlet run --runtime mini programs/mem/sample"
        assert "sample.sh" in finding.text and verdict.unexpected
        assert finding.outcome not in verdict.program.allowed


def test_nothing_survives_a_program(tmp_path: Path) -> None:
    verdict = judged(tmp_path, f"sleep 100 & echo $! >{tmp_path}/pid; echo one; echo two; echo why >&2; exit 3")
    assert verdict.status == "pass"
    pid = int((tmp_path / "pid").read_text())
    for _ in range(200):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.01)
    pytest.fail("a child of the program is still there")


def test_steps_wait_for_lines(tmp_path: Path) -> None:
    """Two signals at one line, standard input at another; a step whose line never comes is a failure."""
    script = ("trap 't=1' TERM; trap 'u=1' USR1; echo ready; until [ \"$t$u\" = 11 ]; do sleep 0.01; done\n"
              "echo asks; read word; echo heard $word; cat")
    expected = ("stdout = ['ready', 'asks', 'heard hello', 'rest']\n"
                "on = [{ line = 'ready', signals = ['SIGTERM', 'SIGUSR1'] },\n"
                "      { line = 'as.s', write = \"hello\\nrest\\n\", close_stdin = true }]\n")
    verdict = judged(tmp_path, script, expected)
    assert verdict.status == "pass", [f.what + f.text for f in verdict.findings]


def test_a_step_that_never_came_is_a_failure(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "echo read", "stdout = ['read']\non = [{ line = 'ready', signals = ['SIGTERM'] }]\n")
    assert verdict.status == "fail"
    assert verdict.findings[0].what == "plain: ended without printing a line /ready/"


def test_death_by_an_expected_signal_passes(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "kill -TERM $$", 'signal = "SIGTERM"\n')
    assert verdict.status == "pass" and dict(verdict.observed.counts) == {"plain SIGTERM": 1}


def test_what_no_key_speaks_about_must_be_empty(tmp_path: Path) -> None:
    assert judged(tmp_path, "echo x >&2", "").findings[0].what == "plain: stderr line 1 is 'x', expected its end"


def test_settings_become_the_runtimes_variables(tmp_path: Path) -> None:
    script = 'echo "$LIAR,$PROCS,$WORD,$GAUNTLET_STRAY"'
    expected = "settings = { procs = 2, debug = 'x=1' }\nenv = { WORD = 'w' }\nstdout = ['a,x=1,2,w,']\n"
    os.environ["GAUNTLET_STRAY"] = "from outside"
    try:
        verdict = judged(tmp_path, script, expected, settings={"procs": "PROCS={}", "debug": "LIAR={}",
                                                               "gctrace": "LIAR=trace={}", "traceback": "GAUNTLET_STRAY={}"})
    finally:
        del os.environ["GAUNTLET_STRAY"]
    assert verdict.status == "pass", [f.what for f in verdict.findings]
    assert "env LIAR=a,x=1 PROCS=2 WORD=w" in verdict.runs[0].command.replace("'", "")


def test_only_lists_are_joined_with_what_a_variant_says(tmp_path: Path) -> None:
    """GR_GC_GENERATIONAL=1,1 is no number: a value of the run takes the place of the variant's, and both hold in a list."""
    runtime = load_manifest("reference-young")
    asked = Run("plain", End(), settings={"generational": "0", "gcverify": "0", "gctrace": "1"})
    added = environment(runtime, asked)
    assert added["GR_GC_GENERATIONAL"] == "0"
    assert added["GR_DEBUG"] == runtime.variant.program_env["GR_DEBUG"] + ",gcverify=0,gctrace=1"
    assert environment(runtime, Run("plain", End())) == runtime.variant.program_env


def test_a_runtime_is_not_asked_what_it_lacks(tmp_path: Path) -> None:
    runtime, whole = liar(tmp_path, HONEST, "settings = { procs = 2 }\n")
    promises = frozenset({"spec"})
    assert WholeRun(runtime, whole, promises, "").judge().findings[0].what == "has no setting procs"
    narrow = replace(whole, profile=("go>=1.23",))
    assert WholeRun(runtime, narrow, promises, "").judge().findings[0].what == "does not promise go>=1.23"
    plain = replace(runtime, variant=replace(runtime.variant, source=f"{tmp_path}/{{area}}/{{name}}.none"))
    assert "has no source of its own" in WholeRun(plain, whole, promises, "").judge().findings[0].what
    none = replace(runtime, variant=replace(runtime.variant, program=(), source=""))
    assert WholeRun(none, whole, promises, "").judge().findings[0].what == "variant plain runs no whole programs"


def test_a_program_that_is_not_built_is_an_error(tmp_path: Path) -> None:
    runtime, whole = liar(tmp_path, HONEST, EXPECTED)
    missing = replace(runtime.variant, program=(f"{tmp_path}/gone",))
    verdict = WholeRun(replace(runtime, variant=missing), whole, frozenset({"spec"}), "").judge()
    assert verdict.status == "error" and "is not built; run: make" in verdict.findings[0].what


def test_a_runtime_may_differ_with_a_reason(tmp_path: Path) -> None:
    expected = "exit = 9\ndiffers.mini = { reason = 'It is a sample.', exit = 4, stdout = ['x'] }\n"
    assert judged(tmp_path, "echo x; exit 4", expected).status == "pass"


def test_a_variant_may_differ_from_its_runtime(tmp_path: Path) -> None:
    expected = ("differs.mini = { reason = 'It is a sample.', exit = 4 }\n"
                "differs.mini-plain = { reason = 'It is built otherwise.', exit = 5 }\n"
                "differs.mini-other = { reason = 'It is another one.', exit = 6 }\n")
    assert judged(tmp_path, "exit 5", expected).status == "pass"


def test_reports_that_are_known_are_ignored(tmp_path: Path) -> None:
    report = "echo 'WARNING: ThreadSanitizer: data race' >&2; echo '  #0 known_one' >&2"
    known = judged(tmp_path, report, "stderr_has = ['race']\n", ignore_race=re.compile("known_one"))
    assert known.status == "pass"


def test_a_run_may_be_skipped_with_a_reason(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "exit 1", "differs.mini = { reason = 'It has no such thing.', skip = true }\n")
    assert verdict.status == "skip" and verdict.findings[0].what == "It has no such thing."


def test_descriptors_signals_and_memory_are_set_before_the_start(tmp_path: Path) -> None:
    script = "[ -e /proc/self/fd/0 ] && echo open; ulimit -v; kill -HUP $$; echo alive"
    expected = "closed = [0]\nignored = ['SIGHUP']\nmemory_mb = 300\nstdout = ['307200', 'alive']\n"
    assert judged(tmp_path, script, expected).status == "pass"


@pytest.mark.skipif(os.geteuid() != 0, reason="only the superuser can make a set-user-id program of another user")
def test_a_set_user_id_program_runs_as_nobody(tmp_path: Path) -> None:
    runtime, whole = liar(tmp_path, "", "setuid = true\nargs = ['-u']\nstdout = ['65534']\n")
    program = replace(runtime.variant, program=(str(shutil.which("id")),))
    verdict = WholeRun(replace(runtime, variant=program), whole, frozenset({"spec"}), "").judge()
    assert verdict.status == "pass", [f.what for f in verdict.findings]


def test_a_set_user_id_program_is_left_out_where_it_cannot_be_made(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    verdict = judged(tmp_path, "exit 1", "setuid = true\n")
    assert verdict.status == "skip" and "superuser" in verdict.findings[0].what


def test_the_page_shows_sources_and_runs(tmp_path: Path) -> None:
    verdict = judged(tmp_path, HONEST)
    record = make_record(manifest("mini"), "1.0", [verdict], seconds=1.0, seed=1)
    assert isinstance(verdict.program, Whole)
    page = page_data([record], [verdict.program], load_areas(ROOT))
    program = page["programs"]["programs/mem/sample"]
    assert program["files"] == {"sh": f"#!/bin/sh\n{HONEST}\n"} and "seconds = 1" in program["source"]
    (run,) = program["results"][0]["runs"]
    assert run["stdout"] == "one\ntwo\n" and run["stderr"] == "why\n" and "sample.sh" in run["command"]


def test_variables_of_settings_do_not_leak_in() -> None:
    os.environ["GOMAXPROCS"] = "77"
    try:
        assert "GOMAXPROCS" not in full_environment(load_manifest("go"), {})
    finally:
        del os.environ["GOMAXPROCS"]


def test_the_command_runs_and_records_a_program(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    done = subprocess.run([ROOT / "conformance" / "gauntlet", "run", "programs/init/args-env", "--json", path],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    text = path.read_text(encoding="utf-8")
    assert '"id": "programs/init/args-env"' in text and "GAUNTLET_WORD" in text and '"stdout": "1 [one]' in text
