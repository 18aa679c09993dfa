"""What a webhook posts becomes the envelopes that EventBridge would have delivered: the same rows, the same id however often it is posted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline.webhook import Entries, documents
from eventlake.sources import load
from eventlake.sources.samples import Flow, names, read_sample

SOURCES = load()
AUTH0 = next(source for source in SOURCES if source.name == "auth0")
ENTRIES = Entries(AUTH0)
NOW = datetime(2026, 11, 20, 10, 0, 5, 999_999, UTC)
FLOW = Flow(SOURCES)
ENTRY = {"log_id": "900", "data": {"date": "2026-11-20T10:00:00.000Z", "type": "f", "log_id": "900"}}
DIFFERS = {"event_id", "event_origin", "event_source", "account", "event_region", "event_time"}
"""The columns that docs/webhook.md names; event_time only where an entry has no date of its own that can be read."""

ON_BUS = [name for name in names(AUTH0) if "detail-type" in json.loads(read_sample(AUTH0, name).event)]
OF_LOGS = [name for name in ON_BUS if read_sample(AUTH0, name).lines]
OTHERS = [name for name in ON_BUS if not read_sample(AUTH0, name).lines]


def accepted(item: object, entries: Entries = ENTRIES) -> dict[str, Any]:
    """The envelope of an entry."""
    event: dict[str, Any] = json.loads(entries.accept(json.dumps(item).encode(), NOW).body)
    return event


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b"{not json", "NotJson"),
        (b"7", "NotAnEvent"),
        (b'{"a": 1}', "NotAnEvent"),
        (b'{"log_id": "1", "data": {"type": "s", "x": NaN}}', "NotANumber"),
        (b'{"log_id": "1", "data": {"type": "s", "x": "\\ud800"}}', "LoneSurrogate"),
        (b'{"log_id": "1", "data": {"type": "\xff"}}', "InvalidUtf8"),
        (b'{"log_id": "1", "data": {"type": "' + b"x" * 1_000_000 + b'"}}', "TooLarge"),
    ],
)
def test_what_is_no_entry_is_told_why(document: bytes, code: str) -> None:
    """By the code of its failed record."""
    taken = ENTRIES.take(document, NOW)

    assert taken.accepted == []
    assert taken.error is not None
    assert taken.error.code == code


def test_a_whole_envelope_is_no_entry() -> None:
    """Who has the token of one source sends no event of another."""
    taken = ENTRIES.take(json.dumps({"id": "1", "detail-type": "Auth0 log", "source": "aws.codepipeline", "detail": {}}).encode(), NOW)

    assert taken.error is not None
    assert '"auth0"' in str(taken.error)


@pytest.mark.parametrize("name", OF_LOGS)
def test_every_sample_becomes_the_row_it_becomes_through_the_bus(name: str) -> None:
    """But for the columns that are listed."""
    sample = read_sample(AUTH0, name)
    event = json.loads(sample.event)
    through_bus, _ = FLOW.lines(sample.event)

    posted, reasons = FLOW.lines(ENTRIES.accept(json.dumps(event["detail"]).encode(), NOW).body)

    assert not reasons
    assert list(posted) == list(through_bus) == ["auth0_logs"]
    row, other = posted["auth0_logs"], through_bus["auth0_logs"]
    differing = {column for column in {*row, *other} if row.get(column) != other.get(column)}
    assert differing <= DIFFERS
    assert ("event_time" in differing) == (name in {"date-missing", "values-that-do-not-fit"})
    assert row["event_origin"] == "auth0-webhook"


def test_an_entry_is_the_same_event_however_it_is_posted() -> None:
    """Its id follows from Auth0's own, and from nothing else; other entries have other ids."""
    again = {"data": {**ENTRY["data"], "description": "told later"}, "log_id": "900"}  # type: ignore[dict-item]  # both are dicts

    assert accepted(ENTRY)["id"] == accepted(again)["id"] == accepted(ENTRY["data"])["id"]
    assert accepted(ENTRY)["id"] != accepted({**ENTRY, "log_id": "901"})["id"]


def test_an_entry_without_an_id_is_told_by_its_content() -> None:
    """Posted again it is a duplicate too."""
    ids = [accepted({"data": {"type": "s", "date": f"2026-11-2{day}"}})["id"] for day in (0, 0, 1)]

    assert ids[0] == ids[1] != ids[2]


def test_the_envelope_says_what_is_known_around_it() -> None:
    """On AWS account and region, as EventBridge would have written them."""
    event = accepted(ENTRY, Entries(AUTH0, {"account": "123456789012", "region": "eu-central-1"}))

    assert (event["account"], event["region"], event["detail"]) == ("123456789012", "eu-central-1", ENTRY)
    assert (event["detail-type"], event["source"], event["time"]) == ("Auth0 log", "aws.partner/auth0.com", "2026-11-20T10:00:05Z")


@pytest.mark.parametrize("body", [json.dumps({"logs": [ENTRY, ENTRY]}), json.dumps([ENTRY, ENTRY])])
def test_an_object_of_entries_is_opened(body: str) -> None:
    """Also one within JSON lines."""
    taken = ENTRIES.take(body.encode(), NOW)

    assert (len(taken.accepted), taken.error) == (2, None)


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", []),
        (b" \n", []),
        (b"[]", []),
        (b'{"a":1}', [b'{"a":1}']),
        (b'\xef\xbb\xbf{\n "a":1\n}\n', [b'{\n "a":1\n}']),
        (b'{"a":1}\n{"b":2}\r\n\n{"c":3}{"d":4}', [b'{"a":1}', b'{"b":2}', b'{"c":3}', b'{"d":4}']),
        (b' [{"a":1}, {"b":[2]}\n,{"c":3}] \n', [b'{"a":1}', b'{"b":[2]}', b'{"c":3}']),
        (b'{"a":1}\n{broken\n{"c":"\xff"}', [b'{"a":1}', b"{broken", b'{"c":"\xff"}']),
        (b'[{"a":1}, {"b":broken}, {"c":3}]', [b'{"a":1}', b'{"b":broken}', b'{"c":3}']),
        (b'[{"a":1}, {"b":', [b'{"a":1}', b'{"b":']),
        (b"[" * 3000, [b"[" * 2999]),
        (b"null", [b"null"]),
    ],
)
def test_a_body_is_cut_into_its_documents(body: bytes, found: list[bytes]) -> None:
    """Arrays, JSON lines, objects; what is broken is one as well, and its neighbours stand."""
    assert list(documents(body)) == found


def test_a_body_of_broken_documents_is_cut_in_bounded_time() -> None:
    """After a thousand the rest is one; nothing of it is lost."""
    body = b"[" + b",".join([b'{"a":x}'] * 100_000) + b"]"

    found = list(documents(body))

    assert len(found) == 1000
    assert b",".join(found) == body[1:-1]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.lists(st.dictionaries(st.text(), JSON, max_size=3), max_size=4), st.sampled_from(["\n", "\r\n", "", " \n\n"]))
def test_all_three_formats_give_the_same_documents(objects: list[dict[str, Any]], between: str) -> None:
    """Whatever is in them."""
    written = [json.dumps(one, ensure_ascii=False) for one in objects]
    lines = between.join(written)

    assert [one.decode() for one in documents(lines.encode())] == written
    assert [one.decode() for one in documents(f"[{', '.join(written)}]".encode())] == written


@given(st.binary(max_size=200))
def test_no_byte_of_a_body_is_lost(body: bytes) -> None:
    """But for what stands between documents."""
    at = 0
    places = []
    for document in documents(body):
        at = body.index(document, at)
        places.append((at, at := at + len(document)))
    between = [body[end:begin] for (_, end), (begin, _) in pairwise([(0, 0), *places, (len(body), 0)])]
    assert not b"".join(between).translate(None, b" \t\r\n,[]\xef\xbb\xbf")


def test_other_products_of_the_same_provider_are_no_entries() -> None:
    """Copies of user profiles, which are refused on the bus too."""
    for name in OTHERS:
        event = json.loads(read_sample(AUTH0, name).event)
        taken = ENTRIES.take(json.dumps(event["detail"]).encode(), NOW)
        lines = [FLOW.lines(one.body)[0] for one in taken.accepted]
        assert taken.error is not None or lines == [{}]
