# SPDX-License-Identifier: BSD-3-Clause
"""Whole programs: what needs a process of its own, as their expectation files tell it (conformance/programs/README.md).

Owns: finding and reading conformance/programs/AREA/NAME.toml.  Not here: starting processes (process.py), the verdict
(whole.py), the environment variables that a runtime has for a setting (manifest.py).

A whole program is a Program whose outcomes are the ends of its runs, so that verdicts, records and reports treat both kinds
alike.  Its id is its path, `programs/AREA/NAME`.

  I1  Every key of a file is known, every pattern compiles, every setting and signal has a name from the lists below.
  I2  Every program has at least one clause and at least one run, and the names of its runs are distinct.
"""

from __future__ import annotations

import os
import re
import signal
import tomllib
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .lit import ROOT, Program

PROGRAMS = ROOT / "conformance" / "programs"
SECONDS = 20.0
SETTINGS = ("procs", "traceback", "debug", "schedtrace", "scheddetail", "asyncpreemptoff", "panicnil", "asynctimerchan",
            "inittrace", "gctrace", "maxstack", "maxthreads", "gcpercent", "memlimit", "gcverify", "gcstop",
            "gcpoison", "gcperiod", "generational")
STREAMS = ("stdout", "stderr")

_FILE_KEYS = frozenset({"title", "clauses", "profile", "without", "run"})
_RUN_KEYS = frozenset({"name", "args", "settings", "env", "stdin", "closed", "ignored", "memory_mb", "seconds", "setuid",
                       "on", "differs"})
_END_KEYS = frozenset({"exit", "signal"} | {s + kind for s in STREAMS for kind in ("", "_has", "_not")})
_STEP_KEYS = frozenset({"line", "signals", "write", "close_stdin"})


class ProgramError(Exception):
    """An expectation file cannot be used; the text names the file and the key."""


@dataclass(frozen=True)
class Output:
    """What one stream must look like: all of its lines, or texts in this order, and what must not occur."""

    lines: tuple[str, ...] | None = None
    has: tuple[str, ...] = ()
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class End:
    """How a run must end, and what it must have printed."""

    exit: int | None = 0
    signal: str = ""
    output: Mapping[str, Output] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """As outcomes show it: exit:2 or SIGABRT."""
        return self.signal or f"exit:{self.exit}"


@dataclass(frozen=True)
class Step:
    """What to do to the process once it has printed a line: send signals, write to its stdin, close that."""

    line: str
    signals: tuple[str, ...] = ()
    write: str = ""
    close_stdin: bool = False


@dataclass(frozen=True)
class Differs:
    """Another expectation for one runtime, or a skip; always with a reason."""

    reason: str
    end: End | None


@dataclass(frozen=True)
class Run:
    """One start of the program."""

    name: str
    end: End
    args: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: str = ""
    closed: tuple[int, ...] = ()
    ignored: tuple[str, ...] = ()
    memory_mb: int = 0
    seconds: float = SECONDS
    setuid: bool = False
    steps: tuple[Step, ...] = ()
    differs: Mapping[str, Differs] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The outcome that is expected."""
        return f"{self.name} {self.end.text}"

    def differs_on(self, runtime: str, variant: str = "") -> Differs | None:
        """What this variant of the runtime may do otherwise; its own entry goes before the runtime's."""
        return self.differs.get(f"{runtime}-{variant}") or self.differs.get(runtime)


@dataclass(frozen=True)
class Whole(Program):
    """A whole program."""

    runs: tuple[Run, ...] = ()
    without: Mapping[str, str] = field(default_factory=dict)

    @property
    def area(self) -> str:
        return self.file.parent.name

    @property
    def name(self) -> str:
        return self.file.stem

    def sources(self) -> dict[str, str]:
        """Its sources by suffix, as they lie beside the expectation file."""
        found = {p.suffix[1:]: p for p in sorted(self.file.parent.glob(f"{self.name}.*")) if p.suffix != ".toml"}
        return {suffix: path.read_text(encoding="utf-8", errors="replace") for suffix, path in found.items()}

    def asked_of(self, runtime: str, settings: Container[str], variant: str = "") -> Whole:
        """As this runtime is asked: with its own expectations, without runs that it skips or has no setting for, and
        without those of set-user-id programs where we are not the superuser."""
        runs = []
        for run in self.runs:
            other = run.differs_on(runtime, variant) or Differs("", run.end)
            possible = os.geteuid() == 0 or not run.setuid
            if possible and other.end is not None and all(name in settings for name in run.settings):
                runs.append(replace(run, end=other.end))
        keys = frozenset(run.key for run in runs)
        return replace(self, runs=tuple(runs), allowed=keys, wanted=keys)


class _Reader:
    """Takes typed values out of one table; every complaint names the file and the place in it."""

    def __init__(self, raw: Any, where: str, keys: frozenset[str]) -> None:
        if not isinstance(raw, dict):
            raise ProgramError(f"{where}: expected a table")
        self.raw, self.where = raw, where
        unknown = sorted(raw.keys() - keys)
        if unknown:
            raise ProgramError(f"{where}: unknown key {unknown[0]}; expected some of {', '.join(sorted(keys))}")

    def wrong(self, key: str, expected: str) -> ProgramError:
        return ProgramError(f"{self.where}: {key} = {self.raw.get(key)!r}: expected {expected}")

    def text(self, key: str, default: str = "") -> str:
        value = self.raw.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self.wrong(key, "a list of texts")
        return tuple(value)

    def number(self, key: str, default: float, low: float, high: float) -> float:
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self.wrong(key, f"a number from {low:g} to {high:g}")
        return value

    def flag(self, key: str) -> bool:
        value = self.raw.get(key, False)
        if not isinstance(value, bool):
            raise self.wrong(key, "true or false")
        return value

    def table(self, key: str) -> dict[str, str]:
        value = self.raw.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(v, str | int) for v in value.values()):
            raise self.wrong(key, "a table of texts or numbers")
        return {k: str(v) for k, v in value.items()}

    def patterns(self, key: str) -> tuple[str, ...]:
        return tuple(self.pattern(key, text) for text in self.texts(key))

    def pattern(self, key: str, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise ProgramError(f"{self.where}: {key}: /{text}/ is no regular expression: {error}") from None
        return text

    def signal(self, name: str) -> str:
        if name and name not in signal.Signals.__members__:
            raise ProgramError(f"{self.where}: no signal {name!r}; expected a name like SIGTERM")
        return name


def _end(read: _Reader) -> End:
    """The keys of an end; a stream that no key speaks about must stay empty."""
    death = read.signal(read.text("signal"))
    if death and "exit" in read.raw:
        raise ProgramError(f"{read.where}: exit and signal exclude each other")
    output = {}
    for stream in STREAMS:
        lines, has, without = (read.patterns(stream + kind) for kind in ("", "_has", "_not"))
        if stream in read.raw and has:
            raise ProgramError(f"{read.where}: {stream} lists all lines, so {stream}_has says nothing")
        whole = stream in read.raw or not (has or without)
        output[stream] = Output(lines if whole else None, has, without)
    return End(None if death else int(read.number("exit", 0, 0, 255)), death, output)


def _step(raw: Any, where: str) -> Step:
    read = _Reader(raw, where, _STEP_KEYS)
    if not read.text("line") or len(read.raw) < 2:
        raise ProgramError(f"{where}: expected the line to wait for, and some of signals, write, close_stdin")
    read.pattern("line", read.text("line"))
    return Step(read.text("line"), tuple(map(read.signal, read.texts("signals"))), read.text("write"),
                read.flag("close_stdin"))


def _differs(raw: Any, where: str) -> Differs:
    read = _Reader(raw, where, _END_KEYS | {"reason", "skip"})
    if not read.text("reason"):
        raise ProgramError(f"{where}: a difference needs a reason")
    if read.flag("skip"):
        return Differs(read.text("reason"), None)
    return Differs(read.text("reason"), _end(read))


def _run(raw: Any, number: int, where: str) -> Run:
    read = _Reader(raw, where, _RUN_KEYS | _END_KEYS)
    settings = read.table("settings")
    for name in settings:
        if name not in SETTINGS:
            raise ProgramError(f"{where}: no setting {name!r}; expected some of {', '.join(SETTINGS)}")
    closed = read.raw.get("closed", [])
    if not isinstance(closed, list) or not set(closed) <= {0, 1, 2}:
        raise read.wrong("closed", "some of the descriptors 0, 1, 2")
    name = read.text("name", "plain" if number == 0 else "")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
        raise read.wrong("name", "a name of small letters, digits and dashes")
    return Run(
        name=name, end=_end(read), args=read.texts("args"), settings=settings, env=read.table("env"),
        stdin=read.text("stdin"), closed=tuple(closed), ignored=tuple(map(read.signal, read.texts("ignored"))),
        memory_mb=int(read.number("memory_mb", 0, 0, 1 << 20)), seconds=read.number("seconds", SECONDS, 1, 120),
        setuid=read.flag("setuid"), steps=tuple(_step(step, f"{where}: on") for step in read.raw.get("on", [])),
        differs={k: _differs(v, f"{where}: differs.{k}") for k, v in read.raw.get("differs", {}).items()})


def read_whole(file: Path) -> Whole:
    """One expectation file. Raises ProgramError."""
    shown = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else str(file)
    try:
        source = file.read_text(encoding="utf-8")
        read = _Reader(tomllib.loads(source), shown, _FILE_KEYS)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProgramError(f"{shown}: {error}") from None
    for key in ("title", "clauses", "run"):
        if not read.raw.get(key):
            raise ProgramError(f"{shown}: expected a key `{key}`")
    runs = tuple(_run(raw, n, f"{shown}: run {n + 1}") for n, raw in enumerate(read.raw["run"]))
    if len({run.name for run in runs}) < len(runs):
        raise ProgramError(f"{shown}: two runs have the same name")
    path = f"programs/{file.parent.name}/{file.stem}"
    keys = frozenset(run.key for run in runs)
    return Whole(
        file=file, path=path, id=path, spec=read.texts("clauses"), needs=(), profile=read.texts("profile"),
        about=(read.text("title"),), mode="one", trials=0, source=source, plan="", terms=(), expects=(), want_race=False,
        stats=(), stderr=(), model=None, complaints=(), allowed=keys, wanted=keys, runs=runs,
        without=read.table("without"))


def is_whole(path: Path | str) -> bool:
    """This argument of a command names whole programs, not litmus files."""
    as_path = Path(path)
    return as_path.suffix == ".toml" or as_path.resolve().is_relative_to(PROGRAMS) or as_path.parts[:1] == ("programs",)


def find_wholes(paths: Iterable[Path | str] = ()) -> list[Path]:
    """The expectation files under these files and folders (default: all), sorted. Raises ProgramError."""
    found: set[Path] = set()
    for path in [Path(p) for p in paths] or [PROGRAMS]:
        for tried in (path, path.with_suffix(".toml"), PROGRAMS.parent / path, (PROGRAMS.parent / path).with_suffix(".toml")):
            if tried.is_dir():
                found.update(tried.resolve().rglob("*.toml"))
                break
            if tried.is_file():
                found.add(tried.resolve())
                break
        else:
            raise ProgramError(f"{path}: no such program; name one below {PROGRAMS.relative_to(ROOT)}")
    return sorted(found)


def load_wholes(paths: Iterable[Path | str] = ()) -> list[Whole]:
    """Reads these programs. Raises ProgramError with every complaint."""
    wholes, errors = [], []
    for file in find_wholes(paths):
        try:
            wholes.append(read_whole(file))
        except ProgramError as error:
            errors.append(str(error))
    if errors:
        raise ProgramError("\n".join(errors))
    return wholes
