"""Every number of the tiles about logins, worked out again from the truth of the history that lies in the lake."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from eventlake.history.truth import Change, SignIn
from web.conftest import Browser
from web.test_delivery_tiles import QUARTER, said

BLOCKS = {"pwd_leak", "signup_pwd_leak", "reset_pwd_leak"}
Row = tuple[Any, ...]  # the values of a tile's row


def told(browser: Browser, name: str, **values: str) -> list[Row]:
    """What a tile's rows hold, without the names of its columns."""
    return [tuple(row.values()) for row in browser.tile(name, **values)]


def first(counts: Mapping[str, int], most: int) -> list[Row]:
    """The most frequent, and of those that are as frequent the first by name."""
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]


def failures(browser: Browser) -> list[SignIn]:
    """Those that did not come in."""
    return [one for one in browser.truth.sign_ins if one.kind != "s"]


def successes(browser: Browser) -> list[SignIn]:
    """Those that came in."""
    return [one for one in browser.truth.sign_ins if one.kind == "s"]


def quarters(moments: Iterable[int]) -> Counter[str]:
    """How many of the moments fall into each quarter of an hour."""
    return Counter(said(at - at % QUARTER) for at in moments)


def both(good: Iterable[int], bad: Iterable[int]) -> list[Row]:
    """The quarters of both, with how many there are of each."""
    succeeded, failed = quarters(good), quarters(bad)
    return [(quarter, succeeded[quarter], failed[quarter]) for quarter in sorted(succeeded.keys() | failed.keys())]


def test_logins_lie_in_their_quarters(browser: Browser) -> None:
    """Those that came in and those that failed."""
    good, bad = [one.at for one in successes(browser)], [one.at for one in failures(browser)]

    assert told(browser, "logins") == both(good, bad)
    assert told(browser, "login_heat") == sorted(quarters(bad).items())


def test_reasons_are_those_that_were_given(browser: Browser) -> None:
    """By how many logins failed for each."""
    assert told(browser, "reasons") == first(Counter(one.reason for one in failures(browser)), 12)


@pytest.mark.parametrize(
    ("tile", "fact", "most"), [("applications", "application", 15), ("connections", "connection", 15), ("countries", "country", 20)]
)
def test_what_logins_came_through_is_ranked(browser: Browser, tile: str, fact: str, most: int) -> None:
    """What the log does not know is unknown."""
    assert told(browser, tile) == first(Counter(getattr(one, fact) or "unknown" for one in successes(browser)), most)


def test_organizations_are_ranked(browser: Browser) -> None:
    """Of the logins that name one."""
    assert told(browser, "organizations") == first(Counter(one.organization for one in successes(browser) if one.organization), 15)


def test_addresses_that_try_most_users_come_first(browser: Browser) -> None:
    """With their country, what failed and when it did last."""
    tried, entered = defaultdict(list), defaultdict(set)
    for one in failures(browser):
        tried[one.ip].append(one)
    for one in successes(browser):
        entered[one.ip].add(one.user_name)
    expected = [
        (ip, ones[0].country, len(ones), len({one.user_name for one in ones}), len(entered[ip]), said(max(one.at for one in ones)))
        for ip, ones in tried.items()
    ]

    assert told(browser, "addresses") == sorted(expected, key=lambda row: (-row[3], -row[2], row[0]))[:20]


def test_users_that_fail_most_come_first(browser: Browser) -> None:
    """With from how many addresses, and how often they came in."""
    tried, entered = defaultdict(list), Counter(one.user_name for one in successes(browser))
    for one in failures(browser):
        tried[one.user_name].append(one.ip)
    expected = [(name, len(places), len(set(places)), entered[name]) for name, places in tried.items() if name]

    assert told(browser, "users") == sorted(expected, key=lambda row: (-row[1], row[0]))[:20]


def test_fingerprints_are_ranked_by_users_tried(browser: Browser) -> None:
    """Those of programs whose logins failed."""
    users = defaultdict(set)
    for one in failures(browser):
        users[one.fingerprint].add(one.user_name)

    assert told(browser, "fingerprints") == first({name: len(tried) for name, tried in users.items()}, 12)


def test_blocks_and_signups_lie_in_their_quarters(browser: Browser) -> None:
    """Blocks by their log type."""
    events = browser.truth.user_events
    blocked = Counter((said(one.at - one.at % QUARTER), one.kind) for one in events if one.kind.startswith("limit_") or one.kind in BLOCKS)

    assert told(browser, "blocks") == sorted((*key, count) for key, count in blocked.items())
    assert told(browser, "signups") == both((one.at for one in events if one.kind == "ss"), (one.at for one in events if one.kind == "fs"))


def test_log_types_and_second_factors_are_ranked(browser: Browser) -> None:
    """All entries of the tenant log are counted."""
    known: Counter[str] = Counter()
    for (kind, _), count in browser.truth.kinds.items():
        known[kind] += count

    assert told(browser, "log_types") == first(known, 20)
    assert told(browser, "second_factor") == first({kind: count for kind, count in known.items() if kind.startswith("gd_")}, len(known))


def test_machines_are_ranked_by_their_tokens(browser: Browser) -> None:
    """Those they got and those they did not."""
    assert told(browser, "machines") == first(Counter(one.client for one in browser.truth.tokens), 15)


def test_changes_say_who_changed_what_from_what(browser: Browser) -> None:
    """What was sent to the same place the time before stands beside it, and what takes protection away is named."""
    before: dict[str, Change] = {}
    expected: list[Row] = []
    for one in sorted((one for one in browser.truth.changes if one.kind == "sapi"), key=lambda one: one.at):
        last = before.get(one.path)
        was = json.loads(last.body) if last else None
        expected.append(
            (said(one.at), one.who, one.ip, one.description, one.method, one.path, one.weakens or None, was, json.loads(one.body))
        )
        before[one.path] = one
    rows = [(*row[:7], json.loads(row[7] or "null"), json.loads(row[8] or "null")) for row in told(browser, "changes")]

    assert rows == sorted(expected, key=lambda row: row[0], reverse=True)[:200]
    assert {row[6] for row in rows} > {None}
    assert any(row[7] for row in rows)


def test_a_user_and_an_address_show_their_failures(browser: Browser) -> None:
    """By quarter of an hour, as often as they failed."""
    worst = first(Counter(one.user_name for one in failures(browser)), 1)[0][0]
    place = first(Counter(one.ip for one in failures(browser)), 1)[0][0]

    for name, value, of_one in (
        ("user", worst, [one for one in failures(browser) if one.user_name == worst]),
        ("address", place, [one for one in failures(browser) if one.ip == place]),
    ):
        expected = Counter((said(one.at - one.at % QUARTER), one.kind) for one in of_one)
        rows = told(browser, f"one_{name}", **{name: value})
        assert {row[:2]: row[2] for row in rows if row[1] in {"f", "fp", "fu"}} == expected
