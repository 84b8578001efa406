# SPDX-License-Identifier: BSD-3-Clause
"""The model's heap against a second one.

Owns: random programs with objects, finalizers, cleanups, weak pointers and collections, and the corpus' own, whose
outcomes by spec/lit/model must be those of harness/naive_heap.py.  Not here: programs without a heap (test_model.py),
outcomes worked out by hand (spec/unit/model_heap_test.c).

  I1  Program r is made from the seed r alone; a failure prints it and both sets.
  I2  What one of the two refuses as its author's mistake the other must refuse, but for fields that goroutines access
      without an order, of which the second model knows nothing, and `heap max`, which the first counts more strictly.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from harness.lit import CORPUS, find_files
from harness.naive import read_plan
from harness.naive_heap import HeapNaive, Unmodelled
from test_model import LIT, plain_key

BATCHES, PER_BATCH = 4, 40
MOST_STATES = 2500

# What the functions of finalizers and cleanups may do, the first with their object.
WITH_OBJECT = ["add n 1", "note 1", "store x o", "q = o[0]\n  keep q", "drop o\n  add n 1", "finalizer o late",
               "gc\n  note 6", "q = load x\n  if q == o\n    note 5\n  end",
               "p = new 1\n  finalizer p late\n  drop p\n  note 4",
               "cleanup o free", "w = weak o\n  q = get w\n  if q == o\n    note 7\n  end"]
ALONE = ["add n 1", "note 2", "lock m\n  note 3\n  unlock m", "b <- 1", "yield", "done g", "wait g\n  note 8", "gc",
         "r = gc until n != 0 max 1\n  note r", "p = load x\n  drop p"]


def statement(rng: random.Random) -> list[str]:
    """One random statement of heap operations, or of what moves pointers."""
    p, q = rng.sample("pq", 2)
    at, fin, free = rng.randint(0, 1), rng.choice(["fin", "late"]), rng.choice(["free", "free", "one(nil)"])
    return rng.choice([
        [f"  {p} = new {at + 1}"], [f"  {p} = new 2", f"  finalizer {p} {fin}"],
        [f"  {p} = new 2", f"  finalizer {p} {fin}", f"  {p}[1] = {q}", f"  w = weak {p}"],
        [f"  {p} = new 2", f"  {p}[{at}] = {q}", f"  c = cleanup {p} {free}"],
        [f"  {q} = new 1", f"  {p} = new 2", f"  {p}[0] = {q}", f"  {q}[0] = {p}", f"  w = weak {p}"],
        [f"  {p} = new 2", f"  {q} = &{p}[1]", f"  finalizer {p} {fin}"],
        [f"  {p} = new 2", f"  w = weak {p}", f"  {p}[0] = {p}"],
        [f"  r = catch {p}[{at}] = {rng.choice([q, 'nil'])}"],
        [f"  if {p} != nil", f"    c = cleanup {p} {free}", "  end"],
        [f"  {q} = new 1", f"  if {p} != nil", f"    cleanup {p} one({q})", "  end"],
        [f"  if {p} != nil", f"    {q} = {p}[0]", "  end"], ["  stop c"], [f"  w = weak {p}"], [f"  {q} = get w"],
        [f"  {q} = get w", "  r = 0", f"  if {q} == nil", "    r = 1", "  end"],
        [f"  if {p} == {q}", "    s = 3", "  end"], ["  if w == u", "    s = 4", "  end", "  u = w"],
        [f"  drop {p}"], [f"  drop {p}", "  gc"], [f"  {p} = {q}"], [f"  keep {p}"], ["  gc"], ["  gc"],
        ["  s = gc until n != 0 max 2"], ["  r = heap max 60"], [f"  a <- {p}"], [f"  a <- {p}", f"  drop {p}"],
        [f"  {p} = <-a"], [f"  {p}, s = <-a"],
        ["  r = select", f"    a <- {p}", f"    {q} = <-a", "    default", "  end"],
        [f"  store x {p}"], [f"  {p} = load x"], [f"  {p} = swap x {q}"], [f"  r = cas x nil {p}"],
        [f"  go last({p})"], [f"  call last({p})"], [f"  r = catch call deep({p})"], ["  r = load n"], ["  note s"],
        ["  lock m", "  unlock m"], ["  lock m"], ["  b <- 2"], ["  s = <-b"], ["  add g 1"], ["  yield"]])


def scene(rng: random.Random) -> list[str]:
    """An object whose end can be seen, perhaps still held somewhere, a collection, and a look."""
    made = rng.choice([["  p = new 2"], ["  p = new 2", "  q = new 2", "  q[1] = p"],
                       ["  q = new 2", "  p = new 2", "  p[0] = q"],
                       ["  q = new 1", "  p = new 2", "  p[0] = q", "  q[0] = p"]])
    seen = rng.sample(["  finalizer p fin", "  c = cleanup p free", "  w = weak p",
                       "  if q != nil\n    w = weak q\n  end",
                       "  if q != nil\n    finalizer q late\n  end", "  cleanup p one(q)"], k=rng.randint(1, 3))
    held = rng.choice([[], [], [], ["  store x p"], ["  go last(p)"], ["  q = &p[1]"], ["  u = weak p", "  q = get u"],
                       ["  go sends(p)", "  yield"], ["  v = p"]])
    lost = ["  drop p", *rng.choice([["  drop q"], ["  drop q"], []])]
    look = rng.choice([["  q = get w", "  r = 0", "  if q == nil", "    r = 1", "  end"], ["  s = load n"],
                       ["  s = gc until n != 0 max 2"], ["  r = heap max 60"]])
    between = statement(rng) if rng.random() < 0.5 else []
    return [*made, *seen, *held, *statement(rng), *lost, *between, "  gc", *look]


def block(rng: random.Random, parts: list[str]) -> list[str]:
    """A body; the registers are set first, and get their sorts where nothing gets."""
    head = ["  w = weak p", "  u = w", "  r = 0", "  s = 0", "  q = nil", "  if w != u", "    c = cleanup p free",
            "    p = new 0", "    q = p", "  end"]
    return head + parts + [line for _ in range(rng.randint(1, 2)) for line in statement(rng)]


def program(seed: int) -> str:
    """A random program of main, up to one other, and what runs at the end of objects."""
    rng = random.Random(seed)
    precise = ["needs gc.precise"] if rng.random() < 0.6 else []
    start = [rng.choice(["  go other(p)", "  go other(nil)"])] if rng.random() < 0.5 else []
    lines = ["litmus unit/naive", "id naive-1", "spec gc.force", "about Random.", *precise,
             f"chan a {rng.randint(0, 1)} elem=obj", f"chan b {rng.randint(0, 1)}", "mutex m", "wg g", "atomic n = 0",
             "atomic x ptr", "ptr v", "main:", "  p = nil", *start, *block(rng, scene(rng)),
             "other(p):", *block(rng, [])]
    lines += ["func fin(o):", "  " + rng.choice(WITH_OBJECT + ALONE),
              "func late(o):", "  " + rng.choice(["note 9", "add n 1"]),
              "func free:", "  " + rng.choice(ALONE), "func one(o):", "  " + rng.choice(["keep o", "note 2"]),
              "sends(o):", "  a <- o",
              "func last(o):", "  " + rng.choice(["keep o", "gc\n  keep o", "drop o\n  gc", "s = 1"]),
              "func deep(o):", "  q = new 1", "  w = weak q", "  drop q", "  q = o[0]", "  q = get w"]
    return "\n".join([*lines, "show main.r main.s" + rng.choice(["", " log"]), ""])


def outcomes(got: Any, most: int) -> set[str] | None:
    """The second model's outcomes; None: too many states, or an operation that it lacks; `unmodelled`: refused."""
    try:
        return HeapNaive(read_plan(got["plan"]), "gc.precise" in got["needs"]).ends(most)
    except Unmodelled:
        return {"unmodelled"}
    except NotImplementedError:
        return None


def first_model(got: Any) -> set[str] | None:
    """The outcomes of the model that judges, in the same form; None: nothing can be compared."""
    why = got["model"]["unmodelled"]
    if why and ("order" in why or "twice as many" in why):
        return None
    if not why and not got["model"]["complete"]:
        return None
    return {"unmodelled"} if why else {plain_key(o["key"]) for o in got["model"]["outcomes"]}


def compare(files: list[Path], again: str) -> int:
    """How many programs were within bounds; the two models must give the same outcomes for them."""
    done = subprocess.run([LIT, "json", *files], capture_output=True, text=True, check=False)
    compared = 0
    for file, line in zip(files, done.stdout.splitlines(), strict=True):
        got = json.loads(line)
        assert not got["error"], f"{got['error']}\n{file.read_text()}"
        model, naive = first_model(got), outcomes(got, MOST_STATES)
        if model is None or naive is None:
            continue
        assert model == naive, (
            f"{file.read_text()}\nmodel only: {sorted(model - naive)}\nnaive only: {sorted(naive - model)}\n"
            f"again: pytest {Path(__file__).name} -k '{again}'")
        compared += 1
    return compared


@pytest.mark.parametrize("batch", range(BATCHES))
def test_second_model_agrees(batch: int, tmp_path: Path) -> None:
    """The two models give the same outcomes on random programs."""
    files = []
    for k in range(PER_BATCH):
        files.append(tmp_path / f"{batch * 1000 + k}.lit")
        files[-1].write_text(program(batch * 1000 + k))
    compared = compare(files, f"agrees and {batch}")
    assert compared >= PER_BATCH * 0.6, f"only {compared} of {PER_BATCH} programs within bounds"


@pytest.mark.parametrize("area", ["gc", "alloc", "mem"])
def test_second_model_agrees_on_the_corpus(area: str) -> None:
    """Programs that a person wrote, as far as the second model knows their operations."""
    files = [f for f in find_files() if f.relative_to(CORPUS).parts[0] == area]
    assert compare(files, f"corpus and {area}") >= len(files) * 0.4
