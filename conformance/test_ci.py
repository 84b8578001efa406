# SPDX-License-Identifier: BSD-3-Clause
"""The checks in ci/ see what they are for: one planted breach each, and the real tree is clean."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SPDX_C = "/* SPDX-License-Identifier: BSD-3-Clause */\n"
SPDX_HASH = "# SPDX-License-Identifier: BSD-3-Clause\n"

CLEAN_TREE = {
    "reference/README.md": "| floor | folder | owns |\n|---|---|---|\n| 0 | base | x |\n"
    "| 1 | os | x |\n| 1 | arch | x |\n| 2 | lock | x |\n",
    "reference/include/gr.h": SPDX_C + '#include "gr/task.h"\n',
    "reference/include/gr/task.h": SPDX_C + "#include <stdint.h>\n",
    "reference/src/base/base.h": SPDX_C + '#include "cc.h"\n',
    "reference/src/base/cc.h": SPDX_C,
    "reference/src/os/os.h": SPDX_C + '#include "base/base.h"\n',
    "reference/src/arch/arch.h": SPDX_C,
    "reference/src/lock/lock.h": SPDX_C + '#include "os/os.h"\n#include "gr/task.h"\n',
    "reference/unit/os_test.c": SPDX_C + '#include "os/os.h"\n#include "base/cc.h"\n',
    "spec/lit/lit.h": SPDX_C,
    "spec/lit/model/state.h": SPDX_C + '#include "../lit.h"\n',
    "spec/unit/lit_test.c": SPDX_C + '#include "lit.h"\n',
    "conformance/drivers/c/kit/ops.h": SPDX_C + "#include <stdio.h>\n",
    "conformance/drivers/c/kit/wire.c": SPDX_C + '#include "ops.h"\n',
    "conformance/drivers/c/toy_ops.c": SPDX_C + '#include "ops.h"\n#include <pthread.h>\n',
    "conformance/drivers/c/gr_ops.c": SPDX_C + '#include "ops.h"\n#include "gr.h"\n',
    "stress/steal.c": SPDX_C + '#include "stress.h"\n#include "gr.h"\n',
    "stress/stress.h": SPDX_C,
    "stress/bench/spawn.c": SPDX_C + '#include "gr.h"\n',
    "fuzz/fuzz_lit.c": SPDX_C + '#include "lit.h"\n#include "ops.h"\n#include "gr.h"\n',
}

LAYER_BREACHES = [
    ("reference/src/base/up.c", '#include "os/os.h"', "only lower floors"),
    ("reference/src/os/peer.c", '#include "arch/arch.h"', "only lower floors"),
    ("reference/src/lock/side.c", '#include "base/cc.h"', "include its door base/base.h"),
    ("reference/src/lock/side.c", '#include "../base/cc.h"', "include its door base/base.h"),
    ("reference/src/lock/side.c", "#include <base/cc.h>", "include its door base/base.h"),
    ("reference/src/heap/new.c", "int x;", "has no floor"),
    ("reference/src/lock/lost.c", '#include "nowhere.h"', "is not in this folder"),
    ("reference/include/gr/chan.h", '#include "../../src/base/base.h"', "is not for files"),
    ("conformance/drivers/c/kit/exec.c", '#include "gr.h"', "is not in this folder"),
    ("conformance/drivers/c/toy_more.c", '#include "../../../reference/include/gr.h"', "not for"),
    ("conformance/drivers/c/gr_more.c", '#include "gr/task.h"', "is not for files"),
    ("stress/deep.c", '#include "../reference/src/base/cc.h"', "is not for files"),
    ("stress/deep.c", '#include "../spec/lit/lit.h"', "is not for files"),
    ("stress/bench/deep.c", '#include "../../spec/lit/model/state.h"', "is not for files"),
    ("fuzz/fuzz_chan.c", '#include "model/state.h"', "is not for files"),
    ("spec/lit/lex.c", '#include "../../reference/include/gr.h"', "is not for files"),
    ("spec/unit/x_test.c", '#include "../../reference/include/gr.h"', "is not for files"),
    ("reference/unit/x_test.c", '#include "../../spec/lit/lit.h"', "is not for files"),
    ("elsewhere/x.c", "int x;", "no rule says"),
]

STYLE_BREACHES = [
    ("stress/a.c", "int x;\n", 1, "licence line"),
    ("ci/a.py", "#!/usr/bin/python3\nimport sys\n", 2, "licence line"),
    ("stress/a.c", "/* SPDX-License-Identifier: MIT */\n", 1, "licence line"),
    ("stress/a.c", SPDX_C + "//" + "x" * 91 + "\n", 2, "93 columns"),
    ("stress/a.h", SPDX_C + "\t" * 12 + "\n", 2, "96 columns"),
    ("stress/a.c", SPDX_C + "\n" * 500, 501, "501 lines"),
    ("ci/a.py", SPDX_HASH + "#\n" * 500, 501, "501 lines"),
    ("stress/a.c", SPDX_C + "/* TO" + "DO later */\n", 2, "note to self"),
    ("spec/a.md", "words\nFIX" + "ME: words\n", 2, "note to self"),
    ("README.md", "see /wo" + "rk/main\n", 1, "path of one machine"),
    ("stress/a.c", SPDX_C + '#define P "/ho' + 'me/me"\n', 2, "path of one machine"),
    ("stress/a.c", SPDX_C + '#define P "/tm' + 'p/me"\n', 2, "path of one machine"),
    ("stress/a.c", b"/* \xff */\n", 1, "not UTF-8"),
]

STYLE_CLEAN = {
    "stress/a.c": SPDX_C + "/" * 92 + "\n" + "\n" * 498,
    "ci/run.sh": "#!/bin/sh\n" + SPDX_HASH,
    "conformance/test_x.py": SPDX_HASH + 'X = "/tmp/x"\n',
    "spec/a.md": "context.TO" + "DO is an identifier; a/work/b is relative\n",
    "build/opt/junk.c": "TO" + "DO\n",
    "conformance/litmus/chan/a.lit": "litmus chan/a\n",
}


def plant(root: Path, files: dict[str, str] | dict[str, bytes]) -> None:
    """Write files, given as path -> content."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


def check(name: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run ci/check_NAME.py on a tree."""
    return subprocess.run(
        [sys.executable, str(ROOT / f"ci/check_{name}.py"), "--root", str(root)],
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize("name", ["layers", "style"])
def test_this_tree_is_clean(name: str) -> None:
    done = check(name, ROOT)
    assert done.returncode == 0, f"again: python3 ci/check_{name}.py\n{done.stdout}{done.stderr}"


def test_layers_accept_what_is_allowed(tmp_path: Path) -> None:
    plant(tmp_path, CLEAN_TREE)
    done = check("layers", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"layers: {len(CLEAN_TREE) - 1} files, 0 breaches\n")


@pytest.mark.parametrize(("file", "line", "reason"), LAYER_BREACHES)
def test_layers_see_a_breach(tmp_path: Path, file: str, line: str, reason: str) -> None:
    plant(tmp_path, CLEAN_TREE)
    plant(tmp_path, {file: SPDX_C + line + "\n"})
    done = check("layers", tmp_path)
    where = 2 if line.startswith("#") else 1
    findings = done.stdout.splitlines()[:-1]
    assert done.returncode == 1
    assert any(f.startswith(f"{file}:{where}: ") and reason in f for f in findings), done.stdout


def test_style_accepts_what_is_allowed(tmp_path: Path) -> None:
    plant(tmp_path, STYLE_CLEAN)
    done = check("style", tmp_path)
    assert (done.returncode, done.stdout) == (0, f"style: {len(STYLE_CLEAN) - 1} files, 0 findings\n")


@pytest.mark.parametrize(("file", "content", "line", "reason"), STYLE_BREACHES)
def test_style_sees_a_breach(
    tmp_path: Path, file: str, content: str | bytes, line: int, reason: str
) -> None:
    plant(tmp_path, {file: content})
    done = check("style", tmp_path)
    findings = done.stdout.splitlines()[:-1]
    assert done.returncode == 1
    assert any(f.startswith(f"{file}:{line}: ") and reason in f for f in findings), done.stdout


def test_style_reads_only_what_git_would_commit(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    plant(tmp_path, {".gitignore": "out/\n", "out/a.c": "int x;\n", "stress/a.c": "int x;\n"})
    done = check("style", tmp_path)
    assert done.stdout.splitlines()[-1] == "style: 1 files, 1 findings"


def run_setup(folder: Path, fakes: dict[str, str], **env: str) -> subprocess.CompletedProcess[str]:
    """Run ci/setup.sh where only the named fake tools and a few harmless real ones exist."""
    tools = folder / "bin"
    tools.mkdir()
    for name in ("sed", "sh", "cat", "mkdir", "tail", "printf"):
        real = shutil.which(name)
        assert real, f"{name} is not on PATH"
        (tools / name).symlink_to(real)
    for name, body in fakes.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    return subprocess.run(
        ["/bin/sh", str(ROOT / "ci/setup.sh")],
        cwd=folder,
        env={"PATH": str(tools), "MMAP_BITS": "none", **env},
        capture_output=True,
        text=True,
    )


ALL_THERE = 'shift 2; for p in "$@"; do echo "installed $p"; done'
ALL_BUT_GDB = 'shift 2; for p in "$@"; do [ "$p" = gdb ] || echo "installed $p"; done'


def test_setup_is_silent_when_nothing_is_missing(tmp_path: Path) -> None:
    done = run_setup(tmp_path, {"dpkg-query": ALL_THERE, "go": "echo go1.26.8"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("fakes", "reason"),
    [({}, "no apt-get"), ({"apt-get": "exit 1", "id": "echo 1000"}, "needs root")],
)
def test_setup_says_what_to_do_by_hand(
    tmp_path: Path, fakes: dict[str, str], reason: str
) -> None:
    done = run_setup(tmp_path, {"dpkg-query": ALL_BUT_GDB, "go": "echo go1.26.8", **fakes})
    assert done.returncode == 2
    assert reason in done.stderr
    assert done.stderr.endswith("sudo apt-get install --no-install-recommends gdb\n")


@pytest.mark.parametrize(
    ("go", "wanted"), [("echo go1.18.1", True), ("exit 1", True), ("echo go1.19", False)]
)
def test_setup_wants_go_only_where_it_is_too_old(tmp_path: Path, go: str, wanted: bool) -> None:
    done = run_setup(tmp_path, {"dpkg-query": ":", "go": go}, BROWSER="1")
    assert ("golang-go" in done.stdout) is wanted
    assert "chromium-driver: " in done.stdout


def test_setup_warns_of_a_kernel_that_tsan_cannot_stand(tmp_path: Path) -> None:
    (tmp_path / "bits").write_text("32\n")
    fakes = {"dpkg-query": ALL_THERE, "go": "echo go1.26.8"}
    done = run_setup(tmp_path, fakes, MMAP_BITS="bits")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.endswith("sudo sysctl vm.mmap_rnd_bits=28\n")


def test_setup_installs_what_is_missing_and_updates_the_lists_once(tmp_path: Path) -> None:
    apt = 'echo "$*" >>calls; case "$1" in update) touch fresh ;; *) [ -f fresh ] ;; esac'
    fakes = {"dpkg-query": ALL_BUT_GDB, "go": "echo go1.26.8", "apt-get": apt, "id": "echo 0"}
    fakes["touch"] = ': >"$1"'
    done = run_setup(tmp_path, fakes)
    install = "install -y --no-install-recommends gdb"
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "calls").read_text().splitlines() == [install, "update", install]


WRAPPED = [
    (
        "/* a.h - " + "word " * 20 + "\n * end.\n *\n *   I1  " + "text " * 18 + "\n *   I2  b\n */\n",
        "/* a.h - " + ("word " * 16).rstrip() + "\n * word word word word end.\n *\n"
        " *   I1  " + ("text " * 16).rstrip() + "\n *       text text\n *   I2  b\n */\n",
    ),
    (
        "    int x; /* " + "word " * 16 + "*/\n",
        "    /* " + ("word " * 16).rstrip() + " */\n    int x;\n",
    ),
    ("/* " + "x" * 87 + " y */\n", "/* " + "x" * 87 + "\n * y */\n"),
    ("/* ---- a " + "-" * 90 + " */\n", "/* ---- a " + "-" * 79 + " */\n"),
    ("/* " + "x" * 100 + " */\n", "/* " + "x" * 100 + " */\n"),
    ('s = "' + "a /* " * 30 + '";\n', 's = "' + "a /* " * 30 + '";\n'),
]


@pytest.mark.parametrize(("before", "after"), WRAPPED)
def test_wrap_moves_only_what_is_too_long(tmp_path: Path, before: str, after: str) -> None:
    file = tmp_path / "a.h"
    for content in (before, after):
        file.write_text(content)
        wrap = [sys.executable, str(ROOT / "ci/wrap_comments.py"), str(file)]
        assert subprocess.run(wrap, capture_output=True).returncode == 0
        assert file.read_text() == after


def test_ci_runs_the_readmes_test_command() -> None:
    assert "make check" in (ROOT / ".ci/run").read_text()


def test_ci_prints_the_closing_line_last(tmp_path: Path) -> None:
    closing = "=== 3 failed, 5 passed in 1.20s ==="
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci/run")
    (tmp_path / "Makefile").write_text(
        f"setup:\n\t@echo browser=$(BROWSER)\ncheck:\n\t@echo '{closing}'; exit 1\n"
    )
    alone = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run([str(tmp_path / ".ci/run")], capture_output=True, text=True, env=alone)
    lines = done.stdout.splitlines()
    assert (lines[0], lines[-1]) == ("browser=1", closing)
    assert done.returncode != 0


def test_top_level_holds_what_the_map_names() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
    ).stdout.split("\n")
    top = {name.split("/")[0] for name in listed if name and not name.startswith(".")}
    allowed = {"reference", "spec", "conformance", "stress", "fuzz", "ci"}
    assert top <= allowed | {"Makefile", "README.md", "LICENSE"}, f"new at the top: {top - allowed}"


def test_size_classes_are_what_their_script_makes() -> None:
    """class.def is checked in, so that building needs no Python; it is never edited."""
    made = subprocess.run(
        [sys.executable, str(ROOT / "ci/make_classes.py")], capture_output=True, text=True, check=True
    )
    assert (ROOT / "reference/src/heap/class.def").read_text() == made.stdout
