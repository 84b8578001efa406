#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Check the rules of style that a glance at one file can decide.

Owns: length of files and lines, licence line, leftovers, paths of one machine.
Not here: includes (check_layers.py), clauses (check_clauses.py), layout (clang-format).

  I1  A source file has at most 500 lines: past that it holds two nouns.
  I2  A line of C has at most 92 columns.
  I3  The first line (the second after #!) of a source file is the SPDX line, and nothing else.
  I4  No note to self survives, and no path that exists on one machine only.
"""
from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

MAX_LINES = 500
MAX_COLUMNS = 92
C_SUFFIXES = {".c", ".h", ".S", ".def"}
SOURCE_SUFFIXES = C_SUFFIXES | {".py", ".go", ".sh"}
TEXT_SUFFIXES = SOURCE_SUFFIXES | {".md", ".toml", ".lit", ".ini", ".html", ".txt", ".dict"}
SOURCE_NAMES = {"Makefile", "run", "gauntlet", "gate"}
SKIP = {"build", "shared"}

SPDX = re.compile(r"(?:/\* (?=.*\*/$)|# |// )SPDX-License-Identifier: BSD-3-Clause(?: \*/)?$")
LEFTOVER = re.compile(r"(?<![\w.])(?:TO" r"DO|FIX" r"ME|HA" r"CK:)(?!\w)")
MACHINE_PATH = re.compile(r"(?<![\w.)}*$])/(?:home|root|Users|work|farm)/\w")
SCRATCH_PATH = re.compile(r"(?<![\w.)}*$])/tmp/\w")


def text_files(root: Path) -> list[str]:
    """The files that would be committed, relative, sorted; without git, all files."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z"],
        capture_output=True,
        text=True,
    )
    if (root / ".git").exists() and listed.returncode == 0:
        names = [name for name in listed.stdout.split("\0") if name]
    else:
        names = [path.relative_to(root).as_posix() for path in root.rglob("*")]
    return sorted(
        name
        for name in names
        if name.split("/")[0] not in SKIP
        and (Path(name).suffix in TEXT_SUFFIXES or Path(name).name in SOURCE_NAMES)
        and (root / name).is_file()
    )


def check_shape(name: str, lines: list[str]) -> list[tuple[int, str]]:
    """Length, width and licence line of a source file."""
    found = []
    if len(lines) > MAX_LINES:
        found.append((len(lines), f"{len(lines)} lines: over {MAX_LINES}, split it by noun"))
    first = 1 if lines and lines[0].startswith("#!") else 0
    if len(lines) <= first or not SPDX.match(lines[first]):
        found.append((first + 1, "the licence line SPDX-License-Identifier is missing here"))
    if Path(name).suffix in C_SUFFIXES:
        for number, line in enumerate(lines, 1):
            width = len(line.expandtabs(8))
            if width > MAX_COLUMNS:
                found.append((number, f"{width} columns: over {MAX_COLUMNS}"))
    return found


def check_words(name: str, lines: list[str]) -> list[tuple[int, str]]:
    """Notes to self and paths of one machine, in any text."""
    is_test = Path(name).name.startswith(("test_", "conftest"))
    found = []
    for number, line in enumerate(lines, 1):
        if LEFTOVER.search(line):
            found.append((number, "a note to self: do it or drop it"))
        if MACHINE_PATH.search(line) or (not is_test and SCRATCH_PATH.search(line)):
            found.append((number, "a path of one machine: make it relative or a setting"))
    return found


def check_file(root: Path, name: str) -> list[str]:
    """All findings in one file, as FILE:LINE: reason."""
    try:
        lines = (root / name).read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        return [f"{name}:1: not UTF-8 (byte {error.start})"]
    found = check_words(name, lines)
    if Path(name).suffix in SOURCE_SUFFIXES or Path(name).name in SOURCE_NAMES:
        found += check_shape(name, lines)
    return [f"{name}:{number}: {why}" for number, why in sorted(found)]


def main() -> int:
    """Exit status 0: clean, 1: findings, each on its own line, 2: wrong use."""
    parser = argparse.ArgumentParser(description="check files, lines, licence and leftovers")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    if not root.is_dir():
        parser.error(f"--root {root}: no such folder")
    names = text_files(root)
    found = [line for name in names for line in check_file(root, name)]
    print(*found, f"style: {len(names)} files, {len(found)} findings", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
