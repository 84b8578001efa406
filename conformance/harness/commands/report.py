# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet report: one HTML page and one JUnit file of the last runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..cli import PASS
from ..report.html import write_html
from ..report.junit import write_junit
from ..report.matrix import REPORTS, read_records, shown


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("runtimes", nargs="*", help="runtimes with a report, or report files; default: all there are")
    parser.add_argument("--html", type=Path, default=REPORTS / "index.html", help="default: build/report/index.html")
    parser.add_argument("--junit", type=Path, default=REPORTS / "junit.xml", help="default: build/report/junit.xml")


def run(args: argparse.Namespace) -> int:
    """Writes both and says where."""
    records = read_records(args.runtimes)
    write_html(args.html, records)
    write_junit(records, args.junit)
    for record in records:
        print(f"{record['runtime']} {record.get('version', '')}: {record['clauses']['covered']} of "
              f"{record['clauses']['total']} clauses, {len(record['programs'])} programs")
    size = args.html.stat().st_size
    print(f"page: {shown(args.html.resolve())} ({size / 1e6:.1f} MB)\njunit: {shown(args.junit.resolve())}")
    return PASS
