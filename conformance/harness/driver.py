# SPDX-License-Identifier: BSD-3-Clause
"""One driver process and its conversation (spec/protocol.md).

Owns: starting, the hello, one `run` at a time, bounded reading, time limits, the reading of deaths.  Not here: which runs
to do (campaign.py), what outcomes mean (verdict.py).

  I1  No answer of a driver can make the harness hang or grow: lines, their number and the kept stderr are bounded, and
      every wait has a limit.
  I2  A run ends in exactly one RunResult; a time-out is `timeout`, never a verdict.
  I3  After anything but `done`, `skip` or `err` the process is dead; the caller starts another.
"""

from __future__ import annotations

import os
import queue
import re
import select
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .lit import ROOT, Program, outcome_key
from .manifest import Manifest, Variant
from .quiescence import Quiescence
from .streams import STDERR_KEPT, EndlessLine, Lines, Tail

OUTCOMES_MAX = 4096
NOTES_MAX = 100_000
ANSWER_LINES_MAX = 4 * OUTCOMES_MAX + NOTES_MAX
HELLO_LINES_MAX = 1000
HELLO_SECONDS = 10.0
END_SECONDS = 5.0
ORPHAN_SECONDS = 0.5

_STATUS = re.compile(r"ok|deadlock|exit:\d{1,10}|panic:-?\d{1,19}|fatal:[a-z-]+")
_VALUE = re.compile(r"-?\d{1,19}")
_LOG = re.compile(r"-|-?\d{1,19}(,-?\d{1,19})*")


@dataclass
class RunResult:
    """What one `run` gave.

    `end` is one of done, skip, err, died, timeout, protocol.  `counts` maps outcome keys to how often they were seen; what a
    driver said before it died counts.
    """

    end: str
    counts: Counter[str] = field(default_factory=Counter)
    tapes: dict[str, str] = field(default_factory=dict)
    undecided: int = 0
    detail: str = ""
    stderr: str = ""
    exit_status: int | None = None
    signal: str | None = None
    evidence: str = ""
    seconds: float = 0.0


class Protocol(Exception):
    """The driver broke the contract; the text quotes the line."""


class Driver:
    """A started driver. Not thread-safe: one conversation at a time. Close it, or use it as a context."""

    def __init__(self, manifest: Manifest, variant: Variant | None = None, mutant: str = "") -> None:
        self.manifest = manifest
        self.variant = variant or manifest.variant
        env = {**os.environ, **self.variant.env}
        if mutant:
            env["GR_MUTANT"] = mutant
        try:
            self.process = subprocess.Popen(
                self.variant.cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                env=env, start_new_session=True, cwd=ROOT, bufsize=0)
        except OSError as error:
            raise Protocol(f"cannot start {' '.join(self.variant.cmd)}: {error.strerror}; is it built?") from None
        assert self.process.stdin and self.process.stdout and self.process.stderr
        self._stdin = self.process.stdin
        self._lines = Lines(self.process.stdout.fileno())
        self._stderr = Tail(self.process.stderr.fileno())
        self.version = "?"
        self.caps: frozenset[str] = frozenset()
        self.promises: frozenset[str] = frozenset()
        self.limits: dict[str, int] = {}
        self._number = 0
        self._read_lines = 0
        self._orphaned = False

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        """The process has not ended."""
        return self.process.poll() is None

    def close(self) -> None:
        """Says bye, waits a moment, kills the whole session. Idempotent."""
        if self.alive:
            try:
                self._stdin.write(b"bye\n")
                self._stdin.close()
                self.process.wait(timeout=0.5)
            except (OSError, subprocess.TimeoutExpired):
                pass
        self.kill()

    def kill(self) -> None:
        """Ends the process and whatever it started. Idempotent."""
        self._lines.stop()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()
        self._stderr.join(timeout=0.5)  # its end comes with the process, unless a grandchild escaped
        self._stderr.stop()
        for thread in (self._lines, self._stderr):
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream and not stream.closed:
                try:
                    stream.close()
                except OSError:
                    pass

    # ---- the conversation ----

    def say(self, text: str) -> None:
        """Sends raw text. Raises Protocol when the driver does not read it."""
        self._send(text)

    def hang_up(self) -> None:
        """Ends the driver's input."""
        self._stdin.close()

    def listen(self, limit_seconds: float) -> str:
        """The next raw line that is no comment. Raises Protocol when none comes."""
        try:
            return self._line(time.monotonic() + limit_seconds * self.variant.timeout_x)
        except TimeoutError:
            raise Protocol("no answer in time" + self._said()) from None
        except EOFError:
            raise Protocol(f"ended: {self._end_of_process()}{self._said()}") from None

    def wait_end(self, limit_seconds: float) -> str:
        """Waits for the end of the process and tells how it ended, or that it goes on."""
        try:
            code = self.process.wait(timeout=limit_seconds * self.variant.timeout_x)
        except subprocess.TimeoutExpired:
            return "the process goes on"
        return f"exit status {code}" if code >= 0 else _signal_name(-code)

    def hello(self) -> None:
        """Reads what the driver is and can. Raises Protocol; the process is dead then."""
        limit = HELLO_SECONDS * self.variant.timeout_x
        try:
            self._send("hello gl/1\n")
            self._read_lines = 0
            self._hello_answer(time.monotonic() + limit)
        except Protocol:
            self.kill()
            raise
        except TimeoutError:
            self.kill()
            raise Protocol(f"no answer to hello within {limit:g} s{self._said()}") from None
        except EOFError:
            how = self._end_of_process()
            self.kill()
            raise Protocol(f"ended during hello: {how}{self._said()}") from None

    def _said(self) -> str:
        """The first line on stderr, as part of a message."""
        first = next((line for line in self._stderr.take().splitlines() if line.strip()), "")
        return f"; it said: {first[:200]}" if first else ""

    def _end_of_process(self) -> str:
        """How the process ended, a moment after its stdout did."""
        try:
            code = self.process.wait(timeout=END_SECONDS * min(1.0, self.variant.timeout_x))
        except subprocess.TimeoutExpired:
            return "closed its stdout but goes on"
        return f"exit status {code}" if code >= 0 else _signal_name(-code)

    def _hello_answer(self, deadline: float) -> None:
        first = True
        for _ in range(HELLO_LINES_MAX):
            line = self._line(deadline)
            word, *rest = line.split()
            if first and word != "hi":
                raise Protocol(f"expected `hi gl/1 ...`, got: {line[:200]}")
            if word == "hi":
                if rest[:1] != ["gl/1"]:
                    raise Protocol(f"speaks {' '.join(rest[:1]) or 'nothing'}, expected gl/1: {line[:200]}")
                self.version = dict(_pairs(rest[1:])).get("version", "?")
            elif word == "cap":
                self.caps |= set(rest)
            elif word == "promise":
                self.promises |= set(rest)
            elif word == "limit":
                self.limits |= {k: int(v) for k, v in _pairs(rest) if _is_count(v)}
            elif word == "ok":
                return
            else:
                raise Protocol(f"unexpected answer to hello: {line[:200]}")
            first = False
        raise Protocol(f"more than {HELLO_LINES_MAX} lines of answer to hello")

    def run(self, program: Program, *, limit_seconds: float, **keys: str | int) -> RunResult:
        """One `run` of this plan with these keys; see protocol.md section 2. Never raises for what a driver does."""
        self._number += 1
        ident = str(self._number)
        result = RunResult("protocol")
        started = time.monotonic()
        self._read_lines = 0
        self._stderr.take()
        words = " ".join(f"{k}={v}" for k, v in keys.items())
        deadline = started + limit_seconds * self.variant.timeout_x
        try:
            self._send(f"run {ident} {words}\n{program.plan.rstrip()}\nend\n")
            self._answers(program, ident, keys, result, deadline)
        except Protocol as error:
            self._broken(result, str(error))
        result.seconds = time.monotonic() - started
        if result.end not in ("done", "skip", "err"):
            self.kill()
        result.stderr = (result.stderr + self._stderr.take())[-STDERR_KEPT:]
        if result.end == "done":
            self._check_count(result, keys)
        return result

    def _check_count(self, result: RunResult, keys: dict[str, str | int]) -> None:
        total = sum(result.counts.values()) + result.undecided
        if total != int(keys.get("iters", 1)):
            result.end = "protocol"
            result.detail = f"the counts add up to {total}, expected {keys.get('iters', 1)}"

    def _answers(self, program: Program, ident: str, keys: dict[str, str | int], result: RunResult,
                 deadline: float) -> None:
        one = keys.get("mode") == "one"
        notes: list[str] = []
        last = ""
        watch = self._watch(program) if one else None
        while True:
            try:
                line = self._line(deadline, watch)
            except EOFError:
                self._ended(program, result, notes, one)
                return
            except TimeoutError as error:
                self._late(program, result, notes, watch, str(error))
                return
            verb, got, *rest = line.split(maxsplit=2) + ["", ""]
            if got != ident:
                if verb in ("out", "tape", "undecided", "note", "skip", "err", "done"):
                    raise Protocol(f"answer for run {got or '?'} while run {ident} is on: {line[:200]}")
                raise Protocol(f"unexpected line: {line[:200]}")
            text = rest[0].strip()
            if verb == "out":
                last = self._out(program, text, result)
            elif verb == "tape" and last:
                result.tapes.setdefault(last, text)
            elif verb == "undecided" and _is_count(text):
                result.undecided += int(text)
            elif verb == "note" and one and len(notes) < NOTES_MAX and _VALUE.fullmatch(text):
                notes.append(text)
            elif verb in ("skip", "err"):
                result.end, result.detail = verb, text[:500]
                return
            elif verb == "done":
                count = text.split()[0] if text else ""
                if count != str(keys.get("iters", 1)):
                    raise Protocol(f"done {count or 'without a count'}, expected {keys.get('iters', 1)}: {line[:200]}")
                result.end = "done"
                return
            else:
                raise Protocol(f"unexpected line: {line[:200]}")

    def _watch(self, program: Program) -> Quiescence | None:
        """Looks for quiescence, where that is the only evidence of a deadlock and no timer can break it."""
        deadlock = self.variant.deadlock or self.manifest.deadlock
        return Quiescence(self.process.pid) if deadlock == "hang" and not program.is_timed else None

    def _late(self, program: Program, result: RunResult, notes: Sequence[str], watch: Quiescence | None,
              why: str) -> None:
        """No line came: a deadlock when all threads sleep and that counts as evidence, else unknown."""
        result.end, result.detail = "timeout", why
        if watch and watch.quiet:
            if result.counts:
                result.end, result.detail = "protocol", "printed its outcome but did not end"
                return
            result.end, result.evidence = "died", why
            result.counts[outcome_key(program.terms, "deadlock", _log(program, notes))] += 1

    def _out(self, program: Program, text: str, result: RunResult) -> str:
        count, status, *values = [*text.split(), "", ""][:max(2, len(text.split()))]
        if not _is_count(count) or not _STATUS.fullmatch(status):
            raise Protocol(f"expected `out ID COUNT STATUS VALUES`, got: out {text[:200]}")
        try:
            key = outcome_key(program.terms, status, values)
        except ValueError as error:
            raise Protocol(f"{error}: out {text[:200]}") from None
        wrong = next((v for v in values if not _VALUE.fullmatch(v) and not _LOG.fullmatch(v)), "")
        if wrong:
            raise Protocol(f"{wrong[:40]} is no integer: out {text[:200]}")
        if key not in result.counts and len(result.counts) >= OUTCOMES_MAX:
            raise Protocol(f"more than {OUTCOMES_MAX} distinct outcomes")
        result.counts[key] += int(count)
        return key

    def _ended(self, program: Program, result: RunResult, notes: Sequence[str], one: bool) -> None:
        """The process closed its stdout: find out how it ended, and in mode one what that means."""
        how = self._end_of_process()
        code = self.process.returncode
        if code is None:
            result.end, result.detail = "protocol", how
            return
        if self._orphaned:
            result.end, result.detail = "protocol", f"ended ({how}), but a child of it holds its stdout open"
            return
        self._stderr.join(timeout=2.0)
        result.stderr = self._stderr.take()
        result.end = "died"
        result.exit_status = code if code >= 0 else None
        result.signal = _signal_name(-code) if code < 0 else None
        if one:
            if result.counts and code == 0:
                result.end = "done"
            else:
                # An `out` line before the process died otherwise: main had returned, the death came after.
                result.counts.clear()
                status = self._death_status(program, result)
                if status:
                    result.counts[outcome_key(program.terms, status, _log(program, notes))] += 1
                elif code == 0:
                    result.end, result.detail = "protocol", "ended with status 0 without an `out` line"
        result.detail = result.detail or how_it_ended(result)

    def _death_status(self, program: Program, result: RunResult) -> str | None:
        for death in self.manifest.deaths:
            status = death.match(result.exit_status, result.signal, result.stderr)
            if status:
                return status
        can_exit = any(line.split()[:1] == ["exit"] or " exit " in line for line in program.plan.splitlines())
        if result.exit_status is not None and not result.stderr.strip() and can_exit:
            return f"exit:{result.exit_status}"
        return None

    def _broken(self, result: RunResult, why: str) -> None:
        result.end, result.detail = "protocol", why
        if not self.alive:
            code = self.process.returncode
            result.exit_status = code if code >= 0 else None
            result.signal = _signal_name(-code) if code < 0 else None

    def _send(self, text: str) -> None:
        """Writes the command; a driver that does not read is found out by the deadline of the pipe being full."""
        data = memoryview(text.encode())
        deadline = time.monotonic() + HELLO_SECONDS * self.variant.timeout_x
        os.set_blocking(self._stdin.fileno(), False)
        while data:
            try:
                data = data[os.write(self._stdin.fileno(), data):]
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Protocol("does not read its commands") from None
                time.sleep(0.005)
            except OSError:
                return  # the end of its stdout tells the story

    def _line(self, deadline: float, watch: Quiescence | None = None) -> str:
        """The next line that is no comment. EOFError at the end, TimeoutError after the deadline.

        The end is also when the process has ended and nothing came for a while: a child of it may hold the pipe.
        """
        ended = 0.0
        while True:
            now = time.monotonic()
            try:
                item = self._lines.get(max(0.0, min(0.1, deadline - now)))
            except queue.Empty:
                if watch and watch.sample():
                    raise TimeoutError("all threads are asleep (quiescent)") from None
                ended = ended or (0.0 if self.alive else now)
                if ended and now - ended > ORPHAN_SECONDS:
                    self._orphaned = True
                    raise EOFError from None
                if now >= deadline:
                    raise TimeoutError("no answer in time") from None
                continue
            if item is None:
                raise EOFError
            if isinstance(item, EndlessLine):
                raise Protocol(str(item))
            self._read_lines += 1
            if self._read_lines > ANSWER_LINES_MAX:
                raise Protocol(f"more than {ANSWER_LINES_MAX} lines of answer, the last one: {item[:200]}")
            if item and not item.startswith("#"):
                return item


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _is_count(text: str) -> bool:
    return text.isdigit() and len(text) <= 18


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    return [(k, v) for k, eq, v in (w.partition("=") for w in words) if eq]


def _log(program: Program, notes: Sequence[str]) -> list[str]:
    return [",".join(notes) or "-"] if "log" in program.terms else []


def how_it_ended(result: RunResult) -> str:
    """`exit status 2` or `SIGSEGV`, with the first line of stderr."""
    how = result.signal or f"exit status {result.exit_status}"
    first = next((line for line in result.stderr.splitlines() if line.strip()), "")
    return f"{how}: {first[:200]}" if first else how
