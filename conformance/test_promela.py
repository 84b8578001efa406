# SPDX-License-Identifier: BSD-3-Clause
"""The models of the runtime's protocols (reference/model/*.pml), searched exhaustively by spin.

A model states its claim as an assertion; each BROKEN_ variant that its head names leaves out one rule of the protocol, and the
search must find the error of each, or the model proves nothing.

  I1  Only a search that saw every state counts as one without errors.
  I2  What a head names and what the text tests are the same variants.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.lit import ROOT

MODELS = sorted((ROOT / "reference" / "model").glob("*.pml"))
NAMED = re.compile(r"^ \*   (BROKEN_\w+)  ", re.MULTILINE)
TESTED = re.compile(r"^#if.*$", re.MULTILINE)
VARIANTS = [(model, variant) for model in MODELS for variant in NAMED.findall(model.read_text(encoding="utf-8"))]

pytestmark = pytest.mark.skipif(not shutil.which("spin"), reason="spin is not installed; run: make setup")


def search(model: Path, folder: Path, variant: str = "") -> str:
    """What the exhaustive search of a model prints."""
    spin = ["spin", "-a", *([f"-D{variant}"] if variant else []), str(model)]
    made = subprocess.run(spin, cwd=folder, capture_output=True, text=True, check=False, timeout=60)
    assert made.returncode == 0, made.stdout + made.stderr
    subprocess.run(["gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=4000", "-o", "pan", "pan.c"], cwd=folder, check=True,
                   timeout=120)
    return subprocess.run(["./pan", "-E", "-m100000"], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=280).stdout


def test_there_are_models() -> None:
    assert MODELS and VARIANTS


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.stem)
def test_variants_are_those_that_the_head_names(model: Path) -> None:
    text = model.read_text(encoding="utf-8")
    tested = {name for line in TESTED.findall(text) for name in re.findall(r"BROKEN_\w+", line)}
    assert set(NAMED.findall(text)) == tested


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.stem)
def test_the_protocol_holds(model: Path, tmp_path: Path) -> None:
    said = search(model, tmp_path)
    assert "errors: 0" in said and "Search not completed" not in said and "max search depth too small" not in said, said


@pytest.mark.parametrize(("model", "variant"), VARIANTS, ids=lambda v: v if isinstance(v, str) else v.stem)
def test_without_a_rule_it_does_not(model: Path, variant: str, tmp_path: Path) -> None:
    said = search(model, tmp_path, variant)
    assert re.search(r"assertion violated|invalid end state", said) and "errors: 0" not in said, said
