# SPDX-License-Identifier: BSD-3-Clause
"""The `lit` command: usage, layout, plans, needs, JSON, limits, damaged files.

Owns: what a user of `lit` sees.  Not here: errors in programs (test_lit_errors.py), whether the model's outcomes are
right (test_model.py), Go export (test_export.py).  Every case prints the command that shows it again.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from harness.lit import CORPUS, ROOT, find_files

LIT = ROOT / "build" / "opt" / "lit"

# (arguments, exit status, a part of what it says)
USAGE: list[tuple[list[str], int, str]] = [
    ([], 2, "usage: lit COMMAND"),
    (["--help"], 0, "usage: lit COMMAND"),
    (["help"], 0, "exit status: 0 fine, 1 findings, 2 usage or bad input"),
    (["check", "--help"], 0, "usage: lit COMMAND"),
    (["frobnicate", "x"], 2, "unknown command 'frobnicate'"),
    (["plan"], 2, "no file for 'plan'"),
    (["plan", "a.lit", "b.lit"], 2, "too many files for 'plan'"),
    (["plan", "--stats", "a.lit"], 2, "bad option '--stats'"),
    (["check", "--profile", "best", "a.lit"], 2, "bad option '--profile'"),
    (["check", "--max-states", "many", "a.lit"], 2, "bad option '--max-states'"),
    (["check", "no/such/file.lit"], 2, "no/such/file.lit:1:1: cannot read it: No such file or directory"),
    (["plan", "/"], 2, "/:1:1: cannot read it: Is a directory"),
    (["plan", "/dev/zero"], 2, "/dev/zero:1:1: the file has 65537 bytes; expected at most 65536"),
    (["export", "a.lit"], 2, "export wants --go"),
    (["export", "--go", "--func", "f", "a.lit"], 2, "--package and --func NAME together"),
]

# (objects, body of main, what `plan --needs` says)
NEEDS: list[tuple[str, str, str]] = [
    ("", "x = 1", ""),
    ("chan c 1", "c <- 1", "chan"),
    ("nilchan c", "e = catch close c", "chan recover"),
    ("chan c 1 elem=ptr", "select\n    <-c\n  end", "chan ptr select"),
    ("chan c 1 elem=17", "make c 2", "chan elem make"),
    ("mutex m", "lock m", "mutex"),
    ("rwmutex m", "rlock m", "rwmutex"),
    ("mutex m\ncond c m", "signal c", "mutex cond"),
    ("ticker t", "start t 1", "ticker"),
    ("timer t", "afterfunc t 1 f", "timer afterfunc"),
    ("", "n = now", "sleep faketime"),
    ("", "sleep 1", "sleep"),
    ("", "n = procs 0\n  n = goroutines", "procs goroutines"),
    ("", "p = new 1\n  gc", "heap gc"),
    ("", "defer recover\n  fault index", "recover fault"),
    ("", "goexit", "goexit"),
]


def lit(*args: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run `lit` with these arguments."""
    if not LIT.exists():
        pytest.fail("build/opt/lit is not built; run: make tools")
    return subprocess.run([str(LIT), *map(str, args)], cwd=cwd, capture_output=True, text=True, errors="replace")


def files_of_corpus() -> list[Path]:
    """The corpus; a corpus without files is a mistake, not a success."""
    files = find_files()
    assert len(files) >= 100, f"only {len(files)} programs below {CORPUS}"
    return files


@pytest.mark.parametrize(("args", "status", "part"), USAGE, ids=[" ".join(u[0]) or "nothing" for u in USAGE])
def test_usage(args: list[str], status: int, part: str) -> None:
    done = lit(*args)
    again = f"again: build/opt/lit {' '.join(args)}"
    assert done.returncode == status, f"{again}\n{done.stdout}{done.stderr}"
    assert part in (done.stdout if status == 0 else done.stderr), again


@pytest.mark.parametrize(("objects", "body", "needs"), NEEDS, ids=[n[1].splitlines()[0] for n in NEEDS])
def test_needs_follow_from_the_program(objects: str, body: str, needs: str, tmp_path: Path) -> None:
    file = tmp_path / "a.lit"
    file.write_text(f"litmus a/b\n{objects}\nfunc f:\nmain:\n  {body}\n")
    done = lit("plan", "--needs", file)
    assert done.stdout == needs + "\n", f"{file.read_text()}{done.stderr}"


def example() -> str:
    """The first program of the page that explains the language."""
    found = re.search(r"```\n(litmus  .*?)```", (ROOT / "spec" / "litmus.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def test_the_documented_program_gives_the_documented_plan(tmp_path: Path) -> None:
    page = (ROOT / "spec" / "protocol.md").read_text()
    picture = re.search(r"^globals 3.*?^show g0 g1 g2$", page, re.DOTALL | re.MULTILINE)
    assert picture
    shown = [re.sub(r"\s{20,}.*", "", line) for line in picture[0].splitlines()]
    file = tmp_path / "a.lit"
    file.write_text(example())
    assert lit("plan", file).stdout.splitlines() == shown, f"again: build/opt/lit plan {file}"


def test_the_documented_program_has_the_documented_outcomes(tmp_path: Path) -> None:
    file = tmp_path / "a.lit"
    file.write_text(example())
    assert lit("check", file).returncode == 0, lit("check", file).stdout
    assert lit("outcomes", file).stdout.splitlines() == [
        "ok main.e=0 main.v=5 main.ok=1", "ok main.e=send-closed main.v=0 main.ok=0"]
    done = lit("witness", file, "ok main.e=0 main.v=5 main.ok=1")
    assert done.returncode == 0 and "c <- 5" in done.stdout
    done = lit("witness", file, "ok main.e=7")
    assert done.returncode == 1 and "no schedule gives 'ok main.e=7'" in done.stderr
    assert lit("explain", file).stdout.startswith("chan/close/send-race-buffered  close-0007\n")


def test_a_wrong_list_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "a.lit"
    file.write_text(example().replace("want   main.e=0           main.v=5", "want   main.e=0           main.v=6"))
    done = lit("check", file)
    assert done.returncode == 1
    assert "main.v=5" in done.stdout, "the line to paste"
    assert lit("check", "--no-model", file).returncode == 0


@pytest.mark.parametrize(("cut", "complaint"), [
    ("id ", "no id line; expected 'id NAME-NNNN'"),
    ("spec ", "no spec line; expected the clauses that the program shows"),
    ("about ", "no about line; expected a sentence on what it shows"),
])
def test_what_a_file_of_the_corpus_must_have(cut: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "a.lit"
    file.write_text("".join(line for line in example().splitlines(True) if not line.startswith(cut)))
    done = lit("check", "--no-model", file)
    assert (done.returncode, done.stdout) == (1, f"{file}:1:1: {complaint}\n")


def test_the_path_is_the_place(tmp_path: Path) -> None:
    file = tmp_path / "litmus" / "chan" / "other.lit"
    file.parent.mkdir(parents=True)
    file.write_text(example())
    assert "the litmus line differs from the file's name" in lit("check", "--no-model", file).stdout


def test_layout_keeps_meaning_and_is_stable(tmp_path: Path) -> None:
    for file in files_of_corpus():
        copy = tmp_path / file.relative_to(CORPUS)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)
    names = [str(f.relative_to(tmp_path)) for f in sorted(tmp_path.rglob("*.lit"))]
    before = lit("hash", *names, cwd=tmp_path).stdout
    assert len(before.splitlines()) == len(names)
    assert lit("fmt", "-w", *names, cwd=tmp_path).returncode == 0
    once = [(tmp_path / n).read_text() for n in names]
    assert lit("hash", *names, cwd=tmp_path).stdout == before, "fmt -w changed a program's meaning"
    assert lit("fmt", "-w", *names, cwd=tmp_path).returncode == 0
    twice = [(tmp_path / n).read_text() for n in names]
    changed = [n for n, a, b in zip(names, once, twice, strict=True) if a != b]
    assert not changed, f"again: build/opt/lit fmt {changed[0]} twice"


MESSY = """

# a comment
litmus a/b
id   a-1
spec a.b   c.d
about  What  it shows.   # why
mode stat   trials=10
chan c 3 elem = 16 # first
nilchan nc


rwmutex rw

atomic a=-5
main:
 v,ok=<-c
 c<- -7
 x=v-1
 p=new 2
 p[ 1 ]=p
    e=catch <-c
  if x==1 # perhaps
  c <- nil
      else
# left
  while ok!=0
  yield
  end
    end
 q = select
     v=<-c
  c <-1
    default
 end
func  f :
   return
show main.e   main.x log
want main.e=0 main.x=-3 log=1,2 # fine
allow main.e=send-closed main.x=-31 log=-
forbid deadlock log=- # never
want panic:index log=-
want race  y
stat seen-all   alpha=1e-9
"""

TIDY = """# a comment
litmus  a/b
id      a-1
spec    a.b c.d
about   What  it shows.    # why
mode    stat trials=10
chan    c 3 elem=16    # first
nilchan nc

rwmutex rw

atomic a = -5
main:
  v, ok = <-c
  c <- -7
  x = v - 1
  p = new 2
  p[1] = p
  e = catch <-c
  if x == 1    # perhaps
    c <- nil
  else
# left
    while ok != 0
      yield
    end
  end
  q = select
    v = <-c
    c <- 1
    default
  end
func f:
  return
show   main.e main.x log
want   main.e=0           main.x=-3  log=1,2    # fine
allow  main.e=send-closed main.x=-31 log=-
forbid deadlock log=-    # never
want   panic:index log=-
want   race y
stat   seen-all alpha=1e-9
"""


def test_layout_of_each_kind_of_line(tmp_path: Path) -> None:
    file = tmp_path / "a.lit"
    file.write_text(MESSY.replace("main:\n", "var y = 0\nmain:\n"))
    done = lit("fmt", file)
    assert done.stdout == TIDY.replace("atomic a = -5\nmain:", "atomic a = -5\nvar    y = 0\nmain:"), done.stderr
    assert lit("fmt", "-w", file).stdout == ""
    assert file.read_text() == done.stdout


def test_hash_tells_programs_apart(tmp_path: Path) -> None:
    for name, source in (("a", example()), ("b", example().replace("chan c 1", "chan c 2"))):
        (tmp_path / name).write_text(source)
    (tmp_path / "c").write_text(example().replace("  go closer", "    go   closer   # started here"))
    a, b, c = (line.split()[0] for line in lit("hash", "a", "b", "c", cwd=tmp_path).stdout.splitlines())
    assert a == c != b


def test_json_has_a_line_per_file_whatever_the_file(tmp_path: Path) -> None:
    (tmp_path / "good.lit").write_text(example())
    (tmp_path / "bad.lit").write_text("litmus a/b\nmain:\n  x = \n")
    (tmp_path / "od\"d\\\n.lit").write_bytes(b"litmus a/b\nabout \xff\n")
    names = ["good.lit", "bad.lit", "od\"d\\\n.lit", "none.lit"]
    done = lit("json", *names, cwd=tmp_path)
    good, bad, odd, none = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 2
    assert [d["file"] for d in (good, bad, odd, none)] == names
    assert bad == {"file": "bad.lit", "error": "bad.lit:3:6: the line ends; expected an integer, a register or a code"}
    assert odd["error"].endswith(":2:7: byte 0xff is not valid UTF-8; expected UTF-8 text")
    assert none["error"].startswith("none.lit:1:1: cannot read it")
    assert good["error"] is None and good["source"] == example()
    assert good["plan"] == lit("plan", "good.lit", cwd=tmp_path).stdout
    assert good["terms"] == ["main.e", "main.v", "main.ok"] and good["blocks"] == ["main", "closer"]
    assert [(e["verb"], e["key"], e["partial"], e["line"]) for e in good["expects"]] == [
        ("want", "ok main.e=0 main.v=5 main.ok=1", False, 20),
        ("want", "ok main.e=send-closed main.v=0 main.ok=0", False, 21),
        ("forbid", "ok main.e=0 main.v=0 main.ok=0", False, 22)]
    assert good["expects"][2]["why"] == "accepted value lost"
    assert {o["key"] for o in good["model"]["outcomes"]} == {e["key"] for e in good["expects"][:2]}
    assert good["model"]["class"] == "batch" and good["model"]["complete"] and good["complaints"] == []


def test_json_of_statuses_logs_and_partial_lines(tmp_path: Path) -> None:
    (tmp_path / "a.lit").write_text(
        "litmus a/b\nmode stat trials=9\nvar x = 0\nmain:\n  note 1\n  y = x\n  z = 2\nshow main.y log main.z\n"
        "want main.y=0 log=1,nil main.z=2\nallow panic:nil-deref log=-\nforbid main.z=3 # no\n"
        "forbid race x\nstat seen-all alpha=1e-9\nstat uniform main.y alpha=0.5 margin=0.25\nstderr /a b/\n")
    raw = json.loads(lit("json", "--no-model", "a.lit", cwd=tmp_path).stdout)
    assert [(e["key"], e["partial"]) for e in raw["expects"]] == [
        ("ok main.y=0 log=1,nil main.z=2", False), ("panic:nil-deref log=-", False), ("ok main.z=3", True)]
    assert raw["races"] == [{"want": False, "var": "x"}]
    assert raw["stats"] == [{"rule": "seen-all", "term": None, "alpha": 1e-9, "margin": 0},
                            {"rule": "uniform", "term": "main.y", "alpha": 0.5, "margin": 0.25}]
    assert (raw["stderr"], raw["mode"], raw["trials"], raw["model"]) == (["a b"], "stat", 9, None)


def test_limits_hold_at_their_edge(tmp_path: Path) -> None:
    head = "litmus a/b\n"
    edges = {
        "registers": (lambda n: head + "main:\n" + "".join(f"  x{i} = 1\n" for i in range(n)), 32),
        "objects": (lambda n: head + "".join(f"mutex m{i}\n" for i in range(n)) + "main:\n", 64),
        "blocks": (lambda n: head + "main:\n" + "".join(f"b{i}:\n" for i in range(n - 1)), 64),
        "instructions": (lambda n: head + "main:\n" + "  yield\n" * (n - 1), 4096),
        "nesting": (lambda n: head + "main:\n" + "  if 1 == 1\n" * n + "  end\n" * n, 16),
        "cases": (lambda n: head + "chan c 0\nmain:\n  select\n" + "    <-c\n" * n + "  end\n", 64),
        "bytes": (lambda n: (head + "main:\n#").ljust(n, "x"), 65536),
    }
    for name, (source, most) in edges.items():
        for n, status in ((most, 0), (most + 1, 2)):
            file = tmp_path / f"{name}-{n}.lit"
            file.write_text(source(n))
            done = lit("plan", file)
            assert done.returncode == status, f"again: build/opt/lit plan {file}\n{done.stderr}"


def test_damaged_files_are_met_by_a_build_with_sanitizers() -> None:
    program = ROOT / "build" / "asan" / "unit" / "mutate_test"
    made = subprocess.run(["make", "-s", "FLAVOR=asan", str(program.relative_to(ROOT))], cwd=ROOT, capture_output=True,
                          text=True)
    assert made.returncode == 0, made.stderr
    args = [str(program), "--runs", "12000", "--seed", "1", *map(str, files_of_corpus())]
    done = subprocess.run(args, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, f"again: {program.relative_to(ROOT)} --runs 12000 --seed 1 FILES\n{done.stderr}"
    assert re.match(r"mutate_test: 12000 mutants of \d+ files, [1-9]\d{2,} of them programs", done.stdout), done.stdout
