# SPDX-License-Identifier: BSD-3-Clause
"""The `gauntlet` command: arguments in, exit status out (0 pass, 1 findings, 2 usage or set-up).

Each subcommand is a module of `commands/` with `add(parser)` and `run(args) -> int`; it is imported only when it is used, so
that one broken part does not take the others down.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from .clause import ClauseError
from .lit import LitError
from .manifest import ManifestError
from .programs import ProgramError
from .report.matrix import ReportError

COMMANDS = {
    "run": "the corpus, or parts of it, on one or more runtimes",
    "replay": "one program again, exactly as a report says",
    "compare": "runtimes side by side, clause by clause, from their last reports",
    "report": "one HTML page of the last reports",
    "clauses": "which clauses the corpus covers, and by which programs",
    "selftest": "canned exchanges with a driver, for its author",
    "update-expectations": "known failures to paste, from the last report",
    "mutants": "the faults that the suite must find, and which program finds each",
    "stress": "long seeded runs, plain and under sanitizers",
    "soak": "one mixed load for a long time, with accounts",
    "fuzz": "random programs and random bytes, judged by the model",
    "bench": "the reference and Go side by side",
}

PASS, FINDINGS, USAGE = 0, 1, 2


def seconds(text: str) -> float:
    """40, 40s, 5m or 1h as seconds."""
    scale = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:], 0.0)
    try:
        value = float(text[:-1]) * scale if scale else float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e7:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; expected a number of seconds, or 40s, 5m, 1h")
    return value


def _parser(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gauntlet", description="Conformance and stress tests for Go-like runtimes.",
                                     epilog="Exit status: 0 pass, 1 findings, 2 usage or set-up.")
    subs = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command, text in COMMANDS.items():
        sub = subs.add_parser(command, help=text, description=text[0].upper() + text[1:] + ".")
        if command == name:
            _module(command).add(sub)
    return parser


def _module(command: str):  # type: ignore[no-untyped-def]
    return importlib.import_module(f".commands.{command.replace('-', '_')}", __package__)


def main(argv: Sequence[str]) -> int:
    """Runs one subcommand. Prints errors of use on stderr as one line."""
    name = next((word for word in argv if word in COMMANDS), "")
    try:
        args = _parser(name).parse_args(argv)
        return int(_module(args.command).run(args))
    except (ManifestError, LitError, ClauseError, ProgramError, ReportError) as error:
        print(f"gauntlet: {error}", file=sys.stderr)
        return USAGE
    except ModuleNotFoundError as error:
        print(f"gauntlet: {error}; run `make setup`, or build what is missing", file=sys.stderr)
        return USAGE
    except OSError as error:
        print(f"gauntlet: {error.filename or 'input/output'}: {error.strerror}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        print("gauntlet: interrupted", file=sys.stderr)
        return 130
