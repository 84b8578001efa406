# SPDX-License-Identifier: BSD-3-Clause
"""The corpus as a whole: its size, its layout, what its lists rest on, and which clauses it shows for sure.

Owns: what no single program can get wrong by itself.  Not here: programs on runtimes (test_litmus.py), the clauses
themselves (test_spec.py), the `lit` command (test_lit.py).

A program is sequenced when exactly one outcome is allowed: one run of it judges a runtime, whatever the schedule.

  I1  Every clause that must hold and is cited has a sequenced program, or a reason in NO_SEQUENCED.
  I2  NO_SEQUENCED names nothing that has one: a reason goes when its program comes.
"""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from harness.clause import load_areas, load_clauses
from harness.commands.clauses import programs_by_clause, racing_only
from harness.lit import CORPUS, ROOT, find_files

LIT = ROOT / "build" / "opt" / "lit"
LEAST_PROGRAMS = 300
LEAST_CLAUSES = 220
AREAS = ("init", "go", "chan", "select", "defer", "panic", "recover", "goexit", "deadlock", "fatal", "mem", "sync",
         "atomic", "timer", "sched", "gc", "alloc")
BATCH = 60

STATISTICAL = "a choice is fair over many trials, never in one: its programs are of mode stat"
NO_SEQUENCED = {
    "select.fair": STATISTICAL,
    "select.priority-none": STATISTICAL,
    "select.fair-dup": STATISTICAL,
    "select.fair-with-nil": STATISTICAL,
    "select.fair-send-recv": STATISTICAL,
    "exec.exit-during-panic-race": "no operation of a program comes between the start of a report and its end",
}

FILES = find_files()
BATCHES = [FILES[k:k + BATCH] for k in range(0, len(FILES), BATCH)]


def lit(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs `lit` at the root of the checkout."""
    if not LIT.exists():
        pytest.fail("build/opt/lit is not built; run: make")
    return subprocess.run([LIT, *args], cwd=ROOT, capture_output=True, text=True, check=False)


def header(file: Path, word: str) -> list[str]:
    """What stands behind a word of a program's header, line by line."""
    return re.findall(rf"^{word}[ \t]+(.*?)[ \t]*$", file.read_text(encoding="utf-8"), re.MULTILINE)


def test_enough_programs() -> None:
    assert len(FILES) >= LEAST_PROGRAMS


def test_enough_clauses() -> None:
    """In the areas that a litmus program can speak about."""
    cited = programs_by_clause()
    covered = [c.id for area in load_areas(ROOT) if area.name in AREAS for c in area.clauses if c.id in cited]
    assert len(covered) >= LEAST_CLAUSES, "again: conformance/gauntlet clauses"


def test_each_clause_that_must_hold_has_a_sequenced_program() -> None:
    clauses = load_clauses(ROOT)
    racing = {name for name in racing_only(programs_by_clause()) if clauses[name].level == "must"}
    assert racing == set(NO_SEQUENCED), "again: conformance/gauntlet clauses --racing"


def test_ids_are_unique_and_well_formed() -> None:
    ids = Counter(name for file in FILES for name in header(file, "id"))
    assert sum(ids.values()) == len(FILES), "each program has one id"
    assert not [name for name, n in ids.items() if n > 1], "an id is permanent and belongs to one program"
    assert not [name for name in ids if not re.fullmatch(r"[a-z]+-\d{4}", name)]


def test_paths_are_their_own_names() -> None:
    wrong = [file for file in FILES if header(file, "litmus") != [str(file.relative_to(CORPUS).with_suffix(""))]]
    assert not wrong


def test_shapes_name_a_source() -> None:
    """A comment that names a bug's shape names the project and the number, or a row of the list of mutants."""
    shape = re.compile(r"B\d+|[a-z][\w./-]* (?:#\d+|CL \d+|[0-9a-f]{7,8}|0\.\d+|Test\w+)")
    wrong = [f"{file}: {text}" for file in FILES for text in re.findall(
        r"^# shape: (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE) if not shape.fullmatch(text)]
    assert not wrong


@pytest.mark.parametrize("batch", range(len(BATCHES)))
@pytest.mark.parametrize("option", ["", "--no-reduction"], ids=["reduced", "unreduced"])
def test_lists_are_the_models(option: str, batch: int) -> None:
    """With the reduction and without it: the two explorations check each other on every program."""
    files = [file.relative_to(ROOT) for file in BATCHES[batch]]
    options = ["--max-states", "20000000", *([option] if option else [])]
    done = lit("check", *options, *files)
    assert done.returncode == 0, f"again: build/opt/lit check {option} FILE\n{done.stdout}{done.stderr}"


@pytest.mark.parametrize("batch", range(len(BATCHES)))
def test_layout_is_that_of_fmt(batch: int) -> None:
    """`lit fmt` would change nothing."""
    for file in BATCHES[batch]:
        name = file.relative_to(ROOT)
        assert lit("fmt", name).stdout == file.read_text(encoding="utf-8"), f"again: build/opt/lit fmt -w {name}"
