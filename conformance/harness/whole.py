# SPDX-License-Identifier: BSD-3-Clause
"""Whole programs on one runtime: which processes to start, and what their ends say.

Owns: commands and environments, the verdict on a run, several programs at once.  Not here: expectation files (programs.py),
one process (process.py), known failures and the other kind of program (verdict.py).

  I1  Equal ends and outputs give equal verdicts: nothing is measured but the time limit, and that alone gives `unknown`.
  I2  A program that ran into its time limit is run once more, alone, before it is judged.
  I3  A report of a sanitizer fails a run.
  I4  A run is skipped only for a reason that is told: a promise, a setting or a source that the runtime lacks.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field

from .lit import ROOT
from .manifest import Manifest
from .observe import Observed, sanitizer_report
from .process import Ended, set_user_id, start
from .programs import End, Output, Run, Whole
from .verdict import Finding, Verdict, apply_known

SHOWN = 3000


@dataclass
class RunRecord:
    """One run as reports show it."""

    name: str
    command: str
    expected: str
    end: str
    stdout: str
    stderr: str


@dataclass
class WholeVerdict(Verdict):
    """The verdict on a whole program, with what each of its runs printed."""

    runs: list[RunRecord] = field(default_factory=list)


def environment(manifest: Manifest, run: Run, mutant: str = "") -> dict[str, str]:
    """What a run adds to the environment: the variant's, its settings in the runtime's words, its own.

    Where both say something of one variable, a list has both; of another the run's value holds, for which its expectation is.
    """
    added = dict(manifest.variant.program_env)
    for name, value in run.settings.items():
        variable, _, text = manifest.settings[name].format(value).partition("=")
        added[variable] = f"{added[variable]},{text}" if variable in added and manifest.is_list(variable) else text
    return {**added, **run.env, **({"GR_MUTANT": mutant} if mutant else {})}


def full_environment(manifest: Manifest, added: dict[str, str]) -> dict[str, str]:
    """The harness's own environment without the variables that settings speak about, and what a run adds."""
    told = {text.partition("=")[0] for text in manifest.settings.values()}
    return {**{k: v for k, v in os.environ.items() if k not in told}, **added}


def lacking(manifest: Manifest, whole: Whole, promises: frozenset[str]) -> str:
    """Why this runtime is not asked this program; empty when it is."""
    variant = manifest.variant
    missing = [p for p in whole.profile if p not in promises and p != "spec"]
    if missing:
        return "does not promise " + " ".join(missing)
    if manifest.name in whole.without:
        return whole.without[manifest.name]
    if not variant.program:
        return f"variant {variant.name} runs no whole programs"
    source = variant.source.format(area=whole.area, name=whole.name)
    if not os.path.exists(source):
        return f"has no source of its own: {source.removeprefix(f'{ROOT}/')}"
    if not whole.asked_of(manifest.name, manifest.settings, variant.name).runs:
        if any(run.setuid for run in whole.runs) and os.geteuid() != 0:
            return "only the superuser can make a set-user-id program of another user"
        unset = sorted({s for run in whole.runs for s in run.settings} - manifest.settings.keys())
        differs = [run.differs_on(manifest.name, variant.name) for run in whole.runs]
        return "; ".join([*dict.fromkeys(d.reason for d in differs if d), *(["has no setting " + " ".join(unset)] if unset else [])])
    return ""


def command(manifest: Manifest, whole: Whole, run: Run) -> list[str]:
    """How the program is started."""
    return [*(word.format(area=whole.area, name=whole.name) for word in manifest.variant.program), *run.args]


def shell_text(manifest: Manifest, whole: Whole, run: Run, mutant: str = "") -> str:
    """The same as a line to type; steps and standard input are not in it."""
    words = [word.removeprefix(f"{ROOT}/") for word in command(manifest, whole, run)]
    sets = [f"{k}={v}" for k, v in environment(manifest, run, mutant).items()]
    ends = [f"{fd}{'<' if fd == 0 else '>'}&-" for fd in run.closed]
    return " ".join([*map(shlex.quote, [*(["env", *sets] if sets else []), *words]), *ends])


def stream_fault(name: str, output: Output, text: str) -> str:
    """What is wrong with one stream; empty when nothing is."""
    lines = text.splitlines()
    if output.lines is not None:
        for number, (line, pattern) in enumerate(zip(lines, output.lines, strict=False), 1):
            if not re.fullmatch(pattern, line):
                return f"{name} line {number} is {line[:200]!r}, expected /{pattern}/"
        if len(lines) > len(output.lines):
            return f"{name} line {len(output.lines) + 1} is {lines[len(output.lines)][:200]!r}, expected its end"
        if len(lines) < len(output.lines):
            return f"{name} ends after {len(lines)} lines, expected /{output.lines[len(lines)]}/"
    at = 0
    for pattern in output.has:
        found = re.compile(pattern, re.MULTILINE).search(text, at)
        if not found:
            before = " after what came before it in the list" if at else ""
            return f"{name} does not match /{pattern}/{before}"
        at = found.end()
    for pattern in output.without:
        found = re.search(pattern, text, re.MULTILINE)
        if found:
            return f"{name} has {found[0][:200]!r}, which /{pattern}/ forbids"
    return ""


def fault_of(run: Run, ended: Ended, ignore: re.Pattern[str] | None = None) -> tuple[str, str]:
    """Kind (fail, crash or unknown) and sentence of what is wrong with a run; empty when nothing is.

    A report of a sanitizer is wrong whatever the run's end and whatever may be printed; `ignore` as in race_report.
    """
    end: End = run.end
    report = sanitizer_report(ended.streams["stderr"], ignore)
    if report:
        return "fail", f"a sanitizer reported: {report.splitlines()[0][:200]}"
    if ended.flood:
        return "fail", f"printed without end on {ended.flood}"
    if ended.late:
        waits = f", before the line /{ended.undone[0].line}/" if ended.undone else ""
        return "unknown", f"no end within its time limit{waits}"
    if ended.text != end.text:
        died = ended.signal and not end.signal
        first = next((line for line in ended.streams["stderr"].splitlines() if line.strip()), "")
        return "crash" if died else "fail", f"ended with {ended.text}, expected {end.text}" + (
            f": {first[:200]}" if first else "")
    if ended.undone:
        return "fail", f"ended without printing a line /{ended.undone[0].line}/"
    for name, output in end.output.items():
        fault = stream_fault(name, output, ended.streams[name])
        if fault:
            return "fail", fault
    return "", ""


class WholeRun:
    """All runs of one program on one runtime."""

    def __init__(self, manifest: Manifest, whole: Whole, promises: frozenset[str], version: str, mutant: str = "",
                 patience: float = 1.0) -> None:
        self.manifest = manifest
        self.whole = whole.asked_of(manifest.name, manifest.settings, manifest.variant.name)
        self.skip = lacking(manifest, whole, promises)
        self.version = version
        self.mutant = mutant
        self.patience = patience * manifest.variant.timeout_x

    def judge(self) -> WholeVerdict:
        """Runs and judges. Never raises for what a program does."""
        verdict = WholeVerdict(Observed(self.whole, skip=self.skip), "pass")
        if self.skip:
            verdict.status = "skip"
            verdict.findings = [Finding(self.skip)]
        else:
            kinds = [self._one(run, verdict) for run in self.whole.runs]
            verdict.status = next((k for k in ("error", "crash", "fail", "unknown") if k in kinds), "pass")
        apply_known(verdict, self.manifest, self.version)
        return verdict

    def _one(self, run: Run, verdict: WholeVerdict) -> str:
        """Does one run and adds what it gave to the verdict; its status is the result."""
        cmd = command(self.manifest, self.whole, run)
        if not shutil.which(cmd[0]):
            path = cmd[0].removeprefix(f"{ROOT}/")
            verdict.findings.append(Finding(f"{path} is not built; run: make", f"{run.name} not built"))
            return "error"
        added = environment(self.manifest, run, self.mutant)
        try:
            with set_user_id(cmd[0]) if run.setuid else nullcontext(cmd[0]) as program:
                ended = start([program, *cmd[1:]], run, full_environment(self.manifest, added),
                              run.seconds * self.patience)
        except OSError as error:
            verdict.findings.append(Finding(f"cannot start {cmd[0]}: {error.strerror}", f"{run.name} not started"))
            return "error"
        return self._take(run, ended, verdict)

    def _take(self, run: Run, ended: Ended, verdict: WholeVerdict) -> str:
        kind, what = fault_of(run, ended, self.manifest.ignore_race)
        line = shell_text(self.manifest, self.whole, run, self.mutant)
        key = run.key if not kind else f"{run.name} {ended.text}" + (
            " late" if ended.late else " flood" if ended.flood else " other output" if ended.text == run.end.text else "")
        observed = verdict.observed
        observed.seconds += ended.seconds
        observed.counts[key] += 1
        observed.modes.setdefault("one", Counter())[key] += 1
        verdict.runs.append(RunRecord(run.name, line, run.end.text, ended.text, ended.streams["stdout"][-SHOWN:],
                                      ended.streams["stderr"][:SHOWN]))
        if kind:
            again = f"conformance/gauntlet run --runtime {self.manifest.runtime} {self.whole.path}"
            again += f" --mutant {self.mutant}" if self.mutant else ""
            text = "".join(f"{name}: {line}\n" for name in ("stdout", "stderr")
                           for line in ended.streams[name][:SHOWN].splitlines())
            verdict.findings.append(Finding(f"{run.name}: {what}", key, again, f"$ {line}\n{text}"))
        return kind


def run_wholes(manifest: Manifest, wholes: Sequence[Whole], promises: frozenset[str], version: str, *, workers: int = 2,
               mutant: str = "", patience: float = 1.0, stop: threading.Event | None = None,
               progress: Callable[[Observed], None] = lambda _: None) -> list[WholeVerdict]:
    """Judges all programs, `workers` at once; verdicts in the order of the programs. `stop` skips what has not begun."""
    stop = stop or threading.Event()

    def work(whole: Whole) -> WholeVerdict:
        if stop.is_set():
            skipped = WholeVerdict(Observed(whole, skip="stopped before its turn"), "skip")
            skipped.findings = [Finding(skipped.observed.skip)]
            return skipped
        verdict = WholeRun(manifest, whole, promises, version, mutant, patience).judge()
        progress(verdict.observed)
        return verdict

    with ThreadPoolExecutor(max_workers=workers) as pool:
        verdicts = list(pool.map(work, wholes))
    for number, verdict in enumerate(verdicts):
        if verdict.status == "unknown" and not (verdict.known or mutant or stop.is_set()):
            verdicts[number] = WholeRun(manifest, wholes[number], promises, version).judge()
    return verdicts
