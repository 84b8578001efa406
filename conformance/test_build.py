# SPDX-License-Identifier: BSD-3-Clause
"""The Makefile, tried on a miniature of the tree: what is built, from what, and when again."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

ASM = ".globl gr_switch\ngr_switch: ret\n.section .note.GNU-stack,\"\",%progbits\n"
USER = """#include <stdio.h>
#include "gr.h"
int inner(void);
int inner(void) { return 99; }
int main(void) { printf("%d %d %d\\n", gr_answer(), inner(), gr_is_ours()); return 0; }
"""
TREE = {
    "reference/include/gr.h": "int gr_answer(void);\nint gr_is_ours(void);\n",
    "reference/src/base/inner.h": "int inner(void);\n",
    "reference/src/base/inner.c": '#include "inner.h"\nint inner(void) { return ANSWER; }\n',
    "reference/src/base/answer.c": """#include "gr.h"
#include "inner.h"
extern char __start_gr_text[], __stop_gr_text[];
int gr_answer(void) { return inner(); }
int gr_is_ours(void)
{
    char *pc = (char *)gr_answer;
    return pc >= __start_gr_text && pc < __stop_gr_text;
}
""",
    "reference/src/arch/san.c": """#ifdef __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#error san.c must not be instrumented
#endif
#endif
int gr_san(void);
int gr_san(void) { return 0; }
""",
    "reference/src/arch/ctx_x86_64.S": ASM,
    "reference/src/arch/ctx_aarch64.S": ASM,
    "reference/unit/inner_test.c": """#include <stdio.h>
#include "base/inner.h"
#include "gr.h"
int main(void) { printf("unit %d %d\\n", inner(), gr_is_ours()); return inner() == 0; }
""",
    "spec/lit/lit.h": "int lit_parse(void);\n",
    "spec/lit/lex.c": '#include "lit.h"\nint lit_parse(void) { return 0; }\n',
    "spec/lit/model/state.c": '#include "lit.h"\nint inner(void);\nint inner(void) { return 0; }\n',
    "spec/lit/main.c": '#include "lit.h"\nint main(void) { return lit_parse(); }\n',
    "spec/unit/lex_test.c": '#include "lit.h"\nint main(void) { return lit_parse(); }\n',
    "conformance/drivers/c/kit/ops.h": "extern int ops_table;\nint kit_run(void);\n",
    "conformance/drivers/c/kit/kit.c": """#include <stdio.h>
#include "ops.h"
int kit_run(void) { return printf("ops %d\\n", ops_table) < 0; }
#ifndef GAUNTLET_NO_MAIN
int main(void) { return kit_run(); }
#endif
""",
    "conformance/drivers/c/gr_ops.c": '#include "gr.h"\n#include "ops.h"\nint ops_table = 1;\n',
    "conformance/drivers/c/toy_ops.c": '#include "ops.h"\nint ops_table = 2;\n',
    "stress/steal.c": USER,
    "stress/bench/spawn.c": USER.replace("inner()", "inner() + lit_parse()").replace(
        "int inner(void);", '#include "lit.h"\nint inner(void);', 1
    ),
    "fuzz/fuzz_lit.c": """#include <stddef.h>
#include <stdint.h>
#include "lit.h"
#include "ops.h"
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    return (n && bytes[0] == 255 && ops_table != 1) + lit_parse();
}
""",
}


def run(tree: Path, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the miniature; the caller looks at the status."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    for name in ("FLAVOR", "ARCH", "BUILD", "CC", "EXTRA", "V"):
        clean.pop(name, None)
    return subprocess.run(
        command, cwd=tree, env={**clean, **env}, capture_output=True, text=True
    )


def make(tree: Path, *arguments: str) -> str:
    """Run make, which must succeed; gives what it printed."""
    done = run(tree, "make", "EXTRA=-DANSWER=42", *arguments)
    assert done.returncode == 0, f"make {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout


def built(printed: str) -> set[str]:
    """The files that a make compiled or linked, without the build folder."""
    names = re.findall(r"^  [A-Z]+ +build/[^/]+/(\S+)", printed, re.MULTILINE)
    return {name.removeprefix("o/") for name in names}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name, text in TREE.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize("flavor", ["opt", "debug", "asan", "tsan", "racecheck", "mutant", "cov"])
def test_flavor_builds_everything_and_hides_private_names(tree: Path, flavor: str) -> None:
    make(tree, f"FLAVOR={flavor}", "all")
    out = tree / "build" / flavor
    for name in ("lit", "unit/lex_test"):
        assert run(tree, str(out / name)).returncode == 0
    assert run(tree, str(out / "unit/inner_test")).stdout == "unit 42 1\n"
    assert run(tree, str(out / "driver-gr")).stdout == "ops 1\n"
    assert run(tree, str(out / "driver-toy")).stdout == "ops 2\n"
    for name in ("stress/steal", "bench/spawn") if flavor == "opt" else ("stress/steal",):
        assert run(tree, str(out / name)).stdout == "42 99 1\n"
    members = run(tree, "ar", "t", str(out / "libgr.a")).stdout
    assert members == "libgr.o\n"


@pytest.mark.parametrize(
    ("flavor", "call", "in_runtime", "in_drivers"),
    [
        ("asan", "__asan_init", True, True),
        ("tsan", "__tsan_init", True, True),
        ("racecheck", "__tsan_init", False, True),
        ("cov", "__gcov_init", True, True),
        ("opt", "__tsan_init", False, False),
    ],
)
def test_instrumentation_reaches_what_it_should(
    tree: Path, flavor: str, call: str, in_runtime: bool, in_drivers: bool
) -> None:
    make(tree, f"FLAVOR={flavor}", "tools", "stresses")
    objects = tree / "build" / flavor / "o"

    def has(name: str) -> bool:
        return call in run(tree, "nm", str(objects / name)).stdout

    assert has("reference/src/base/inner.o") is in_runtime
    assert has("conformance/drivers/c/kit/kit.o") is in_drivers
    assert has("stress/steal.o") is in_drivers
    assert not has("reference/src/arch/san.o")


def test_fuzz_targets_run(tree: Path) -> None:
    make(tree, "FLAVOR=fuzz", "all")
    done = run(tree, str(tree / "build/fuzz/fuzz_lit"), "-runs=100", "-seed=1")
    assert done.returncode == 0 and "Done 100 runs" in done.stderr, done.stderr


def test_second_make_does_nothing_and_a_touch_rebuilds_just_enough(tree: Path) -> None:
    make(tree, "all")
    assert built(make(tree, "all")) == set()
    (tree / "spec/lit/lit.h").write_text("int lit_parse(void);\n\n")
    assert built(make(tree, "all")) == {
        *("spec/lit/lex.o", "spec/lit/main.o", "spec/lit/model/state.o", "spec/unit/lex_test.o"),
        *("liblit.a", "lit", "unit/lex_test", "stress/bench/spawn.o", "bench/spawn"),
    }


def test_change_of_flags_rebuilds(tree: Path) -> None:
    make(tree, "build/opt/unit/inner_test")
    make(tree, "build/opt/unit/inner_test", "EXTRA=-DANSWER=43")
    assert run(tree, "build/opt/unit/inner_test").stdout == "unit 43 1\n"


def test_removed_and_added_sources_reach_the_library(tree: Path) -> None:
    make(tree, "tools")
    extra = tree / "reference/src/base/extra.c"
    extra.write_text("int gr_extra(void);\nint gr_extra(void) { return 1; }\n")
    make(tree, "tools")
    assert "gr_extra" in run(tree, "nm", "build/opt/libgr.a").stdout
    extra.unlink()
    make(tree, "tools")
    assert "gr_extra" not in run(tree, "nm", "build/opt/libgr.a").stdout


def test_only_gr_names_are_global(tree: Path) -> None:
    make(tree, "tools")
    names = run(tree, "nm", "-g", "--defined-only", "build/opt/libgr.a").stdout.splitlines()
    names = [line.split()[-1] for line in names if " " in line]
    assert names and all(name.startswith("gr_") for name in names), names


def test_empty_tree_and_failed_compile(tree: Path) -> None:
    (tree / "reference/src/base/inner.c").write_text("int inner(void) { return 1; }\n")
    done = run(tree, "make", "all")
    assert done.returncode != 0 and "missing-prototypes" in done.stderr
    assert not list((tree / "build").rglob("inner.o*")), "a failed compile left something behind"
    for folder in ("reference", "spec", "conformance", "stress", "fuzz"):
        shutil.rmtree(tree / folder)
    make(tree, "all")
    make(tree, "go")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("FLAVOR=fast", "FLAVOR=fast: pick one of opt debug"),
        ("ARCH=riscv64 FLAVOR=asan", "a cross build is one of opt, debug, mutant"),
    ],
)
def test_wrong_use_is_named(tree: Path, argument: str, message: str) -> None:
    done = run(tree, "make", *argument.split(), "all")
    assert done.returncode == 2 and message in done.stderr


def test_two_unit_tests_of_one_name_are_refused(tree: Path) -> None:
    shutil.copy(tree / "spec/unit/lex_test.c", tree / "reference/unit/lex_test.c")
    done = run(tree, "make", "all")
    assert done.returncode == 2 and "rename one" in done.stderr


def test_unit_runs_natively_and_reports_the_failing_command(tree: Path) -> None:
    assert "unit 42 1" in make(tree, "unit")
    done = run(tree, "make", "unit", "EXTRA=-DANSWER=0")
    assert done.returncode != 0
    assert "again: make build/opt/unit/inner_test FLAVOR=opt" in done.stdout


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the cross build starts on x86_64")
def test_unit_runs_on_the_second_processor(tree: Path) -> None:
    assert "unit 42 1" in make(tree, "ARCH=aarch64", "unit")
    kind = run(tree, "readelf", "-h", "build/opt-aarch64/unit/inner_test").stdout
    assert "AArch64" in kind


def test_help_names_every_target(tree: Path) -> None:
    listed = {line.split()[0] for line in make(tree, "help").splitlines()}
    wanted = "all setup conform check stress soak fuzz mutants bench report format unit clean help browser"
    assert set(wanted.split()) <= listed


def stubs_called(library: Path, folder: Path) -> set[str]:
    """The functions outside of libgr that it calls by way of a stub in the program's own text."""
    subprocess.run(["ar", "x", str(library)], cwd=folder, check=True)

    def read(flag: str) -> list[list[str]]:
        listed = subprocess.run(["readelf", flag, "libgr.o"], cwd=folder, check=True, capture_output=True, text=True)
        return [line.split() for line in listed.stdout.splitlines()]

    outside = {words[7] for words in read("-sW") if len(words) == 8 and words[6] == "UND"}
    return {words[4] for words in read("-rW") if len(words) > 4 and words[2] == "R_X86_64_PLT32"} & outside


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="freezing is off where the name of the relocation differs")
def test_the_runtime_calls_no_stub(tmp_path: Path) -> None:
    """A thread is frozen in the program's text only (freeze.c); a stub lies there, and its caller may hold a lock."""
    library = ROOT / "build" / "opt" / "libgr.a"
    if not library.exists():
        pytest.skip("build/opt/libgr.a is not there: make tools")
    assert stubs_called(library, tmp_path) == set()


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="as above")
def test_a_stub_is_seen(tmp_path: Path) -> None:
    (tmp_path / "x.c").write_text("#include <string.h>\nvoid gr_x(void *p, int n) { memset(p, n, (unsigned)n); }\n")
    subprocess.run(["gcc", "-O2", "-fPIE", "-c", "x.c", "-o", "libgr.o"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rcs", "x.a", "libgr.o"], cwd=tmp_path, check=True)
    assert stubs_called(tmp_path / "x.a", tmp_path) == {"memset"}
