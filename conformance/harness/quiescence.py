# SPDX-License-Identifier: BSD-3-Clause
"""Evidence that a process does nothing and waits for nothing: for runtimes that cannot report a deadlock.

Three looks in a row at all of its threads show no processor time used, no context switch, and nobody running.  A process
that sleeps towards a deadline looks the same, so this is asked only for plans without timers, and the verdict carries its
evidence by name.
"""

from __future__ import annotations

import time
from pathlib import Path

LOOKS = 3
GAP_SECONDS = 0.2


class Quiescence:
    """Samples /proc for one process."""

    def __init__(self, pid: int) -> None:
        self._task = Path(f"/proc/{pid}/task")
        self._last: tuple[str, ...] | None = None
        self._same = 0
        self._when = 0.0

    @property
    def quiet(self) -> bool:
        """Enough looks in a row were alike."""
        return self._same >= LOOKS

    def sample(self) -> bool:
        """Looks once, at most every GAP_SECONDS. True when the process is quiescent."""
        now = time.monotonic()
        if now - self._when < GAP_SECONDS:
            return self.quiet
        self._when = now
        look = self._look()
        self._same = self._same + 1 if look is not None and look == self._last else 0
        self._last = look
        return self.quiet

    def _look(self) -> tuple[str, ...] | None:
        seen = []
        try:
            for thread in sorted(self._task.iterdir()):
                stat = (thread / "stat").read_text().rpartition(") ")[2].split()
                if stat[0] != "S":
                    return None
                switches = [line for line in (thread / "status").read_text().splitlines() if "ctxt_switches" in line]
                seen.append(" ".join([thread.name, stat[11], stat[12], *switches]))
        except OSError:
            return None
        return tuple(seen)
