"""Auth0's log from its API: all of it, once, no faster than allowed, and as the events that a log stream would have sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from auth0_api import BEGIN, CLIENT, SECRET, Auth0Api, Clock, faults, log, log_of, serving
from eventlake.apis.asking import PAUSES_S, Asker
from eventlake.apis.auth0.access import Access, ClientCredentials, GivenToken
from eventlake.apis.auth0.logs import Auth0Logs
from eventlake.apis.host import Host
from eventlake.errors import ConfigurationError, ServiceError
from eventlake.interfaces import Page
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router
from eventlake.sources import load

SOURCES = load()
NOW = BEGIN + timedelta(days=30)


@pytest.fixture
def clock() -> Clock:
    """A clock that pauses set forward."""
    return Clock()


def logs(
    api: Auth0Api,
    clock: Clock,
    since: datetime | None = BEGIN,
    until: datetime | None = None,
    access: Access | None = None,
    now: datetime = NOW,
) -> Auth0Logs:
    """The log of the stand-in, from the begin of its entries."""
    asker = Asker(Host(api.url), clock.now, clock.pause)
    return Auth0Logs(asker, access or ClientCredentials(CLIENT, SECRET, clock.now), since, until, now)


def ids(pages: Iterator[Page] | list[Page]) -> list[str]:
    """The ids of the entries on pages."""
    return [json.loads(event)["detail"]["log_id"] for page in pages for event in page.events]


def all_ids(api: Auth0Api) -> list[str]:
    """The ids of all entries."""
    return [one["log_id"] for one in api.logs]


@pytest.mark.parametrize(("links", "repeats"), [(True, False), (False, False), (True, True)])
def test_all_entries_come_once_in_the_order_of_their_ids(clock: Clock, links: bool, repeats: bool) -> None:
    """Whether a page names the next or not; a last page that comes again ends it."""
    with serving(Auth0Api(log_of(250), clock.now, links=links, repeats=repeats)) as api:
        told = logs(api, clock)
        assert ids(told.pages("")) == all_ids(api)
        assert told.last == api.ids[-1]
        assert len(api.asked) == 4


def test_only_what_is_new_comes_the_next_time(clock: Clock) -> None:
    """Nothing at first, then what happened meanwhile."""
    with serving(Auth0Api(log_of(120), clock.now)) as api:
        cursor = list(logs(api, clock).pages(""))[-1].cursor
        again = logs(api, clock)
        assert (list(again.pages(cursor)), again.last) == ([], "")

        api.logs = log_of(130)
        api.__post_init__()
        assert ids(logs(api, clock).pages(cursor)) == api.ids[120:]


def test_an_earlier_begin_brings_what_lies_before_and_a_later_one_leaves_no_gap(clock: Clock) -> None:
    """In whichever order stretches are asked for, each entry comes once."""
    with serving(Auth0Api(log_of(500), clock.now)) as api:
        hour = timedelta(hours=1)
        cursor, found = "", list[str]()
        for since, until in ((hour, hour * 2), (hour * 3, None), (hour * 2.5, None), (-hour, None), (hour * 3, None)):
            pages = list(logs(api, clock, BEGIN + since, BEGIN + until if until else None).pages(cursor))
            found += ids(pages)
            cursor = pages[-1].cursor if pages else cursor
        assert sorted(found) == all_ids(api)


def test_an_end_is_kept_to_the_millisecond(clock: Clock) -> None:
    """The entry of that very moment is left out, as it is on the next page of time."""
    with serving(Auth0Api(log_of(10), clock.now)) as api:
        end = BEGIN + timedelta(seconds=26 * 4)
        first = list(logs(api, clock, until=end).pages(""))
        assert ids(first) == api.ids[:4]
        assert list(logs(api, clock, until=end).pages(first[-1].cursor)) == []
        assert ids(logs(api, clock, since=end).pages(first[-1].cursor)) == api.ids[4:]


def test_without_a_begin_all_that_is_kept_comes(clock: Clock) -> None:
    """Nobody can tell then which share is behind."""
    with serving(Auth0Api(log_of(5), clock.now)) as api:
        pages = list(logs(api, clock, since=None).pages(""))
        assert ids(pages) == api.ids
        assert pages[-1].done is None


def test_pages_tell_which_share_of_the_time_is_behind(clock: Clock) -> None:
    """It grows; the API is not asked for it."""
    with serving(Auth0Api(log_of(300, step=timedelta(hours=2)), clock.now)) as api:
        shares = [page.done or 0.0 for page in logs(api, clock).pages("")]
        assert shares == sorted(shares)
        assert shares[0] == pytest.approx(198 / 720)


def test_it_ends_where_the_log_stream_goes_on(clock: Clock) -> None:
    """A tenant where something always happens would else be asked for ever."""
    with serving(Auth0Api(log_of(3), clock.now)) as api:
        pages = []
        for page in logs(api, clock, now=BEGIN + timedelta(minutes=5)).pages(""):
            pages.append(page)
            api.logs = log_of(len(api.logs) + 3, step=timedelta(minutes=2))
            api.__post_init__()
        assert len(pages) == 2


def test_the_limit_is_kept(clock: Clock) -> None:
    """The stand-in sees no request too many, from the first to the last."""
    with serving(Auth0Api(log_of(2000), clock.now, limit=3, window_s=4)) as api:
        assert ids(logs(api, clock).pages("")) == api.ids
        assert (api.above_limit, len(api.asked)) == (0, 21)
        assert sum(clock.paused) >= 20 // 3 * 4


def test_a_request_too_many_by_others_waits_until_the_limit_is_reset(clock: Clock) -> None:
    """And the same page is asked for again, but not for ever."""
    with serving(Auth0Api(log_of(150), clock.now, faults=faults("", "429", "429"))) as api:
        assert ids(logs(api, clock).pages("")) == api.ids
        assert len(api.asked) == 5
        assert max(clock.paused) >= 3


@pytest.mark.parametrize("fault", ["drop", "cut", "half", "html", "500"])
def test_what_passes_is_asked_again_after_growing_waits(clock: Clock, fault: str) -> None:
    """A dropped connection, an answer that is cut off or no JSON, an error of the server; in the midst too."""
    with serving(Auth0Api(log_of(150), clock.now, faults=faults(fault, fault, "", fault))) as api:
        assert ids(logs(api, clock).pages("")) == api.ids
        assert clock.paused == [0.25, 0.5, 0.25]


@pytest.mark.parametrize("fault", ["drop", "cut", "half", "500", "429"])
def test_what_does_not_pass_is_given_up_in_one_sentence(clock: Clock, fault: str) -> None:
    """What came before stays: it was told, with its cursor."""
    with serving(Auth0Api(log_of(250), clock.now, faults=faults("", *[fault] * 100))) as api:
        pages = logs(api, clock).pages("")
        assert ids([next(pages)]) == api.ids[:100]
        with pytest.raises(ServiceError, match=r"was asked 9 times"):
            next(pages)
        assert len(api.asked) == 2 + len(PAUSES_S)


def test_who_may_not_ask_for_hours_is_told(clock: Clock) -> None:
    """And does not wait."""
    with (
        serving(Auth0Api(log_of(250), clock.now, limit=1, window_s=7200)) as api,
        pytest.raises(ServiceError, match=r"no request for 7,201 s"),
    ):
        list(logs(api, clock).pages(""))
    assert clock.paused == []


def test_a_token_is_renewed_before_it_ends(clock: Clock) -> None:
    """The stand-in never sees one that has ended."""
    with serving(Auth0Api(log_of(1000), clock.now, limit=1, window_s=30, token_s=120)) as api:
        assert ids(logs(api, clock).pages("")) == api.ids
        assert api.tokens >= 4
        assert len(api.asked) == 11


def test_a_token_that_is_refused_is_renewed_once(clock: Clock) -> None:
    """A second refusal is told."""
    with serving(Auth0Api(log_of(250), clock.now, faults=faults("", "401"))) as api:
        assert ids(logs(api, clock).pages("")) == api.ids
        assert api.tokens == 2

    with serving(Auth0Api(log_of(250), clock.now, faults=faults("401", "401"))) as api, pytest.raises(ConfigurationError, match="token"):
        list(logs(api, clock).pages(""))


@pytest.mark.parametrize(
    ("access", "scope", "words"),
    [
        (ClientCredentials(CLIENT, "wrong"), "read:logs", "401 access_denied: Unauthorized"),
        (ClientCredentials("other", SECRET), "read:logs", 'client "other"'),
        (None, "read:users", "403 insufficient_scope: Insufficient scope.* needs the scope read:logs"),
        (GivenToken("ended"), "read:logs", "refuses the token: 401 Unauthorized: Expired token"),
    ],
)
def test_who_may_not_read_is_told_in_auth0s_words(clock: Clock, access: Access | None, scope: str, words: str) -> None:
    """At once, and without the secret."""
    with serving(Auth0Api(log_of(3), clock.now, scope=scope)) as api:
        with pytest.raises(ConfigurationError, match=words) as raised:
            list(logs(api, clock, access=access).pages(""))
        assert not {"wrong", SECRET, "ended"} & set(str(raised.value).split())
        assert clock.paused == []


def test_what_a_host_says_cannot_change_the_terminal(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor fill it: its words are shown as an event's are, and cut."""
    monkeypatch.setattr(Auth0Api, "page", lambda _api, _query: (400, {"error": "\x1b[2J", "message": "long " * 10_000}, ""))
    with serving(Auth0Api([], clock.now)) as api, pytest.raises(ServiceError) as raised:
        list(logs(api, clock).pages(""))
    assert r"400 \x1b[2J: long" in str(raised.value)
    assert len(str(raised.value)) < 500


def test_a_host_that_is_not_there_is_told_at_once(clock: Clock) -> None:
    """Not after a minute of waiting; one that went away meanwhile is asked again."""
    with serving(Auth0Api(log_of(250), clock.now)) as api:
        told = logs(api, clock)
        pages = told.pages("")
        next(pages)
    with pytest.raises(ServiceError, match="asked 9 times"):
        next(pages)
    clock.paused.clear()
    with pytest.raises(ConfigurationError, match="cannot be reached: Connection refused"):
        list(logs(api, clock).pages(""))
    assert clock.paused == []


@pytest.mark.parametrize("page", [{"message": "hello"}, [{"type": "s"}], "text", 3, [["x"]]])
def test_an_answer_that_is_no_page_of_entries_is_refused(clock: Clock, page: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The domain is another's, then."""
    monkeypatch.setattr(Auth0Api, "page", lambda _api, _query: (200, page, ""))
    with serving(Auth0Api([], clock.now)) as api, pytest.raises(ServiceError, match="no page of log entries"):
        list(logs(api, clock).pages(""))


def test_a_page_may_come_in_any_order_and_name_an_entry_twice(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids grow from page to page all the same; what has no id comes along."""
    entries = log_of(4)
    answers = iter([[entries[2], entries[0], entries[2], {"type": "s"}, "odd"], [entries[1], entries[3]], [entries[3]]])
    monkeypatch.setattr(Auth0Api, "page", lambda _api, _query: (200, next(answers), ""))
    with serving(Auth0Api([], clock.now)) as api:
        first, second = logs(api, clock).pages("")
    assert [json.loads(event) for event in first.events[2:]] == [{"type": "s"}, "odd"]
    assert ids([Page(first.events[:2], "")]) == [entries[0]["log_id"], entries[2]["log_id"]]
    assert ids([second]) == [entries[3]["log_id"]]


@pytest.mark.parametrize(
    "link", ["https://other.example.com/logs?from=zzz", "https://other.example.com/", "no url", "?from=", "?from=9009"]
)
def test_a_link_that_names_no_id_is_not_followed(clock: Clock, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page begins behind the last entry; and no other host is ever asked."""
    whole = Auth0Api.page
    monkeypatch.setattr(Auth0Api, "page", lambda api, query: (*whole(api, query)[:2], link))
    with serving(Auth0Api(log_of(150), clock.now)) as api:
        assert ids(logs(api, clock).pages("")) == api.ids


def test_an_empty_page_that_names_the_next_is_no_end(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on from there, as long as the ids grow."""
    api = Auth0Api(log_of(150), clock.now)
    whole = api.page

    def sparse(query: dict[str, str]) -> tuple[int, Any, str]:
        """Give nothing of what lies before the fiftieth entry, but say where to go on."""
        if query["from"] < api.ids[49]:
            return 200, [], f"{api.url}/api/v2/logs?from={api.ids[49]}&take=100"
        return whole(query)

    monkeypatch.setattr(api, "page", sparse)
    with serving(api):
        assert ids(logs(api, clock).pages("")) == api.ids[50:]


def test_an_entry_becomes_the_row_that_a_log_stream_would_have_brought() -> None:
    """Every column that both have is equal; which it was made from stands in a column of its own."""
    clock = Clock()
    entry = log(7, BEGIN)
    live = {
        "version": "0",
        "id": "af618d43-ce50-429b-9d4a-3f7091b25e64",
        "detail-type": "Auth0 log",
        "source": "aws.partner/auth0.com/acorn-bikes-4b7e1c2d-5a6f-4e80-9b3c-7d8e9f0a1b2c/auth0.logs",
        "account": "123456789012",
        "time": "2026-10-01T00:03:20Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {"log_id": entry["log_id"], "data": entry},
    }
    with serving(Auth0Api([entry], clock.now)) as api:
        (page,) = logs(api, clock).pages("")

    made, brought = (_row(event) for event in (page.events[0], json.dumps(live).encode()))
    own = {"event_id", "event_source", "account", "event_region", "event_origin"}
    assert {name: value for name, value in made.items() if name not in own} == {n: v for n, v in brought.items() if n not in own}
    assert made["event_origin"] == "auth0-api"
    assert made["event_source"] == "aws.partner/auth0.com/acorn-bikes/auth0.logs"
    assert "extra" not in made


def _row(event: bytes) -> dict[str, Any]:
    (accepted,) = Intake(SOURCES).take(event).accepted
    ((_, line),) = Router(SOURCES).route(accepted.body).lines
    found: dict[str, Any] = json.loads(line)
    return found


def test_the_same_entry_has_the_same_id_whenever_it_is_asked_for(clock: Clock) -> None:
    """So it is one row though another lake, or another day, asked."""
    with serving(Auth0Api(log_of(2), clock.now)) as api:
        first, second = (list(logs(api, clock).pages("")) for _ in range(2))
    assert first == second
