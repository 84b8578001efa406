# SPDX-License-Identifier: BSD-3-Clause
"""What `lit` says of wrong programs, word by word: place, what is wrong, what was expected.

Owns: the table of errors.  Not here: the command line (test_lit.py).  The files are written to a folder of their own
and checked in one run of `lit`, so the table may grow.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

from harness.lit import ROOT

LIT = ROOT / "build" / "opt" / "lit"

# (name, source, "line:column: what; expected what")
ERRORS: list[tuple[str, bytes, str]] = [
    ('no-litmus-line', b'id a-1\nmain:\n',
     "1:1: the first line is not the program's name; expected 'litmus PATH'"),
    ('empty-file', b'',
     "1:1: the file is empty; expected 'litmus PATH' first"),
    ('value-too-large', b'litmus a/b\nid a-1\nchan c 1 elem=1\nmain:\n  c <- 256\n',
     '5:1: the value 256 does not fit an element of 1 bytes; expected 0 or more, and no more than its bytes hold'),
    ('value-negative-in-case', b'litmus a/b\nid a-1\nchan c 1 elem=4\nmain:\n  select\n    c <- -5\n  end\n',
     '5:1: the value -5 does not fit an element of 4 bytes; expected 0 or more, and no more than its bytes hold'),
    ('no-main', b'litmus a/b\nid a-1\n',
     "1:1: no block main; expected 'main:'"),
    ('second-id', b'litmus a/b\nid a-1\nid a-2\nmain:\n',
     '3:1: a second line of this kind; expected one'),
    ('bad-id', b'litmus a/b\nid Chan_1\nmain:\n',
     "2:4: unexpected 'Chan_1'; expected an id of small letters, digits and -"),
    ('bad-clause', b'litmus a/b\nspec chan.send nodots\nmain:\n',
     "2:16: unexpected 'nodots'; expected a clause such as chan.send.order"),
    ('unknown-need', b'litmus a/b\nneeds faketime warp\nmain:\n',
     "2:16: unexpected 'warp'; expected a capability such as faketime, parallel, race, gotext, gc.precise"),
    ('bad-mode', b'litmus a/b\nmode fast\nmain:\n',
     '2:6: unknown mode; expected explore, stat trials=N or stress'),
    ('bad-trials', b'litmus a/b\nmode stat trials=0\nmain:\n',
     "2:11: unexpected 'trials=0'; expected trials=N, N from 1 to 10000000"),
    ('unknown-top', b'litmus a/b\nchannel c 1\nmain:\n',
     "2:1: unknown line 'channel'; expected a header, an object, a block NAME:, or an outcome"),
    ('cap-too-large', b'litmus a/b\nchan c 1048577\nmain:\n',
     "2:8: unexpected '1048577'; expected a capacity from 0 to 1048576"),
    ('bad-elem', b'litmus a/b\nchan c 1 elem=18\nmain:\n',
     "2:15: unexpected '18'; expected ptr, obj or one of the sizes 0..9 12 15 16 17 24 31 32 33 63 64 65 100 128 "
     "200 256 512 1000 1024 4096 32768 65535"),
    ('twice-declared', b'litmus a/b\nchan c 1\nmutex c\nmain:\n',
     "3:7: 'c' is declared in line 2; expected a new name"),
    ('reserved-name', b'litmus a/b\nchan yield 1\nmain:\n',
     "2:6: 'yield' is a word of the language; expected another name"),
    ('long-name', b'litmus a/b\nvar abcdefghijklmnopqrstuvwxyz012345 = 1\nmain:\n',
     "2:5: 'abcdefghijklmnopqrstuvwxyz012345' is not a name; expected a letter and up to 30 letters, digits and '_'"),
    ('cond-without-mutex', b'litmus a/b\nvar m = 0\ncond cv m\nmain:\n',
     "3:9: 'm' is no mutex; expected the name of one"),
    ('code-as-number', b'litmus a/b\natomic a = -1005\nmain:\n',
     "2:12: unexpected '-1005'; expected the name of the code: these numbers stand for codes"),
    ('number-too-large', b'litmus a/b\nvar a = 9223372036854775808\nmain:\n',
     "2:9: '9223372036854775808' is not a number; expected an integer of 64 bits"),
    ('indented-outside', b'litmus a/b\n  go w\nmain:\n',
     '2:1: an indented line outside a block; expected NAME: before it'),
    ('duplicate-main', b'litmus a/b\nmain:\nmain:\n',
     "3:1: 'main' is declared in line 2; expected a new name"),
    ('main-is-func', b'litmus a/b\nfunc main:\n',
     '2:1: main is a func; expected main:'),
    ('go-unknown', b'litmus a/b\nmain:\n  go w\n',
     "3:6: no block 'w'; expected the name of a block, or nil"),
    ('go-main', b'litmus a/b\nmain:\n  go main\n',
     '3:6: main is started already; expected another block'),
    ('call-goroutine', b'litmus a/b\nmain:\n  call w\nw:\n',
     "3:8: 'w' is a goroutine's block; expected a func block"),
    ('send-to-mutex', b'litmus a/b\nmutex m\nmain:\n  m <- 1\n',
     "4:3: 'm' is a mutex; expected a channel"),
    ('receive-from-nothing', b'litmus a/b\nmain:\n  v = <-c\n',
     "3:9: no object 'c'; expected a channel or a timer"),
    ('register-is-object', b'litmus a/b\nmutex m\nmain:\n  m = 3\n',
     "4:3: 'm' is a mutex; expected a register"),
    ('register-never-set', b'litmus a/b\nmain:\n  x = y\n',
     "3:7: register 'y' is never set in block main; expected a register that is, or a declared name"),
    ('three-operands', b'litmus a/b\nmain:\n  x = 1 + 2 + 3\n',
     "3:13: unexpected '+'; expected the end of the line"),
    ('var-in-expression', b'litmus a/b\nvar x = 1\nmain:\n  y = x + 1\n',
     "4:9: unexpected '+'; expected the end of the line: a read of a var stands alone"),
    ('load-without-result', b'litmus a/b\natomic a = 1\nmain:\n  load a\n',
     "4:3: 'load' without a result; expected 'x = load ...'"),
    ('result-of-lock', b'litmus a/b\nmutex m\nmain:\n  x = lock m\n',
     "4:7: 'lock' has no result; expected it alone"),
    ('ticker-stop-result', b'litmus a/b\nticker t\nmain:\n  ok = stop t\n',
     "4:8: a ticker's stop has no result; expected none"),
    ('unknown-statement', b'litmus a/b\nmain:\n  launch w\n',
     "3:3: unexpected 'launch'; expected a statement"),
    ('trailing-word', b'litmus a/b\nmain:\n  yield now\n',
     "3:9: unexpected 'now'; expected the end of the line"),
    ('argument-missing', b'litmus a/b\nmain:\n  go w\nw(p):\n',
     '3:7: block w has a parameter; expected w(POINTER)'),
    ('argument-too-many', b'litmus a/b\nmain:\n  p = new 1\n  go w(p)\nw:\n',
     '4:7: block w has no parameter; expected no argument'),
    ('argument-integer', b'litmus a/b\nmain:\n  go w(3)\nw(p):\n',
     '3:1: an integer is used as a pointer; expected a register that holds one'),
    ('argument-not-closed', b'litmus a/b\nmain:\n  go w(nil\nw(p):\n',
     '3:11: the line ends; expected )'),
    ('main-with-parameter', b'litmus a/b\nmain(p):\n',
     '2:6: main has a parameter; expected main:'),
    ('parameter-no-name', b'litmus a/b\nmain:\nw(3):\n',
     "3:3: unexpected '3'; expected the name of a parameter"),
    ('parameter-shown', b'litmus a/b\nmain:\nw(p):\n  keep p\nshow w.p\n',
     "3:3: parameter 'p' is shown; expected a register of another name in the show line"),
    ('finalizer-without-parameter', b'litmus a/b\nmain:\n  p = new 1\n  finalizer p f\nfunc f:\n',
     '4:15: func f has no parameter; expected one, a finalizer gets its object'),
    ('finalizer-goroutine', b'litmus a/b\nmain:\n  p = new 1\n  finalizer p f\nf(o):\n',
     "4:15: 'f' is a goroutine's block; expected a func block"),
    ('pointer-then-integer', b'litmus a/b\nmain:\n  p = new 1\n  p = 3\n',
     '4:1: a register of a pointer takes an integer here; expected another register'),
    ('pointer-copied-to-integer', b'litmus a/b\nmain:\n  q = 1\n  p = new 1\n  q = p\n',
     '5:1: a register of an integer takes a pointer here; expected another register'),
    ('pointer-in-show', b'litmus a/b\nmain:\n  p = new 1\nshow main.p\n',
     '3:1: a shown register takes a pointer; expected a register that no show line names'),
    ('pointer-added', b'litmus a/b\nmain:\n  p = new 1\n  x = p + 1\n',
     '4:1: a pointer is used as an integer; expected a register that holds one'),
    ('pointer-ordered', b'litmus a/b\nmain:\n  p = new 1\n  if p < p\n  end\n',
     '4:1: a pointer in this comparison; expected integers, or pointers behind == or !='),
    ('pointer-against-weak', b'litmus a/b\nmain:\n  p = new 1\n  w = weak p\n  if p == w\n  end\n',
     '5:1: a pointer is used as a weak pointer; expected a register that holds one'),
    ('pointer-into-integers', b'litmus a/b\nchan c 1\nmain:\n  p = new 1\n  c <- p\n',
     '5:1: a pointer is used as an integer; expected a register that holds one'),
    ('integer-into-pointers', b'litmus a/b\nchan c 1 elem=obj\nmain:\n  c <- 5\n',
     '4:1: an integer is used as a pointer; expected a register that holds one'),
    ('integer-into-variable', b'litmus a/b\nptr v\nmain:\n  v = 5\n',
     '4:1: an integer is used as a pointer; expected a register that holds one'),
    ('add-to-pointer', b'litmus a/b\natomic v ptr\nmain:\n  x = add v 1\n',
     "4:11: 'v' is an atomic pointer; expected an atomic"),
    ('get-of-pointer', b'litmus a/b\nmain:\n  p = new 1\n  q = get p\n',
     '4:1: a pointer is used as a weak pointer; expected a register that holds one'),
    ('stop-of-pointer', b'litmus a/b\nmain:\n  p = new 1\n  stop p\n',
     '4:1: a pointer is used as a cleanup; expected a register that holds one'),
    ('field-too-large', b'litmus a/b\nmain:\n  p = new 1\n  q = p[1000001]\n',
     "4:9: unexpected '1000001'; expected a field's number from 0 to 1000000"),
    ('address-of-register', b'litmus a/b\nmain:\n  p = new 1\n  q = &p\n',
     "4:8: unexpected 'p'; expected the field of an object, as in &p[0]"),
    ('gc-until-no-bound', b'litmus a/b\natomic x = 0\nmain:\n  n = gc until x != 0 max 0\n',
     "4:27: unexpected '0'; expected a number of collections from 1 to 100"),
    ('heap-without-bound', b'litmus a/b\nmain:\n  n = heap\n',
     '3:11: the line ends; expected max B'),
    ('bad-character', b'litmus a/b\nmain:\n  x = 1 ^ 2\n',
     "3:9: '^' has no meaning in a statement; expected a name, a number or a sign"),
    ('lone-equals', b'litmus a/b\nmain:\n  if 1 = 2\n  end\n',
     "3:8: unexpected '='; expected == != < <= > or >="),
    ('end-without-if', b'litmus a/b\nmain:\n  yield\n  end\n',
     '4:3: end without a beginning; expected if, while, repeat, for or select before it'),
    ('else-without-if', b'litmus a/b\nmain:\n  repeat 2\n  else\n  end\n',
     "4:3: else without if; expected it inside 'if ... end'"),
    ('not-closed', b'litmus a/b\nmain:\n  if 1 == 2\n    yield\n\nw:\n',
     "3:3: not closed in block main; expected 'end'"),
    ('select-not-closed', b'litmus a/b\nchan c 0\nmain:\n  select\n    <-c\n',
     "4:1: select is not closed; expected 'end'"),
    ('statement-in-select', b'litmus a/b\nmain:\n  select\n    5 <- 3\n  end\n',
     "4:5: unexpected '5'; expected a channel"),
    ('two-defaults', b'litmus a/b\nmain:\n  select\n    default\n    default\n  end\n',
     '5:5: a second default; expected one'),
    ('spinning-while', b'litmus a/b\nmain:\n  x = 0\n  while x == 0\n    x = x + 0\n  end\n',
     '4:1: this while can spin for ever; expected an operation in it that can block, or yield'),
    ('repeat-too-often', b'litmus a/b\nmain:\n  repeat 1000001\n  end\n',
     "3:10: unexpected '1000001'; expected a number of times from 0 to 1000000"),
    ('catch-return', b'litmus a/b\nmain:\n  e = catch return\n',
     "3:13: 'return' after catch; expected an operation that can panic"),
    ('catch-defer', b'litmus a/b\nfunc f:\nmain:\n  e = catch defer f\n',
     "4:13: 'defer' after catch; expected an operation that can panic"),
    ('bad-fault', b'litmus a/b\nmain:\n  fault overflow\n',
     "3:9: unexpected 'overflow'; expected nil-deref, index or div-zero"),
    ('shown-twice-started', b'litmus a/b\nmain:\n  go w\n  go w\nw:\n  x = 1\nshow w.x\n',
     '4:6: block w has shown registers and is started twice (line 3); expected one start'),
    ('shown-in-loop', b'litmus a/b\nmain:\n  repeat 2\n    go w\n  end\nw:\n  x = 1\nshow w.x\n',
     '4:8: block w has shown registers and is started in a loop; expected one start'),
    ('show-unknown-register', b'litmus a/b\nmain:\n  x = 1\nshow main.x main.z\n',
     "4:13: block main has no register 'z'; expected one that it sets"),
    ('show-unknown-block', b'litmus a/b\nmain:\n  x = 1\nshow w.x\n',
     "4:6: no block 'w'; expected BLOCK.REGISTER or log"),
    ('show-twice', b'litmus a/b\nmain:\n  x = 1\nshow main.x\nshow main.x\n',
     '5:1: a second show line; expected one (line 4)'),
    ('want-incomplete', b'litmus a/b\nmain:\n  x = 1\n  y = 1\nshow main.x main.y\nwant main.x=1\n',
     '6:14: main.y is missing; expected a value for every term'),
    ('want-not-shown', b'litmus a/b\nmain:\n  x = 1\nshow main.x\nwant main.y=1\n',
     "5:6: 'main.y' is not shown; expected a term of the show line"),
    ('want-bad-value', b'litmus a/b\nmain:\n  x = 1\nshow main.x\nwant main.x=one\n',
     "5:6: unexpected 'one'; expected an integer or a code"),
    ('want-twice', b'litmus a/b\nmain:\n  x = 1\nshow main.x\nwant main.x=1\nallow main.x=1\n',
     '6:1: the outcome of line 5 again; expected it once'),
    ('bad-status', b'litmus a/b\nmain:\n  x = 1\nwant fatal:unlock\n',
     "4:6: unknown status 'fatal:unlock'; expected ok, exit:N, panic:CODE, fatal:CODE or deadlock"),
    ('value-with-status', b'litmus a/b\nmain:\n  x = 1\nshow main.x\nwant deadlock main.x=1\n',
     "5:15: 'main.x' with a status that is not ok; expected the log at most"),
    ('race-of-nothing', b'litmus a/b\nmain:\nwant race x\n',
     '3:11: no var after race; expected the name of one'),
    ('stat-without-mode', b'litmus a/b\nmain:\n  x = 1\nshow main.x\nstat seen-all alpha=1e-9\n',
     "5:1: stat without mode stat; expected 'mode stat trials=N' in the header"),
    ('stat-bad-alpha', b'litmus a/b\nmode stat trials=10\nmain:\n  x = 1\nshow main.x\nstat seen-all alpha=7\n',
     "6:15: unexpected 'alpha=7'; expected alpha=NUMBER between 0 and 1"),
    ('stderr-open', b'litmus a/b\nmain:\nstderr /panic\n',
     "3:8: no /REGEX/; expected it between slashes, a '#' in it as \\x23"),
    ('pointer-shown', b'litmus a/b\nmain:\n  p = new 1\nshow main.p\n',
     '3:1: a shown register takes a pointer; expected a register that no show line names'),
    ('pointer-as-integer', b'litmus a/b\nmain:\n  p = new 1\n  note p\n',
     '4:1: a pointer is used as an integer; expected a register that holds one'),
    ('integer-as-pointer', b'litmus a/b\nmain:\n  p = 1\n  q = p[0]\n',
     '4:1: an integer is used as a pointer; expected a register that holds one'),
    ('control-character', b'litmus a/b\nmain:\n  x = \x01\n',
     '3:7: byte 0x01 is a control character; expected UTF-8 text'),
    ('not-utf8', b'litmus a/b\nabout caf\xe9\nmain:\n',
     '2:10: byte 0xe9 is not valid UTF-8; expected UTF-8 text'),
    ('too-many-words', b'litmus a/b\nmain:\n  x = 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n',
     '3:51: the statement goes on; expected at most 24 words'),
    ('line-ends', b'litmus a/b\nchan c 1\nmain:\n  c <-\n',
     '4:7: the line ends; expected an integer, a register or a code'),
]


@cache
def said_of_bad_files(folder: Path) -> dict[str, str]:
    """What one run of `lit check` says of each bad file, by its name."""
    for name, source, _ in ERRORS:
        (folder / f"{name}.lit").write_bytes(source)
    if not LIT.exists():
        pytest.fail("build/opt/lit is not built; run: make tools")
    args = [str(LIT), "check", "--no-model", *(f"{name}.lit" for name, _, _ in ERRORS)]
    done = subprocess.run(args, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 2, done
    assert done.stdout == "", "errors belong to standard error"
    said = dict(line.split(".lit:", 1) for line in done.stderr.splitlines())
    assert len(said) == len(ERRORS), f"{len(said)} messages for {len(ERRORS)} bad files:\n{done.stderr}"
    return said


@pytest.fixture(scope="module")
def bad_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bad")


@pytest.mark.parametrize(("name", "source", "message"), ERRORS, ids=[e[0] for e in ERRORS])
def test_error_text(name: str, source: bytes, message: str, bad_folder: Path) -> None:
    said = said_of_bad_files(bad_folder)[name]
    again = f"printf '%b' {source.decode('latin-1')!r} | build/opt/lit check -"
    assert said == message, f"again: {again}"
    assert re.fullmatch(r"\d+:\d+: [^;]+; expected .+", said, re.DOTALL), f"{said}: what is wrong; expected what"


def test_error_places_lie_in_the_file(bad_folder: Path) -> None:
    for name, source, _ in ERRORS:
        line, column = map(int, said_of_bad_files(bad_folder)[name].split(":")[:2])
        lines = source.split(b"\n")
        assert 1 <= line <= len(lines), name
        assert 1 <= column <= len(lines[line - 1]) + 1, name
