"""Detections as their files say them, and what is refused of a file."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from eventlake.detections.detection import load_detections, read_detection
from eventlake.errors import DeclarationError, UsageError
from eventlake.sources import load, load_optional

HEADER = """
-- Too many of something
-- What that means.
-- severity high
-- every 5m
-- window 1h
-- key the address
-- param least int = 3  two are usual
-- do Look at it.
-- do Then stop it.
"""
SQL = """
SELECT ip AS key, count(*) AS events, min(event_time) AS first_event, max(event_time) AS last_event FROM Auth0_Logs
WHERE event_time >= :since AND event_time < :until GROUP BY ip HAVING count(*) >= :least;
"""


def _read(content: str) -> object:
    return read_detection(content, "too_many", "auth0", ["auth0_logs", "logs"], where="auth0/detections/too_many.sql")


def test_file_says_all_that_a_detection_is() -> None:
    """Settings, meaning, thresholds with their reasons, advice of several lines, and the tables that the statement reads."""
    one = read_detection(HEADER + SQL, "too_many", "auth0", ["auth0_logs", "logs"], where="x")
    assert (one.name, one.source, one.severity, one.key) == ("too_many", "auth0", "high", "the address")
    assert (one.title, one.doc) == ("Too many of something", "Too many of something\nWhat that means.")
    assert (one.every, one.window, one.lateness, one.quiet) == tuple(timedelta(minutes=each) for each in (5, 60, 15, 360))
    assert [(each.name, each.default, each.doc) for each in one.parameters] == [("least", "3", "two are usual")]
    assert one.advice == "Look at it.\nThen stop it."
    assert one.tables == ("auth0_logs",)


def test_statement_is_of_one_window_in_utc() -> None:
    """The bounds are timestamps without a zone, as `event_time` is; thresholds are the usual ones, or others."""
    one = read_detection(HEADER + SQL, "too_many", "auth0", ["auth0_logs"], where="x")
    until = datetime(2026, 11, 20, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    statement = one.statement(until - one.reach, until, {"least": 9})
    assert "event_time >= TIMESTAMP '2026-11-20 10:45:00.000' AND event_time < TIMESTAMP '2026-11-20 12:00:00.000'" in statement
    assert statement.endswith("count(*) >= 9")
    with pytest.raises(UsageError, match="whole number"):
        one.statement(until - one.reach, until, {"least": "many"})


def test_what_was_known_before_is_asked_from_its_own_moment_on() -> None:
    """As long before the window as the header says; briefly, from the window on; over whatever expressions the bounds are."""
    text = (HEADER + SQL).replace("-- window", "-- history 30d\n-- window").replace("least;", "least AND min(event_time) > :before;")
    one = read_detection(text, "too_many", "auth0", ["auth0_logs"], where="x")
    until = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    since = "TIMESTAMP '2026-11-20 10:45:00.000'"

    assert one.history == timedelta(days=30)
    assert one.statement(until - one.reach, until).endswith(f"> date_add('day', -30, {since})")
    assert one.brief.statement(until - one.reach, until).endswith(f"> {since}")
    assert one.over({"since": "a.b", "until": "c"}).endswith("> date_add('day', -30, a.b)")
    assert "before" not in [each.name for each in one.parameters]
    daily = read_detection(text.replace("history 30d", "history 30d\n-- briefly 1d"), "too_many", "auth0", ["auth0_logs"], where="x")
    assert daily.brief.statement(until - one.reach, until).endswith(f"> date_add('day', -1, {since})")
    hours = read_detection(text.replace("30d", "36h"), "too_many", "auth0", ["auth0_logs"], where="x")
    assert hours.over({"since": "a", "until": "c"}).endswith("> date_add('minute', -2160, a)")


def test_what_happened_from_a_moment_on_arrived_two_hours_before_it_at_the_earliest() -> None:
    """A constant moment where that of the window is, before the window or before the history; in briefness before the window. None need ask for it."""
    text = (
        (HEADER + SQL)
        .replace("least;", "least AND min(event_time) > :before AND :arrived;")
        .replace("-- window", "-- history 30d\n-- window")
    )
    one = read_detection(text, "too_many", "auth0", ["auth0_logs"], where="x")
    until = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    assert one.statement(until - one.reach, until).endswith("AND TIMESTAMP '2026-10-21 08:45:00.000'")
    assert one.brief.statement(until - one.reach, until).endswith("AND TIMESTAMP '2026-11-20 08:45:00.000'")
    assert one.over({"since": "a", "until": "c"}).endswith("AND date_add('hour', -2, date_add('day', -30, a))")
    assert one.brief.over({"since": "a", "until": "c", "arrived": "b"}).endswith("AND b")
    assert [each.name for each in one.parameters] == ["least"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("quite 1m", '"-- quite 1m" is no setting. Did you mean "quiet"?'),
        ("Latness: 1h", '"-- Latness: 1h" is no setting. Did you mean "lateness"?'),
        ("histroy 30 days", '"-- histroy 30 days" is no setting. Did you mean "history"?'),
        ("window: 2h", '"-- window: 2h" is no setting: write -- window 2h.'),
        ("lateness: 1h", '"-- lateness: 1h" is no setting: write -- lateness 1h.'),
        ("Quiet = 6h", '"-- Quiet = 6h" is no setting: write -- quiet 6h.'),
        ("quiet\t6h", "is no setting: write -- quiet 6h."),
        ("Severity low", '"-- Severity low" is no setting: write -- severity low.'),
        ("serverity LOW", '"-- serverity LOW" is no setting. Did you mean "severity"?'),
        ("severity: urgent", '"-- severity: urgent" is no setting: write -- severity urgent.'),
        ("Per: ip", '"-- Per: ip" is no setting: write -- per ip.'),
        ("do: Block it.", '"-- do: Block it." is no setting: write -- do Block it.'),
    ],
)
def test_a_line_that_nearly_sets_something_is_no_prose(line: str, sentence: str) -> None:
    """Its first word is nearly a setting, and what stands behind it looks like a value: what was meant would not hold."""
    with pytest.raises(DeclarationError, match=re.escape(sentence)):
        _read(HEADER + f"-- {line}" + SQL)


@pytest.mark.parametrize(
    "line",
    [
        "Quite a lot of them",
        "Windows of an hour",
        "Every 5 minutes somebody else",
        "Severity is low where nobody answers",
        "Do not tell of it twice",
        "Key of the tenant",
        "Per user and day",
        "Once is told: it is rare",
        "30 days",
        "",
    ],
)
def test_prose_may_begin_with_any_word(line: str) -> None:
    """What stands behind it is no value."""
    _read(HEADER + f"-- {line}" + SQL)


def test_the_headers_of_all_detections_that_come_with_it_are_read() -> None:
    """Their prose sets nothing, and nearly sets nothing."""
    assert len(load_detections([*load(), *load_optional()])) > 30


def test_detection_is_a_saved_query_about_now() -> None:
    """With the window that ends now, its thresholds as parameters."""
    saved = read_detection(HEADER + SQL, "too_many", "auth0", ["auth0_logs"], where="x").saved
    assert [each.name for each in saved.parameters] == ["least"]
    assert "event_time >= (localtimestamp - interval '75' minute) AND event_time < localtimestamp" in saved.sql


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("-- severity high", "", 'the header does not say "severity": add -- severity high.'),
        ("-- severity high", "-- severity hihg", '"-- severity hihg" is no severity. Did you mean "high"?'),
        ("-- every 5m", "-- every 5", '"-- every 5" names no length of time: write 15m, 6h or 30d'),
        ("-- window 1h", "-- window 401d", "at most 400 days"),
        ("-- window 1h", "-- window 1h\n-- window 2h", '"-- window" is said twice'),
        ("-- key the address", "-- key", '"-- key" says nothing'),
        ("-- do Look at it.\n-- do Then stop it.", "", 'the header does not say "do"'),
        ("event_time < :until", "true", "the statement does not use :until"),
        ("-- param least int = 3  two are usual", "", 'the parameter "least" is used but not declared'),
        ("-- key the", "-- param since date\n-- key the", ":since is given to the detection"),
        ("-- key the", "-- param arrived date\n-- key the", ":arrived is given to the detection"),
        (
            "-- window 1h",
            "-- window 1h\n-- history 30d",
            "the statement does not use :before: ask for event_time >= :before of what was known",
        ),
        (
            "-- window 1h",
            "-- window 1h\n-- briefly 1d",
            '"-- briefly" is how much of the history is looked at first: say a longer -- history',
        ),
        ("Auth0_Logs", "logons", "the statement names no table of a source"),
        ("-- Too many of something\n-- What that means.", "", "begin with a comment that says what is asked"),
    ],
)
def test_file_that_does_not_say_what_it_must_is_refused(before: str, after: str, sentence: str) -> None:
    """With the file, what is wrong in it and what to write instead."""
    content = HEADER + SQL
    assert before in content
    with pytest.raises(DeclarationError) as refused:
        _read(content.replace(before, after))
    assert str(refused.value).startswith("auth0/detections/too_many.sql: ")
    assert sentence in str(refused.value)


def _own(folder: Path, name: str) -> Path:
    """A source of one's own with a detection of that name."""
    (folder / "detections").mkdir(parents=True)
    (folder / "source.toml").write_text(
        'name = "shop"\ntitle = "Shop"\ndoc = "Orders."\nreference = "https://shop.example.com"\ndatabase = "shop_logs"\n'
        '[[table]]\nname = "orders"\nprefix = "orders"\ndoc = "Orders."\npattern = { source = ["shop"] }\nroot = "$.detail"\nkey = "event_id"\n'
        'columns = [{ name = "ip", type = "string", from = "$.detail.ip", doc = "Address of the buyer." }]\n'
    )
    (folder / "detections" / f"{name}.sql").write_text((HEADER + SQL).replace("Auth0_Logs", "orders"))
    return folder


def test_detection_of_ones_own_is_read_like_a_built_in_one(tmp_path: Path) -> None:
    """From the folder of a source of the user's, about its tables."""
    found = load_detections(load([_own(tmp_path / "shop", "too_many_orders")]))
    assert found["too_many_orders"].tables == ("orders",)
    assert found.keys() >= {"credential_stuffing", "too_many_orders"}


def test_name_is_of_one_detection(tmp_path: Path) -> None:
    """An alert is told by the name of its detection, so two of one name are refused."""
    with pytest.raises(DeclarationError, match='a detection of auth0 is named "credential_stuffing" already'):
        load_detections(load([_own(tmp_path / "shop", "credential_stuffing")]))
