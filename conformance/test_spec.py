# SPDX-License-Identifier: BSD-3-Clause
"""The clause files are complete and sound, and the checker notices what is not.

Each rule of harness/clause.py is shown to fail on a planted breach: a copy of a small
clause file is damaged in one place and the problem must name file, line and clause.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import clause

ROOT = clause.repository_root()
CHECKER = ROOT / "ci" / "check_clauses.py"

SAMPLE = """\
area = "chan"
title = "Channels"

[[clause]]
id = "chan.one"
requirement = "A requirement."
source = "a source"
observable = "a value"
level = "must"
portability = "P"
profile = ["spec"]

[[clause]]
id = "chan.two"
requirement = "Another requirement."
source = "a source"
observable = "a value"
level = "may"
portability = "P+par"
profile = ["dialect", "go>=1.23"]
note = "a note"
"""


def plant(root: Path, text: str, name: str = "chan.toml") -> Path:
    """Write one clause file into a small made-up checkout and give its root."""
    folder = root / clause.CLAUSE_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return root


def plant_litmus(root: Path, text: str) -> None:
    """Write one litmus file into the made-up checkout."""
    folder = root / clause.LITMUS_FOLDER / "chan"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sample.lit").write_text(text, encoding="utf-8")


def run_checker(root: Path) -> subprocess.CompletedProcess[str]:
    """Run the command the way CI does."""
    return subprocess.run(
        [sys.executable, str(CHECKER), "--root", str(root)],
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_clauses_are_there() -> None:
    areas = clause.load_areas(ROOT)
    assert len(areas) == 24
    assert len(clause.load_clauses(ROOT)) == sum(len(a.clauses) for a in areas) == 681


def test_quality_code_is_quality_level() -> None:
    for item in clause.load_clauses(ROOT).values():
        if item.portability == "Q":
            assert item.level in ("quality", "may"), f"{item.where}: {item.id}"


def test_dialect_is_permission() -> None:
    for item in clause.load_clauses(ROOT).values():
        if "dialect" in item.profile:
            assert item.level == "may", f"{item.where}: {item.id}: dialect rows are may"


def test_requirements_are_sentences() -> None:
    for item in clause.load_clauses(ROOT).values():
        where = f"{item.where}: {item.id}"
        assert item.requirement.endswith("."), f"{where}: requirement lacks its full stop"
        assert not item.requirement[0].islower(), f"{where}: requirement starts in lower case"
        assert not re.search(r"\[v|≠|\bsee [a-z]+\.[a-z]", item.requirement), f"{where}: marks left"


def test_readme_counts_match() -> None:
    text = (ROOT / "spec" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z]+)` \| [^|]+ \| (\d+) \|$", text, re.MULTILINE)
    assert {name: int(count) for name, count in rows} == {
        a.name: len(a.clauses) for a in clause.load_areas(ROOT)
    }


def test_readme_lists_every_word() -> None:
    text = (ROOT / "spec" / "README.md").read_text(encoding="utf-8")
    for word in (*clause.LEVELS, *clause.CODES, *clause.PROFILES):
        assert f"| `{word}` |" in text, f"spec/README.md does not explain `{word}`"


def test_every_citation_exists() -> None:
    problems = clause.citation_problems(ROOT, clause.load_clauses(ROOT))
    assert not problems, "\n".join(problems)


def test_sample_is_sound(tmp_path: Path) -> None:
    clauses = clause.load_clauses(plant(tmp_path, SAMPLE))
    assert list(clauses) == ["chan.one", "chan.two"]
    assert clauses["chan.two"].where == "spec/clauses/chan.toml:13"
    assert clauses["chan.two"].note == "a note" and clauses["chan.one"].note == ""
    assert clauses["chan.one"].is_portable
    assert run_checker(tmp_path).returncode == 0


def test_applies_to() -> None:
    clauses = clause.load_clauses(ROOT)
    assert clauses["chan.make.unbuffered"].applies_to(frozenset())
    versioned = clauses["timer.stop.unreceived-1.23"]
    assert not versioned.applies_to(frozenset({"spec", "fifo-waiters"}))
    assert versioned.applies_to(frozenset({"spec", "go>=1.23"}))


BREACHES = {
    "duplicate": ('"chan.two"', '"chan.one"', "clause chan.one: duplicate id, first at"),
    "level": ('"may"', '"should"', 'clause chan.two: unknown level "should"'),
    "code": ('"P+par"', '"Z"', 'clause chan.two: unknown portability "Z"'),
    "profile": ('"dialect"', '"accent"', 'clause chan.two: unknown profile "accent"'),
    "profile twice": ('"dialect", "go>=1.23"', '"spec", "spec"', "names a word twice"),
    "no profile": ('["dialect", "go>=1.23"]', "[]", "profile must be a non-empty list"),
    "profile kind": ('["dialect", "go>=1.23"]', '"spec"', "profile must be a non-empty list"),
    "empty text": ('"Another requirement."', '""', "clause chan.two: requirement must be"),
    "no id": ('id = "chan.two"', 'name = "chan.two"', "clause (no id): id must be"),
    "bad id": ('"chan.two"', '"chan two"', "id must be dotted words"),
    "unknown field": ('note = "a note"', 'notes = "a note"', "unknown field notes"),
    "empty note": ('note = "a note"', 'note = ""', "note must be a non-empty line"),
    "area": ('area = "chan"', 'area = "chans"', 'area must be "chan"'),
    "title": ('title = "Channels"', 'title = ""', "title must be a non-empty line"),
    "unknown key": ('title = "Channels"', 'title = "C"\nowner = "x"', "unknown key owner"),
    "syntax": ("[[clause]]", "[[clause]", "not readable as TOML"),
}


@pytest.mark.parametrize("name", BREACHES)
def test_breach_is_rejected(tmp_path: Path, name: str) -> None:
    old, new, expected = BREACHES[name]
    assert old in SAMPLE
    plant(tmp_path, SAMPLE.replace(old, new))
    with pytest.raises(clause.ClauseError) as caught:
        clause.load_clauses(tmp_path)
    assert expected in str(caught.value)
    assert all(line.startswith("spec/clauses/chan.toml") for line in caught.value.problems)
    done = run_checker(tmp_path)
    assert done.returncode == 1 and expected in done.stdout


def test_duplicate_across_files(tmp_path: Path) -> None:
    plant(tmp_path, SAMPLE)
    plant(tmp_path, SAMPLE.replace('area = "chan"', 'area = "go"'), "go.toml")
    with pytest.raises(clause.ClauseError, match="go.toml:4: clause chan.one: duplicate id"):
        clause.load_clauses(tmp_path)


def test_all_problems_are_listed(tmp_path: Path) -> None:
    plant(tmp_path, SAMPLE.replace('"must"', '"x"').replace('"P+par"', '"y"'))
    with pytest.raises(clause.ClauseError) as caught:
        clause.load_clauses(tmp_path)
    assert len(caught.value.problems) == 2


def test_no_clause_files(tmp_path: Path) -> None:
    with pytest.raises(clause.ClauseError, match="no clause files"):
        clause.load_clauses(tmp_path)


def test_unknown_citation_is_found(tmp_path: Path) -> None:
    plant(tmp_path, SAMPLE)
    plant_litmus(tmp_path, "litmus a\nspec  chan.one chan.tow  # chan.three\nmain:\n  spec x\n")
    done = run_checker(tmp_path)
    assert done.returncode == 1
    line = "conformance/litmus/chan/sample.lit:2: unknown clause chan.tow; did you mean"
    assert line in done.stdout and "problems found: 1" in done.stdout


def test_checker_usage_error(tmp_path: Path) -> None:
    assert run_checker(tmp_path / "missing").returncode == 2
