# SPDX-License-Identifier: BSD-3-Clause
"""Every program of the corpus as Go source: it compiles, is laid out, and ends as the model allows.

Owns: `lit export --go`.  Not here: the Go driver, which runs plans (test_litmus.py).

All programs are exported as functions of one package and built at once, plain and with Go's virtual clock, whose
programs count on it; each is then run in processes of its own, because many of them die.  Deaths are read with the
patterns of the Go driver.  An outcome that the model does not allow is a bug of the exporter, the model or Go.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from harness.lit import CORPUS, ROOT, Program, find_files, load_programs, outcome_key
from harness.manifest import load_manifest

LIT = ROOT / "build" / "opt" / "lit"
FOLDER = ROOT / "build" / "export"
RUNS = 3
LIMIT_S = 60
FILES = find_files()
SAMPLE = FILES[::12]  # also built as the stand-alone programs that users get

# What a virtual clock puts before each write: a mark, the time, the length.
FRAME = re.compile(rb"\x00\x00PB.{12}", re.DOTALL)


def go() -> str:
    """The newest go there is."""
    found = shutil.which("go") or next((str(p) for p in Path("/usr/lib").glob("go-*/bin/go")), None)
    if found is None:
        pytest.skip("no go toolchain: make setup")
    return found


def run_go(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run go without a network and without looking for another version of itself."""
    fixed = {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod", "GOWORK": "off", **env}
    return subprocess.run([go(), *args], cwd=cwd, env={**os.environ, **fixed}, capture_output=True, text=True)


@cache
def go_version() -> tuple[int, int]:
    text = run_go("env", "GOVERSION", cwd=ROOT).stdout
    found = re.search(r"go(\d+)\.(\d+)", text)
    assert found, text
    return int(found[1]), int(found[2])


def name_of(file: Path) -> str:
    """The function of a program: its path below the corpus, as a name."""
    return "p" + str(FILES.index(file)).zfill(4)


def export(file: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(LIT), "export", "--go", *args, str(file)], capture_output=True, text=True)


def is_newer(program: Program) -> bool:
    """Weak pointers and cleanups came with Go 1.24."""
    return go_version() < (1, 24) and bool({"weak", "cleanup"} & set(program.needs))


@cache
def programs() -> dict[Path, Program]:
    return {program.file: program for program in load_programs()}


def write(file: Path, text: str) -> None:
    """Writes a file unless it has that text, so that go's cache holds."""
    if not file.exists() or file.read_text() != text:
        file.write_text(text)


@cache
def built() -> str:
    """Exports all programs as one package and builds it twice; an empty text, or what went wrong."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        source = FOLDER / "all"
        source.mkdir(exist_ok=True)
        names = []
        for file, program in programs().items():
            if is_newer(program):
                continue
            done = export(file, "--package", "--func", name_of(file))
            if done.returncode != 0:
                return f"build/opt/lit export --go {file.relative_to(ROOT)}: {done.stderr}"
            names.append(name_of(file))
            write(source / f"{name_of(file)}.go", done.stdout)
        table = "".join(f'\t"{name}": {name},\n' for name in names)
        write(source / "main.go", "package main\n\nimport \"os\"\n\nvar programs = map[string]func(){\n"
              f"{table}}}\n\nfunc main() {{\n\tprograms[os.Args[1]]()\n}}\n")
        write(source / "go.mod", "module exported\n\ngo {}.{}\n".format(*go_version()))
        for stale in set(source.glob("p*.go")) - {source / f"{name}.go" for name in names}:
            stale.unlink()
        plain = run_go("build", "-o", "../plain", ".", cwd=source)
        fake = run_go("build", "-tags", "faketime", "-o", "../faketime", ".", cwd=source, CGO_ENABLED="0")
    return plain.stderr + fake.stderr


def judged(program: Program) -> str:
    """Why this program's outcomes cannot be judged on Go, or nothing."""
    if is_newer(program):
        return "this go has no weak pointers and no cleanups"
    if program.want_race:
        return "racy: its outcomes mean nothing"
    for word in program.profile:
        found = re.fullmatch(r"go>=(\d+)\.(\d+)", word)
        if found and go_version() >= (int(found[1]), int(found[2])):
            continue
        if word not in ("spec", "fifo-waiters"):
            return f"go does not promise {word}"
    manifest = load_manifest("go")
    return manifest.known[program.id].reason if program.id in manifest.known else ""


def outcome_of(program: Program, done: subprocess.CompletedProcess[bytes]) -> str:
    """The key of what a process did."""
    stdout, stderr = (FRAME.sub(b"", s).decode(errors="replace") for s in (done.stdout, done.stderr))
    if done.returncode == 0:
        lines = re.findall(r"^outcome: (.*)$", stdout, re.MULTILINE)
        if lines:
            return str(lines[-1])
    notes = re.findall(r"^note: (-?\d+)$", stdout, re.MULTILINE)
    status = next(filter(None, (d.match(done.returncode, None, stderr) for d in load_manifest("go").deaths)), "")
    if not status and not stderr.strip():
        status = f"exit:{done.returncode}"
    log = ["-" if not notes else ",".join(notes)] if "log" in program.terms else []
    return outcome_key(program.terms, status or f"unknown death {done.returncode}: {stderr[:300]}", log)


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(CORPUS).with_suffix("")))
def test_program_ends_as_the_model_allows(file: Path) -> None:
    program = programs()[file]
    assert not built(), built()[:4000]
    if why := judged(program):
        pytest.skip(why)
    binary = FOLDER / ("faketime" if "faketime" in program.needs else "plain")
    for _ in range(1 if "heap" in program.needs else RUNS):
        done = subprocess.run([str(binary), name_of(file)], capture_output=True, timeout=LIMIT_S)
        key = outcome_of(program, done)
        assert key in program.allowed, (f"again: {binary.relative_to(ROOT)} {name_of(file)}\n"
                                        f"source: build/opt/lit export --go {file.relative_to(ROOT)}\n"
                                        f"got      {key}\nexpected {sorted(program.allowed)}")


def test_layout_is_gofmts() -> None:
    assert not built(), built()[:4000]
    gofmt = shutil.which("gofmt") or str(Path(go()).parent / "gofmt")
    files = sorted((FOLDER / "all").glob("p*.go"))
    assert len(files) >= 100
    done = subprocess.run([gofmt, "-l", *map(str, files)], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, ""), f"again: gofmt -d {done.stdout}{done.stderr}"


def test_stand_alone_programs_compile_and_carry_nothing_unused(tmp_path: Path) -> None:
    kept = [file for file in SAMPLE if not is_newer(programs()[file])]
    write(tmp_path / "go.mod", "module alone\n\ngo {}.{}\n".format(*go_version()))
    for file in kept:
        folder = tmp_path / name_of(file)
        folder.mkdir()
        done = export(file)
        assert done.returncode == 0, done.stderr
        write(folder / "main.go", done.stdout)
        for name in re.findall(r"^func (\w+)\(", done.stdout, re.MULTILINE):
            used = len(re.findall(rf"\b{name}\b", re.sub(r"//.*", "", done.stdout)))
            assert used >= 2 or name == "main" or name in program_blocks(file), f"{file}: func {name} is never used"
    done = run_go("vet", "-copylocks=false", "-unreachable=false", "-nilness=false", "./...", cwd=tmp_path)
    wrong = [line for line in done.stderr.splitlines() if "vet: " in line]
    assert not wrong, f"again: build/opt/lit export --go FILE\n{done.stderr[:3000]}"


def program_blocks(file: Path) -> set[str]:
    """Functions that are the program's own; a program may have one that it never calls."""
    return set(re.findall(r"^(?:func )?(\w+):", programs()[file].source, re.MULTILINE))


def test_exported_twice_is_the_same_text() -> None:
    assert export(FILES[0]).stdout == export(FILES[0]).stdout


HELD = """litmus a/held
needs gc.precise
atomic n = 0
main:
  p = new 2
  q = &p[1]
  finalizer p ran
  drop p
  a = gc until n != 0 max 2
  e = catch q[1] = nil
  drop q
  b = gc until n != 0 max 20
func ran(hold):
  add n 1
show main.a main.b main.e
"""


def test_a_register_holds_until_it_is_dropped(tmp_path: Path) -> None:
    """To Go a variable ends with its last use, to a litmus program with its activation."""
    file = tmp_path / "a.lit"
    file.write_text(HELD)
    done = export(file)
    assert done.returncode == 0, done.stderr
    write(tmp_path / "main.go", done.stdout)
    ran = run_go("run", "main.go", cwd=tmp_path)
    assert ran.stdout == "outcome: ok main.a=0 main.b=1 main.e=index\n", ran.stderr + done.stdout


NAMES = """litmus a/names
chan type 1
var fmt = 3
atomic string = 4
mutex runtime
wg range_
main:
  int64 = fmt
  type <- 7
  got, open = <-type
  text = load string
  round = 0
  repeat 2 as round2
    round = round + round2
  end
  e = catch type <- 1
  call init
func init:
  body = 1
  func_ = body
  fmt = func_
show main.int64 main.got main.open main.text main.round main.e init.body
"""


def test_names_that_go_has_uses_for(tmp_path: Path) -> None:
    """Names that are words of Go, its packages, or the exporter's own."""
    file = tmp_path / "a.lit"
    file.write_text(NAMES)
    for args in ((), ("--package", "--func", "f")):
        done = export(file, *args)
        assert done.returncode == 0, done.stderr
        main = "" if not args else "\nfunc main() {\n\tf()\n}\n"
        write(tmp_path / "main.go", done.stdout + main)
        ran = run_go("run", "main.go", cwd=tmp_path)
        assert ran.stdout == ("outcome: ok main.int64=3 main.got=7 main.open=1 main.text=4 main.round=1 main.e=0 "
                              "init.body=1\n"), ran.stderr + done.stdout
