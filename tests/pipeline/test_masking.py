"""What becomes of personal data before a log line is made."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from by_day import one_in
from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.errors import ConfigurationError
from eventlake.model import Personal, Source, Table
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.masking import Masking, steps
from eventlake.pipeline.pseudonyms import KeyRing, new_key
from eventlake.pipeline.router import Router
from eventlake.pipeline.transform import Transform
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
LOGS = TABLES["auth0_logs"]
RING = KeyRing([new_key("k1", "2026-01-01")])
RING_ADA = RING.of("auth0|ada", "")
EVENT: dict[str, Any] = {
    "id": "1",
    "source": "aws.partner/auth0.com/t/auth0.logs",
    "detail-type": "Auth0 log",
    "time": "2026-11-20T10:00:00Z",
    "detail": {
        "log_id": "9",
        "data": {
            "log_id": "9",
            "date": "2026-11-20T10:00:00Z",
            "type": "s",
            "user_id": "auth0|ada",
            "user_name": "Ada@Example.com",
            "ip": "203.0.113.77",
            "details": {
                "session_id": "s-1",
                "prompts": [{"name": "login", "user": "ada"}, {"name": "mfa"}],
                "emails": ["ada@example.com", "ada@example.org"],
            },
            "unknown": {"email": "ada@example.com", "kept": 1},
        },
    },
}


def declared(table: Table, places: dict[str, str]) -> Table:
    """The table with these places of personal data."""
    return replace(table, personal=tuple(Personal(path, how) for path, how in places.items()))


def masking(places: dict[str, str]) -> Masking:
    """The masking of these places."""
    return Masking(LOGS.name, places.items(), (), RING)


def line(places: dict[str, str], event: object = EVENT, codec: Codec = STANDARD) -> dict[str, Any]:
    """The log line of an event, with these places of personal data."""
    found: dict[str, Any] = json.loads(Transform(declared(LOGS, places), codec, RING)(json.dumps(event).encode()))
    return found


@pytest.mark.parametrize("codec", [STANDARD, FAST])
def test_each_place_becomes_what_is_declared(codec: Codec) -> None:
    """A mark, a pseudonym, a network or nothing; the other columns stay."""
    masked = line(
        {
            "$.detail.data.user_id": "hmac",
            "$.detail.data.user_name": "mask",
            "$.detail.data.ip": "network",
            "$.detail.data.details.session_id": "drop",
            "$.detail.data.type": "keep",
        },
        codec=codec,
    )

    plain = line({}, codec=codec)
    assert masked["user_id"] == RING.of("auth0|ada", "")
    assert (masked["user_name"], masked["ip"], masked["type"]) == ("***", "203.0.113.0/24", "s")
    assert "session_id" not in masked
    assert masked.keys() == plain.keys() - {"session_id"}


@pytest.mark.parametrize("codec", [STANDARD, FAST])
def test_what_lies_in_json_is_masked_there(codec: Codec) -> None:
    """In a column of JSON text and in `extra`, in objects and in each element of an array."""
    masked = line(
        {
            "$.detail.data.details.prompts[].user": "mask",
            "$.detail.data.details.emails[]": "hmac",
            "$.detail.data.unknown.email": "drop",
        },
        codec=codec,
    )

    details = json.loads(masked["details"])
    assert details["prompts"] == [{"name": "login", "user": "***"}, {"name": "mfa"}]
    assert details["emails"] == [RING.of("ada@example.com", ""), RING.of("ada@example.org", "")]
    assert json.loads(masked["extra"])["unknown"] == {"email": None, "kept": 1}


def test_a_value_that_does_not_fit_is_masked_in_extra() -> None:
    """An object where a text is declared goes to `extra`, as it may be kept."""
    event = json.loads(json.dumps(EVENT))
    event["detail"]["data"]["user_name"] = {"email": "misfit@example.com"}

    assert "misfit" in line({}, event)["extra"]
    assert "misfit" not in line({"$.detail.data.user_name": "mask"}, event)["extra"]


def test_the_event_itself_stays() -> None:
    """Another table, whose personal data is kept, reads the same event."""
    before = json.dumps(EVENT)

    masking({"$.detail.data.details.emails[]": "mask", "$.detail.data.user_id": "drop"})(EVENT)

    assert json.dumps(EVENT) == before


def test_masking_twice_is_masking_once() -> None:
    """A log line that is played again joins with the first."""
    once = masking({"$.detail.data.user_id": "hmac", "$.detail.data.user_name": "mask", "$.detail.data.ip": "network"})

    assert once(once(EVENT)) == once(EVENT)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "::/48"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("203.0.113.77, 10.0.0.1", "***"),
        ("", None),
        (7, "***"),
    ],
)
def test_an_address_becomes_its_network(address: object, network: str | None) -> None:
    """24 bits of version 4, 48 of version 6; what is no address is marked."""
    event = json.loads(json.dumps(EVENT))
    event["detail"]["data"]["ip"] = address

    assert line({"$.detail.data.ip": "network"}, event).get("ip") == network


def test_without_a_key_no_pseudonym_is_made() -> None:
    """The sentence names the place and the command that makes a key; nothing is written meanwhile."""
    with pytest.raises(ConfigurationError, match=r"\$\.detail\.data\.user_id of auth0_logs .*eventlake keys new"):
        Transform(declared(LOGS, {"$.detail.data.user_id": "hmac"}))


def test_the_day_of_the_event_chooses_the_key() -> None:
    """Also on the way of events that are just as declared."""
    ring = KeyRing([new_key("k1", "2026-01-01"), new_key("k2", "2026-11-20")])
    table = declared(LOGS, {"$.detail.data.user_id": "hmac"})
    router = Router([replace(next(source for source in SOURCES if source.name == "auth0"), tables=(table,))], FAST, StraightReader, ring)

    def user(day: str) -> str:
        event = json.loads(json.dumps(EVENT))
        event["detail"]["data"]["date"] = f"{day}T10:00:00Z"
        ((_, found),) = router.route(json.dumps(event).encode()).lines
        return str(json.loads(found)["user_id"])

    assert [user(day).split(":")[0] for day in ("2025-01-01", "2026-11-19", "2026-11-20", "2027-01-01")] == ["k1", "k1", "k2", "k2"]


@pytest.mark.parametrize(
    ("happened", "key"),
    [
        ("2026-11-20T00:30:00+02:00", "k1"),  # the 19th in UTC
        ("2026-11-19T23:30:00-02:00", "k2"),  # the 20th in UTC
        ("2026-11-20T00:00:00", "k2"),
        (1_795_132_799_000, "k1"),  # 2026-11-19T23:59:59Z
        (1_795_132_800_000, "k2"),  # one second later
    ],
)
def test_the_day_is_the_one_in_utc(happened: object, key: str) -> None:
    """However the event writes its time: the day that `event_time` shows."""
    ring = KeyRing([new_key("k1", "2026-01-01"), new_key("k2", "2026-11-20")])
    table = declared(LOGS, {"$.detail.data.user_id": "hmac"})
    event = json.loads(json.dumps(EVENT))
    event["detail"]["data"]["date"] = happened

    found = json.loads(Transform(table, STANDARD, ring).line(event))

    assert (found["user_id"].split(":")[0], found["event_time"][:10]) == (key, "2026-11-19" if key == "k1" else "2026-11-20")


def samples(source: Source) -> list[bytes]:
    """The events of a source's samples, with envelopes."""
    intake = Intake(SOURCES)
    return [intake.accept(read_sample(source, name).event).body for name in names(source)]


@pytest.mark.parametrize("table", one_in(4, TABLES.values()), ids=TABLES)
@pytest.mark.parametrize("how", ["hmac", "drop"])
def test_every_way_masks_alike(table: Table, how: str) -> None:
    """By msgspec's objects, its dicts and the standard library's, with every text of the table masked."""
    source = next(source for source in SOURCES if source.name == table.source)
    places = {path: how for column in table.columns if column.converter == "text" for path in column.paths if path.startswith("$.detail.")}
    alone = replace(source, tables=(declared(table, places),))
    ways = [Router([alone], STANDARD, None, RING), Router([alone], FAST, None, RING), Router([alone], FAST, StraightReader, RING)]

    for event in samples(source):
        found = [[json.loads(line) for _, line in way.route(event).lines] for way in ways]
        assert found[0] == found[1] == found[2]


UNWANTED = replace(LOGS, name="unwanted", prefix="unwanted", pattern={"source": ["elsewhere"], "detail-type": ["Auth0 log"]})


def kept(data: bytes, *places: dict[str, str]) -> bytes:
    """What failed records hold of an event, where the table that wants it and another one mask these places."""
    tables = tuple(declared(table, masks) for table, masks in zip((LOGS, UNWANTED), places, strict=False))
    return Router([replace(SOURCES[0], tables=tables)], FAST, StraightReader, RING).kept(data)


def test_failed_records_hold_what_the_line_would_hold() -> None:
    """Masked once more they are the same; a table that does not want the event has no say."""
    data = json.dumps(EVENT).encode()
    user, address = {"$.detail.data.user_id": "hmac"}, {"$.detail.data.ip": "drop"}

    once = kept(data, user, address)

    masked = json.loads(once)["detail"]["data"]
    assert masked["user_id"] == RING_ADA
    assert {**masked, "user_id": "auth0|ada"} == EVENT["detail"]["data"]
    assert kept(once, user) == once


@pytest.mark.parametrize("data", [b"{", b"[]", json.dumps({**EVENT, "detail-type": "other"}).encode(), b"\xff"], ids=range(4))
def test_what_no_table_wants_is_kept_as_it_came(data: bytes) -> None:
    """Nobody said what of it is personal."""
    assert kept(data, {"$.detail.data.user_id": "hmac"}) == data


def test_an_event_that_fails_after_its_line_was_begun_is_kept_masked() -> None:
    """The router says so beside the failure, whatever the way; where nothing is masked the bytes are those that came."""
    data = json.dumps(EVENT).replace('"kept": 1', '"kept": 1e999').encode()
    table = declared(LOGS, {"$.detail.data.user_id": "hmac"})

    for codec, straight in ((STANDARD, None), (FAST, None), (FAST, StraightReader)):
        routed = Router([replace(SOURCES[0], tables=(table,))], codec, straight, RING).route(data)
        assert [error.code for _, error in routed.failures] == ["NotANumber"]
        assert routed.kept is not None
        assert b"auth0|ada" not in routed.kept
        assert Router([replace(SOURCES[0], tables=(LOGS,))], codec, straight).route(data).kept is None


@pytest.mark.parametrize(
    ("path", "details"),
    [
        ("user.email", {"user": [{"email": "ada"}, {"email": "ada", "age": 1}, None, 7]}),
        ("user.email", {"user": [[{"email": "ada"}]]}),
        ("people[].email", {"people": {"email": "ada", "age": 1}}),
        ("emails[]", {"emails": "ada"}),
        ("people[].emails[]", {"people": {"emails": ["ada", "ada"]}}),
        ("people[].emails[]", {"people": [{"emails": "ada"}]}),
    ],
)
def test_one_and_several_are_masked_alike(path: str, details: dict[str, Any]) -> None:
    """A provider that sends an array where an object stood, or one element where there were several, makes nothing known."""
    event = json.loads(json.dumps(EVENT))
    event["detail"]["data"]["details"] = details
    table = declared(LOGS, {f"$.detail.data.details.{path}": "mask"})
    data = json.dumps(event).encode()

    for codec, straight in ((STANDARD, None), (FAST, None), (FAST, StraightReader)):
        ((_, written),) = Router([replace(SOURCES[0], tables=(table,))], codec, straight, RING).route(data).lines
        kept = json.loads(json.loads(written)["details"])
        assert kept == json.loads(json.dumps(details).replace('"ada"', '"***"'))


@pytest.mark.parametrize("packed", [1, 2, 3])
def test_what_lies_in_packed_json_is_masked_there(packed: int) -> None:
    """A provider, or a lake before this one, wrote an object as a text, or that text as a text once more; whatever else it says stays."""
    event = json.loads(json.dumps(EVENT))
    inner: Any = {"user": {"email": "Zo\u00eb@example.org", "age": 1}, "n": 1.5, "half": "\ud800"}
    for _ in range(packed):
        inner = json.dumps(inner)
    event["detail"]["data"]["details"] = inner
    table = declared(LOGS, {"$.detail.data.details.user.email": "mask"})

    for codec, straight in ((STANDARD, None), (FAST, None), (FAST, StraightReader)):
        ((_, written),) = Router([replace(SOURCES[0], tables=(table,))], codec, straight, RING).route(json.dumps(event).encode()).lines
        kept = json.loads(json.loads(written)["details"])
        for _ in range(packed):
            kept = json.loads(kept)
        assert kept == {"user": {"email": "***", "age": 1}, "n": 1.5, "half": "\ud800"}


@pytest.mark.parametrize("text", ["{", "[info] user.email", '{"user": {"name":  "ada"}}', '"ada"', "[" * 99_999], ids=range(5))
def test_a_text_that_packs_nothing_that_is_meant_stays_as_it_is(text: str) -> None:
    """Blanks and all."""
    event = json.loads(json.dumps(EVENT))
    event["detail"]["data"]["details"] = text

    assert masking({"$.detail.data.details.user.email": "mask"})(event) == event


def test_masking_what_is_packed_twice_is_masking_it_once() -> None:
    """Byte for byte."""
    event = json.loads(json.dumps(EVENT))
    event["detail"]["data"]["details"] = '{"user": {"email": "ada", "id": "auth0|ada"}}'
    once = masking({"$.detail.data.details.user.email": "mask", "$.detail.data.details.user.id": "hmac"})

    assert once(once(event)) == once(event) != event


@cache
def guarded() -> list[tuple[Table, list[dict[str, Any]], list[Router]]]:
    """Each table that knows of personal data, with its samples and the ways to its lines, by which nothing of that data is kept."""
    found = []
    for source in SOURCES:
        plain, events = Router([source]), [json.loads(event) for event in samples(source)]
        for table in source.tables:
            wanted = [one for one in events if any(of.name == table.name for of, _ in plain.route(json.dumps(one).encode()).lines)]
            if table.personal and wanted:
                hows = ("mask", "drop", "hmac", "network")
                kept = {place.path: hows[number % 4] for number, place in enumerate(table.personal)}
                alone = replace(source, tables=tuple(declared(one, kept) if one.name == table.name else one for one in source.tables))
                found.append((table, wanted, [Router([alone], STANDARD, None, RING), Router([alone], FAST, StraightReader, RING)]))
    return found


PERSON = "mrk7Q"
VALUES = st.sampled_from(
    [PERSON, f"{PERSON}@example.org", f"by {PERSON}", f"k9:{PERSON}", f"10.1.2.3,{PERSON}", 8077077, 8077077.5, "8077077"]
)
ODD = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, min_size=1, max_size=2) | st.dictionaries(st.sampled_from(["a", PERSON]), inner, min_size=1) | inner.map(json.dumps)
    ),
    max_leaves=4,
)


def placed(draw: st.DrawFn, within: Any, path: list[Any], value: Any) -> Any:
    """The event with a value at a place, and on the way there arrays where objects were, objects packed as texts, one where several were."""
    if not path:
        return value
    step, *rest = path
    if step == "":
        inner = placed(draw, None, rest, value)
        return draw(st.sampled_from([inner, [inner], [None, inner, inner]]))
    held = placed(draw, within.get(step) if isinstance(within, dict) else None, rest, value)
    around = [
        held,
        held,
        held,
        *([json.dumps(held), json.dumps(json.dumps(held))] if rest else []),
        *([[held]] if isinstance(held, dict) else []),
    ]
    return {**(within if isinstance(within, dict) else {}), step: draw(st.sampled_from(around))}


@st.composite
def personal_events(draw: st.DrawFn) -> tuple[bytes, list[Router]]:
    """An event with a person in each place of a table that is known to name one, which may not be fit to be stored."""
    table, events, routers = draw(st.sampled_from(guarded()))
    event = draw(st.sampled_from(events))
    for place in table.personal:
        if all(isinstance(step, str) for step in steps(place.path)):
            event = placed(draw, event, steps(place.path), draw(ODD))
    unfit = draw(st.sampled_from(["", "", ', "unfit": 1e999', ', "unfit": "\\ud800"']))
    return f"{json.dumps(event, ensure_ascii=draw(st.booleans()))[:-1]}{unfit}}}".encode(), routers


@given(personal_events())
def test_no_bytes_that_are_written_hold_what_is_masked(found: tuple[bytes, list[Router]]) -> None:
    """Neither lines nor what failed records keep and say, in whatever form a value stands in its place."""
    data, routers = found
    for router in routers:
        became = router.route(data)
        written = [line for _, line in became.lines] + [became.kept or b""] + [str(error).encode() for _, error in became.failures]

        assert became.lines or became.kept
        assert not any(PERSON.encode() in one or b"8077077" in one for one in written)


def test_paths_lead_through_arrays() -> None:
    """`[]` stands for each element."""
    assert steps("$.detail.people[].names[0]") == ["detail", "people", "", "names", 0]
    with pytest.raises(ValueError, match="is not"):
        steps("$.detail.people[].")
