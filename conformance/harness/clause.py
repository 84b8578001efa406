# SPDX-License-Identifier: BSD-3-Clause
"""clause.py - the clauses of the specification, as data.

Owns: reading spec/clauses/*.toml, saying what is wrong with them, and finding the
clauses that litmus files and whole programs cite. Not here: what a program allows (spec/lit), which
clauses a run covered (run.py and the reports), the meaning of the fields
(spec/README.md).

The idea: one TOML file per area, one [[clause]] table per clause. A reader collects
every problem before it gives up, so that one run of ci/check_clauses.py shows all of
them, and each problem names the file, the line and the clause.

Invariants of what load_clauses returns:
  I1  Ids are unique over all areas; the key of the mapping is the id of its clause.
  I2  Level, portability and profiles are words of the fixed lists below.
  I3  Every text field except `note` is a non-empty single line.
  I4  Order is that of the files by name and, inside a file, that of the text.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

LEVELS: Final = ("must", "may", "quality")
CODES: Final = ("P", "P+par", "G", "G+par", "X", "I", "O", "L", "L+par", "Q")
PROFILES: Final = (
    "spec",
    "fifo-waiters",
    "dialect",
    "go>=1.21",
    "go>=1.23",
    "go>=1.24",
    "go>=1.25",
    "go>=1.26",
)

CLAUSE_FOLDER: Final = "spec/clauses"
LITMUS_FOLDER: Final = "conformance/litmus"
PROGRAM_FOLDER: Final = "conformance/programs"

_TEXT_FIELDS: Final = ("id", "requirement", "source", "observable", "level", "portability")
_ALL_FIELDS: Final = frozenset((*_TEXT_FIELDS, "profile", "note"))
_ID: Final = re.compile(r"[a-z][a-z0-9]*(\.[A-Za-z0-9+-]+)+")
_HEADER: Final = re.compile(r"^[ \t]*\[\[[ \t]*clause[ \t]*\]\]", re.MULTILINE)


class ClauseError(Exception):
    """The clause files cannot be used; the text lists every problem, one a line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Clause:
    """One requirement; the fields are those of its TOML table."""

    id: str
    area: str
    requirement: str
    source: str
    observable: str
    level: str
    portability: str
    profile: tuple[str, ...]
    note: str
    where: str

    @property
    def is_portable(self) -> bool:
        """True when every runtime with a driver can be asked, threads or not."""
        return self.portability in ("P", "P+par")

    def applies_to(self, profiles: frozenset[str]) -> bool:
        """True when each profile the clause names is one the runtime is held to."""
        return all(name == "spec" or name in profiles for name in self.profile)


@dataclass(frozen=True)
class Area:
    """One clause file: its area name, its title and its clauses in order."""

    name: str
    title: str
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class Citation:
    """One clause id on a `spec` line of a litmus file."""

    clause: str
    where: str


def repository_root() -> Path:
    """The root of the checkout that this file belongs to."""
    return Path(__file__).resolve().parents[2]


def load_clauses(root: Path) -> dict[str, Clause]:
    """Every clause under root by id; raises ClauseError when any file is wrong."""
    return {c.id: c for area in load_areas(root) for c in area.clauses}


def load_areas(root: Path) -> list[Area]:
    """Every area under root in order of name; raises ClauseError like load_clauses."""
    problems: list[str] = []
    files = sorted((root / CLAUSE_FOLDER).glob("*.toml"))
    if not files:
        problems.append(f"{CLAUSE_FOLDER}: no clause files; expected one AREA.toml per area")
    seen: dict[str, str] = {}
    areas = [_read_area(path, root, seen, problems) for path in files]
    if problems:
        raise ClauseError(problems)
    return areas


def litmus_citations(root: Path) -> Iterator[Citation]:
    """Each clause id on a `spec` header line of each litmus file under root."""
    for path in sorted((root / LITMUS_FOLDER).rglob("*.lit")):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            words = line.split("#", 1)[0].split()
            if line[:1].isspace() or not words or words[0] != "spec":
                continue
            for word in words[1:]:
                yield Citation(word, f"{path.relative_to(root)}:{number}")


def program_citations(root: Path) -> Iterator[Citation]:
    """Each clause id in the expectation file of each whole program under root."""
    for path in sorted((root / PROGRAM_FOLDER).rglob("*.toml")):
        text = path.read_text(encoding="utf-8", errors="replace")
        try:
            clauses = tomllib.loads(text).get("clauses", [])
        except tomllib.TOMLDecodeError:
            continue  # the reader of these files complains (programs.py)
        number = next((n for n, line in enumerate(text.splitlines(), 1) if line.startswith("clauses")), 1)
        for word in clauses if isinstance(clauses, list) else []:
            yield Citation(str(word), f"{path.relative_to(root)}:{number}")


def citations(root: Path) -> Iterator[Citation]:
    """Those of litmus files, then those of whole programs."""
    yield from litmus_citations(root)
    yield from program_citations(root)


def citation_problems(root: Path, clauses: dict[str, Clause]) -> list[str]:
    """One line for each citation of a clause that does not exist."""
    return [
        f"{cited.where}: unknown clause {cited.clause}{_nearest(cited.clause, clauses)}"
        for cited in citations(root)
        if cited.clause not in clauses
    ]


def _nearest(wanted: str, clauses: dict[str, Clause]) -> str:
    """A hint that names the ids closest to a misspelt one."""
    close = difflib.get_close_matches(wanted, clauses, n=2, cutoff=0.6)
    if not close:
        return f"; see the ids in {CLAUSE_FOLDER}/"
    return f"; did you mean {' or '.join(close)}?"


def _read_area(path: Path, root: Path, seen: dict[str, str], problems: list[str]) -> Area:
    """Read one file; what is wrong goes to problems, what is right is kept."""
    name = str(path.relative_to(root))
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"{name}: not readable as TOML: {error}")
        return Area(path.stem, "", ())
    if data.get("area") != path.stem:
        problems.append(f'{name}: area must be "{path.stem}", the name of the file')
    if not _is_line(data.get("title")):
        problems.append(f"{name}: title must be a non-empty line of text")
    for key in data.keys() - {"area", "title", "clause"}:
        problems.append(f"{name}: unknown key {key}; a file has area, title and [[clause]]")
    tables = data.get("clause", [])
    if not isinstance(tables, list) or not tables:
        problems.append(f"{name}: no [[clause]] tables")
        tables = []
    lines = [text.count("\n", 0, m.start()) + 1 for m in _HEADER.finditer(text)]
    lines += [0] * len(tables)
    clauses = []
    for table, line in zip(tables, lines, strict=False):
        clause = _read_clause(table, path.stem, f"{name}:{line}", problems)
        if clause is None:
            continue
        if clause.id in seen:
            problems.append(
                f"{clause.where}: clause {clause.id}: duplicate id, first at {seen[clause.id]}"
            )
            continue
        seen[clause.id] = clause.where
        clauses.append(clause)
    return Area(path.stem, str(data.get("title", "")), tuple(clauses))


def _read_clause(table: Any, area: str, where: str, problems: list[str]) -> Clause | None:
    """Turn one table into a Clause, or None after saying what is wrong with it."""
    found: list[str] = []
    if not isinstance(table, dict):
        problems.append(f"{where}: clause is not a table; write [[clause]]")
        return None
    for field in _TEXT_FIELDS:
        if not _is_line(table.get(field)):
            found.append(f"{field} must be a non-empty line of text")
    for field in sorted(table.keys() - _ALL_FIELDS):
        found.append(f"unknown field {field}")
    if isinstance(table.get("id"), str) and not _ID.fullmatch(table["id"]):
        found.append("id must be dotted words, like chan.make.unbuffered")
    if "note" in table and not _is_line(table["note"]):
        found.append("note must be a non-empty line of text, or be left out")
    found += _word_problems("level", table.get("level"), LEVELS)
    found += _word_problems("portability", table.get("portability"), CODES)
    found += _profile_problems(table.get("profile"))
    label = f"clause {table.get('id', '(no id)')}"
    problems += [f"{where}: {label}: {what}" for what in found]
    if found:
        return None
    return Clause(
        area=area,
        profile=tuple(table["profile"]),
        note=table.get("note", ""),
        where=where,
        **{field: table[field] for field in _TEXT_FIELDS},
    )


def _is_line(value: Any) -> bool:
    """True for a non-empty string without line breaks or outer blanks."""
    return isinstance(value, str) and value == value.strip() != "" and "\n" not in value


def _word_problems(field: str, value: Any, words: tuple[str, ...]) -> list[str]:
    """Empty when value is one of words (or is missing, which was said already)."""
    if not _is_line(value) or value in words:
        return []
    return [f'unknown {field} "{value}"; one of: {", ".join(words)}']


def _profile_problems(value: Any) -> list[str]:
    """What is wrong with a profile list."""
    if not isinstance(value, list) or not value:
        return ['profile must be a non-empty list, like ["spec"]']
    found = [
        f'unknown profile "{name}"; one of: {", ".join(PROFILES)}'
        for name in value
        if name not in PROFILES
    ]
    if len(set(map(str, value))) != len(value):
        found.append("profile names a word twice")
    return found
