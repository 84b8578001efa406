# SPDX-License-Identifier: BSD-3-Clause
"""A correct driver for one tiny program, whose outcomes it makes up: the base of the liars.

It executes nothing: asked for N executions it answers that a third of them gave 1 and the rest 2, which the program of
test_miniatures.py allows.  In mode one it answers 1 and ends.  A liar overrides the method in which it lies.
"""

from __future__ import annotations

import os
import sys


class Mini:
    """The conversation of protocol.md, well behaved."""

    def __init__(self) -> None:
        self.ident = ""
        self.iters = 1
        self.mode = "free"

    def say(self, text: str) -> None:
        """Writes one line, at once."""
        os.write(1, text.encode() + b"\n")

    def hello(self) -> None:
        """Answers hello."""
        self.say("hi gl/1 name=mini version=1.0 ops=1 procs=1")
        self.say("cap chan wg one")
        self.say("ok")

    def outcomes(self) -> None:
        """The `out` lines of a batch."""
        third = self.iters // 3
        if third:
            self.say(f"out {self.ident} {third} ok 1")
        self.say(f"out {self.ident} {self.iters - third} ok 2")

    def answer(self) -> None:
        """The answer to one run."""
        if self.mode == "one":
            self.say(f"out {self.ident} 1 ok 1")
            os._exit(0)
        self.outcomes()
        self.say(f"done {self.ident} {self.iters} us=1")

    def command(self, line: str) -> None:
        """One command; a plan is read to its end and believed."""
        words = line.split()
        if words[0] == "hello":
            self.hello()
        elif words[0] == "bye":
            sys.exit(0)
        elif words[0] == "run":
            self.ident = words[1]
            keys = dict(word.split("=", 1) for word in words[2:])
            self.iters, self.mode = int(keys.get("iters", 1)), keys.get("mode", "free")
            while sys.stdin.readline().strip() not in ("end", ""):
                pass
            self.answer()

    def main(self) -> None:
        """Until the input ends."""
        while line := sys.stdin.readline():
            if line.strip():
                self.command(line)


if __name__ == "__main__":
    Mini().main()
