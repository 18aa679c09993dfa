"""What a sender may hand in becomes one envelope with an id; what is no event is told why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.backends.msgspec_codec import FAST
from eventlake.errors import EventError
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.envelope import Intake
from eventlake.sources import load

SOURCES = load()
INTAKES = [Intake(SOURCES, STANDARD), Intake(SOURCES, FAST)]
PROCESSED = {
    "detailType": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "account": "123456789012",
    "time": "2026-11-20T10:00:00Z",
    "detail": {"pipeline": "web", "state": "FAILED"},
    "additionalAttributes": {"failedStage": "Deploy"},
}
LOG = {"type": "f", "date": "2026-11-20T10:00:00.000Z", "log_id": "900"}

pytestmark = pytest.mark.parametrize("intake", INTAKES, ids=["standard", "fast"])


def accepted(intake: Intake, item: object) -> dict[str, Any]:
    """The envelope of an item."""
    body = intake.accept(item if isinstance(item, bytes) else json.dumps(item).encode()).body
    event: dict[str, Any] = json.loads(body)
    return event


@pytest.mark.parametrize(
    "item", [b"", b"x", b"[]", b"{}", b'{"a": 1}', b'{"detail": {}}', b'{"detail-type": "d", "id": 5}', b'{"type": "f"}']
)
def test_what_is_no_event_is_refused_with_what_it_is(intake: Intake, item: bytes) -> None:
    """A code and one sentence."""
    with pytest.raises(EventError, match=r"\.$"):
        intake.accept(item)


def test_a_whole_envelope_keeps_its_values(intake: Intake) -> None:
    """And its id."""
    event = {"id": "e-1", "detail-type": "d", "source": "s", "detail": {"version": 6.0}}

    assert accepted(intake, event) == event
    assert intake.accept(json.dumps(event).encode()).id == "e-1"


def test_a_notification_becomes_the_event_it_tells_of(intake: Intake) -> None:
    """`detailType` is the detail-type; what else it says stays beside it."""
    event = accepted(intake, PROCESSED)

    assert event["detail-type"] == PROCESSED["detailType"]
    assert "detailType" not in event
    assert event["additionalAttributes"] == {"failedStage": "Deploy"}
    assert len(event["id"]) == 36


@pytest.mark.parametrize(("item", "detail"), [(LOG, {"data": LOG}), ({"log_id": "900", "data": LOG}, {"log_id": "900", "data": LOG})])
def test_an_auth0_log_gets_its_envelope(intake: Intake, item: dict[str, Any], detail: dict[str, Any]) -> None:
    """As the Management API gives it, and as a webhook sends it."""
    event = accepted(intake, item)

    assert event.pop("id")
    assert event == {"version": "0", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com", "time": LOG["date"], "detail": detail}


@given(item=st.sampled_from([LOG, PROCESSED, {"detail-type": "d", "source": "s"}]), extra=st.text(max_size=5))
def test_an_id_follows_from_the_content(intake: Intake, item: dict[str, Any], extra: str) -> None:
    """Sent again it is the same event, changed it is another, and both codecs agree."""
    first = intake.accept(json.dumps(item).encode()).id

    assert {other.accept(json.dumps(item, indent=2).encode()).id for other in INTAKES} == {first}
    assert intake.accept(json.dumps({**item, "more": extra}).encode()).id != first
