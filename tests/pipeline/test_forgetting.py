"""Events that name who was erased: nothing of what is theirs stays, and nothing else of others' events is lost."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.backends.msgspec_codec import FAST
from eventlake.backends.msgspec_events import StraightReader
from eventlake.pipeline.erased import Search
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.router import Routed, Router
from eventlake.pipeline.spellings import pattern_of
from eventlake.pipeline.tombstones import TombstoneKey, Tombstones
from eventlake.sources import load

KEY = TombstoneKey("0a" * 32)
SINCE = "2026-11-29T10:00:00Z"
ANNA, ID, LOGIN = "anna.lind@example.org", "auth0|5f7c8ec7c33c6c004bbafe82", "octocat7"


@cache
def forgetting(*identifiers: str, until: str = "") -> Forgetting:
    """What is forgotten where identifiers were erased; until: when they came back."""
    stones = Tombstones(KEY).with_erased(identifiers, SINCE)
    return Forgetting(stones if not until else stones.with_end(until))


def event(**data: Any) -> dict[str, Any]:
    """An entry of Auth0's log."""
    entry = {"date": "2026-11-29T10:00:00.000Z", "type": "s", "log_id": "900", "user_id": "auth0|other", "details": {}} | data
    return {
        "version": "0",
        "id": "e1",
        "detail-type": "Auth0 log",
        "source": "aws.partner/auth0.com",
        "time": "2026-11-29T10:00:00Z",
        "detail": {"log_id": "900", "data": entry},
    }


@cache
def routes(forgets: Forgetting) -> list[Router]:
    """The router of the standard library, and that of one machine."""
    sources = [source for source in load() if source.name == "auth0"]
    return [Router(sources, forgetting=forgets), Router(sources, FAST, StraightReader, forgetting=forgets)]


def routed(forgets: Forgetting, data: bytes) -> Routed:
    """What becomes of an event, which is the same in both worlds."""
    first, second = (router.route(data) for router in routes(forgets))
    assert [json.loads(line) for _, line in first.lines] == [json.loads(line) for _, line in second.lines]
    assert (first.is_erased, first.kept, [str(error) for _, error in first.failures]) == (
        second.is_erased,
        second.kept,
        [str(error) for _, error in second.failures],
    )
    return second


@pytest.mark.parametrize(
    "data", [{"user_id": ID}, {"user_id": ID.upper()}, {"user_name": ANNA}, {"user_name": "Anna.Lind@Example.ORG"}, {"user_name": LOGIN}]
)
def test_nothing_becomes_of_an_event_of_who_was_erased(data: dict[str, str]) -> None:
    """Neither a row nor a failed record."""
    found = routed(forgetting(ANNA, ID, LOGIN), json.dumps(event(**data)).encode())

    assert (found.is_erased, found.lines, found.failures) == (True, [], [])


@pytest.mark.parametrize(
    "unfit",
    [
        pytest.param({"x": "\ud800"}, id="half a character"),
        pytest.param(json.loads("[" * 70 + "]" * 70), id="too deep"),
        pytest.param({"x": "y" * 1_000_000}, id="too large"),
    ],
)
def test_nor_of_one_that_could_not_be_stored_anyway(unfit: object) -> None:
    """It is no failed record either; another's is one, without the identifier."""
    forgets = forgetting(ANNA, ID)
    assert routed(forgets, json.dumps(event(user_id=ID, details=unfit)).encode()) == Routed(is_erased=True)

    others = routed(forgets, json.dumps(event(description=ANNA, details=unfit)).encode())
    assert (others.is_erased, others.lines, len(others.failures)) == (False, [], 1)
    assert b"[erased]" in (others.kept or b"")
    assert ANNA.encode() not in (others.kept or b"")


@pytest.mark.parametrize(
    ("written", "left"),
    [
        (ANNA, "[erased]"),
        (f"changed by {ANNA.upper()}, again", "changed by [erased], again"),
        (f"<{ANNA}>;{ID}", "<[erased]>;[erased]"),
        (quote(f"/users/{ID}", safe=""), "%2Fusers%2F[erased]"),
        (quote(quote(ID)), "[erased]"),
        (json.dumps({"by": ANNA}), '{"by": "[erased]"}'),
        (json.dumps(json.dumps({"by": f"\n{ANNA}"})), '"{\\"by\\": \\"\\\\n[erased]\\"}"'),
        (f"{LOGIN} pushed", "[erased] pushed"),
        (f"x{ANNA}", f"x{ANNA}"),
        *((f"<{before}{ANNA}>", f"<{before}{ANNA}>") for before in ("maria.", "x-", "x_", "zo\u00eb.")),
        *((f"{before}{ANNA}", f"{before}[erased]") for before in (".", " -", "x:_", "\\n-", "x%2E", "waad|corp|")),
        (f"{ANNA}x", f"{ANNA}x"),
        (f"hann{ANNA}", f"hann{ANNA}"),
        (f"{LOGIN}8 pushed", f"{LOGIN}8 pushed"),
    ],
)
def test_a_mention_is_marked_and_all_else_stays(written: str, left: str) -> None:
    """As a whole word, in each spelling."""
    data = json.dumps(event(description=written)).encode()

    ((_, line),) = routed(forgetting(ANNA, ID, LOGIN), data).lines

    assert json.loads(line)["description"] == left


@pytest.mark.parametrize("shift", ["w", "wx", "wxy", "wxyz"])
def test_base64_that_packs_a_mention_is_marked(shift: str) -> None:
    """Wherever in a packed object it stands."""
    packed = base64.urlsafe_b64encode(json.dumps({shift: 1, "sub": ID}, separators=(",", ":")).encode()).decode()

    ((_, line),) = routed(forgetting(ID), json.dumps(event(description=f"Bearer {packed}")).encode()).lines

    assert json.loads(line)["description"].startswith("Bearer [erased]")


def test_keys_numbers_and_what_no_column_keeps_are_marked() -> None:
    """In `details` and in `extra`."""
    data = json.dumps(event(details={ANNA: [20611734, {"deep": ID}]}, unknown=f"by {ANNA}")).encode()

    ((_, line),) = routed(forgetting(ANNA, ID, "20611734"), data).lines

    assert json.loads(json.loads(line)["details"]) == {"[erased]": ["[erased]", {"deep": "[erased]"}]}
    assert "by [erased]" in json.loads(line)["extra"]


def test_events_without_their_names_stay_as_they_were() -> None:
    """To the byte."""
    data = json.dumps(event(description="100% of them, C:\\anna.lind, a@b, é", user_name="eva@example.org")).encode()

    assert [line for _, line in routed(forgetting(ANNA, ID, LOGIN), data).lines] == [line for _, line in Router(load()).route(data).lines]


def test_an_id_of_an_event_that_names_somebody_becomes_another() -> None:
    """Two events stay two."""
    first, second = (routed(forgetting(ANNA), json.dumps(event() | {"id": f"{ANNA}-{number}"}).encode()).lines[0][1] for number in (1, 2))

    assert json.loads(first)["event_id"] != json.loads(second)["event_id"]
    assert ANNA not in (first + second).decode()


@pytest.mark.parametrize(
    "data",
    [
        b'{"detail-type": "Auth0 log", "detail": {"by": "anna.lind@example.org"',
        b'{"anna.lind@example.org": 1}',
        b'{"detail-type": "unknown to anna.lind@example.org", "detail": {}}',
        b'{"detail-type": "x", "detail": {"by": "anna.lind@example.org \xff"}}',
        json.dumps({"detail-type": "x", "detail": {"by": ANNA}}).encode("utf-16"),
        b"anna.lind@example.org",
    ],
)
def test_a_failed_record_names_nobody_who_was_erased(data: bytes) -> None:
    """Nor does its reason."""
    found = routed(forgetting(ANNA), data)

    assert found.failures
    assert found.kept is not None
    assert not any("anna" in text for text in (found.kept.decode("utf-8", "replace"), *(str(error) for _, error in found.failures)))


def test_what_is_kept_of_an_event_names_nobody_who_was_erased() -> None:
    """As failed records of conversion hold it."""
    data = json.dumps(event(description=f"by {ANNA}")).encode()

    assert [router.kept(data).count(b"[erased]") for router in routes(forgetting(ANNA))] == [1, 1]
    assert [router.kept(json.dumps(event(user_name=ANNA)).encode()) for router in routes(forgetting(ANNA))] == [b"", b""]


def test_who_comes_back_is_kept_from_then_on() -> None:
    """What happened before stays forgotten."""
    returned = forgetting(ANNA, until="2027-01-01T00:00:00Z")
    before, after = event(user_name=ANNA), event(user_name=ANNA) | {"time": "2027-01-01T00:00:00Z"}

    assert [routed(returned, json.dumps(one).encode()).is_erased for one in (before, after)] == [True, False]
    assert ANNA in routed(returned, json.dumps(after).encode()).lines[0][1].decode()


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_identifier_with_an_emoji_is_found_where_json_escapes_it(times: int) -> None:
    """As two escapes for one character; also beside a letter that is two letters in capitals."""
    packed = "anna\U0001f600lind"
    for _ in range(times):
        packed = json.dumps(packed)

    assert Search(Tombstones(KEY).with_erased(["Anna\U0001f600Lind"], SINCE)).redacted(f"\u00df{packed}\u00df").count("[erased]") == 1


def test_an_identifier_with_a_quote_or_an_accent_is_found() -> None:
    """Though texts of JSON end at a quote, and letters may be escaped."""
    forgets = forgetting('the "boss" here', "zoé müller")

    for name in ('the "boss" here', "Zoé Müller", "Zoe\u0301 Mu\u0308ller"):
        for escaped in (True, False):
            assert routed(forgets, json.dumps(event(user_name=name), ensure_ascii=escaped).encode()).is_erased


WAYS: list[Callable[[str], str]] = [
    str,
    json.dumps,
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text)),
    lambda text: f"by {text}.",
]


def spelled(identifier: str) -> st.SearchStrategy[str]:
    """An identifier as it may be spelled."""
    cases = st.sampled_from([identifier, identifier.upper(), identifier.lower(), identifier.title()])
    return st.tuples(cases, st.sampled_from(WAYS), st.sampled_from(WAYS)).map(lambda made: made[2](made[1](made[0])))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def events(draw: st.DrawFn) -> tuple[str, bytes]:
    """An identifier, and an event in which it stands as a leaf, or as a key."""
    identifier = draw(st.sampled_from([ANNA, ID, LOGIN, "arn:aws:iam::123456789012:user/Anna", "Anna Lind", "anna+x@example.org"]))
    text = draw(spelled(identifier))
    place = draw(st.sampled_from(["user_id", "user_name", "description", "details", "unknown", "key", "id", "kind"]))
    around = draw(st.sampled_from([lambda value: value, lambda value: [1, value], lambda value: {"a": {"b": value}}]))
    made = event(description=draw(st.text(max_size=8)), details={"x": draw(JSON)})
    if place == "key":
        made["detail"]["data"]["details"][text] = draw(JSON)
    elif place == "id":
        made["id"] = text
    elif place == "kind":
        made["detail-type"] = text
    else:
        made["detail"]["data"][place] = around(text)
    return identifier, json.dumps(made, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")


@given(events())
def test_no_bytes_that_are_written_name_who_was_erased(found: tuple[str, bytes]) -> None:
    """Wherever an identifier stands in an event, in whatever spelling."""
    identifier, data = found
    pattern = re.compile(pattern_of([identifier]).encode())

    became = routed(forgetting(identifier), data)

    written = [line for _, line in became.lines] + [became.kept or b""] + [str(error).encode() for _, error in became.failures]
    assert became.is_erased or became.kept or became.lines
    assert not any(pattern.search(one) for one in written)


@given(st.text(max_size=60))
def test_a_text_of_others_is_left_as_it_is(text: str) -> None:
    """The very same object, so that nothing is written anew."""
    assert Search(Tombstones(KEY).with_erased([ANNA, ID, LOGIN], SINCE)).redacted(text) is text
