"""What is left of bytes that name a person: all of everybody else, as it was."""

from __future__ import annotations

import base64
import json

import pytest

from eventlake.cloud.erasing.editing import events_without, failures_without, text_without
from eventlake.errors import CorruptObjectError
from eventlake.pipeline.erasing import Person

ANNA = "auth0|5f7c8e"
PERSON = Person([ANNA])


def lines_of(event: bytes) -> list[bytes]:
    """The log line of an event, as some table makes it."""
    return [json.dumps({"user_id": json.loads(event)["user"]}).encode()] if event.startswith(b"{") else []


def test_failed_records_go_also_for_what_they_pack() -> None:
    """The others stay byte by byte."""
    record = b'{"rawData": "%b"}\n'
    named, plain, other = record % base64.b64encode(ANNA.upper().encode()), b'{"why": "auth0|5F7C8E is no user"}\n', record % b"YQ=="

    left = failures_without(named + other + plain, PERSON)

    assert (left.data, left.rows, left.erased) == (other, 3, 2)


def test_whole_events_of_the_person_go_and_mentions_are_marked() -> None:
    """Whether something stands between them or not, as Firehose joins them."""
    own, naming, other = (json.dumps(one).encode() for one in ({"user": ANNA}, {"user": "eva", "by": f"{ANNA}."}, {"user": "é"}))

    for between in (b"", b"\n"):
        left = events_without(between.join([own, naming, other, own]), PERSON, lines_of)

        assert left.data == naming.replace(ANNA.encode(), b"[erased]") + between + other + between
        assert (left.rows, left.erased, left.edited) == (4, 2, 1)


def test_what_follows_the_events_and_is_none_is_edited() -> None:
    """It cannot be told where one of them would end."""
    left = events_without(b'{"user": "eva"}{"user": "%b", cut' % ANNA.encode(), PERSON, lambda event: [])

    assert left.data == b'{"user": "eva"}{"user": "[erased]", cut'


def test_a_text_is_edited_and_bytes_that_are_none_are_refused() -> None:
    """Nobody knows what would become of them."""
    assert text_without(f'{{"cursor": "{ANNA}"}}'.encode(), PERSON, "x").data == b'{"cursor": "[erased]"}'
    with pytest.raises(CorruptObjectError, match='"s3://b/x" names the person and is no text'):
        text_without(b"\xff" + ANNA.encode(), PERSON, "s3://b/x")
