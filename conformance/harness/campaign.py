# SPDX-License-Identifier: BSD-3-Clause
"""Runs programs on a runtime: which modes, how often, with what time, and what to do when a driver dies.

Owns: the schedule of runs per program (by its isolation class and the driver's capabilities), restarts, bisection after
a crash, the budget.  Not here: the conversation (driver.py), the verdict (verdict.py).

  I1  A program that may die or hang gets a process per execution, or the controlled scheduler; never a batch.
  I2  Every program gets its least work, whatever the budget; the budget only adds repetitions.
  I3  All randomness comes from Options.seed and the program's id.
"""

from __future__ import annotations

import hashlib
import shlex
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from .driver import Driver, Protocol, RunResult
from .lit import ROOT, Program
from .manifest import Manifest, Variant
from .observe import Incident, Observed
from .stats import judge_stats

TRIES = 3
ONE_LIMIT = 10.0
ROUND_SECONDS = 1.5
PROBE = 3
RACE_PROCS = (0, 2, 4, 8) * 3
LONGER_ROUNDS = 6
LONGER_SECONDS = 2.0
LONGER_PROCS = (2, 4, 8, 1)
BATCH_LIMIT = 20.0
KNOWN_LIMIT = 1.0  # mode one, for a program that is known not to end
SLOW = 5.0  # variants with this timeout_x do the least, and no trials

# (strategy, depth, executions): the portfolio of the controlled scheduler, widened until every outcome was seen.
FIRST_ROUNDS = (("zero", 0, 1), ("robin", 0, 4), ("random", 0, 150), ("pct", 2, 100), ("pct", 3, 50))
MORE_ROUNDS = (("random", 0, 1000), ("pct", 2, 1000), ("pct", 3, 1000), ("random", 0, 8000), ("pct", 4, 8000),
               ("random", 0, 30000))


@dataclass(frozen=True)
class Options:
    """How a campaign runs. `budget` is seconds for the whole; `modes` restricts the modes."""

    seed: int = 1
    budget: float = 40.0
    workers: int = 2
    noise: int = 0
    procs: tuple[int, ...] = ()
    modes: tuple[str, ...] = ("control", "free", "one")
    mutant: str = ""
    least: bool = False


class Session:
    """The drivers of one worker: started on demand, restarted after a death."""

    def __init__(self, manifest: Manifest, options: Options) -> None:
        self.manifest = manifest
        self.options = options
        self._drivers: dict[str, Driver] = {}

    def driver(self, variant: Variant) -> Driver:
        """A driver that has said hello. Raises Protocol after TRIES starts."""
        driver = self._drivers.get(variant.name)
        if driver and driver.alive:
            return driver
        self.drop(variant)
        for attempt in range(TRIES):
            driver = Driver(self.manifest, variant, self.options.mutant)
            try:
                driver.hello()
            except Protocol:
                if attempt + 1 == TRIES:
                    raise
                continue
            self._drivers[variant.name] = driver
            return driver
        raise AssertionError("unreachable")

    def fresh(self, variant: Variant) -> Driver:
        """A driver of its own for one execution; the caller closes it."""
        driver = Driver(self.manifest, variant, self.options.mutant)
        driver.hello()
        return driver

    def drop(self, variant: Variant) -> None:
        """Ends this driver; the next use starts another."""
        driver = self._drivers.pop(variant.name, None)
        if driver:
            driver.close()

    def close(self) -> None:
        """Ends all drivers."""
        for driver in self._drivers.values():
            driver.close()
        self._drivers.clear()


def lacking(program: Program, promises: frozenset[str], caps: frozenset[str]) -> str:
    """Why this runtime is not asked this program; empty when it is."""
    missing = [need for need in program.needs if need not in caps]
    if missing:
        return "lacks " + " ".join(missing)
    if "deadlock" not in caps:  # then quiescence is the evidence: it needs timers to be away, and cannot tell two kinds apart
        if any(key.startswith("fatal:no-goroutines") for key in program.allowed):
            return "lacks deadlock: it would not tell that no goroutines are left"
        if program.is_timed and any(key.startswith("deadlock") for key in program.allowed):
            return "lacks deadlock: it would sleep on, and so would a timer"
    missing = [p for p in program.profile if p not in promises and p != "spec"]
    return "does not promise " + " ".join(missing) if missing else ""


def known_statuses(manifest: Manifest, program: Program) -> tuple[str, ...]:
    """The statuses that the runtime's expectation file has for this program, whatever its conditions."""
    known = manifest.known.get(program.id)
    return known.status if known else ()


class ProgramRun:
    """All runs of one program in one session."""

    def __init__(self, session: Session, program: Program, slice_seconds: float) -> None:
        self.session = session
        self.program = program
        self.options = session.options
        self.variant = session.manifest.variant_for(program.needs)
        self.slice = slice_seconds
        self.slow = self.variant.timeout_x >= SLOW
        self.observed = Observed(program, ignore_race=session.manifest.ignore_race)
        digest = hashlib.sha256(f"{program.id}:{self.options.seed}".encode()).digest()
        self.seed = int.from_bytes(digest[:4], "big") & 0x7FFFFFFF
        self.caps: frozenset[str] = frozenset()
        self.version = ""

    def run(self) -> Observed:
        """Does the program's runs. Never raises for what a driver does."""
        if self.variant is not self.session.manifest.variant and not self.variant.is_built:
            self.observed.skip = f"variant {self.variant.name} is not built: {self.variant.cmd[0].removeprefix(f'{ROOT}/')}"
            return self.observed
        try:
            driver = self.session.driver(self.variant)
        except Protocol as error:
            self.observed.incidents.append(Incident("protocol", str(error), self._again("free", {})))
            return self.observed
        self.caps, self.version = driver.caps, driver.version
        self.observed.skip = lacking(self.program, self.session.manifest.profile | driver.promises, self.caps)
        if self.observed.skip:
            return self.observed
        if "control" in self.options.modes:
            self._controlled_somewhere()
        if self._batchable() and "free" in self.options.modes:
            self._free()
        elif "one" in self.options.modes and "one" in self.caps:
            self._one_by_one()
        if not self.observed.modes and not self.observed.incidents:
            self.observed.skip = "no mode in common: it needs a process of its own" if not self._batchable() \
                else "no mode in common"
        return self.observed

    # ---- controlled ----

    def _controlled_somewhere(self) -> None:
        """Under control here, or on the runtime's first variant: a race detector's variant may have no controlled scheduler."""
        if "control" in self.caps:
            self._controlled()
            return
        side, self.variant = self.variant, self.session.manifest.variant
        try:
            if side is not self.variant and "control" in self.session.driver(self.variant).caps:
                self._controlled()
        except Protocol as error:
            self.observed.incidents.append(Incident("protocol", str(error), self._again("control", {})))
        finally:
            self.variant = side

    def _controlled(self) -> None:
        waiters = "fifo" if "fifo-waiters" in self.program.profile else "any"
        deadline = time.monotonic() + self.slice
        each = 0.0
        for number, (strategy, depth, count) in enumerate(FIRST_ROUNDS + MORE_ROUNDS):
            if number >= len(FIRST_ROUNDS) and (self.observed.seen_all() or self._failed()):
                return
            if number >= len(FIRST_ROUNDS) + 3 and time.monotonic() > deadline:
                return
            if each:
                count = max(1, min(count, int(ROUND_SECONDS / each)))
            keys = {"iters": count, "seed": self.seed + number, "mode": "control", "strat": strategy,
                    "waiters": waiters, "clock": "any" if self.program.in_real_time else "still"}
            if depth:
                keys["depth"] = depth
            result = self._batch(keys)
            if result.end != "done" or (result.undecided and not result.counts):
                return  # it cannot be run so, or it never ends under control: it waits for real time
            each = result.seconds / count

    def _failed(self) -> bool:
        incidents = self.observed.incidents and not self._known("unknown")
        return bool(incidents) or not self.observed.counts.keys() <= self.program.allowed

    # ---- free ----

    def _batchable(self) -> bool:
        model = self.program.model
        return not (self.program.dies or (model and (model.can_die or model.can_hang)))

    def _free(self) -> None:
        leaks = self.program.leaks if self.program.model else 64
        if self.program.want_race:
            self.session.drop(self.variant)  # a detector reports a pair of places once per process
        keys: dict[str, str | int] = {"mode": "free", "join": int(leaks == 0), "noise": self.options.noise}
        for procs in self._procs((0,)):
            if procs:
                keys["procs"] = procs
            first = 5 if self.program.in_real_time else 100
            if not self._free_rounds(keys, max(2, first // 5) if self.slow else first, leaks):
                break
        if self.program.mode == "stat":
            self._trials(keys)
        if self.program.want_race:
            self._race(keys, leaks)
        if leaks or self.program.want_race:
            self.session.drop(self.variant)

    def _procs(self, default: tuple[int, ...]) -> tuple[int, ...]:
        """The numbers of processors to go through, 0 for the runtime's own; a virtual clock may be tied to its number."""
        return (0,) if "faketime" in self.program.needs else self.options.procs or default

    def _free_rounds(self, keys: dict[str, str | int], first: int, leaks: int) -> bool:
        """A probe, then a run of `first` executions or as many as fill the slice. False when the driver failed."""
        limit = self._leak_limit(leaks)
        result = self._batch({**keys, "iters": min(PROBE, limit), "seed": self.seed})
        if result.end != "done":
            return False
        each = max(result.seconds / min(PROBE, limit), 1e-6)
        wanted = first if self.options.least else max(first, int(self.slice * 0.6 / each))
        count = min(wanted, int(max(ROUND_SECONDS, self.slice) / each), limit, 200_000)
        if count <= PROBE:
            return True
        if leaks:
            self.session.drop(self.variant)
        return self._batch({**keys, "iters": count, "seed": self.seed + 1}).end == "done"

    def _leak_limit(self, leaks: int) -> int:
        limits = self.session.driver(self.variant).limits if leaks else {}
        return max(1, limits.get("goroutines", 1000) // leaks) if leaks else 1_000_000

    def _race(self, keys: dict[str, str | int], leaks: int) -> None:
        """More executions, with other numbers of processors, until the race that the program has is reported."""
        for turn, procs in enumerate(RACE_PROCS):
            if self.observed.race or self.observed.incidents:
                return
            self.session.drop(self.variant)
            more: dict[str, str | int] = {**keys, "iters": min(1000, self._leak_limit(leaks)), "seed": self.seed + 50 + turn}
            if self._procs((procs,))[0]:
                more["procs"] = procs
            self._batch(more)

    def _trials(self, keys: dict[str, str | int]) -> None:
        """The counts that `stat` lines judge: two independent draws, the second larger (see stats.py)."""
        if self.slow:
            self.observed.unjudged = f"stat: variant {self.variant.name} is too slow for trials"
            return
        for draw, factor in enumerate((1, 5)):
            before = self.observed.counts.copy()
            result = self._batch({**keys, "iters": self.program.trials * factor, "seed": self.seed + 100 + draw})
            if result.end != "done":
                return
            self.observed.stat_counts.append(self.observed.counts - before)
            if self.options.least and not judge_stats(self.program, self.observed.stat_counts):
                return

    # ---- one process per execution ----

    def _one_by_one(self) -> None:
        deadline = time.monotonic() + self.slice
        sure = len(self.program.allowed) <= 1 or "control" in self.caps
        for number in range((2 if self.slow else 3) if sure else 40):
            if number >= (1 if self.options.least or self.slow else 2) and (time.monotonic() > deadline or self._failed()):
                return
            if number >= 3 and self.observed.seen_all():
                return
            if not self._one(number):
                return

    def _one(self, number: int, choice: tuple[int, ...] = (0,), noise: int | None = None) -> bool:
        procs = self._procs(choice)
        keys: dict[str, str | int] = {"iters": 1, "seed": self.seed + number, "mode": "one",
                                      "noise": self.options.noise if noise is None else noise}
        if procs[number % len(procs)]:
            keys["procs"] = procs[number % len(procs)]
        again = self._again("one", keys)
        try:
            with self.session.fresh(self.variant) as driver:
                limit = KNOWN_LIMIT / max(1.0, self.variant.timeout_x / 2) if self._known("unknown") else ONE_LIMIT
                result = driver.run(self.program, limit_seconds=limit, **keys)
        except Protocol as error:
            self.observed.incidents.append(Incident("protocol", str(error), again))
            return False
        self.observed.add("one", result, again)
        return result.end in ("done", "died") or self._known("unknown")

    def _known(self, status: str) -> bool:
        """The runtime's expectation file says that this status comes."""
        return status in known_statuses(self.session.manifest, self.program)

    # ---- again, for what was not seen ----

    def look_longer(self, observed: Observed, seconds: float, number: int) -> Observed:
        """Spends this time on outcomes that did not come yet, with another number of processors each time."""
        self.observed = observed
        try:
            driver = self.session.driver(self.variant)
        except Protocol:
            return observed
        self.caps, self.version = driver.caps, driver.version
        deadline = time.monotonic() + seconds
        noise = number % 3 if "noise" in self.caps and not self.options.noise else self.options.noise
        if self._batchable() and "free" in self.options.modes:
            self._free_longer(deadline, number, noise)
        elif "one" in self.options.modes and "one" in self.caps:
            for turn in range(40):
                if time.monotonic() > deadline or self.observed.seen_all():
                    break
                if not self._one(1000 * (number + 1) + turn, LONGER_PROCS, noise):
                    break
        return observed

    def _free_longer(self, deadline: float, number: int, noise: int) -> None:
        """A few executions to see how long one takes, then batches until the deadline."""
        leaks = self.program.leaks
        choice = self._procs(LONGER_PROCS)
        keys: dict[str, str | int] = {"mode": "free", "join": int(leaks == 0), "noise": noise}
        if choice[number % len(choice)]:
            keys["procs"] = choice[number % len(choice)]
        count = min(5, self._leak_limit(leaks))
        for turn in range(20):
            if leaks:
                self.session.drop(self.variant)
            result = self._batch({**keys, "iters": count, "seed": self.seed + 200 + 100 * number + turn})
            left = deadline - time.monotonic()
            if result.end != "done" or left < 0 or self.observed.seen_all() or self._failed():
                return
            each = max(result.seconds / count, 1e-7)
            count = max(1, min(int(left / each / 2) + 1, count * 100, self._leak_limit(leaks), 200_000))

    # ---- a batch, with restart and bisection ----

    def _batch(self, keys: dict[str, str | int]) -> RunResult:
        """One batch; when the driver dies in it, smaller ones that find the least that still dies."""
        result = self._once(keys)
        self.observed.add(str(keys["mode"]), result, self._again(str(keys["mode"]), keys))
        if result.end == "died" and not self.options.least:
            self._bisect(keys)
        return result

    def _once(self, keys: dict[str, str | int]) -> RunResult:
        try:
            return self.session.driver(self.variant).run(self.program, limit_seconds=BATCH_LIMIT, **keys)
        except Protocol as error:
            return RunResult("protocol", detail=str(error))

    def _bisect(self, keys: dict[str, str | int]) -> None:
        """Halves the batch while it still dies; keeps the smallest as the incident's command."""
        least = keys
        for _ in range(TRIES):
            smaller = {**least, "iters": max(1, int(least["iters"]) // 8)}
            if smaller["iters"] == least["iters"] or self._once(smaller).end != "died":
                break
            least = smaller
        if least is not keys:
            last = self.observed.incidents[-1]
            self.observed.incidents[-1] = Incident(last.kind, f"{last.text} (within {least['iters']} executions)",
                                                   self._again(str(keys["mode"]), least), last.stderr)

    def _again(self, mode: str, keys: dict[str, str | int]) -> str:
        """The command that repeats a run."""
        file = self.program.file
        path = file.relative_to(ROOT) if file.is_relative_to(ROOT) else file
        words = ["conformance/gauntlet", "replay", "--runtime", self.session.manifest.runtime, str(path), "--mode", mode]
        for key in ("iters", "seed", "strat", "depth", "waiters", "clock", "join", "noise", "procs"):
            if keys.get(key):
                words += [f"--{key}", str(keys[key])]
        if self.options.mutant:
            words += ["--mutant", self.options.mutant]
        return shlex.join(words)


def run_campaign(manifest: Manifest, programs: Sequence[Program], options: Options,
                 progress: Callable[[Observed], None] = lambda _: None,
                 stop: threading.Event | None = None) -> list[Observed]:
    """Runs all programs with `workers` drivers at once; results in the order of programs.

    Programs with a time-out are run once more at the end, alone; what is left of the budget goes to outcomes that did not
    come yet.  `progress` is called from worker threads; setting `stop` skips what has not begun.
    """
    stop = stop or threading.Event()
    started = time.monotonic()
    share = options.budget * options.workers / max(1, len(programs)) / 2
    local = threading.local()
    sessions: list[Session] = []

    def session() -> Session:
        if not hasattr(local, "session"):
            local.session = Session(manifest, options)
            sessions.append(local.session)
        return local.session  # type: ignore[no-any-return]

    def longer(observed: Observed, seconds: float, number: int) -> Observed:
        return ProgramRun(session(), observed.program, share).look_longer(observed, seconds, number)

    def work(program: Program) -> Observed:
        if stop.is_set():
            return Observed(program, skip="stopped before its turn")
        try:
            observed = ProgramRun(session(), program, share).run()
        except Exception:  # our own fault must not lose the other programs' results
            text = traceback.format_exc()
            observed = Observed(program, incidents=[Incident("error", f"the harness failed: {text.splitlines()[-1]}",
                                                             "", text)])
        progress(observed)
        return observed

    try:
        with ThreadPoolExecutor(max_workers=options.workers) as pool:
            results = list(pool.map(work, programs))
            results = list(_again_alone(manifest, options, results, share))
            for number in range(LONGER_ROUNDS):
                left = started + options.budget - time.monotonic()
                unseen = [o for o in results if _is_unseen(o)]
                if not unseen or left < 0.1 or stop.is_set():
                    break
                seconds = min(LONGER_SECONDS, left * options.workers / len(unseen) / (LONGER_ROUNDS - number))
                list(pool.map(lambda o: longer(o, seconds, number), unseen))
        return results
    finally:
        for each in sessions:
            each.close()


def _is_unseen(observed: Observed) -> bool:
    """Nothing is wrong, but an outcome did not come yet that a controlled scheduler has not looked for already."""
    sought = "control" in observed.modes
    return not (observed.skip or observed.incidents or sought or observed.seen_all()) \
        and observed.counts.keys() <= observed.program.allowed


def _again_alone(manifest: Manifest, options: Options, results: Iterable[Observed],
                 share: float) -> Iterator[Observed]:
    """Repeats, alone, what ran into a time limit: a busy machine must not make an `unknown`."""
    for observed in results:
        kinds = {incident.kind for incident in observed.incidents}
        if kinds != {"timeout"} or "unknown" in known_statuses(manifest, observed.program):
            yield observed
            continue
        session = Session(manifest, options)
        try:
            yield ProgramRun(session, observed.program, share).run()
        finally:
            session.close()
