# SPDX-License-Identifier: BSD-3-Clause
"""The GDB helper (reference/gdb/gr.py) on a program that stands still with a goroutine waiting.

Owns: what the two commands print, and what they say of a wrong number.
Not here: dumps by the program itself (reference/unit/dump_test.c).
"""
from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
UNIT = "build/opt/unit/squeeze_test"
SCRIPT = """
set pagination off
set breakpoint pending on
set follow-fork-mode child
source reference/gdb/gr.py
break gr_dump
run {case}
gr goroutines
echo ----\\n
gr bt 2
echo ----\\n
gr bt 1
echo ----\\n
python
try:
    gdb.execute("gr bt 77")
except gdb.error as wrong:
    print("refused:", wrong)
end
kill
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the commands print, at the call of gr_dump in a unit test whose goroutine 2 waits, squeezed."""
    if shutil.which("gdb") is None:
        pytest.skip("no gdb: make setup installs it")
    subprocess.run(["make", "-s", UNIT], cwd=ROOT, check=True, timeout=250)
    script = tmp_path_factory.mktemp("gdb") / "script"
    script.write_text(SCRIPT.format(case="dump_walks_the_image"))
    done = subprocess.run(["gdb", "-q", "-batch", "-nx", "-x", str(script), UNIT], cwd=ROOT, text=True,
                          capture_output=True, timeout=100)
    start = done.stdout.find("goroutine 1 [")
    assert start >= 0, done.stdout + done.stderr
    return done.stdout[start:].split("----\n")


def test_lists_goroutines(said: list[str]) -> None:
    lines = said[0].splitlines()
    assert lines[0] == "goroutine 1 [running]"
    assert lines[1] == "goroutine 2 [chan recv]"
    assert re.match(r"  0x[0-9a-f]+ in (recv|waits_inside) at reference/unit/", lines[2])


def test_walks_a_squeezed_stack(said: list[str]) -> None:
    assert said[1].startswith("goroutine 2 [chan recv]\n#0 ")
    found = [m[1] for m in re.finditer(r"^#\d+ +0x[0-9a-f]+ in (\w+)", said[1], re.MULTILINE)]
    assert found[-3:] == ["waits_outside", "spawn_entry", "ctx_entry"]


def test_shows_the_thread_of_one_that_runs(said: list[str]) -> None:
    assert re.match(r"goroutine 1 \[running\]\n  on thread \d+:\n#0  gr_dump ", said[2])
    assert "in dumps_squeezed (" in said[2]


def test_refuses_a_number_that_nobody_has(said: list[str]) -> None:
    assert said[3].startswith("refused: no goroutine 77: gr goroutines lists them\n")
