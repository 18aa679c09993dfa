"""The tests of detections as data: what a file says, and what is refused of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from eventlake.detections.cases import CLOCK, read_cases
from eventlake.detections.detection import load_detections
from eventlake.detections.trying import LATER, THREE_TIMES, tries_of
from eventlake.errors import DeclarationError
from eventlake.local.trial import tried
from eventlake.model import Source
from eventlake.sources import load

SQL = """-- Lines of one colour
-- Too many of them.
-- severity low
-- every 1h
-- window 1h
-- key the colour
-- param least int = 2  one is usual
-- do Count them.
select colour as key, count(distinct event_id) as events, min(event_time) as first_event, max(event_time) as last_event, max(shade) as shade
from lines where event_time >= :since and event_time < :until group by colour having count(distinct event_id) >= :least
"""
DECLARATION = """name = "paint"
title = "Paint"
doc = "Lines."
reference = "https://paint.example.com"
database = "paint_logs"
[[table]]
name = "lines"
prefix = "lines"
doc = "Lines."
pattern = { source = ["paint"] }
root = "$.detail"
key = "event_id"
columns = [
  { name = "colour", type = "string", from = "$.detail.colour", doc = "Its colour." },
  { name = "shade", type = "string", from = "$.detail.look.shade", doc = "Its shade." },
]
"""
EVENT = {"id": "1", "source": "paint", "detail-type": "Line", "time": "2026-11-20T10:00:00Z", "detail": {"colour": "red"}}
TWO = {"sample": "line", "at": "-50m", "times": 2, "every": "10m", "change": {"colour": "blue", "look.shade": "no. {n}"}}


@pytest.fixture
def paint(tmp_path: Path) -> Path:
    """The folder of a source of one's own, with a detection without tests."""
    for folder in ("samples", "detections"):
        (tmp_path / "paint" / folder).mkdir(parents=True)
    (tmp_path / "paint/source.toml").write_text(DECLARATION)
    (tmp_path / "paint/samples/line.event.json").write_text(json.dumps(EVENT))
    (tmp_path / "paint/samples/line.log.json").write_text(json.dumps({"lines": {"colour": "red"}}))
    (tmp_path / "paint/detections/colours.sql").write_text(SQL)
    return tmp_path / "paint"


def _read(paint: Path, content: object) -> tuple[tuple[Source, ...], list[object]]:
    (paint / "detections/colours.test.json").write_text(content if isinstance(content, str) else json.dumps(content))
    sources = load([paint])
    return sources, list(read_cases(load_detections(sources)["colours"], sources))


def test_event_is_a_sample_with_changes_repeated() -> None:
    """At its moments before the run, with its number in its texts, and under ids of its own."""
    one = load_detections(load())["credential_stuffing"]
    events = [json.loads(event.at(CLOCK, str(number))) for number, event in enumerate(read_cases(one, load())[0].events)]
    assert [event["detail"]["data"]["user_name"] for event in events[:2]] == ["user1@example.com", "user2@example.com"]
    assert [event["detail"]["data"]["date"] for event in events[:2]] == ["2026-11-20T11:10:00.000Z", "2026-11-20T11:11:00.000Z"]
    assert len({event["id"] for event in events}) == len({event["detail"]["data"]["log_id"] for event in events}) == len(events)


def test_case_that_finds_something_is_tried_late_too(paint: Path) -> None:
    """Once as written, once thrice, once late; years apart; and what is wrong is said."""
    finds = {"blue": {"events": 2, "shade": "no. 2", "first_event": "-50m"}}
    content = {"cases": [{"case": "two", "events": [TWO], "finds": finds}, {"case": "one", "events": [TWO | {"times": 1}], "finds": {}}]}
    sources, _ = _read(paint, content)
    one = load_detections(sources)["colours"]
    tries = tries_of(read_cases(one, sources))
    assert [(each.case.name, each.variant) for each in tries[1:3]] == [("two", THREE_TIMES), ("two", LATER)]
    assert len(tries) == 5
    assert tries[2].runs_at - tries[2].clock == timedelta(minutes=20)
    assert [outcome.wrong for outcome in tried(one, tries, sources)] == [""] * 5


@pytest.mark.parametrize(
    ("finds", "sentence"),
    [
        ({}, 'Finds "blue", and should not.'),
        ({"red": {}}, 'Does not find "red".'),
        ({"blue": {"events": 3}}, 'Finds "blue" with events 2 instead of 3.'),
        ({"blue": {"last_event": "-41m"}}, 'Finds "blue" with last_event -40m instead of -41m.'),
        ({"blue": {"hue": "sky"}}, 'Finds "blue" with hue NULL instead of sky.'),
    ],
)
def test_what_is_not_as_it_should_be_is_said(paint: Path, finds: object, sentence: str) -> None:
    """The first difference, in a sentence."""
    sources, _ = _read(paint, {"cases": [{"case": "two", "events": [TWO], "finds": finds}]})
    one = load_detections(sources)["colours"]
    assert tried(one, tries_of(read_cases(one, sources))[:1], sources)[0].wrong == sentence


def test_detection_without_a_file_has_no_cases(paint: Path) -> None:
    """It can be used all the same."""
    sources = load([paint])
    assert read_cases(load_detections(sources)["colours"], sources) == []


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is no JSON: "),
        ([], 'is an object with "cases", a list.'),
        ({"cases": [{"case": "two", "finds": {}}]}, 'case 1 "two": says no "events".'),
        (
            {"cases": [{"case": "two", "events": [{**TWO, "sample": "lime"}], "finds": {}}]},
            'there is no sample "lime". Did you mean "line"?',
        ),
        ({"cases": [{"case": "two", "events": [{**TWO, "sample": "auth0/lime"}], "finds": {}}]}, 'there is no sample "auth0/lime".'),
        ({"cases": [{"case": "two", "events": [{**TWO, "event": "line"}], "finds": {}}]}, 'there is no event "line".'),
        ({"cases": [{"case": "two", "events": [{**TWO, "at": "soon"}], "finds": {}}]}, '"at": "soon" names no length of time'),
        (
            {"cases": [{"case": "two", "events": [{**TWO, "sample": "auth0/webhook-object"}], "finds": {}}]},
            'the sample "auth0/webhook-object" is no event with an envelope',
        ),
    ],
)
def test_file_that_does_not_say_what_it_must_is_refused(paint: Path, content: object, sentence: str) -> None:
    """With the file, the case, and what to write instead."""
    with pytest.raises(DeclarationError) as refused:
        _read(paint, content)
    assert str(refused.value).startswith("paint/detections/colours.test.json")
    assert sentence in str(refused.value)
