# SPDX-License-Identifier: BSD-3-Clause
"""check_clauses.py - are the clause files sound, and do all citations exist?

Usage: python3 ci/check_clauses.py [--root FOLDER] [--counts]

Reads spec/clauses/*.toml, the `spec` lines of conformance/litmus/**/*.lit and the `clauses`
of conformance/programs/**/*.toml. Prints each problem on a line of its own. The rules themselves live in
conformance/harness/clause.py, so that the tests and this command cannot disagree.
Exit codes: 0 all is well, 1 problems were found, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "conformance"))

from harness import clause  # noqa: E402


def show_counts(areas: list[clause.Area]) -> None:
    """Print one line per area: how many clauses of each level."""
    for area in areas:
        by_level = " ".join(
            f"{level} {sum(c.level == level for c in area.clauses)}" for level in clause.LEVELS
        )
        print(f"{area.name:10} {len(area.clauses):4}  {by_level}")


def main() -> int:
    """Check and report; the return value is the exit code."""
    parser = argparse.ArgumentParser(description="check the clause files and their citations")
    parser.add_argument("--root", type=Path, default=HERE, help="the checkout to look at")
    parser.add_argument("--counts", action="store_true", help="also print counts by area")
    args = parser.parse_args()
    if not args.root.is_dir():
        parser.error(f"{args.root}: no such folder")
    root = args.root.resolve()
    try:
        areas = clause.load_areas(root)
    except clause.ClauseError as error:
        print(error)
        print(f"clauses: problems found: {len(error.problems)}")
        return 1
    clauses = {c.id: c for area in areas for c in area.clauses}
    problems = clause.citation_problems(root, clauses)
    for line in problems:
        print(line)
    if args.counts:
        show_counts(areas)
    cited = {c.clause for c in clause.citations(root)} & clauses.keys()
    print(
        f"clauses: {len(clauses)} in {len(areas)} areas, {len(cited)} cited by programs, "
        f"problems found: {len(problems)}"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
