# SPDX-License-Identifier: BSD-3-Clause
"""Lying and broken drivers: each class is one, started as `liars.py NAME`; test_miniatures.py says what each deserves."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from mini import Mini


class DropsACount(Mini):
    """One execution is missing from the counts."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} {self.iters - 1} ok 1")


class InventsAnOutcome(Mini):
    """Among many good outcomes there is one that nothing allows."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} {self.iters - 1} ok 1")
        self.say(f"out {self.ident} 1 ok 9")


class Hangs(Mini):
    """Never answers a run."""

    def answer(self) -> None:
        time.sleep(3600)


class HangsAtHello(Mini):
    """Never answers hello."""

    def hello(self) -> None:
        time.sleep(3600)


class DiesAtHello(Mini):
    """Ends during hello, with a word on stderr."""

    def hello(self) -> None:
        self.say("hi gl/1 name=mini version=1.0")
        print("mini: no licence", file=sys.stderr)
        sys.exit(7)


class DiesMidBatch(Mini):
    """A segmentation fault between two lines of an answer."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} 1 ok 1")
        os.kill(os.getpid(), signal.SIGSEGV)


class FloodsWithOutcomes(Mini):
    """Valid `out` lines without end."""

    def outcomes(self) -> None:
        while True:
            os.write(1, f"out {self.ident} 1 ok 1\n".encode() * 1000)


class FloodsWithNoise(Mini):
    """Lines that are no answer, without end."""

    def outcomes(self) -> None:
        while True:
            os.write(1, b"lorem ipsum dolor sit amet\n" * 1000)


class FloodsWithComments(Mini):
    """Long comments without end: each may be ignored, all of them may not."""

    def outcomes(self) -> None:
        while True:
            os.write(1, (b"# " + b"x" * 60000 + b"\n") * 20)


class NewOutcomesForEver(Mini):
    """Each outcome differs from all before."""

    def outcomes(self) -> None:
        number = 0
        while True:
            number += 1
            self.say(f"out {self.ident} 1 ok {number}")


class EndlessLine(Mini):
    """A line that does not end."""

    def outcomes(self) -> None:
        while True:
            os.write(1, b"x" * 65536)


class FloodsStderr(Mini):
    """Megabytes on stderr, but the answer is right: nobody may object, or be blocked."""

    def outcomes(self) -> None:
        for _ in range(100):
            os.write(2, b"warning: everything is fine\n" * 4000)
        super().outcomes()


class FloodsStderrForEver(Mini):
    """Writes to stderr and never answers."""

    def outcomes(self) -> None:
        while True:
            os.write(2, b"warning: everything is fine\n" * 4000)


class WrongVersion(Mini):
    """Speaks a version of its own."""

    def hello(self) -> None:
        self.say("hi gl/7 name=mini version=1.0")
        self.say("ok")


class AnswersAnotherRun(Mini):
    """Answers in another order than asked."""

    def outcomes(self) -> None:
        self.say(f"out {int(self.ident) + 1} {self.iters} ok 1")


class AnswersTwice(Mini):
    """Gives each answer twice."""

    def answer(self) -> None:
        super().answer()
        super().answer()


class TooManyValues(Mini):
    """Two values where one is shown."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} {self.iters} ok 1 2")


class ValueIsAWord(Mini):
    """A value that is no integer."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} {self.iters} ok one")


class UnknownStatus(Mini):
    """A status that the contract does not have."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} {self.iters} fine 1")


class NegativeCount(Mini):
    """Minus one execution."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} -1 ok 1")


class HugeCount(Mini):
    """A count of six thousand digits."""

    def outcomes(self) -> None:
        self.say(f"out {self.ident} {'9' * 6000} ok 1")


class NeverReads(Mini):
    """Says hello unasked and reads nothing."""

    def main(self) -> None:
        self.hello()
        time.sleep(3600)


class ClosesStdout(Mini):
    """Closes its stdout and lives on."""

    def outcomes(self) -> None:
        os.close(1)
        time.sleep(3600)


class LeavesAChild(Mini):
    """Ends, but a child of it keeps the pipes open."""

    def outcomes(self) -> None:
        if os.fork() == 0:
            time.sleep(3600)
        os._exit(0)


class ChildEscapes(Mini):
    """Ends, but a child that left the session keeps the pipes open."""

    def outcomes(self) -> None:
        if os.fork() == 0:
            os.setsid()
            time.sleep(20)
            os._exit(0)
        os._exit(0)


class DoneWithoutOut(Mini):
    """Says that it is done, and nothing else."""

    def outcomes(self) -> None:
        pass


class DoneTooEarly(Mini):
    """Does half of the executions and says so."""

    def answer(self) -> None:
        self.iters //= 2
        super().answer()


class GarbageBytes(Mini):
    """Bytes of all kinds."""

    def outcomes(self) -> None:
        os.write(1, bytes(range(256)) * 4 + b"\n")


class ClaimsAndSkips(Mini):
    """Claims a capability, then skips the program that needs it."""

    def answer(self) -> None:
        self.say(f"skip {self.ident} op send")


class GivesUp(Mini):
    """Its own fault, admitted."""

    def answer(self) -> None:
        self.say(f"err {self.ident} out of memory")


class DiesInLargeBatches(Mini):
    """Aborts somewhere after the fifth execution."""

    def outcomes(self) -> None:
        if self.iters > 5:
            print("mini: out of goroutines", file=sys.stderr, flush=True)
            os.abort()
        super().outcomes()


class WaitsForLeave(Mini):
    """Announces its first run by the file `begun` in the folder given, and goes on when `leave` is there."""

    def outcomes(self) -> None:
        folder = Path(sys.argv[2])
        (folder / "begun").touch()
        while not (folder / "leave").exists():
            time.sleep(0.01)
        super().outcomes()


class SaysNothingInModeOne(Mini):
    """Ends with status 0 as if main had returned, without saying its outcome."""

    def answer(self) -> None:
        if self.mode == "one":
            os._exit(0)
        super().answer()


class LivesOnInModeOne(Mini):
    """Prints its outcome in mode one, but the process does not end."""

    def answer(self) -> None:
        self.say(f"out {self.ident} 1 ok 1")
        time.sleep(3600)


if __name__ == "__main__":
    globals()[sys.argv[1]]().main()
