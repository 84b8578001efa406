# SPDX-License-Identifier: BSD-3-Clause
"""What a driver's folder says about it: driver.toml and its list of known failures (protocol.md section 5).

A runtime is named `NAME` or `NAME-VARIANT`: the folder conformance/drivers/NAME and one of its variants.
"""

from __future__ import annotations

import os
import re
import shutil
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from .lit import ROOT

DRIVERS = ROOT / "conformance" / "drivers"
STATUSES = ("pass", "fail", "want_missing", "unknown", "crash", "skip", "error")


class ManifestError(Exception):
    """A driver.toml or expect.toml that cannot be used; the text names the file and the key."""


@dataclass(frozen=True)
class Death:
    """One pattern that turns the end of a process into a status."""

    exit: int | None
    signal: str | None
    stderr: re.Pattern[str] | None
    status: str

    def match(self, exit_status: int | None, signal: str | None, stderr: str) -> str | None:
        """The status, or None when this pattern does not fit."""
        if self.exit is not None and self.exit != exit_status:
            return None
        if self.signal is not None and self.signal != signal:
            return None
        if self.stderr is None:
            return self.status
        found = self.stderr.search(stderr)
        return found.expand(self.status) if found else None


@dataclass(frozen=True)
class Variant:
    """One way to start the driver."""

    name: str
    cmd: tuple[str, ...]
    env: dict[str, str]
    timeout_x: float
    serves: tuple[str, ...]
    deadlock: str = ""
    program: tuple[str, ...] = ()
    source: str = ""
    program_env: dict[str, str] = field(default_factory=dict)

    @property
    def is_built(self) -> bool:
        """The program to start is there."""
        return shutil.which(self.cmd[0]) is not None


@dataclass(frozen=True)
class Known:
    """A known failure: which program, which statuses, which wrong outcomes, and why."""

    id: str
    status: tuple[str, ...]
    seen: tuple[str, ...]
    when: str
    reason: str
    bug: str


@dataclass
class Manifest:
    """A driver's folder, with the variant that was asked for."""

    runtime: str
    name: str
    folder: Path
    profile: frozenset[str]
    deadlock: str
    variant: Variant
    variants: dict[str, Variant]
    deaths: tuple[Death, ...]
    known: dict[str, Known] = field(default_factory=dict)
    ignore_race: re.Pattern[str] | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def variant_for(self, needs: tuple[str, ...]) -> Variant:
        """The variant that serves these needs best: one that says `serves`, else the one asked for."""
        for variant in self.variants.values():
            if any(need in variant.serves for need in needs):
                return variant
        return self.variant

    def is_list(self, variable: str) -> bool:
        """Whether this variable holds several settings, key=value, which a comma parts."""
        return any(text.startswith(f"{variable}=") and text.count("=") > 1 for text in self.settings.values())


def _text_list(raw: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise ManifestError(f"{where}: {key}: expected a list of strings")
    return tuple(value)


def _pattern(raw: dict[str, Any], key: str, where: str) -> re.Pattern[str] | None:
    try:
        return re.compile(raw[key], re.MULTILINE) if key in raw else None
    except (re.error, TypeError) as error:
        raise ManifestError(f"{where}: {key} is no regular expression: {error}") from None


def _deaths(raw: list[dict[str, Any]], where: str) -> tuple[Death, ...]:
    deaths = []
    for number, entry in enumerate(raw, 1):
        if "status" not in entry:
            raise ManifestError(f"{where}: death {number}: expected a key `status`")
        pattern = _pattern(entry, "stderr", f"{where}: death {number}")
        deaths.append(Death(entry.get("exit"), entry.get("signal"), pattern, entry["status"]))
    return tuple(deaths)


def _places(words: tuple[str, ...], key: str, folder: Path, where: str, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Words with their {places} filled in; those of `more` are left for later."""
    places = {"build": ROOT / "build" / "opt", "go": ROOT / "build" / "go", "dir": folder, "root": ROOT,
              **{name: f"{{{name}}}" for name in more}}
    try:
        return tuple(word.format(**places) for word in words)
    except (KeyError, IndexError, ValueError) as error:
        raise ManifestError(f"{where}: {key}: unknown place {error}; expected one of {', '.join(places)}") from None


def _variant(name: str, raw: dict[str, Any], folder: Path, where: str) -> Variant:
    where = f"{where}: variant.{name}"
    cmd = _text_list(raw, "cmd", where)
    if not cmd:
        raise ManifestError(f"{where}: cmd: expected a command")
    program = _places(_text_list(raw, "program", where), "program", folder, where, ("area", "name"))
    source = _places((str(raw.get("source", "")),), "source", folder, where, ("area", "name"))[0]
    if bool(program) != bool(source):
        raise ManifestError(f"{where}: program and source go together: how a whole program is started, "
                            "and which file shows that there is one")
    env = {str(k): str(v) for k, v in raw.get("env", {}).items()}
    own = {str(k): str(v) for k, v in raw.get("program_env", env).items()}
    return Variant(name, _places(cmd, "cmd", folder, where), env, float(raw.get("timeout_x", 1)),
                   _text_list(raw, "serves", where), _deadlock(raw, "", where), program, source, own)


def _settings(raw: dict[str, Any], where: str) -> dict[str, str]:
    """How a runtime is told each neutral setting: a text VARIABLE=...{}..."""
    settings = raw.get("settings", {})
    for name, text in settings.items():
        if not isinstance(text, str) or not re.fullmatch(r"[A-Z_][A-Z0-9_]*=[^{}]*\{\}[^{}]*", text):
            raise ManifestError(f"{where}: settings.{name} = {text!r}; expected a text like \"VARIABLE={{}}\"")
    return dict(settings)


def _with(base: Variant, raw: Any, where: str) -> dict[str, Variant]:
    """The same program with more in its environment, for a need that this serves."""
    if not isinstance(raw, dict) or not all(isinstance(env, dict) for env in raw.values()):
        raise ManifestError(f"{where}: with: expected NEED = {{ NAME = \"value\" }}")
    names = {need: f"{base.name}+{need}" for need in raw}
    return {names[need]: replace(base, name=names[need], serves=(need,),
                                 env=base.env | {str(k): str(v) for k, v in env.items()})
            for need, env in raw.items()}


def _deadlock(raw: dict[str, Any], default: str, where: str) -> str:
    value = raw.get("deadlock", default)
    if value not in ("report", "hang", default):
        raise ManifestError(f"{where}: deadlock = {value!r}; expected \"report\" or \"hang\"")
    return str(value)


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        raise ManifestError(f"{path}: no such file; a driver's folder needs one "
                            "(spec/protocol.md section 5)") from None
    except tomllib.TOMLDecodeError as error:
        raise ManifestError(f"{path}: {error}") from None


def _version_key(text: str) -> tuple[int, ...]:
    return tuple(int(n) for n in re.findall(r"\d+", text))


def applies(when: str, facts: dict[str, str]) -> bool:
    """Evaluates `version >= "go1.22" and variant == "race"`; an empty condition holds.

    Raises ValueError for anything else.
    """
    for part in filter(None, (p.strip() for p in when.split(" and "))):
        found = re.fullmatch(r'(\w+)\s*(>=|<=|==|!=|<|>)\s*"([^"]*)"', part)
        if not found or found[1] not in facts:
            raise ValueError(f"cannot read the condition {part!r}; expected NAME OP \"VALUE\" with NAME one of "
                             + ", ".join(facts))
        have, op, want = facts[found[1]], found[2], found[3]
        left, right = (have, want) if found[1] != "version" else (_version_key(have), _version_key(want))
        holds = {"==": left == right, "!=": left != right, ">=": left >= right,  # type: ignore[operator]
                 "<=": left <= right, "<": left < right, ">": left > right}[op]  # type: ignore[operator]
        if not holds:
            return False
    return True


def load_known(path: Path) -> dict[str, Known]:
    """Known failures by program id."""
    known: dict[str, Known] = {}
    for number, raw in enumerate(_read_toml(path).get("expect", []), 1):
        where = f"{path}: expect {number}"
        for key in ("id", "status", "reason"):
            if not raw.get(key):
                raise ManifestError(f"{where}: expected a key `{key}`")
        status = _text_list(raw, "status", where)
        for word in status:
            if word not in STATUSES:
                raise ManifestError(f"{where}: status: no status {word!r}; expected some of {', '.join(STATUSES)}")
        try:
            applies(raw.get("when", ""), {"version": "", "variant": ""})
        except ValueError as error:
            raise ManifestError(f"{where}: when: {error}") from None
        known[raw["id"]] = Known(raw["id"], status, _text_list(raw, "seen", where),
                                 raw.get("when", ""), raw["reason"], raw.get("bug", ""))
    return known


def resolve(runtime: str) -> tuple[Path, str]:
    """Folder and variant of a runtime's name, or of a path to a driver's folder."""
    as_path = Path(runtime)
    if os.sep in runtime and (as_path / "driver.toml").exists():
        return as_path.resolve(), "plain"
    if (DRIVERS / runtime / "driver.toml").exists():
        return DRIVERS / runtime, "plain"
    head, dash, tail = runtime.rpartition("-")
    if dash and (DRIVERS / head / "driver.toml").exists():
        return DRIVERS / head, tail
    names = sorted(p.parent.name for p in DRIVERS.glob("*/driver.toml"))
    raise ManifestError(f"no runtime {runtime!r}; expected one of {', '.join(names) or '(none built yet)'}, "
                        "NAME-VARIANT, or the path of a driver's folder")


def load_manifest(runtime: str) -> Manifest:
    """Reads a runtime's driver.toml and expect.toml. Raises ManifestError."""
    folder, variant = resolve(runtime)
    path = folder / "driver.toml"
    raw = _read_toml(path)
    variants = {name: _variant(name, body, folder, str(path)) for name, body in raw.get("variant", {}).items()}
    if variant not in variants:
        raise ManifestError(f"{path}: no [variant.{variant}]; it has: {', '.join(variants) or 'none'}")
    deadlock = _deadlock(raw, "report", str(path))
    known = load_known(folder / raw["expect"]) if "expect" in raw else {}
    chosen = variants[variant]
    usable = {n: v for n, v in variants.items() if v is chosen or (variant == "plain" and v.serves)}
    usable |= _with(chosen, raw["variant"][variant].get("with", {}), f"{path}: variant.{variant}")
    return Manifest(runtime, raw.get("name", folder.name), folder,
                    frozenset(_text_list(raw, "profile", str(path)) or ("spec",)), deadlock, chosen, usable,
                    _deaths(raw.get("death", []), str(path)), known,
                    _pattern(raw, "ignore_race", str(path)), _settings(raw, str(path)))
