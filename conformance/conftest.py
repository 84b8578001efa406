# SPDX-License-Identifier: BSD-3-Clause
"""Shared by all tests: the corpus as parameters, and one session with each runtime per worker.

A test that asks for `runtime` and `program` is run for each pair.  The corpus is read once per worker (a fraction of a
second); when it cannot be read, those tests fail with the reason instead of vanishing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from harness.campaign import Options, Session
from harness.lit import ROOT, LitError, Program, load_programs
from harness.manifest import load_manifest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--runtime", action="append", metavar="NAME",
                     help="runtimes for the corpus; default: reference, and go when its driver is built")


@cache
def corpus() -> tuple[list[Program], str]:
    """The programs, or why there are none."""
    try:
        return load_programs(), ""
    except LitError as error:
        return [], str(error)


def runtimes(config: pytest.Config) -> list[str]:
    """The runtimes that the corpus is run on."""
    asked = config.getoption("--runtime")
    return asked or ["reference", *(["go"] if (ROOT / "build" / "go" / "driver").exists() else [])]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = any({"runtime", "program"} <= set(mark.args[0]) for mark in metafunc.definition.iter_markers("parametrize"))
    if chosen or not {"runtime", "program"} <= set(metafunc.fixturenames):
        return
    programs, _ = corpus()
    pairs = [pytest.param(runtime, program, id=f"{runtime}-{program.path}", marks=pytest.mark.xdist_group(runtime))
             for runtime in runtimes(metafunc.config) for program in programs]
    metafunc.parametrize(("runtime", "program"), pairs or [pytest.param("", None, id="no-corpus")])


class Sessions:
    """Sessions by runtime, started when a test first asks."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def get(self, runtime: str) -> Session:
        """The session with this runtime."""
        if runtime not in self._sessions:
            self._sessions[runtime] = Session(load_manifest(runtime), Options(least=True))
        return self._sessions[runtime]

    def close(self) -> None:
        """Ends all drivers."""
        for session in self._sessions.values():
            session.close()


@pytest.fixture(scope="session")
def sessions() -> Iterator[Sessions]:
    made = Sessions()
    yield made
    made.close()
