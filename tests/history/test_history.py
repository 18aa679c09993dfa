from __future__ import annotations

import ipaddress
import json
import re
import tracemalloc
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any

import pytest

from eventlake.history import SYSTEMS, History, demo_history, sized_history
from eventlake.history.log_types import log_types
from eventlake.history.timeline import DAY, moment_of

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)

DOCUMENTATION_NETWORKS = [ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]


def _history(seed: int = 5, days: float = 2, **settings: Any) -> History:  # History's own keyword arguments
    return History(seed, END - timedelta(days=days), END, 0.3, **settings)


def test_same_seed_gives_the_same_bytes() -> None:
    """A history can be told again and again, and another seed tells another one."""
    history = _history()
    first = list(history)
    assert list(history) == first
    assert list(_history()) == first
    assert list(_history(seed=6)) != first


def test_events_come_in_order_and_between_start_and_end() -> None:
    """Arrivals go forward; an envelope's time is the arrival's second; an Auth0 entry is older than its arrival, by seconds."""
    history = _history()
    told = list(history.events())
    assert all(before <= after for (before, _), (after, _) in pairwise(told))
    assert history.start <= told[0][0] <= told[-1][0] <= history.end
    for at, event in told:
        assert event["time"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
        if "data" in event["detail"]:
            assert timedelta(seconds=4) <= at - datetime.fromisoformat(event["detail"]["data"]["date"]) <= timedelta(seconds=20)


def test_bytes_lines_and_objects_are_the_same_events() -> None:
    """Iteration gives bytes, `lines()` the same with a newline, `events()` the same as objects."""
    history = _history(days=1)
    bodies = [body for _, body in history]
    assert list(history.lines()) == [body + b"\n" for body in bodies]
    assert [event for _, event in history.events()] == [json.loads(body) for body in bodies]
    assert len({json.loads(body)["id"] for body in bodies}) == len(bodies)


@pytest.mark.parametrize("system", SYSTEMS)
def test_one_system_alone_says_what_it_says_among_others(system: str) -> None:
    """Leaving a system out changes nothing in the other."""
    source = {"codepipeline": "aws.codepipeline", "auth0": "aws.partner/auth0.com"}[system]
    alone = list(_history(systems=(system,)))
    assert alone == [(at, body) for at, body in _history() if json.loads(body)["source"].startswith(source)]


def test_some_events_are_delivered_twice_if_asked() -> None:
    """Duplicates are the same bytes, soon after, and the truth does not count them."""
    history = _history(duplicates=0.1)
    told = list(history)
    single = list(_history())
    assert {body for _, body in told} == {body for _, body in single}
    assert 0.05 * len(single) < len(told) - len(single) < 0.15 * len(single)
    assert all(before <= after for (before, _), (after, _) in pairwise(told))
    assert sum(history.truth.events.values()) == len(single)


def test_truth_counts_the_events() -> None:
    """By detail-type, as many as were told; none if nothing is recorded, and then the events are the same."""
    history = _history()
    told = Counter(event["detail-type"] for _, event in history.events())
    assert history.truth.events == told
    silent = _history(recording=False)
    assert list(silent) == list(history)
    assert not silent.truth.events
    assert not silent.truth.executions
    assert not silent.truth.sign_ins


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length() -> None:
    """Four times as many days need hardly more memory, because only what is under way is kept."""

    def peak(days: int) -> int:
        tracemalloc.start()
        for _ in _history(days=days, recording=False).lines():
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)  # what is cached for all histories
    assert peak(8) < 1.5 * peak(2)


@pytest.mark.slow
def test_demo_is_small_and_ends_in_trouble() -> None:
    """10,000 to 20,000 events of 30 days, every log type, attacks in the last days, executions that are stuck and broken now."""
    history = demo_history(END)
    kinds = {event["detail"]["data"]["type"] for _, event in history.events() if "data" in event["detail"]}
    truth = history.truth
    assert 10_000 <= sum(truth.events.values()) <= 20_000
    assert history.end - history.start == timedelta(days=30)
    assert kinds >= log_types().keys()
    recent = {incident.kind for incident in truth.incidents if incident.start >= moment_of(END) - 3 * DAY}
    assert recent >= {"credential stuffing", "password spraying", "takeover", "mfa fatigue", "impossible travel", "weakened protection"}
    assert any(incident.victims for incident in truth.incidents if incident.kind == "credential stuffing")
    assert {action.pipeline for action in truth.under_way.values()} >= {"network", "legacy-billing"}
    assert "FAILED" in {execution.states[-1][0] for execution in truth.executions if execution.pipeline == "data-lake"}


@pytest.mark.slow
@pytest.mark.parametrize(("events", "days"), [(20_000, 7), (30_000, 2)])
def test_sized_history_has_about_as_many_events_as_asked(events: int, days: int) -> None:
    """At least so many, so that a benchmark can cut off, and not many more."""
    lines = list(islice(sized_history(events, days, END).lines(), 2 * events))
    assert events <= len(lines) <= 1.4 * events
    assert not sized_history(events, days, END).truth.recording


@pytest.mark.slow
def test_nobody_in_it_is_real() -> None:
    """Addresses are of example domains and documentation networks, accounts are AWS's example."""
    for _, event in _history(days=6).events():
        assert event["account"] == "123456789012"
        data = event["detail"].get("data", {})
        for name in re.findall(r"[\w.+-]+@[\w.-]+", json.dumps(event)):
            assert re.fullmatch(r".+@example\.(com|net|org)", name), name
        for ip in filter(None, (data.get("ip"), data.get("client_ip"))):
            assert any(ipaddress.ip_address(ip) in network for network in DOCUMENTATION_NETWORKS), ip


def test_incidents_happen_one_by_one_if_asked() -> None:
    """Those that are named, each once and noted; none, and then nothing but what people do on any day."""
    calm = _history(days=3, incidents=())
    told = {event["detail"]["data"]["type"] for _, event in calm.events() if "data" in event["detail"]}
    assert calm.truth.incidents == []
    assert told & {"limit_wc", "limit_mu", "limit_phone", "ferrt", "pwd_leak"} == set()
    one = _history(days=3, incidents=["token reuse", "silent source"])
    reused = [event for _, event in one.events() if event["detail"].get("data", {}).get("type") == "ferrt"]
    assert [incident.kind for incident in one.truth.incidents] == ["token reuse", "silent source"]
    assert len(reused) == 2
    with pytest.raises(ValueError, match="no such thing"):
        list(_history(days=3, incidents=["no such thing"]))
