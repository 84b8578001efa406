#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Check that every #include goes where the layering allows.

Owns: who may include whom, folder by folder (OWNERS), and the floors of the reference runtime,
which are read from the table in reference/README.md.
Not here: what a file looks like (check_style.py).

Idea: each C file has one owner, the longest prefix in OWNERS. An include is resolved the way the
compiler would (own folder, then the owner's include path); what resolves to nothing in the tree
and is written <...> is a system header and free. What resolves must match the owner's list.

  I1  A C file without an owner is a breach: nothing escapes by standing in a new folder.
  I2  A folder of reference/src without a floor is a breach.
  I3  Doors only: across folders of reference/src the included file is folder/folder.h, and the
      folder's floor is lower.
"""
from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from posixpath import normpath

PUBLIC = "reference/include/"
SRC = "reference/src/"
TABLE = "reference/README.md"
KIT = "conformance/drivers/c/kit/*"


@dataclass(frozen=True)
class Owner:
    """Files under `prefix` look for headers in `search` and may include what `allowed` matches."""

    prefix: str
    search: tuple[str, ...]
    allowed: tuple[str, ...]


OWNERS = (
    Owner(PUBLIC, (PUBLIC,), (PUBLIC + "*",)),
    Owner(SRC, (PUBLIC, SRC), (PUBLIC + "*",)),
    Owner("reference/unit/", (PUBLIC, SRC), ("reference/*",)),
    Owner("spec/lit/", ("spec/lit/",), ("spec/lit/*",)),
    Owner("spec/unit/", ("spec/lit/",), ("spec/lit/*", "spec/unit/*")),
    Owner(
        "conformance/drivers/c/gr_",
        (PUBLIC, "conformance/drivers/c/kit/"),
        (PUBLIC + "gr.h", "conformance/drivers/c/*"),
    ),
    Owner(
        "conformance/drivers/c/", ("conformance/drivers/c/kit/",), ("conformance/drivers/c/*",)
    ),
    Owner("conformance/drivers/c/kit/", (), (KIT,)),
    Owner(
        "conformance/programs/",
        (PUBLIC, "conformance/programs/"),
        (PUBLIC + "gr.h", "conformance/programs/*.h"),
    ),
    Owner("stress/", (PUBLIC, "stress/"), (PUBLIC + "gr.h", "stress/*.h")),
    Owner(
        "stress/bench/",
        (PUBLIC, "stress/", "spec/lit/"),
        (PUBLIC + "gr.h", "stress/*.h", "spec/lit/lit.h"),
    ),
    Owner(
        "fuzz/",
        (PUBLIC, "spec/lit/", "conformance/drivers/c/kit/", "fuzz/", "reference/src/"),
        (PUBLIC + "gr.h", "spec/lit/lit.h", KIT, "fuzz/*", "reference/src/gc/pace.h"),
    ),
)
SUFFIXES = {".c", ".h", ".S", ".def"}
SKIP = {"build", "shared"}
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)[">]')
ROW = re.compile(r"\|\s*(\d+)\s*\|\s*`?(\w+)`?\s*\|")


def c_files(root: Path) -> list[str]:
    """Every C file of the tree, relative, sorted; build output and dot folders are left out."""
    found = []
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if parts[0] in SKIP or any(part.startswith(".") for part in parts):
            continue
        if path.suffix in SUFFIXES and path.is_file():
            found.append("/".join(parts))
    return sorted(found)


def read_floors(root: Path) -> dict[str, int]:
    """The floor of each folder of reference/src, from the table in its README."""
    page = root / TABLE
    if not page.is_file():
        return {}
    rows = (ROW.match(line) for line in page.read_text(encoding="utf-8").splitlines())
    return {row[2]: int(row[1]) for row in rows if row}


def owner_of(file: str) -> Owner | None:
    """The owner with the longest prefix that fits."""
    fitting = [owner for owner in OWNERS if file.startswith(owner.prefix)]
    return max(fitting, key=lambda owner: len(owner.prefix), default=None)


def resolve(root: Path, file: str, owner: Owner, name: str) -> str | None:
    """The file of this tree that the include names, or None."""
    for folder in (str(PurePosixPath(file).parent), *owner.search):
        path = normpath(f"{folder}/{name}")
        if (root / path).is_file():
            return path
    return None


def floor_breach(file: str, target: str, floors: dict[str, int]) -> str | None:
    """Why a file of reference/src may not include another one of reference/src."""
    mine, theirs = (path.removeprefix(SRC).split("/")[0] for path in (file, target))
    if mine == theirs:
        return None
    for folder in (mine, theirs):
        if folder not in floors:
            return f"folder {folder} has no floor: add a row to {TABLE}"
    if floors[theirs] >= floors[mine]:
        return (
            f"{mine} (floor {floors[mine]}) includes {theirs} (floor {floors[theirs]}): "
            "only lower floors; move the code or call through base/hook.h"
        )
    if target != f"{SRC}{theirs}/{theirs}.h":
        return f"{target} is inside {theirs}: include its door {theirs}/{theirs}.h"
    return None


def breach(
    root: Path, file: str, owner: Owner, quote: str, name: str, floors: dict[str, int]
) -> str | None:
    """Why this include is not allowed, or None."""
    target = resolve(root, file, owner, name)
    if target is None:
        if quote == "<":
            return None
        return f'"{name}" is not in this folder nor in {", ".join(owner.search) or "any other"}'
    if owner.prefix == SRC and target.startswith(SRC):
        return floor_breach(file, target, floors)
    if not any(fnmatch(target, pattern) for pattern in owner.allowed):
        return f"{target} is not for files under {owner.prefix}: only {', '.join(owner.allowed)}"
    return None


def check_file(root: Path, file: str, floors: dict[str, int]) -> list[str]:
    """All breaches of one file, as FILE:LINE: reason."""
    owner = owner_of(file)
    if owner is None:
        return [f"{file}:1: no rule says what this file may include: add it to ci/check_layers.py"]
    found = []
    if owner.prefix == SRC and file.removeprefix(SRC).split("/")[0] not in floors:
        found.append(f"{file}:1: its folder has no floor: add a row to {TABLE}")
    text = (root / file).read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        why = match and breach(root, file, owner, match[1], match[2], floors)
        if why:
            found.append(f"{file}:{number}: {why}")
    return found


def main() -> int:
    """Exit status 0: clean, 1: breaches, each on its own line, 2: wrong use."""
    parser = argparse.ArgumentParser(description="check that includes keep to the layers")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    if not root.is_dir():
        parser.error(f"--root {root}: no such folder")
    floors = read_floors(root)
    files = c_files(root)
    found = [line for file in files for line in check_file(root, file, floors)]
    print(*found, f"layers: {len(files)} files, {len(found)} breaches", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
