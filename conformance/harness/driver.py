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

LINE_MAX = 65536
OUTCOMES_MAX = 4096
NOTES_MAX = 100_000
STDERR_KEPT = 65536
HELLO_SECONDS = 10.0

# With a virtual clock Go's runtime puts a mark, the time and the length before each write to stderr.
_FRAME = re.compile(rb"\x00\x00PB.{12}", re.DOTALL)


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


class _Tail(threading.Thread):
    """Keeps the last bytes of a stream.

    Reading and keeping happen under one lock, so that a take sees all that was written before it.
    """

    def __init__(self, stream: int) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self._kept = bytearray()
        self._lock = threading.Lock()
        os.set_blocking(stream, False)
        self.start()

    def run(self) -> None:
        poll = select.poll()
        poll.register(self._stream, select.POLLIN)
        while True:
            poll.poll()
            with self._lock:
                if not self._drain():
                    return

    def _drain(self) -> bool:
        """Reads what there is. False at the end of the stream."""
        while True:
            try:
                block = os.read(self._stream, 65536)
            except BlockingIOError:
                return True
            except OSError:
                return False
            if not block:
                return False
            self._kept += block
            del self._kept[:-STDERR_KEPT]

    def take(self) -> str:
        """What came since the last take."""
        with self._lock:
            if self.is_alive():
                self._drain()
            text = _FRAME.sub(b"", bytes(self._kept)).decode("utf-8", "replace")
            self._kept.clear()
        return text


def _read(stream: int) -> bytes:
    try:
        return os.read(stream, 65536)
    except OSError:
        return b""


class _Lines(threading.Thread):
    """Lines of a stream into a bounded queue; None at its end, an exception for an endless line."""

    def __init__(self, stream: int) -> None:
        super().__init__(daemon=True)
        self._stream = stream
        self.queue: queue.Queue[str | None | Protocol] = queue.Queue(maxsize=2048)
        self._stopped = threading.Event()
        self.start()

    def run(self) -> None:
        rest = b""
        while not self._stopped.is_set():
            block = _read(self._stream)
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if not self._put(line.decode("ascii", "replace")):
                    return
            if len(rest) > LINE_MAX:
                self._put(Protocol(f"a line of more than {LINE_MAX} bytes: {rest[:60]!r}..."))
                return
        if rest and not self._stopped.is_set():
            self._put(rest.decode("ascii", "replace"))
        self._put(None)

    def _put(self, item: str | None | Protocol) -> bool:
        while not self._stopped.is_set():
            try:
                self.queue.put(item, timeout=0.2)
                return True
            except queue.Full:
                continue
        return False

    def stop(self) -> None:
        self._stopped.set()


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
        self._lines = _Lines(self.process.stdout.fileno())
        self._stderr = _Tail(self.process.stderr.fileno())
        self.version = "?"
        self.caps: frozenset[str] = frozenset()
        self.promises: frozenset[str] = frozenset()
        self.limits: dict[str, int] = {}
        self._number = 0

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
        # The readers own the descriptors until they see the end; a grandchild that escaped must not hold us.
        for thread in (self._lines, self._stderr):
            thread.join(timeout=1.0)
            if thread.is_alive():
                return
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream and not stream.closed:
                try:
                    stream.close()
                except OSError:
                    pass

    # ---- the conversation ----

    def hello(self) -> None:
        """Reads what the driver is and can. Raises Protocol; the process is dead then."""
        try:
            self._send("hello gl/1\n")
            deadline = time.monotonic() + HELLO_SECONDS * self.variant.timeout_x
            self._hello_answer(deadline)
        except Protocol:
            self.kill()
            raise

    def _hello_answer(self, deadline: float) -> None:
        first = True
        for _ in range(1000):
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
                self.limits |= {k: int(v) for k, v in _pairs(rest) if v.isdigit()}
            elif word == "ok":
                return
            else:
                raise Protocol(f"unexpected answer to hello: {line[:200]}")
            first = False
        raise Protocol("more than 1000 lines of answer to hello")

    def run(self, program: Program, *, limit_seconds: float, **keys: str | int) -> RunResult:
        """One `run` of this plan with these keys; see protocol.md section 2. Never raises for what a driver does."""
        self._number += 1
        ident = str(self._number)
        result = RunResult("protocol")
        started = time.monotonic()
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
        result.stderr = self._stderr.take()
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
        watch = Quiescence(self.process.pid) if one and self.manifest.deadlock == "hang" else None
        while True:
            try:
                line = self._line(deadline, watch)
            except EOFError:
                self._ended(program, result, notes, one)
                return
            except TimeoutError as error:
                result.end, result.evidence = ("died", str(error)) if watch and watch.quiet else ("timeout", "")
                result.detail = str(error)
                if result.end == "died":
                    result.counts[outcome_key(program.terms, "deadlock", _log(program, notes))] += 1
                return
            verb, got, *rest = line.split(maxsplit=2) + ["", ""]
            if got != ident:
                raise Protocol(f"answer for run {got or '?'} while run {ident} is on: {line[:200]}")
            text = rest[0]
            if verb == "out":
                last = self._out(program, text, result)
            elif verb == "tape" and last:
                result.tapes.setdefault(last, text.strip())
            elif verb == "undecided" and text.isdigit():
                result.undecided += int(text)
            elif verb == "note" and one and len(notes) < NOTES_MAX:
                notes.append(text.strip())
            elif verb in ("skip", "err"):
                result.end, result.detail = verb, text[:500]
                return
            elif verb == "done":
                result.end = "done"
                return
            else:
                raise Protocol(f"unexpected line: {line[:200]}")

    def _out(self, program: Program, text: str, result: RunResult) -> str:
        count, status, *values = text.split() + [""]
        values = values[:-1]
        if not count.isdigit() or not status:
            raise Protocol(f"expected `out ID COUNT STATUS VALUES`, got: out {text[:200]}")
        try:
            key = outcome_key(program.terms, status, values)
        except ValueError as error:
            raise Protocol(f"{error}: out {text[:200]}") from None
        if key not in result.counts and len(result.counts) >= OUTCOMES_MAX:
            raise Protocol(f"more than {OUTCOMES_MAX} distinct outcomes")
        result.counts[key] += int(count)
        return key

    def _ended(self, program: Program, result: RunResult, notes: Sequence[str], one: bool) -> None:
        """The process closed its stdout: find out how it ended, and in mode one what that means."""
        try:
            code = self.process.wait(timeout=5.0)
        except subprocess.TimeoutExpired:
            result.end, result.detail = "protocol", "closed its stdout but goes on"
            return
        self._stderr.join(timeout=2.0)
        result.stderr = self._stderr.take()
        result.end = "died"
        result.exit_status = code if code >= 0 else None
        result.signal = signal.Signals(-code).name if code < 0 else None
        if one:
            if result.counts and code == 0:
                result.end = "done"
            else:
                # An `out` line before the process died otherwise: main had returned, the death came after.
                result.counts.clear()
                status = self._death_status(program, result)
                if status:
                    result.counts[outcome_key(program.terms, status, _log(program, notes))] += 1
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
            result.signal = signal.Signals(-code).name if code < 0 else None

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
        """The next line that is no comment. EOFError at the end, TimeoutError after the deadline."""
        while True:
            try:
                item = self._lines.queue.get(timeout=max(0.0, min(0.2, deadline - time.monotonic())))
            except queue.Empty:
                if watch and watch.sample():
                    raise TimeoutError("all threads are asleep (quiescent)") from None
                if time.monotonic() >= deadline:
                    raise TimeoutError("no answer in time") from None
                continue
            if item is None:
                raise EOFError
            if isinstance(item, Protocol):
                raise item
            if item and not item.startswith("#"):
                return item


def _pairs(words: Sequence[str]) -> list[tuple[str, str]]:
    return [(k, v) for k, eq, v in (w.partition("=") for w in words) if eq]


def _log(program: Program, notes: Sequence[str]) -> list[str]:
    return [",".join(notes) or "-"] if "log" in program.terms else []


def how_it_ended(result: RunResult) -> str:
    """`exit status 2` or `SIGSEGV`, with the first line of stderr."""
    how = result.signal or f"exit status {result.exit_status}"
    first = next((line for line in result.stderr.splitlines() if line.strip()), "")
    return f"{how}: {first[:200]}" if first else how
