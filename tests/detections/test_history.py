"""The detections over histories whose truth is known: each incident is found, and without incidents nothing is told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from eventlake.detections.backtest import Alerted, backtest
from eventlake.detections.detection import load_detections
from eventlake.detections.header import SEVERITIES
from eventlake.history import INCIDENTS, History
from eventlake.history.timeline import datetime_of
from eventlake.history.truth import Truth
from eventlake.local.trial import trial_lake
from eventlake.sources import load

pytestmark = pytest.mark.slow

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
SOURCES = load()
DETECTIONS = load_detections(SOURCES)

TELLS = {
    "credential stuffing": ["credential_stuffing"],
    "password spraying": ["credential_stuffing"],
    "takeover": ["takeover_after_failures"],
    "mfa fatigue": ["mfa_push_fatigue"],
    "impossible travel": ["impossible_travel"],
    "breached passwords": ["breached_passwords_tried"],
    "bots": ["signup_fraud"],
    "too many logins": ["blocked"],
    "weakened protection": ["attack_protection_weakened", "mfa_weakened", "management_scopes_granted", "log_stream_stopped"],
    "log stream stopped": ["log_stream_stopped"],
    "tenant takeover": ["tenant_takeover"],
    "token reuse": ["refresh_token_reuse"],
    "shared factor": ["shared_second_factor"],
    "sms pumping": ["sms_pumping"],
    "machine from a new address": ["m2m_from_new_address"],
    "silent source": ["source_silent"],
}
"""Incident -> the detections that tell of it."""

OF_WORK = {name for name, one in DETECTIONS.items() if one.severity == SEVERITIES[0]}
"""Detections of what people do and leave undone on any day, such as a rollback: information, of which no sink is told."""


def _alerted(*, incidents: Sequence[str], days: int = 30) -> tuple[dict[str, Sequence[Alerted]], Truth]:
    """What would have been told in the last days of a history of twice as many, and its truth."""
    history = History(9, END - timedelta(days=2 * days), END, 0.3, users=200, incidents=incidents, duplicates=0.05)
    with trial_lake(SOURCES, history.lines()) as engine:
        found = {name: backtest(one, engine, END - timedelta(days=days), END) for name, one in DETECTIONS.items()}
    return found, history.truth


def test_every_incident_is_found() -> None:
    """By each of its detections, with an event of the time in which it happened; what is told of logins beside is of incidents too."""
    found, truth = _alerted(incidents=INCIDENTS)
    assert {incident.kind for incident in truth.incidents} == set(INCIDENTS) == TELLS.keys()
    spans = [(incident, datetime_of(incident.start - 15 * 60_000), datetime_of(incident.end)) for incident in truth.incidents]
    missed = [
        (incident.kind, name)
        for incident, begin, end in spans
        for name in TELLS[incident.kind]
        if not any(begin <= one.first_event <= end for one in found[name])
    ]
    assert missed == []
    beside = [
        (name, one)
        for name, alerted in found.items()
        if DETECTIONS[name].source == "auth0"
        for one in alerted
        if not any(begin <= one.first_event <= end for _, begin, end in spans)
    ]
    assert beside == []


def test_nothing_is_told_of_thirty_benign_days() -> None:
    """People mistype, travel, sign up and change what they may; each event may come twice. What is information is what happened."""
    assert {"approval_waits", "new_starter", "pipeline_edited", "red_too_long", "rollback"} == OF_WORK
    found, truth = _alerted(incidents=())
    assert truth.incidents == []
    assert {name: alerted for name, alerted in found.items() if alerted and name not in OF_WORK} == {}
    rolled_back = {one.pipeline for one in truth.executions if one.trigger in {"ManualRollback", "AutomatedRollback"}}
    assert {one.key for one in found["rollback"]} <= rolled_back
    assert len({one.key for one in found["new_starter"]}) <= len({one.who for one in truth.executions if one.trigger == "ManualRollback"})
