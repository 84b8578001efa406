# SPDX-License-Identifier: BSD-3-Clause
"""gauntlet selftest: canned exchanges with a driver, each with a line of verdict, for its author.

Owns: the exchanges and the order in which an author wants to see them fail.  Not here: the plans (canned.py).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

from ..campaign import Options, Session
from ..canned import COMMENTED, CONTROL, SAMPLES, UNKNOWN_OBJECT, UNKNOWN_OP, Sample
from ..cli import FINDINGS, PASS
from ..driver import Driver, Protocol, RunResult
from ..manifest import Manifest, load_manifest

KNOWN_CAPS = frozenset(
    "chan select mutex rwmutex wg once cond atomic var sleep timer ticker afterfunc panic recover goexit exit fault elem ptr make "
    "procs goroutines heap gc cleanup weak gc.precise one control faketime race noise parallel gotext die deadlock free".split())
LIMIT = 5.0
ITERS = 20


class Failed(Exception):
    """The driver did something else; the text says what was expected and what came."""


class Skipped(Exception):
    """The driver does not claim this."""


def add(parser: argparse.ArgumentParser) -> None:
    """Arguments of the subcommand."""
    parser.add_argument("--driver", "--runtime", required=True, metavar="DIR",
                        help="the driver's folder (with driver.toml), or a runtime's name")
    parser.add_argument("--verbose", action="store_true", help="show the plan of each check that fails")


def _expect(condition: bool, expected: str, got: str) -> None:
    if not condition:
        raise Failed(f"expected {expected}; got {got}")


class Bench:
    """One driver under test; every check gets it alive."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        self.session = Session(manifest, Options())
        self.caps: frozenset[str] = frozenset()

    def driver(self) -> Driver:
        """The shared driver, started again after a death."""
        return self.session.driver(self.manifest.variant)

    # ---- the conversation ----

    def hello(self) -> None:
        """Starts, says hello, names a version and capabilities."""
        driver = self.driver()
        self.caps = driver.caps
        _expect(driver.version != "?", "`version=...` in the answer to hello", "none")
        _expect(bool(driver.caps), "at least one `cap` line", "none")
        odd = sorted(driver.caps - KNOWN_CAPS)
        _expect(not odd, "capabilities of protocol.md section 4", " ".join(odd))

    def wrong_version(self) -> None:
        """Refuses a version it does not speak."""
        with Driver(self.manifest) as driver:
            driver.say("hello gl/2\n")
            line = driver.listen(LIMIT)
            _expect(line.startswith("err version"), "`err version gl/1`", f"`{line[:80]}`")
            status = driver.wait_end(LIMIT)
            _expect(status == "exit status 3", "exit status 3", status)

    def end_of_input(self) -> None:
        """Ends with status 0 when its input ends."""
        with Driver(self.manifest) as driver:
            driver.hello()
            driver.hang_up()
            status = driver.wait_end(LIMIT)
            _expect(status == "exit status 0", "exit status 0", status)

    def bye(self) -> None:
        """Ends with status 0 after bye."""
        with Driver(self.manifest) as driver:
            driver.hello()
            driver.say("bye\n")
            status = driver.wait_end(LIMIT)
            _expect(status == "exit status 0", "exit status 0", status)

    def comments(self) -> None:
        """Ignores comments, empty lines and keys it does not know."""
        driver = self.driver()
        driver.say(f"# hello there\n\nrun c1 iters=3 seed=1 mode=free colour=green join=1\n{COMMENTED}end\n")
        lines = [driver.listen(LIMIT), driver.listen(LIMIT)]
        _expect(lines[0] == "out c1 3 ok 1" and lines[1].startswith("done c1 3"), "`out c1 3 ok 1` and `done c1 3`",
                " / ".join(lines))

    def pipelined(self) -> None:
        """Answers commands that come at once in their order."""
        driver = self.driver()
        driver.say("".join(f"run p{n} iters={n} seed=1 mode=free join=1\n{COMMENTED}end\n" for n in range(1, 6)))
        for n in range(1, 6):
            lines = [driver.listen(LIMIT), driver.listen(LIMIT)]
            _expect(lines[0] == f"out p{n} {n} ok 1" and lines[1].startswith(f"done p{n} {n}"),
                    f"`out p{n} {n} ok 1` and `done p{n} {n}`", " / ".join(lines))

    def _unknown(self, plan: str, word: str, ident: str) -> None:
        driver = self.driver()
        driver.say(f"run {ident} iters=1 seed=1 mode=free join=1\n{plan}end\n")
        line = driver.listen(LIMIT)
        _expect(line.startswith(f"skip {ident}") and word in line, f"`skip {ident} op {word}`", f"`{line[:120]}`")
        self.sample(SAMPLES[0])

    def unknown_op(self) -> None:
        """Skips a plan with an operation it does not know, and goes on."""
        self._unknown(UNKNOWN_OP, "frobnicate", "u1")

    def unknown_object(self) -> None:
        """Skips a plan with an object it does not know, and goes on."""
        self._unknown(UNKNOWN_OBJECT, "gadget", "u2")

    def many(self) -> None:
        """Counts many executions."""
        self.sample(SAMPLES[0], iters=5000)

    # ---- the samples ----

    def _ask(self, sample: Sample, **keys: str | int) -> RunResult:
        variant = self.manifest.variant_for(sample.needs)
        driver = self.session.driver(variant)
        lacks = [need for need in sample.needs if need not in driver.caps]
        if lacks:
            raise Skipped("does not claim " + " ".join(lacks))
        program = sample.program()
        if keys["mode"] != "one":
            return driver.run(program, limit_seconds=LIMIT, **keys)
        if "one" not in self.caps:
            raise Skipped("does not claim one")
        with self.session.fresh(variant) as driver:
            return driver.run(program, limit_seconds=LIMIT, **keys)

    def sample(self, sample: Sample, iters: int = ITERS) -> None:
        """Runs a sample and compares its outcomes."""
        iters = 1 if sample.dies else 3 if "timer" in sample.needs else iters
        result = self._ask(sample, iters=iters, seed=1, mode="one" if sample.dies else "free",
                           **({} if sample.dies else {"join": 1}))
        came = ", ".join(f"{key} ({n} times)" for key, n in sorted(result.counts.items()))
        said = f", after: {result.stderr.strip().splitlines()[0][:120]}" if result.stderr.strip() else ""
        fine = result.end == "done" or (sample.dies and result.end == "died" and bool(result.counts))
        _expect(fine, " or ".join(sample.allowed), f"{result.end}: {result.detail}{said}")
        _expect(result.counts.keys() <= set(sample.allowed), " or ".join(sample.allowed), came + said)

    def control(self) -> None:
        """Finds both outcomes under control, the same for the same seed, and replays a tape."""
        keys: dict[str, str | int] = {"iters": 50, "seed": 3, "mode": "control", "strat": "random", "waiters": "any"}
        first, second = self._ask(CONTROL, **keys), self._ask(CONTROL, **keys)
        _expect(first.end == "done", "done", f"{first.end}: {first.detail}")
        _expect(first.counts.keys() == set(CONTROL.allowed), " and ".join(CONTROL.allowed),
                ", ".join(sorted(first.counts)) or "nothing")
        _expect((first.counts, first.tapes) == (second.counts, second.tapes), "the same for the same seed",
                f"{dict(first.counts)}, then {dict(second.counts)}")
        _expect(first.tapes.keys() == first.counts.keys(), "a `tape` line after each `out` line",
                f"tapes for {', '.join(first.tapes) or 'none'}")
        for key, tape in first.tapes.items():
            again = self._ask(CONTROL, iters=1, seed=9, mode="control", strat="zero", tape=tape, waiters="any")
            _expect(set(again.counts) == {key}, f"{key} from its tape {tape}", ", ".join(again.counts) or again.detail)


def _checks(bench: Bench) -> Iterator[tuple[str, str, Callable[[], None], str]]:
    """Group, name, the check, its plan."""
    for check in (bench.hello, bench.wrong_version, bench.bye, bench.end_of_input, bench.comments, bench.pipelined,
                  bench.unknown_op, bench.unknown_object, bench.many):
        yield "contract", str(check.__doc__).rstrip("."), check, ""
    for sample in SAMPLES:
        yield ("mode one" if sample.dies else "mode free", sample.name, lambda s=sample: bench.sample(s),  # type: ignore[misc]
               sample.plan)
    yield "control", str(bench.control.__doc__).rstrip("."), bench.control, CONTROL.plan


def run(args: argparse.Namespace) -> int:
    """Does every check, prints a line for each, and a sum."""
    console = Console(highlight=False)
    name = args.driver if "/" not in args.driver.rstrip("/") else str(Path(args.driver).resolve())
    manifest = load_manifest(name)
    bench = Bench(manifest)
    counts = {"ok": 0, "skip": 0, "FAIL": 0}
    started = time.monotonic()
    group = ""
    try:
        for where, what, check, plan in _checks(bench):
            if where != group:
                console.print(Text(where, style="bold"))
                group = where
            word, text = _one(check)
            counts[word] += 1
            style = {"ok": "green", "skip": "dim", "FAIL": "bold red"}[word]
            console.print(Text(f"  {word:4}  ", style=style) + Text(what) + Text(f"   {text}" if text else ""),
                          soft_wrap=True)
            if word == "FAIL" and args.verbose and plan:
                console.print(Text("        | " + "\n        | ".join(plan.splitlines()), style="dim"))
            if word == "FAIL" and check == bench.hello:
                break
    finally:
        bench.session.close()
    console.print(Text(f"{manifest.name}: {counts['ok']} ok, {counts['FAIL']} failed, {counts['skip']} skipped "
                       f"in {time.monotonic() - started:.1f} s", style="bold"))
    return FINDINGS if counts["FAIL"] else PASS


def _one(check: Callable[[], None]) -> tuple[str, str]:
    try:
        check()
    except Skipped as reason:
        return "skip", str(reason)
    except (Failed, Protocol) as reason:
        return "FAIL", str(reason)
    return "ok", ""
