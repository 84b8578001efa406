# SPDX-License-Identifier: BSD-3-Clause
"""The model against a second one and against its own mistakes.

Owns: random programs of the core operations, whose outcomes by spec/lit/model must be those of harness/naive.py; the
mutants of spec/lit/model/mutant.h, each of which some unit test must see.  Not here: programs with outcomes worked out
by hand, and the reduction (spec/unit/model_*_test.c, run by test_unit.py).

  I1  Program r is made from the seed r alone; a failure prints it and both sets.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from pathlib import Path

import pytest

from harness.naive import Naive, read_plan

ROOT = Path(__file__).resolve().parent.parent
LIT = ROOT / "build" / "opt" / "lit"
MODEL = ROOT / "spec" / "lit" / "model"
BATCHES, PER_BATCH = 6, 40
TESTS = ("chan", "sync", "panic", "timer", "heap")
RUNS = {"model_random_test": "800", "model_random_heap_test": "300"}
MUTANTS = re.findall(r"^    MUTANT_(\w+)(?: = 1)?, ", (MODEL / "mutant.h").read_text(), re.MULTILINE)
CODES = {"send-closed": "-1001", "close-closed": "-1002", "wg-negative": "-1008", "unlock-unlocked": "0",
         "nil-deref": "-1005", "index": "-1006"}


def statement(rng: random.Random) -> list[str]:
    """One random statement of the core operations."""
    chan, reg, v = rng.choice("ab"), rng.choice("rs"), rng.randint(1, 3)
    cases = [rng.choice([f"    s = <-{c}", f"    {c} <- {v}", f"    r, s = <-{c}"])
             for c in rng.choices("ab", k=rng.randint(1, 2))]
    default = ["    default"] if rng.random() < 0.4 else []
    return rng.choice([
        [f"  {chan} <- {v}"], [f"  {chan} <- {reg}"], [f"  {reg} = <-{chan}"], [f"  r, s = <-{chan}"],
        [f"  r = catch {chan} <- {v}"], [f"  s = catch close {chan}"], [f"  {reg} = len {chan}"],
        ["  r = select", *cases, *default, "  end"], ["  r = select", *cases, *default, "  end"],
        [f"  for s = range {chan}", "    r = r + s", "  end"],
        ["  lock m", f"  {rng.choice(['note 1', 'store x 2', 'yield'])}", "  unlock m"], ["  lock m"],
        ["  add g 1", "  done g"], ["  done g"], ["  wait g"], ["  r = catch done g"],
        [f"  {reg} = add x 1"], [f"  {reg} = load x"], ["  store x 3"], ["  r = cas x 0 2"], ["  s = swap x 4"],
        [f"  note {v}"], ["  note r"], ["  yield"], ["  r = s + 1"], ["  s = 2"], ["  r = 6"],
        ["  if r > 0", "    s = 1", "  else", "    note 7", "  end"], ["  return"], ["  r = catch panic 5"]])


def program(seed: int) -> str:
    """A random program of main and two others."""
    rng = random.Random(seed)
    blocks = {}
    for name, most in (("main", 4), ("p", 4), ("q", 2)):
        blocks[name] = ["  r = 0", "  s = 0", *(x for _ in range(rng.randint(1, most)) for x in statement(rng))]
    start = ["  go p"] + (["  go q"] if rng.random() < 0.6 else [])
    add = ["  add g 1"] if rng.random() < 0.5 else []
    head = ["litmus unit/naive", "id naive-1", "spec chan.send", "about Random.", f"chan a {rng.randint(0, 2)}",
            f"chan b {rng.randint(0, 1)}", "mutex m", "wg g", "atomic x = 0"]
    body = [*head, "main:", *add, *start, *blocks["main"], "p:", *blocks["p"], "q:", *blocks["q"]]
    return "\n".join([*body, "show main.r main.s p.r" + rng.choice(["", " log"]), ""])


def plain_key(key: str) -> str:
    """A key of the model as harness/naive.py writes it: values only, codes as numbers."""
    words = [w.split("=")[-1] for w in key.split()]
    for name, number in CODES.items():
        words = [w.replace(name, number) if w.split(":")[-1] == name else w for w in words]
    return " ".join(words)


@pytest.mark.parametrize("batch", range(BATCHES))
def test_second_model_agrees(batch: int, tmp_path: Path) -> None:
    """The two models give the same outcomes on random programs."""
    files = []
    for k in range(PER_BATCH):
        files.append(tmp_path / f"{batch * 1000 + k}.lit")
        files[-1].write_text(program(batch * 1000 + k))
    done = subprocess.run([LIT, "json", *files], capture_output=True, text=True, check=False)
    compared = 0
    for file, line in zip(files, done.stdout.splitlines(), strict=True):
        got = json.loads(line)
        assert not got["error"], f"{got['error']}\n{file.read_text()}"
        naive = Naive(read_plan(got["plan"])).ends(30000)
        if naive is None or "-1009" in got["plan"] or not got["model"]["complete"]:
            continue
        model = {plain_key(o["key"]) for o in got["model"]["outcomes"]}
        misuse = {k for k in model if "wg-misuse" in k}
        assert model - misuse == naive, (
            f"{file.read_text()}\nmodel only: {sorted(model - misuse - naive)}\nnaive only: {sorted(naive - model)}\n"
            f"again: pytest {Path(__file__).name} -k 'agrees and {batch}'")
        compared += 1
    assert compared >= PER_BATCH * 0.85, f"only {compared} of {PER_BATCH} programs within bounds"


@pytest.fixture(scope="module")
def liblit() -> Path:
    """The library whose model the mutants replace."""
    path = ROOT / "build" / "opt" / "liblit.a"
    assert path.exists(), "liblit.a is not built; run: make tools"
    return path


def build_mutant(number: int, liblit: Path, out: Path) -> list[Path]:
    """The unit tests of the model, linked with a model that makes mistake `number`."""
    flags = ["-std=gnu11", "-O0", f"-DMODEL_MUTANT={number}", f"-I{ROOT / 'spec' / 'lit'}"]
    shared = [ROOT / "spec" / "unit" / f"{name}.c" for name in ("cases", "random")]
    sources = [str(p) for p in [*sorted(MODEL.glob("*.c")), *shared]]
    subprocess.run(["gcc", *flags, "-c", *sources], cwd=out, check=True)
    objects = [str(p) for p in out.glob("*.o")]
    programs = []
    for name in (*(f"model_{t}_test" for t in TESTS), *RUNS):
        programs.append(out / name)
        subprocess.run(["gcc", *flags, "-o", programs[-1], ROOT / "spec" / "unit" / f"{name}.c", *objects, liblit,
                        "-lm"], check=True)
    return programs


def test_mutants_are_listed() -> None:
    assert len(MUTANTS) >= 15


@pytest.mark.parametrize("name", MUTANTS)
def test_mutant_is_seen(name: str, liblit: Path, tmp_path: Path) -> None:
    """Each mistake fails some unit test of the model."""
    for tested in build_mutant(MUTANTS.index(name) + 1, liblit, tmp_path):
        args = ["--runs", RUNS[tested.name]] if tested.name in RUNS else []
        done = subprocess.run([tested, *args], capture_output=True, text=True, timeout=120, check=False,
                              env={**os.environ, "LC_ALL": "C"})
        if done.returncode != 0:
            return
    pytest.fail(f"mutant {name} survives; build with -DMODEL_MUTANT={MUTANTS.index(name) + 1}")
