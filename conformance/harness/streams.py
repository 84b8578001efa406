# SPDX-License-Identifier: BSD-3-Clause
"""The two output streams of a driver, read by threads so that neither can fill up and stop it.

Owns: lines of stdout in a queue, the last bytes of stderr.  Not here: what the lines mean (driver.py).

  I1  Memory is bounded whatever is written: the queue by lines and by bytes, stderr by what is kept of it.
  I2  Both threads end soon after stop(), even when a grandchild keeps the pipe open; only then are descriptors closed.
  I3  No lock is held for long, however fast the other side writes.
"""

from __future__ import annotations

import os
import queue
import re
import select
import threading
import time

LINE_MAX = 65536
QUEUE_LINES = 4096
QUEUE_BYTES = 4 << 20
STDERR_KEPT = 65536
BLOCK = 65536
BLOCKS_AT_ONCE = 16
LOOK_MS = 100


# With a virtual clock Go's runtime puts a mark, the time and the length before each write to
# stderr; they come out, so that death patterns match.
_FRAME = re.compile(rb"\x00\x00PB.{12}", re.DOTALL)


def without_frames(data: bytes) -> str:
    """Bytes of a stream as text."""
    return _FRAME.sub(b"", data).decode("utf-8", "replace")


class EndlessLine(Exception):
    """A line longer than LINE_MAX; the text quotes its start."""


class _Reader(threading.Thread):
    """A thread that reads one descriptor without ever blocking on it for long."""

    def __init__(self, stream: int) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.stopped = threading.Event()
        os.set_blocking(stream, False)
        self._poll = select.poll()
        self._poll.register(stream, select.POLLIN)

    def stop(self) -> None:
        """Asks the thread to end."""
        self.stopped.set()

    def ready(self) -> bool:
        """Waits until there is something to read; False when the thread must end."""
        while not self.stopped.is_set():
            if self._poll.poll(LOOK_MS):
                return True
        return False

    def block(self) -> bytes | None:
        """What there is, empty at the end of the stream, None when nothing is there now."""
        try:
            return os.read(self.stream, BLOCK)
        except BlockingIOError:
            return None
        except OSError:
            return b""


class Tail(_Reader):
    """Keeps the last bytes of a stream.

    Reading and keeping happen under one lock, so that a take sees all that was written before it.
    """

    def __init__(self, stream: int) -> None:
        super().__init__(stream)
        self._kept = bytearray()
        self._lock = threading.Lock()
        self.start()

    def run(self) -> None:
        while self.ready():
            with self._lock:
                more = self._drain()
            if not more:
                return
            time.sleep(0.001)  # lets a take have the lock while somebody floods us

    def _drain(self) -> bool:
        """Reads what there is, within bounds. False at the end of the stream."""
        for _ in range(BLOCKS_AT_ONCE):
            block = self.block()
            if block is None:
                return True
            if not block:
                return False
            self._kept += block
            del self._kept[:-STDERR_KEPT]
        return True

    def take(self) -> str:
        """What came since the last take."""
        with self._lock:
            if self.is_alive():
                self._drain()
            text = without_frames(bytes(self._kept))
            self._kept.clear()
        return text


class Lines(_Reader):
    """Lines of a stream in a bounded queue; None at its end, an EndlessLine for a line without one."""

    def __init__(self, stream: int) -> None:
        super().__init__(stream)
        self._queue: queue.Queue[str | None | EndlessLine] = queue.Queue(maxsize=QUEUE_LINES)
        self._bytes = 0
        self._lock = threading.Lock()
        self.start()

    def get(self, timeout: float) -> str | None | EndlessLine:
        """The next line. Raises queue.Empty after the timeout."""
        item = self._queue.get(timeout=timeout) if timeout > 0 else self._queue.get_nowait()
        if isinstance(item, str):
            with self._lock:
                self._bytes -= len(item)
        return item

    @property
    def waiting_bytes(self) -> int:
        """Bytes in the queue."""
        return self._bytes

    def run(self) -> None:
        rest = b""
        while self.ready():
            block = self.block()
            if block is None:
                continue
            if not block:
                break
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                if not self._put(line.decode("ascii", "replace")):
                    return
            if len(rest) > LINE_MAX:
                self._put(EndlessLine(f"a line of more than {LINE_MAX} bytes: {rest[:60].decode('ascii', 'replace')}..."))
                return
        if rest and not self.stopped.is_set():
            self._put(rest.decode("ascii", "replace"))
        self._put(None)

    def _put(self, item: str | None | EndlessLine) -> bool:
        while not self.stopped.is_set():
            if self._bytes > QUEUE_BYTES:
                self.stopped.wait(0.01)
                continue
            try:
                self._queue.put(item, timeout=0.2)
            except queue.Full:
                continue
            if isinstance(item, str):
                with self._lock:
                    self._bytes += len(item)
            return True
        return False
