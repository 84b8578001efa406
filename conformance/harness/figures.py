# SPDX-License-Identifier: BSD-3-Clause
"""What the benchmarks measure: stress/bench/figures.toml read and checked, and one run of one side.

Not here: medians and the comparison (commands/bench.py), the picture (report/bars.py).

  I1  A program that does not print exactly the figures that are asked of it is an error, never a figure.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .lit import ROOT

FIGURES = ROOT / "stress" / "bench" / "figures.toml"
PROGRAMS = ROOT / "build" / "opt" / "bench"
GO = ROOT / "build" / "go" / "bench"
LIMIT_SECONDS = 120.0
QUICK_PART = 10
LINE = re.compile(r"^(\S+) (\S+)$")


class BenchError(Exception):
    """A program of the comparison did not give a figure, or the list of figures is wrong; the text has the remedy."""


@dataclass(frozen=True)
class Figure:
    """One line of figures.toml, which says what the fields are."""

    row: int
    name: str
    theme: str
    ops: int
    procs: tuple[int, ...]
    run: str = ""
    quick: int = 0
    runs: int = 0
    unit: str = "ns/op"
    goal: Mapping[int, float] = field(default_factory=dict)
    more: bool = False
    loose: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """What the program is asked for."""
        return self.run or self.name.partition(".")[0]

    @property
    def against(self) -> str:
        """What the other side lacks where that is the reference too; empty where it is Go."""
        return " ".join(f"{k}={v}" for k, v in self.settings.items())

    @property
    def printed(self) -> str:
        """What the program calls the figure."""
        _, dot, part = self.name.partition(".")
        return self.asked + dot + part

    def ops_of(self, is_quick: bool) -> int:
        """Operations of one run."""
        return (self.quick or max(1, self.ops // QUICK_PART)) if is_quick else self.ops

    def is_met(self, procs: int, ratio: float) -> bool | None:
        """Is the ratio as good as the goal? None without a goal."""
        goal = self.goal.get(procs)
        return None if goal is None else ratio >= goal if self.more else ratio <= goal


def load_figures(path: Path | None = None) -> list[Figure]:
    """The list of figures, checked. Raises BenchError with the line's name."""
    path = path or FIGURES
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["figures"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise BenchError(f"{path.name}: {error}; expected figures = [ {{ row, name, theme, ops, procs }}, ... ]") from None
    figures = [_figure(entry, path.name) for entry in entries]
    names = [f.name for f in figures]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise BenchError(f"{path.name}: {twice} stands there twice")
    return figures


def _figure(entry: dict[str, object], where: str) -> Figure:
    """One entry as a Figure. Raises BenchError."""
    name = entry.get("name", "a figure without a name")
    try:
        goal = {int(k): float(v) for k, v in dict(entry.pop("goal", {})).items()}  # type: ignore[call-overload]
        settings = {k: str(v) for k, v in dict(entry.pop("settings", {})).items()}  # type: ignore[call-overload]
        figure = Figure(goal=goal, settings=settings, procs=tuple(entry.pop("procs")), **entry)  # type: ignore[arg-type]
    except (TypeError, ValueError, KeyError) as error:
        raise BenchError(f"{where}: {name}: {error}") from None
    if figure.ops < 1 or not figure.procs or any(p < 1 for p in figure.procs) or set(goal) - set(figure.procs):
        raise BenchError(f"{where}: {name}: expected ops above 0, procs above 0, and goals for some of procs only")
    return figure


def choose_figures(figures: Sequence[Figure], words: Sequence[str]) -> list[Figure]:
    """Those with one of these names, rows, themes or things run; all without words. Raises BenchError for a word that is none."""
    def fits(figure: Figure, word: str) -> bool:
        return word in (figure.name, figure.asked, figure.theme, str(figure.row))

    unknown = next((w for w in words if not any(fits(f, w) for f in figures)), None)
    if unknown is not None:
        raise BenchError(f"no figure, row or theme {unknown!r}; see gauntlet bench --list")
    return [f for f in figures if not words or any(fits(f, w) for w in words)]


def run_text(words: Sequence[str | Path], pinned: bool = False, **env: str) -> str:
    """What a program prints; pinned to one CPU when asked. Raises BenchError when it fails."""
    cpu = max(os.sched_getaffinity(0))
    command = shlex.join([*(f"{k}={v}" for k, v in env.items()), *(("taskset", "-c", str(cpu)) if pinned else ()),
                          *(str(w).removeprefix(f"{ROOT}/") for w in words)])
    try:
        done = subprocess.run([str(w) for w in words], capture_output=True, text=True, cwd=ROOT, check=False,
                              env={**os.environ, **env}, timeout=LIMIT_SECONDS,
                              preexec_fn=(lambda: os.sched_setaffinity(0, {cpu})) if pinned else None)
    except subprocess.TimeoutExpired:
        raise BenchError(f"no end within {LIMIT_SECONDS:g} s; again: {command}") from None
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if line.strip()), "nothing on stderr")
        raise BenchError(f"exit status {done.returncode}, {said[:200]}; again: {command}")
    return done.stdout


def numbers_of(text: str, expected: Sequence[str], who: str) -> dict[str, float]:
    """The lines NAME VALUE of a run, which must have all the names expected; others may be 0. Raises BenchError."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        match = LINE.match(line)
        try:
            value = float(match[2]) if match else -1.0
        except ValueError:
            value = -1.0
        is_zero_fine = match is not None and match[1] not in expected and value == 0
        if not match or match[1] in found or not (0 < value < float("inf") or is_zero_fine):
            raise BenchError(f"{who} printed {line[:80]!r}, expected a name and a number above 0")
        found[match[1]] = value
    missing = next((name for name in expected if name not in found), None)
    if missing:
        raise BenchError(f"{who} printed no figure {missing}, but {', '.join(found) or 'nothing'}")
    return found


def run_side(figures: Sequence[Figure], is_rival: bool, ops: int, procs: int, clock: str = "wall") -> dict[str, float]:
    """One run of one side, for figures that one run prints. Raises BenchError."""
    first = figures[0]
    is_go = is_rival and not first.settings
    program = GO if is_go else PROGRAMS / first.theme
    settings = {} if is_rival else first.settings
    variable = "GOMAXPROCS" if is_go else "GR_PROCS"
    pinned = procs == 1 and not first.loose
    text = run_text([program, first.asked, str(ops)], pinned=pinned, BENCH_CLOCK=clock, **{variable: str(procs)}, **settings)
    return numbers_of(text, [f.printed for f in figures], f"{'go' if is_go else first.theme} {first.asked}")


def load_peers() -> dict[tuple[str, int], list[str]]:
    """Which of the peers that are built do what: by the thing run and the number of processors. Raises BenchError."""
    peers: dict[tuple[str, int], list[str]] = {}
    for path in sorted(PROGRAMS.glob("peer-*")):
        if not os.access(path, os.X_OK):
            continue
        for line in run_text([path, "--list"]).splitlines():
            name, *procs = line.split()
            for p in procs:
                peers.setdefault((name, int(p)), []).append(path.name.removeprefix("peer-"))
    return peers


def run_peer(peer: str, asked: str, ops: int, procs: int) -> float:
    """One run of another library. Raises BenchError."""
    text = run_text([PROGRAMS / f"peer-{peer}", asked, str(ops)], pinned=procs == 1, PEER_PROCS=str(procs))
    return numbers_of(text, [asked], f"peer-{peer} {asked}")[asked]


def missing_programs(figures: Sequence[Figure]) -> list[str]:
    """What these figures need and is not built."""
    load = {PROGRAMS / "echo_load" for f in figures if f.theme == "net"}
    needed = [*sorted({PROGRAMS / f.theme for f in figures} | load), *([GO] if any(not f.settings for f in figures) else [])]
    return [str(path).removeprefix(f"{ROOT}/") for path in needed if not os.access(path, os.X_OK)]
