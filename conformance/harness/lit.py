# SPDX-License-Identifier: BSD-3-Clause
"""Litmus programs as the harness sees them: what `lit json` prints, as typed records.

Owns: finding `.lit` files, running the `lit` command, the textual key of an outcome.  Not here: parsing of
litmus source (spec/lit is the only parser) and the judging of what a runtime did (verdict.py).

An outcome key is `STATUS term=value ...` in the order of the program's `show` line; the term `log` alone survives a
status other than ok.  Keys are the same text in the model, in the files and in every report.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT / "conformance" / "litmus"

CODES: dict[int, str] = {
    -1000: "nil",
    -1001: "send-closed",
    -1002: "close-closed",
    -1003: "close-nil",
    -1004: "makechan-size",
    -1005: "nil-deref",
    -1006: "index",
    -1007: "div-zero",
    -1008: "wg-negative",
    -1009: "wg-misuse",
    -1010: "damaged",
    -1011: "ticker-period",
    -1012: "panic-nil",
    -1013: "error-other",
}


class LitError(Exception):
    """The `lit` command is missing, failed, or refused a file."""


@dataclass(frozen=True)
class Step:
    """One step of a witness schedule: goroutine `g` runs the instruction of `line`."""

    g: int
    block: str
    line: int
    partner: int
    what: str


@dataclass(frozen=True)
class Outcome:
    """An outcome that the model allows, with how likely it is and how it can come about."""

    key: str
    paths: float
    weight: float
    witness: tuple[Step, ...]


@dataclass(frozen=True)
class Expect:
    """One allow/want/forbid line."""

    verb: str
    key: str
    partial: bool
    why: str | None
    line: int


@dataclass(frozen=True)
class Stat:
    """One `stat` line."""

    rule: str
    term: str | None
    alpha: float
    margin: float


@dataclass(frozen=True)
class Model:
    """The model's verdict on a program; `complete` false means that nothing may be judged by it."""

    complete: bool
    unmodelled: str
    diverges: bool
    isolation: str
    can_leak: bool
    can_die: bool
    can_hang: bool
    max_leaked: int
    max_goroutines: int
    max_depth: int
    states: int
    seconds: float
    outcomes: tuple[Outcome, ...]
    racy: tuple[str, ...]


@dataclass(frozen=True)
class Program:
    """A litmus program, its lists, and the model's outcomes."""

    file: Path
    path: str
    id: str
    spec: tuple[str, ...]
    needs: tuple[str, ...]
    profile: tuple[str, ...]
    about: tuple[str, ...]
    mode: str
    trials: int
    source: str
    plan: str
    terms: tuple[str, ...]
    expects: tuple[Expect, ...]
    want_race: bool
    stats: tuple[Stat, ...]
    stderr: tuple[str, ...]
    model: Model | None
    complaints: tuple[str, ...]
    allowed: frozenset[str] = field(default_factory=frozenset)
    wanted: frozenset[str] = field(default_factory=frozenset)

    @property
    def dies(self) -> bool:
        """Some allowed outcome ends the process otherwise than by main's return."""
        return any(not key.startswith("ok") for key in self.allowed)

    @property
    def is_timed(self) -> bool:
        """It uses timers, or sleeps."""
        return any(need in ("sleep", "timer", "ticker", "afterfunc") for need in self.needs)

    @property
    def in_real_time(self) -> bool:
        """Its outcomes may depend on how long things take."""
        return self.is_timed and "faketime" not in self.needs

    @property
    def leaks(self) -> int:
        """Goroutines that an execution may leave behind, at most."""
        return self.model.max_leaked if self.model else 64


def value_text(text: str) -> str:
    """A value as drivers print it, with symbolic codes: -1001 becomes send-closed."""
    if text.startswith("-1") and len(text) == 5 and text[1:].isdigit():
        return CODES.get(int(text), text)
    return text


def term_text(term: str, text: str) -> str:
    """The value of a term as drivers print it, with symbolic codes; a log is a list of values."""
    return ",".join(map(value_text, text.split(","))) if term == "log" else value_text(text)


def status_text(status: str) -> str:
    """A status word with symbolic codes: panic:-1001 becomes panic:send-closed."""
    head, colon, tail = status.partition(":")
    return f"{head}:{value_text(tail)}" if colon and head == "panic" else status


def outcome_key(terms: Sequence[str], status: str, values: Sequence[str]) -> str:
    """The key of an outcome, from what a driver printed for it.

    Raises ValueError when the number of values does not fit the status.
    """
    status = status_text(status)
    if status != "ok" and len(values) == len(terms):
        values = [v for t, v in zip(terms, values, strict=True) if t == "log"]
    names = [t for t in terms if status == "ok" or t == "log"]
    if len(values) != len(names):
        raise ValueError(f"{len(values)} values for {len(names)} shown terms")
    pairs = [f"{n}={term_text(n, v)}" for n, v in zip(names, values, strict=True)]
    return " ".join([status, *pairs])


def _model(raw: dict[str, Any] | None) -> Model | None:
    if raw is None:
        return None
    outcomes = tuple(
        Outcome(o["key"], o["paths"], o["weight"], tuple(
            Step(s["g"], s["block"], s["line"], s["partner"], s["what"]) for s in o.get("witness", ())))
        for o in raw["outcomes"])
    return Model(
        raw["complete"], raw["unmodelled"], raw["diverges"], raw["class"], raw["can_leak"], raw["can_die"],
        raw["can_hang"], raw["max_leaked"], raw["max_goroutines"], raw["max_depth"], raw["states"],
        raw["seconds"], outcomes, tuple(raw["racy"]))


def program_from_json(raw: dict[str, Any]) -> Program:
    """Builds a Program from one line of `lit json`. Raises LitError when the line says the file is bad."""
    if raw.get("error"):
        raise LitError(raw["error"])
    expects = tuple(Expect(e["verb"], e["key"], e["partial"], e["why"], e["line"]) for e in raw["expects"])
    return Program(
        file=Path(raw["file"]), path=raw["path"], id=raw["id"], spec=tuple(raw["spec"]),
        needs=tuple(raw["needs"]), profile=tuple(raw["profile"]), about=tuple(raw["about"]),
        mode=raw["mode"], trials=raw["trials"], source=raw["source"], plan=raw["plan"],
        terms=tuple(raw["terms"]), expects=expects,
        want_race=any(r["want"] for r in raw["races"]),
        stats=tuple(Stat(s["rule"], s.get("term"), s["alpha"], s.get("margin", 0.0)) for s in raw["stats"]),
        stderr=tuple(raw["stderr"]), model=_model(raw.get("model")),
        complaints=tuple(raw.get("complaints", ())),
        allowed=frozenset(e.key for e in expects if e.verb in ("allow", "want")),
        wanted=frozenset(e.key for e in expects if e.verb == "want"))


def find_files(paths: Iterable[Path | str] = ()) -> list[Path]:
    """The `.lit` files under these files and folders (default: the whole corpus), sorted.

    A name that does not exist is tried below the corpus, with `.lit` added.  Raises LitError for what is nowhere.
    """
    wanted = [Path(p) for p in paths] or [CORPUS]
    found: set[Path] = set()
    for path in wanted:
        for tried in (path, CORPUS / path, (CORPUS / path).with_name(path.name + ".lit")):
            if tried.is_dir():
                found.update(tried.rglob("*.lit"))
                break
            if tried.is_file():
                found.add(tried)
                break
        else:
            raise LitError(f"{path}: no such litmus file or folder; name one below {CORPUS.relative_to(ROOT)}")
    return sorted(found)


def load_programs(paths: Iterable[Path | str] = (), lit: Path | None = None) -> list[Program]:
    """Parses and explores these programs. Raises LitError with every complaint about bad files."""
    binary = lit or ROOT / "build" / "opt" / "lit"
    if not binary.exists():
        raise LitError(f"{binary.name} is not built; run: make")
    files = find_files(paths)
    programs: list[Program] = []
    errors: list[str] = []
    for start in range(0, len(files), 100):
        chunk = [str(f) for f in files[start:start + 100]]
        done = subprocess.run([str(binary), "json", *chunk], capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        if len(lines) != len(chunk):
            raise LitError(f"lit json answered {len(lines)} lines for {len(chunk)} files: {done.stderr[-500:]}")
        for line in lines:
            try:
                programs.append(program_from_json(json.loads(line)))
            except LitError as error:
                errors.append(str(error))
    errors += _double_ids(programs)
    if errors:
        raise LitError("\n".join(errors))
    return programs


def _double_ids(programs: Sequence[Program]) -> list[str]:
    seen: dict[str, Path] = {}
    errors = []
    for p in programs:
        if p.id in seen and seen[p.id] != p.file:
            errors.append(f"{p.file}:1:1: id {p.id} is also the id of {seen[p.id]}; expected an id of its own")
        seen.setdefault(p.id, p.file)
    return errors
