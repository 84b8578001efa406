# SPDX-License-Identifier: BSD-3-Clause
"""The planted faults: a sample is killed by programs that name the clause, and the command says what it found."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from harness.clause import load_clauses
from harness.commands.mutants import WHOLE_PATIENCE, Fate, Hunt, Mutant, mutant_manifest, read_list, record_of, table_of
from harness.lit import ROOT, load_programs
from harness.observe import Observed
from harness.programs import Whole, load_wholes
from harness.verdict import Finding
from harness.whole import WholeVerdict

GAUNTLET = ROOT / "conformance" / "gauntlet"
SAMPLE = ("chan-value-dropped", "mutex-lock-ignores-holder", "panic-rest-lost", "sched-lost-runnext", "select-loser-kept",
          "timer-early")
KEYS = {"name", "target", "killed_by", "end", "by_clause", "seen", "seconds"}


def built() -> bool:
    return mutant_manifest().variant.is_built


needs_mutants = pytest.mark.skipif(not built(), reason="not built: make FLAVOR=mutant tools")


def gauntlet(*args: object, columns: int = 120) -> subprocess.CompletedProcess[str]:
    """Runs the command as a user does."""
    return subprocess.run([str(GAUNTLET), "mutants", *map(str, args)], capture_output=True, text=True, timeout=200,
                          env={**os.environ, "COLUMNS": str(columns)}, check=False)


def test_the_list_is_sorted_and_names_clauses() -> None:
    mutants = read_list()
    clauses = load_clauses(ROOT)
    assert len(mutants) >= 20
    assert [m.name for m in mutants] == sorted({m.name for m in mutants})
    assert not [m for m in mutants if m.clause not in clauses]


def test_every_mutant_has_a_program_that_names_its_clause() -> None:
    cited = {clause for program in [*load_programs(), *load_wholes()] for clause in program.spec}
    assert not [m.name for m in read_list() if m.clause not in cited]


def test_a_list_out_of_order_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "fault.def"
    path.write_text('MUTANT_DEF(zebra, "chan.len")\nMUTANT_DEF(ant, "chan.len")\n')
    with pytest.raises(ValueError, match="not sorted"):
        read_list(path)


@dataclass(frozen=True)
class Ran:
    """What the command made of the sample."""

    done: subprocess.CompletedProcess[str]
    record: dict[str, object]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    path = tmp_path_factory.mktemp("mutants") / "mutants.json"
    done = gauntlet(*SAMPLE, "--json", path, columns=50)
    assert path.exists(), done.stdout + done.stderr
    yield Ran(done, json.loads(path.read_text()))


@needs_mutants
def test_a_sample_is_killed_by_programs_that_name_the_clause(sample: Ran) -> None:
    entries = sample.record["mutants"]
    assert isinstance(entries, list)
    assert [e["name"] for e in entries] == sorted(SAMPLE)
    by_path = {p.path: p for p in [*load_programs(), *load_wholes()]}
    for entry in entries:
        again = f"; again: conformance/gauntlet mutants {entry['name']}"
        assert entry["end"] == "killed" and entry["by_clause"], f"{entry}{again}"
        assert entry["target"] in by_path[entry["killed_by"]].spec, f"{entry}{again}"
        assert entry["seen"], f"{entry}{again}"
    assert sample.done.returncode == 0, sample.done.stdout


@needs_mutants
def test_the_record_has_its_shape(sample: Ran) -> None:
    record = sample.record
    assert record["total"] == record["killed"] == len(SAMPLE)
    assert record["survived"] == [] and record["timeout"] == []
    assert isinstance(record["seconds"], float)
    assert isinstance(record["mutants"], list)
    assert all(set(entry) == KEYS for entry in record["mutants"])


@needs_mutants
def test_the_table_has_two_lines_for_a_mutant_and_fits(sample: Ran) -> None:
    lines = sample.done.stdout.splitlines()
    assert max(map(len, lines[:2 * len(SAMPLE)])) == 50  # the longest is cut
    for name in SAMPLE:
        at = next(i for i, line in enumerate(lines) if line.startswith(name))
        assert re.match(r" {4}breaks [a-z0-9.-]+; s", lines[at + 1]), lines[at + 1]
    assert f"{len(SAMPLE)} of {len(SAMPLE)} mutants killed" in sample.done.stdout


@needs_mutants
def test_without_a_fault_nothing_is_killed() -> None:
    programs = [p for p in load_programs() if p.path.startswith(("chan/send", "sync/once"))]
    hunt = Hunt(programs, seed=1, workers=2)
    fate = hunt.hunt(Mutant("", programs[0].spec[0]))
    assert fate.end == "survived", fate
    assert not hunt.left_out


@needs_mutants
def test_a_program_that_fails_without_the_fault_kills_nothing(tmp_path: Path) -> None:
    path = tmp_path / "wrong.lit"
    path.write_text("litmus  x/wrong\nid      x-wrong\nspec    chan.len\nabout   Its list is wrong.\n\nchan c 1\n\n"
                    "main:\n  c <- 1\n  n = len c\n\nshow   main.n\nwant   main.n=7\n")
    (program,) = load_programs([str(path)])
    hunt = Hunt([program], seed=1, workers=1)
    fate = hunt.hunt(Mutant("chan-value-dropped", "chan.len"))
    assert fate.end == "survived", fate
    assert hunt.left_out == {program.path: "error"}


def test_a_program_of_the_clause_that_is_late_gets_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine makes no survivor; programs of other clauses are asked once."""
    own, other = load_wholes()[:2]
    own, other = replace(own, spec=("chan.len",)), replace(other, spec=("chan.cap",))
    asked = []

    def run(_hunt: Hunt, wholes: Sequence[Whole], mutant: str, patience: float) -> list[WholeVerdict]:
        asked.extend((w.path, patience) for w in wholes)
        status = "pass" if not mutant else "fail" if patience == 1.0 else "unknown"
        return [WholeVerdict(Observed(w), status, findings=[Finding("wrong")]) for w in wholes]

    monkeypatch.setattr(Hunt, "_run_wholes", run)
    fate = Hunt([], seed=1, workers=2, wholes=[other, own]).hunt(Mutant("x", "chan.len"))
    assert (fate.end, fate.by_clause, fate.killed_by) == ("killed", True, own.path)
    assert asked == [(own.path, WHOLE_PATIENCE), (own.path, 1.0), (own.path, 1.0)]  # the last one without the fault
    asked.clear()
    assert Hunt([], seed=1, workers=2, wholes=[other]).hunt(Mutant("x", "chan.len")).end == "timeout"
    assert asked == [(other.path, WHOLE_PATIENCE)]


@pytest.mark.parametrize("args", [["no-such-mutant"], ["--list", "nothing"]])
def test_an_unknown_name_is_refused(args: list[str]) -> None:
    done = gauntlet(*args)
    assert done.returncode == 2
    assert f"no mutant {args[-1]}" in done.stderr and "--list" in done.stderr


def test_the_list_is_printed() -> None:
    done = gauntlet("--list")
    assert done.returncode == 0
    assert [line.split() for line in done.stdout.splitlines()] == [[m.name, m.clause] for m in read_list()]


def fate(end: str, by_clause: bool) -> Fate:
    """A made-up end of a mutant."""
    return Fate(Mutant("chan-len-off-by-one", "chan.make.buffered"), end, "chan/len/buffered", by_clause, "ok main.n=3", 0.5)


def test_the_table_tells_survivors_and_kills_by_others() -> None:
    fates = [fate("survived", False), fate("killed", False), fate("timeout", False)]
    text = "\n".join(line.plain for line in table_of(fates))
    assert "SURVIVED" in text and "(names another clause)" in text and "TIMEOUT" in text
    assert "1 of 3 mutants killed, 0 of them by a program that names the clause" in text
    record = record_of(fates, 1.0)
    assert record["survived"] == ["chan-len-off-by-one"] and record["timeout"] == ["chan-len-off-by-one"]
    assert record["killed"] == 1
