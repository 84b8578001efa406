# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet clauses: the fixed list of clauses, and the programs of the corpus that show each."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..clause import PROGRAM_FOLDER, Area, Clause, citations, load_areas
from ..cli import PASS, USAGE
from ..lit import CORPUS, ROOT

_OUTCOME = re.compile(r"^(?:want|allow)[ \t]+(?!race[ \t])\S", re.MULTILINE)


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("areas", nargs="*", metavar="AREA", help="areas or clauses to list; without: one line an area")
    parser.add_argument("--uncovered", action="store_true", help="list only what no program cites")
    parser.add_argument("--racing", action="store_true",
                        help="list only what is cited, but by no program with exactly one outcome")


def programs_by_clause() -> dict[str, list[str]]:
    """For each cited clause the programs that cite it: litmus files as paths below the corpus, others as programs/..."""
    prefix = f"{CORPUS.relative_to(ROOT)}/"
    found: dict[str, list[str]] = {}
    for citation in citations(ROOT):
        name = citation.where.rpartition(":")[0].removeprefix(prefix).removesuffix(".lit")
        if name.startswith(PROGRAM_FOLDER):
            name = name.removeprefix("conformance/").removesuffix(".toml")
        programs = found.setdefault(citation.clause, [])
        if name not in programs:
            programs.append(name)
    return found


def is_sequenced(program: str) -> bool:
    """True when the program has exactly one outcome, as every whole program does."""
    if program.startswith("programs/"):
        return True
    text = (CORPUS / f"{program}.lit").read_text(encoding="utf-8")
    return len(_OUTCOME.findall(text)) == 1


def racing_only(programs: Mapping[str, list[str]]) -> set[str]:
    """The cited clauses of which every program has several outcomes: no sure answer shows a breach."""
    sequenced = {name: is_sequenced(name) for citing in programs.values() for name in citing}
    return {clause for clause, citing in programs.items() if not any(sequenced[name] for name in citing)}


def _overview(areas: Sequence[Area], programs: Mapping[str, list[str]]) -> Table:
    racing = racing_only(programs)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("area")
    for name in ("clauses", "covered", "racing only", "uncovered"):
        table.add_column(name, justify="right")
    table.add_column("title", style="dim")
    for area in areas:
        covered = sum(c.id in programs for c in area.clauses)
        only = sum(c.id in racing for c in area.clauses)
        table.add_row(area.name, str(len(area.clauses)), str(covered), str(only or "-"),
                      str(len(area.clauses) - covered or "-"), area.title)
    table.add_section()
    total = sum(len(a.clauses) for a in areas)
    covered = sum(c.id in programs for a in areas for c in a.clauses)
    only = sum(c.id in racing for a in areas for c in a.clauses)
    table.add_row("all", str(total), str(covered), str(only or "-"), str(total - covered or "-"), "", style="bold")
    return table


def _list(console: Console, clauses: Sequence[Clause], programs: Mapping[str, list[str]]) -> None:
    for clause in clauses:
        citing = programs.get(clause.id, [])
        console.print(Text(clause.id, style="bold green" if citing else "bold yellow"),
                      Text(f"{clause.level} {clause.portability}  {clause.where}", style="dim"), soft_wrap=True)
        console.print(Text(f"  {clause.requirement}"), soft_wrap=True)
        for name in citing:
            console.print(Text(f"    {name}", style="green"), soft_wrap=True)
        if not citing:
            console.print(Text("    no program", style="yellow"))


def run(args: argparse.Namespace) -> int:
    """Prints the overview, or the clauses asked for with their programs."""
    console = Console(highlight=False)
    areas = load_areas(ROOT)
    programs = programs_by_clause()
    names = {a.name for a in areas} | {c.id for a in areas for c in a.clauses}
    unknown = [name for name in args.areas if name not in names]
    if unknown:
        print(f"gauntlet: no area or clause {unknown[0]!r}; areas: {', '.join(a.name for a in areas)}", file=sys.stderr)
        return USAGE
    wanted = [c for a in areas for c in a.clauses if not args.areas or a.name in args.areas or c.id in args.areas]
    if args.uncovered:
        wanted = [c for c in wanted if c.id not in programs]
    if args.racing:
        racing = racing_only(programs)
        wanted = [c for c in wanted if c.id in racing]
    if args.areas or args.uncovered or args.racing:
        _list(console, wanted, programs)
        which = " that no program cites" if args.uncovered else ""
        which += " without a program of exactly one outcome" if args.racing else ""
        console.print(Text(f"{len(wanted)} clauses{which}", style="bold"))
    else:
        console.print(_overview(areas, programs))
    return PASS
