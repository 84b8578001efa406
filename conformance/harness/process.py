# SPDX-License-Identifier: BSD-3-Clause
"""One process from its start to its end: what goes in, what came out, how it ended.

Owns: starting with closed descriptors, ignored signals and limits; bounded reading of both streams; steps that wait for a
line.  Not here: what to start and what its output should have been (whole.py).

  I1  It ends: by itself, at the time limit, or when it prints more than STREAM_MAX on one stream; then the whole session of
      the process is killed, so nothing that it started survives it.
  I2  A step is done when its line has been printed, never because time has passed.
  I3  What was printed before the end is kept, cut at STREAM_MAX.
"""

from __future__ import annotations

import contextlib
import os
import re
import resource
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .programs import Run, Step
from .streams import without_frames

STREAM_MAX = 4 << 20
BLOCK = 65536
LOOK_SECONDS = 0.05
ORPHAN_SECONDS = 0.5
DUMP_SECONDS = 1.0
NOBODY = 65534
ASKED = ("HUP", "INT", "QUIT", "TERM")  # signals that shells ignore for what they start


@dataclass
class Ended:
    """How a process ended. `late`: at the time limit; `flood`: the stream that was too long."""

    exit: int | None = None
    signal: str = ""
    streams: dict[str, str] = field(default_factory=dict)
    late: bool = False
    flood: str = ""
    seconds: float = 0.0
    undone: tuple[Step, ...] = ()

    @property
    def text(self) -> str:
        """As outcomes show it."""
        return self.signal or f"exit:{self.exit}"


def wrapped(cmd: Sequence[str], run: Run) -> list[str]:
    """The command, behind a shell where descriptors, signals or limits are to be set before it starts.

    What this process was started to ignore, as in the background, the program is not.
    """
    lost = [name for name in ASKED if signal.getsignal(getattr(signal, f"SIG{name}")) is signal.SIG_IGN]
    first = ["env", f"--default-signal={','.join(lost)}"] if lost else []
    words = [f"trap '' {' '.join(s.removeprefix('SIG') for s in run.ignored)}"] if run.ignored else []
    words += [f"ulimit -v {run.memory_mb * 1024}"] if run.memory_mb else []
    if not words and not run.closed:
        return [*first, *cmd]
    words.append(" ".join(['exec "$@"', *(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in run.closed)]))
    return [*first, "/bin/sh", "-c", "; ".join(words), "sh", *cmd]


@contextlib.contextmanager
def set_user_id(program: str) -> Iterator[str]:
    """A copy of the program that runs as nobody, whoever starts it. Needs: we are the superuser."""
    with tempfile.TemporaryDirectory(prefix="gauntlet-") as folder:
        copy = shutil.copy(program, folder)
        os.chown(copy, NOBODY, NOBODY)
        os.chmod(copy, 0o4755)
        os.chmod(folder, 0o755)
        yield copy


class _Watch:
    """A running process and its streams."""

    def __init__(self, process: subprocess.Popen[bytes], run: Run) -> None:
        self.process = process
        self.steps = list(run.steps)
        self.data = {"stdout": bytearray(), "stderr": bytearray()}
        self.seen = 0  # bytes of stdout whose lines were shown to the steps
        self.flood = ""
        self.selector = selectors.DefaultSelector()
        for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
            assert stream
            os.set_blocking(stream.fileno(), False)
            self.selector.register(stream, selectors.EVENT_READ, name)
        self._write(run.stdin)
        if not any(s.write or s.close_stdin for s in self.steps):
            self._close_stdin()

    def _write(self, text: str) -> None:
        try:
            if text and self.process.stdin:
                self.process.stdin.write(text.encode())
        except OSError:
            pass  # its end tells the story

    def _close_stdin(self) -> None:
        try:
            if self.process.stdin:
                self.process.stdin.close()
        except OSError:
            pass

    def _feed(self) -> None:
        """Shows new complete lines of stdout to the step that is next."""
        data = self.data["stdout"]
        while self.steps and (end := data.find(b"\n", self.seen)) >= 0:
            line = data[self.seen:end].decode("utf-8", "replace")
            self.seen = end + 1
            if re.fullmatch(self.steps[0].line, line):
                self._do(self.steps.pop(0))

    def _do(self, step: Step) -> None:
        for name in step.signals:
            self.process.send_signal(signal.Signals[name])
        self._write(step.write)
        if step.close_stdin:
            self._close_stdin()

    def _read(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            try:
                block = os.read(key.fd, BLOCK)
            except OSError:
                block = b""
            if not block:
                self.selector.unregister(key.fileobj)
                continue
            kept = self.data[key.data]
            kept += block
            if len(kept) > STREAM_MAX:
                self.flood = key.data
                del kept[STREAM_MAX:]
        self._feed()

    def until_end(self, deadline: float) -> bool:
        """Reads until both streams have ended, or the process has and nothing more comes. False at the deadline."""
        ended = 0.0
        while self.selector.get_map() and not self.flood:
            now = time.monotonic()
            if now >= deadline:
                return False
            self._read(min(LOOK_SECONDS, deadline - now))
            if self.process.poll() is not None:
                ended = ended or now
                if now - ended > ORPHAN_SECONDS:
                    break  # a child of it holds the streams
        while not self.flood and self.process.poll() is None:
            if time.monotonic() >= deadline:
                return False
            try:
                self.process.wait(max(0.001, min(LOOK_SECONDS, deadline - time.monotonic())))
            except subprocess.TimeoutExpired:
                pass
        return True

    def close(self) -> None:
        """Kills what is left of the session."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()
        self.selector.close()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                if stream:
                    stream.close()
            except OSError:
                pass


def start(cmd: Sequence[str], run: Run, env: Mapping[str, str], seconds: float) -> Ended:
    """Runs the command to its end. Raises OSError when it cannot be started."""
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))  # deaths are wanted here, dumps of memory are not
    began = time.monotonic()
    process = subprocess.Popen(wrapped(cmd, run), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=dict(env), start_new_session=True, bufsize=0)
    ended = Ended()
    watch = _Watch(process, run)
    try:
        ended.late = not watch.until_end(began + seconds)
        if ended.late:  # its dump of stacks may tell why
            process.send_signal(signal.SIGQUIT)
            watch.until_end(time.monotonic() + DUMP_SECONDS)
        ended.flood = watch.flood
    finally:
        watch.close()
    code = process.returncode
    ended.exit, ended.signal = (code, "") if code >= 0 else (None, _signal_name(-code))
    ended.streams = {name: without_frames(bytes(data)) for name, data in watch.data.items()}
    ended.undone = tuple(watch.steps)
    ended.seconds = time.monotonic() - began
    return ended


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
