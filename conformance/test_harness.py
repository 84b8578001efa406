# SPDX-License-Identifier: BSD-3-Clause
"""The parts of the harness that judge: keys, verdicts, known failures, statistics, records.  No driver is started here."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from fixtures import FAIR, KEPT, LOST, PROGRAMS, RACE, RAW, REFUSED, UNLOCK, manifest, observed, record_of, verdicts_of
from hypothesis import given
from hypothesis import strategies as st

from harness.driver import Driver, Protocol, RunResult
from harness.lit import CODES, LitError, find_files, outcome_key, program_from_json, value_text
from harness.manifest import Death, Known, ManifestError, applies, load_known, load_manifest
from harness.observe import Incident, Observed, race_report
from harness.report.junit import junit_element
from harness.report.matrix import ReportError, clause_cells, read_record, read_records, tally
from harness.report.record import write_record
from harness.stats import chi_square_tail, judge_stats, uniform
from harness.verdict import judge, summary

# ---- keys ----


def test_a_key_is_status_and_terms_in_order() -> None:
    assert outcome_key(("main.e", "main.v"), "ok", ("0", "5")) == "ok main.e=0 main.v=5"
    assert outcome_key(("main.e",), "ok", ("-1001",)) == "ok main.e=send-closed"
    assert outcome_key((), "ok", ()) == "ok"


def test_a_death_keeps_the_log_alone() -> None:
    assert outcome_key(("a", "log"), "panic:-1001", ("1,2",)) == "panic:send-closed log=1,2"
    assert outcome_key(("a", "log"), "panic:42", ("7", "1,-1000")) == "panic:42 log=1,nil"
    assert outcome_key(("a",), "deadlock", ()) == "deadlock"


def test_log_values_are_symbolic_too() -> None:
    assert outcome_key(("log",), "ok", ("1,-1001,3",)) == "ok log=1,send-closed,3"
    assert outcome_key(("log",), "ok", ("-",)) == "ok log=-"


@pytest.mark.parametrize("values", [(), ("1",), ("1", "2", "3")])
def test_the_number_of_values_is_checked(values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="values for 2 shown terms"):
        outcome_key(("a", "b"), "ok", values)


@given(st.integers(-(2**63), 2**63 - 1))
def test_only_codes_get_names(number: int) -> None:
    assert value_text(str(number)) == CODES.get(number, str(number))


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_any_out_line_is_an_outcome_or_a_protocol_error(text: str) -> None:
    result = RunResult("protocol")
    driver = Driver.__new__(Driver)
    try:
        key = driver._out(RACE, text, result)
    except Protocol:
        assert not result.counts
    else:
        assert result.counts[key] >= 0 and key.split()[0]


# ---- verdicts ----


def test_pass() -> None:
    verdict = judge(observed(RACE, kept=3, refused=1), manifest())
    assert (verdict.status, verdict.findings, verdict.unexpected) == ("pass", [], False)


def test_an_unlisted_outcome_fails_and_says_why() -> None:
    seen = observed(RACE, kept=3, refused=1, lost=2)
    seen.again[LOST] = "the command"
    verdict = judge(seen, manifest())
    assert verdict.status == "fail" and verdict.unexpected
    finding = verdict.findings[0]
    assert (finding.outcome, finding.again) == (LOST, "the command")
    assert finding.what == "forbidden outcome, seen 2 times: accepted value lost"


def test_a_wanted_outcome_that_never_came() -> None:
    seen = observed(RACE, kept=3)
    verdict = judge(seen, manifest())
    assert (verdict.status, verdict.missing, verdict.unexpected) == ("want_missing", [REFUSED], False)
    assert judge(seen, manifest(), gates=True).status == "want_missing", "no controlled run has looked for it"
    seen.modes["control"] = Counter(seen.counts)
    verdict = judge(seen, manifest(), gates=True)
    assert (verdict.status, verdict.unexpected) == ("fail", True)
    assert verdict.findings[0].outcome == REFUSED
    timed = replace(seen, program=replace(RACE, needs=("timer",)))
    assert judge(timed, manifest(), gates=True).status == "fail", "under control any deadline may come at any moment"


@pytest.mark.parametrize("counts", [{}, {"kept": 3, "refused": 1}])
def test_a_time_out_is_unknown_and_never_a_pass(counts: dict[str, int]) -> None:
    seen = observed(RACE, **counts)
    seen.incidents.append(Incident("timeout", "no answer in time", "again"))
    verdict = judge(seen, manifest())
    assert verdict.status == "unknown" and verdict.unexpected


def test_nothing_decided_is_unknown() -> None:
    seen = observed(RACE)
    seen.undecided = 50
    assert judge(seen, manifest()).status == "unknown"


def test_the_strongest_status_wins() -> None:
    seen = observed(RACE, kept=1, refused=1)
    order = [("timeout", "unknown"), ("protocol", "error"), ("fail", "fail"), ("crash", "crash")]
    for kind, status in order:
        if kind == "fail":
            seen.counts[LOST] = 1
        else:
            seen.incidents.append(Incident(kind, kind, "again", "text"))
        assert judge(seen, manifest()).status == status
    assert len(judge(seen, manifest()).findings) == 4, "and nothing of the rest is dropped"


def test_a_skip_has_its_reason() -> None:
    verdict = judge(Observed(RACE, skip="lacks chan"), manifest())
    assert (verdict.status, verdict.findings[0].what, verdict.unexpected) == ("skip", "lacks chan", False)


def test_a_program_that_its_own_model_contradicts_is_an_error() -> None:
    verdict = judge(observed(replace(RACE, complaints=("line 3: not the model's set",)), kept=1), manifest())
    assert verdict.status == "error" and verdict.unexpected


def test_what_a_death_prints_is_judged() -> None:
    key = next(iter(UNLOCK.allowed))
    seen = observed(UNLOCK, **{key: 1})
    seen.death_texts[key] = "fatal error: sync: unlock of unlocked mutex\n"
    assert judge(seen, manifest()).status == "pass"
    seen.death_texts[key] = "oops\n"
    verdict = judge(seen, manifest())
    assert verdict.status == "fail" and "does not match" in verdict.findings[0].what


def test_races() -> None:
    racy = replace(RACE, want_race=True)
    report = "WARNING: DATA RACE\nWrite at 0x1 by goroutine 7:\n"
    assert judge(replace(observed(RACE, kept=1, refused=1), race=report), manifest()).status == "fail"
    assert judge(replace(observed(racy, kept=1, refused=1), race=report), manifest()).status == "pass"
    assert judge(observed(racy, kept=1, refused=1), manifest()).findings[0].what == \
        "the program has a data race that was not reported"


def test_race_reports_can_be_ignored_one_by_one() -> None:
    line = "=" * 18
    first = f"{line}\nWARNING: DATA RACE\n  runtime.closechan()\n{line}\n"
    second = f"{line}\nWARNING: DATA RACE\n  main.step()\n{line}\n"
    ignore = re.compile(r"runtime\.closechan")
    assert race_report(first, ignore) == "" and "closechan" in race_report(first, None)
    assert "main.step" in race_report(first + second, ignore)
    assert race_report("all is quiet", ignore) == ""


# ---- known failures ----

KNOWN = Known(RACE.id, ("fail",), (LOST,), "", "a reason", "https://example.org/1")


def test_a_known_failure_does_not_count() -> None:
    verdict = judge(observed(RACE, kept=1, lost=1), manifest(known={RACE.id: KNOWN}))
    assert (verdict.status, verdict.known, verdict.unexpected) == ("fail", KNOWN, False)
    assert summary([verdict])["known"] == 1 and summary([verdict])["fail"] == 0


def test_another_wrong_outcome_than_the_known_one_is_news() -> None:
    other = "ok main.e=0 main.v=5 main.ok=0"
    verdict = judge(observed(RACE, kept=1, lost=1, **{other: 1}), manifest(known={RACE.id: KNOWN}))
    assert verdict.known is None and verdict.unexpected


def test_another_status_than_the_known_one_is_news() -> None:
    seen = observed(RACE, kept=1, lost=1)
    seen.incidents.append(Incident("crash", "SIGSEGV", "again"))
    assert judge(seen, manifest(known={RACE.id: KNOWN})).unexpected


def test_a_known_failure_that_passes_is_said() -> None:
    verdict = judge(observed(RACE, kept=1, refused=1), manifest(known={RACE.id: KNOWN}))
    assert verdict.surprise and not verdict.unexpected


def test_a_condition_switches_a_known_failure() -> None:
    old = replace(KNOWN, when='version < "go1.22"')
    seen = observed(RACE, kept=1, lost=1)
    assert judge(seen, manifest(known={RACE.id: old}), version="go1.21.3").known
    assert judge(seen, manifest(known={RACE.id: old}), version="go1.22").unexpected


@pytest.mark.parametrize(("when", "holds"), [
    ("", True), ('version >= "go1.9"', True), ('version == "go1.22.1"', True), ('version < "go1.22"', False),
    ('variant == "race"', True), ('variant != "race"', False), ('version > "go1.3" and variant == "race"', True),
    ('version > "go1.3" and variant == "plain"', False)])
def test_conditions(when: str, holds: bool) -> None:
    assert applies(when, {"version": "go1.22.1", "variant": "race"}) is holds


@pytest.mark.parametrize("when", ["version", 'colour == "red"', "version >= go1.22", 'version ~ "x"'])
def test_conditions_that_cannot_be_read(when: str) -> None:
    with pytest.raises(ValueError, match="cannot read the condition"):
        applies(when, {"version": "1", "variant": "plain"})


# ---- statistics ----


@pytest.mark.parametrize(("x", "df", "p"), [
    (3.841, 1, 0.05), (6.635, 1, 0.01), (10.828, 1, 0.001), (5.991, 2, 0.05), (11.070, 5, 0.05), (18.307, 10, 0.05),
    (23.209, 10, 0.01), (29.588, 10, 0.001), (43.773, 30, 0.05), (124.342, 100, 0.05), (3.940, 10, 0.95)])
def test_chi_square_as_tabulated(x: float, df: int, p: float) -> None:
    assert chi_square_tail(x, df) == pytest.approx(p, rel=2e-3)


def test_chi_square_at_the_ends() -> None:
    assert chi_square_tail(0, 5) == 1.0
    assert 0 <= chi_square_tail(5000, 3) < 1e-300 + 1e-200
    assert chi_square_tail(9.2103, 2) == pytest.approx(0.01, rel=1e-4)


def test_uniform_needs_significance_and_a_large_bias() -> None:
    assert uniform([5000, 5000], 1e-9, 0.05) == ""
    assert uniform([5400, 4600], 1e-9, 0.05) == "", "significant, but within the margin"
    assert uniform([6, 4], 1e-9, 0.05) == "", "a large bias of a small sample"
    assert "off by 0.200" in uniform([7000, 3000], 1e-9, 0.05)
    assert uniform([10000, 0], 1e-9, 0.05)
    assert uniform([], 1e-9, 0.05) == uniform([7], 1e-9, 0.05) == ""


def test_a_rule_must_fail_in_every_draw() -> None:
    first, second = sorted(FAIR.allowed)
    even = Counter({first: 6000, second: 6000})
    skewed = Counter({first: 9000, second: 3000})
    only = Counter({first: 12000})
    assert judge_stats(FAIR, [even]) == judge_stats(FAIR, [skewed, even]) == judge_stats(FAIR, []) == []
    assert "stat uniform main.k: shares [0.75, 0.25]" in judge_stats(FAIR, [skewed, skewed])[0]
    assert "never seen in 12000 trials" in judge_stats(FAIR, [only, only])[0]
    seen = observed(FAIR, **{first: 1, second: 1})
    seen.stat_counts = [skewed, skewed]
    assert judge(seen, manifest()).status == "fail"


# ---- what lit says, and manifests ----


def test_a_bad_file_is_refused() -> None:
    with pytest.raises(LitError, match="a.lit:1:1: what"):
        program_from_json({"error": "a.lit:1:1: what is wrong"})


def test_fixtures_are_what_lit_prints_now() -> None:
    for raw, program in zip(RAW, PROGRAMS, strict=True):
        assert program.path == raw["path"] and program.model and program.model.complete
        assert program.allowed == {o.key for o in program.model.outcomes}


def test_a_file_that_is_nowhere() -> None:
    with pytest.raises(LitError, match="no such litmus file or folder"):
        find_files(["no/such/thing"])


def test_deaths_match_in_order() -> None:
    death = Death(2, None, re.compile(r"^panic: (-?\d+)", re.MULTILINE), r"panic:\1")
    assert death.match(2, None, "x\npanic: 42\n") == "panic:42"
    assert death.match(1, None, "panic: 42") is None
    assert Death(None, "SIGSEGV", None, "crash").match(None, "SIGSEGV", "") == "crash"


@pytest.mark.parametrize(("text", "complaint"), [
    ("[variant.plain]\ncmd = [1]\n", "variant.plain: cmd: expected a list of strings"),
    ("[variant.plain]\n", "variant.plain: cmd: expected a command"),
    ('[variant.plain]\ncmd = ["{nowhere}/x"]\n', "unknown place 'nowhere'; expected one of build, go, dir, root"),
    ("", r"no \[variant.plain\]"),
    ('deadlock = "maybe"\n[variant.plain]\ncmd = ["x"]\n', 'expected "report" or "hang"'),
    ('[variant.plain]\ncmd = ["x"]\n[[death]]\nexit = 2\n', "death 1: expected a key `status`"),
    ('[variant.plain]\ncmd = ["x"]\n[[death]]\nstderr = "("\nstatus = "x"\n', "death 1: stderr is no regular expression"),
    ('ignore_race = "("\n[variant.plain]\ncmd = ["x"]\n', "ignore_race is no regular expression"),
    ('[variant.plain]\ncmd = ["x"]\nwith = { clock = "y" }\n', "variant.plain: with: expected NEED"),
    ("name = \n", "Invalid value"),
])
def test_manifests_that_cannot_be_used(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "driver.toml").write_text(text)
    with pytest.raises(ManifestError, match=complaint) as caught:
        load_manifest(str(tmp_path))
    assert "driver.toml" in str(caught.value)


def test_a_need_adds_to_the_environment() -> None:
    """A sanitizer's build gets its virtual clock from its own binary, not from another variant."""
    manifest = load_manifest("reference-asan")
    plain, fake = manifest.variant_for(()), manifest.variant_for(("faketime",))
    assert plain is manifest.variant and "GR_DEBUG" not in plain.env
    assert fake.cmd == plain.cmd and fake.env == {**plain.env, "GR_DEBUG": "faketime=1"}
    assert fake.name == "asan+faketime"


@pytest.mark.parametrize(("text", "complaint"), [
    ('[[expect]]\nid = "a"\nstatus = ["fail"]\n', "expect 1: expected a key `reason`"),
    ('[[expect]]\nid = "a"\nstatus = "fail"\nreason = "x"\n', "status: expected a list of strings"),
    ('[[expect]]\nid = "a"\nstatus = ["sad"]\nreason = "x"\n', "status: no status 'sad'"),
    ('[[expect]]\nid = "a"\nstatus = ["fail"]\nreason = "x"\nwhen = "moon"\n', "cannot read the condition 'moon'"),
])
def test_known_failures_that_cannot_be_used(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "expect.toml"
    path.write_text(text)
    with pytest.raises(ManifestError, match=complaint):
        load_known(path)


# ---- records ----

STABLE = {"runtime", "version", "clauses", "summary", "outcomes", "executions", "seconds", "programs"}


def test_a_record_has_the_stable_keys(tmp_path: Path) -> None:
    record = read_record(write_record(record_of("wrong"), tmp_path / "wrong.json"))
    assert record.keys() >= STABLE
    assert record["clauses"] == {"total": 681, "covered": len({c for p in PROGRAMS[:3] for c in p.spec})}
    assert record["summary"] == {"pass": 2, "fail": 1, "want_missing": 0, "unknown": 0, "crash": 0, "skip": 1,
                                 "error": 0, "known": 0}
    assert record["outcomes"] == {"allowed": 5, "observed": 5}
    first, *_, last = record["programs"]
    assert first.keys() >= {"id", "path", "clauses", "status", "outcomes"}
    assert (first["id"], first["status"]) == (RACE.id, "fail")
    assert first["outcomes"] == {KEPT: 90, REFUSED: 9, LOST: 1}
    assert last["findings"] == [{"what": "lacks goexit"}], "a skip stays in the record, with its reason"
    assert not list(tmp_path.glob("*.part"))


def test_a_part_never_replaces_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.report.record.REPORTS", tmp_path)
    whole, part = record_of("x"), {**record_of("x"), "partial": True}
    usual = tmp_path / "x.json"
    assert write_record(part) == usual and write_record(part) == usual, "when there is no other"
    assert write_record(whole) == usual
    assert write_record(part) == tmp_path / "part" / "x.json" and not read_record(usual)["partial"]
    usual.write_text("{")
    assert write_record(part) == usual


def test_clauses_by_status() -> None:
    cells = clause_cells(record_of("wrong"), [*RACE.spec, *UNLOCK.spec, "goexit.main-deferred-first", "gc.nothing"])
    assert [cells[c].status for c in RACE.spec] == ["fail", "fail"]
    assert cells["goexit.main-deferred-first"].status == "skip"
    assert cells["gc.nothing"].status == "uncovered" and cells[RACE.spec[0]].programs == (RACE.id,)
    assert sum(tally(cells).values()) == len(cells)


@pytest.mark.parametrize(("text", "complaint"), [("{", "not a report"), ("[]", "expected the keys"), (None, "no such report")])
def test_records_that_cannot_be_read(tmp_path: Path, text: str | None, complaint: str) -> None:
    if text is not None:
        (tmp_path / "toy.json").write_text(text)
    with pytest.raises(ReportError, match=complaint) as caught:
        read_records(["toy"], tmp_path)
    assert "make conform RUNTIME=toy" in str(caught.value)


def test_no_records(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="no reports yet; run: make conform"):
        read_records([], tmp_path)


def test_junit() -> None:
    suite = junit_element(json.loads(json.dumps(record_of("wrong"))))
    assert {k: suite.get(k) for k in ("name", "tests", "failures", "errors", "skipped")} == {
        "name": "gauntlet wrong", "tests": "4", "failures": "1", "errors": "0", "skipped": "1"}
    failure = suite.find("testcase/failure")
    assert failure is not None and failure.get("message") == "forbidden outcome, seen once: accepted value lost"
    assert "again: conformance/gauntlet replay" in str(failure.text) and f"FORBIDDEN {LOST}" in str(failure.text)
    skipped = suite.find("testcase/skipped")
    assert skipped is not None and skipped.get("message") == "skip: lacks goexit"


def test_junit_survives_odd_bytes() -> None:
    record = record_of("wrong")
    record["programs"][0]["findings"][0]["text"] = "\x00\x1b[31m\ud800 <&> end"
    text = ET.tostring(junit_element(record), encoding="utf-8")
    assert b"end" in text and ET.fromstring(text) is not None


def test_verdicts_of_the_fixtures() -> None:
    assert [v.status for v in verdicts_of("good")] == ["pass", "pass", "pass", "skip"]
