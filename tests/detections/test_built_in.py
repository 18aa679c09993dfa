"""The built-in detections on their tests; and that each of their conditions is needed by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from by_day import one_in
from detections.mutants import mutants
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.cases import read_cases
from eventlake.detections.detection import Detection, load_detections
from eventlake.detections.evaluating import evaluate
from eventlake.detections.header import length_text
from eventlake.detections.sliding import slid
from eventlake.detections.trying import AS_WRITTEN, Try, outcomes, tries_of
from eventlake.errors import QueryError
from eventlake.local.trial import trial_lake
from eventlake.sources import load
from project import ROOT

SOURCES = load()
DETECTIONS = load_detections(SOURCES)

READ_LESS = {
    ("breached_password_entered", "and type in ('pwd_leak', 'reset_pwd_leak', 'signup_pwd_leak', 'scp', 's')"),
    ("takeover_after_failures", "and event_time >= date_add('hour', -1, :since)"),
    ("failing_streak", "where ends.ended >= coalesce(succeeded.last, ends.ended)"),
    ("new_starter", "and triggerdetail is not null"),
    ("pipeline_edited", "and version is not null"),
    ("shared_second_factor", "where factor is not null"),
}
"""Conditions that change nothing but how much is read: others say the same of what is left, or it has no key and is about nobody."""


def test_there_are_enough_for_a_team_that_watches_logins_and_pipelines() -> None:
    """Those nobody else has among them, and the names of keys and thresholds are explained."""
    assert len(DETECTIONS) >= 24
    assert DETECTIONS.keys() >= {"log_stream_stopped", "m2m_from_new_address", "source_silent"}
    assert all(parameter.doc for one in DETECTIONS.values() for parameter in one.parameters)
    assert all(one.advice.endswith(".") and one.doc.count("\n") for one in DETECTIONS.values())


def test_detections_have_cases_of_every_kind() -> None:
    """At least one that fires and two that do not; a detection without a threshold says why once is enough."""
    for name, detection in DETECTIONS.items():
        cases = read_cases(detection, SOURCES)
        assert sum(bool(case.finds) for case in cases) >= 1, name
        assert sum(not case.finds for case in cases) >= 2, name
        assert len({case.name for case in cases}) == len(cases), name


@pytest.mark.parametrize("detection", one_in(30, DETECTIONS.values()))
def test_detection_finds_what_its_tests_say_and_needs_each_condition(detection: Detection) -> None:
    """As written, with every event three times, and late by 20 minutes; without any one of its conditions a test fails."""
    tries = tries_of(read_cases(detection, SOURCES))
    written = [one for one in tries if one.variant == AS_WRITTEN]
    with trial_lake(SOURCES, (event for one in tries for event in one.events)) as engine:
        assert [outcome for outcome in outcomes(detection, tries, engine) if outcome.wrong] == []
        _require_more_without_history(detection, tries, engine)
        for line, mutant in mutants(detection):
            if (detection.name, line) in READ_LESS:
                continue
            try:
                broken = any(outcome.wrong for outcome in outcomes(mutant, written, engine))
            except QueryError as error:
                broken = "which is no timestamp" in str(error)
            assert broken, f"{detection.name} passes its tests without: {line}"


def _require_more_without_history(detection: Detection, tries: Sequence[Try], engine: DuckDBEngine) -> None:
    """Without its history a detection finds what it finds with it, so that nobody need look there where it finds nothing."""
    moments = [one.runs_at for one in tries]
    more = {moment: {one.key for one in found} for moment, found in slid(detection.brief, engine, moments)}
    for moment in moments if detection.history else ():
        assert {one.key for one in evaluate(detection, engine, moment)} <= more[moment], detection.name


def test_many_moments_at_once_find_what_each_finds_alone() -> None:
    """One statement over all moments, and one for each of them, over hours with and without events."""
    detection = DETECTIONS["takeover_after_failures"]
    tries = [one for one in tries_of(read_cases(detection, SOURCES)) if one.variant == AS_WRITTEN][:4]
    with trial_lake(SOURCES, (event for one in tries for event in one.events)) as engine:
        found = dict(slid(detection, engine, [one.runs_at for one in tries]))
        assert found == {one.runs_at: list(evaluate(detection, engine, one.runs_at)) for one in tries}
    assert any(found.values())


def test_page_names_every_detection_with_how_it_runs() -> None:
    """The table of docs/detections.md says what the files say."""
    page = (ROOT / "docs/detections.md").read_text("utf-8")
    for one in DETECTIONS.values():
        thresholds = ", ".join(f"{each.name} {each.default}" for each in one.parameters)
        row = (f"`{one.name}`", one.source, one.severity, length_text(one.every), length_text(one.window), one.key, thresholds, one.title)
        assert f"| {' | '.join(row)} |" in page
