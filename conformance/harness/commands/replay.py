# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet replay: one program again, exactly as a report's `again:` line says."""

from __future__ import annotations

import argparse
import shlex
import sys

from rich.console import Console

from ..campaign import BATCH_LIMIT, Options, Session
from ..cli import FINDINGS, PASS, USAGE
from ..driver import Protocol
from ..lit import load_programs
from ..manifest import load_manifest
from ..observe import Observed
from ..report.terminal import print_failure
from ..verdict import judge

KEYS = ("iters", "seed", "strat", "depth", "waiters", "clock", "tape", "join", "noise", "procs", "unit_us")


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand: the keys of protocol.md section 2."""
    parser.add_argument("file", help="the litmus file")
    parser.add_argument("--runtime", default="reference")
    parser.add_argument("--mode", choices=("free", "one", "control"), default="control")
    parser.add_argument("--iters", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strat", choices=("random", "pct", "robin", "zero"))
    parser.add_argument("--depth", type=int)
    parser.add_argument("--waiters", choices=("any", "fifo"))
    parser.add_argument("--clock", choices=("any", "still"))
    parser.add_argument("--tape", help="decisions of a controlled run, in hexadecimal")
    parser.add_argument("--join", type=int, choices=(0, 1), help="wait for all goroutines between executions")
    parser.add_argument("--noise", type=int)
    parser.add_argument("--procs", type=int)
    parser.add_argument("--unit-us", type=int, dest="unit_us")
    parser.add_argument("--mutant", default="")


def run(args: argparse.Namespace) -> int:
    """Does the one run and judges it by itself: an outcome that did not come is no finding here."""
    programs = load_programs([args.file])
    if len(programs) != 1:
        print(f"gauntlet: {args.file}: expected one litmus file, found {len(programs)}", file=sys.stderr)
        return USAGE
    program = programs[0]
    manifest = load_manifest(args.runtime)
    session = Session(manifest, Options(mutant=args.mutant))
    keys = {k: getattr(args, k) for k in KEYS if getattr(args, k) is not None}
    if args.tape:  # beyond its end the tape is followed by zeros
        keys = {**keys, "iters": 1, "strat": "zero"}
    observed = Observed(program, ignore_race=manifest.ignore_race)
    try:
        variant = manifest.variant if args.mode == "control" else manifest.variant_for(program.needs)
        driver = session.fresh(variant) if args.mode == "one" else session.driver(variant)
        result = driver.run(program, limit_seconds=BATCH_LIMIT, mode=args.mode, **keys)
        driver.close()
    except Protocol as error:
        print(f"gauntlet: {args.runtime}: {error}", file=sys.stderr)
        return USAGE
    finally:
        session.close()
    if args.tape:
        result.tapes.clear()  # it is the one that was given
    observed.add(args.mode, result, shlex.join(["conformance/gauntlet", *sys.argv[1:]]))
    verdict = judge(observed, manifest, version=driver.version)
    console = Console(highlight=False)
    print_failure(console, verdict, table=True)
    for key, tape in observed.tapes.items():
        console.print(f"  {key}: schedule of {0 if tape == '-' else len(tape) // 2} choices, --tape {tape}",
                      soft_wrap=True)
    return FINDINGS if verdict.unexpected else PASS
