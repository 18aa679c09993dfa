"""Charts draw what an answer holds: stretches of the zone, gaps between actions, and marks that can be told."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Any

import pytest

from eventlake.interfaces import Result
from eventlake.sources import load
from eventlake.web.cells import duration, fitted, lasting
from eventlake.web.charts import CHARTS, Drawing
from eventlake.web.charts.bars import counted
from eventlake.web.charts.drawing import figure, nice, one_below_another, short
from eventlake.web.charts.waterfall import gaps
from eventlake.web.elements import element
from eventlake.web.pages import TILES
from eventlake.web.tile import Tile
from eventlake.web.window import window_of

NOW = datetime(2026, 11, 20, 14, 37, tzinfo=UTC)
BEGAN = datetime(2026, 10, 25, 0, 0)  # noqa: DTZ001  as rows have it


def drawing(kind: str, columns: tuple[str, ...], types: tuple[str, ...], rows: list[tuple[Any, ...]], **values: str) -> Drawing:
    """An answer, to be drawn."""
    return Drawing(Tile("x", kind, title="x"), Result(columns, types, rows), window_of({"tz": "Europe/Berlin", **values}, NOW))


def test_quarters_are_folded_into_the_days_of_the_zone() -> None:
    """The day on which clocks are set back holds what happened in its 25 hours."""
    rows = [(BEGAN + timedelta(hours=hour - 2), 1) for hour in range(25)]
    drawn = drawing("bars", ("quarter", "n"), ("timestamp(3)", "bigint"), rows, **{"from": "2026-10-15", "to": "2026-11-01"})

    assert [sum(series.values()) for series in counted(drawn).values()] == [25]


def test_both_hours_of_a_clock_that_is_set_back_are_bars() -> None:
    """02:00 is there twice, and each counts its own."""
    rows = [(BEGAN, "a", 1), (BEGAN + timedelta(hours=1), "a", 2)]
    drawn = drawing(
        "bars", ("quarter", "s", "n"), ("timestamp(3)", "varchar", "bigint"), rows, **{"from": "2026-10-24", "to": "2026-10-27"}
    )
    text = str(CHARTS["bars"](drawn))

    assert "a: 1, Sun 25 Oct 02:00" in text
    assert "a: 2, Sun 25 Oct 02:00" in text


@pytest.mark.parametrize(("most", "labels"), [(1, ["1"]), (3, ["5"]), (4, ["5"]), (7, ["10", "5"]), (3_000, ["5,000", "2,500"])])
def test_an_axis_of_events_names_no_half_of_one(most: int, labels: list[str]) -> None:
    """Its middle is named where it is a whole number."""
    drawn = drawing("bars", ("quarter", "n"), ("timestamp(3)", "bigint"), [(BEGAN, most)], **{"from": "2026-10-24", "to": "2026-10-27"})

    assert re.findall(r'class="axis end" x="[0-9.]+" y="[0-9.]+">([\d,]+)<', str(CHARTS["bars"](drawn))) == labels


def test_a_gap_is_a_time_in_which_nothing_ran() -> None:
    """Actions that run beside each other leave none."""
    minutes = [(0, 5), (2, 9), (30, 40), (40, 41)]
    runs = [{"began": BEGAN + timedelta(minutes=begin), "until": BEGAN + timedelta(minutes=end)} for begin, end in minutes]

    assert list(gaps(runs)) == [(BEGAN + timedelta(minutes=9), BEGAN + timedelta(minutes=30))]


def test_an_execution_says_how_long_it_took_itself_and_why_it_failed() -> None:
    """However long the outline of what is usual is; what failed says all that it said, and leads to its log; the pipeline has a link."""
    columns = (
        "stage",
        "action",
        "category",
        "began",
        "ended",
        "state",
        "attempt",
        "summary",
        "externalurl",
        "pipeline",
        "usual_start",
        "usual_seconds",
    )
    types = (*["varchar"] * 3, "timestamp(3)", "timestamp(3)", "varchar", "bigint", *["varchar"] * 3, "bigint", "bigint")
    built = ("Build", "Build", "Build", BEGAN, BEGAN + timedelta(minutes=1), "SUCCEEDED", 1, None, None, "a b", 0, 60)
    begun, ended = BEGAN + timedelta(minutes=1), BEGAN + timedelta(minutes=4)
    said = "Rate <b> exceeded. " * 40
    failed = ("Deploy", "Stack", "Deploy", begun, ended, "FAILED", 1, said, "https://logs.example.com/1", "a b", 60, 900)
    silent = ("Deploy", "Canary", "Deploy", begun, ended, "FAILED", 1, None, None, "a b", None, None)
    text = str(CHARTS["waterfall"](drawing("waterfall", columns, types, [built, failed, silent])))

    assert re.findall(r">([^<]*) in all<", text) == ["4 min"]
    assert re.findall(r'href="([^"]*)">its log</a>', text) == ["https://logs.example.com/1"]
    assert re.findall(r'class="bad-text"[^>]*>([^<]*)<', text) == [escape(said, quote=False), "Failed, without a word why."]
    assert 'href="/pipeline?tz=Europe%2FBerlin&amp;pipeline=a+b"><bdi>a b</bdi></a>, from 2026-10-25 02:00:00' in text


def test_times_are_told_in_two_units() -> None:
    """The largest ones."""
    assert [lasting(timedelta(seconds=s)) for s in (7, 65, 3600, 7500, 90_000)] == ["7 s", "1 min 5 s", "1 h", "2 h 5 min", "1 d 1 h"]


def test_axes_end_at_round_numbers() -> None:
    """That hold everything."""
    assert [nice(n) for n in (1, 3, 7, 12, 99, 101, 2_600)] == [1, 5, 10, 20, 100, 200, 5000]


def test_a_mark_at_the_edge_says_what_it_says_within_the_picture() -> None:
    """The day that has just begun: its mark stands at the right edge, and its label ends there."""
    rows = [(datetime(2026, 11, 19, 12, 0), 1)]  # noqa: DTZ001  as rows have it
    text = str(CHARTS["bars"](drawing("bars", ("quarter", "n"), ("timestamp(3)", "bigint"), rows, **{"from": "-30d", "tz": "UTC"})))

    places = re.findall(r'<text class="(axis|axis end)" x="([\d.]+)" y="162">(\d\d \w{3})<', text)
    assert places[-1] == ("axis end", "600", "20 Nov")
    assert all(kind == "axis" and float(x) < 560 for kind, x, _ in places[:-1])


def test_numbers_of_an_axis_stand_at_both_ends() -> None:
    """At the right one for a telephone, which shows that end first; who has pictures read out hears each once."""
    drawn = drawing("bars", ("quarter", "n"), ("timestamp(3)", "bigint"), [(BEGAN, 7)], **{"from": "2026-10-24", "to": "2026-10-27"})
    text = str(CHARTS["bars"](drawn))

    assert re.findall(r'class="axis end near" x="598" y="[0-9.]+" aria-hidden="true">(\d+)<', text) == ["10", "5"]


def test_what_went_well_lies_below_what_went_ill() -> None:
    """Whichever is more, so that two windows look alike."""
    for counts in ((3, 9), (9, 3)):
        drawn = drawing("bars", ("quarter", "failed", "succeeded"), ("timestamp(3)", "bigint", "bigint"), [(BEGAN, *counts)])
        drawn = replace(drawn, window=window_of({"from": "2026-10-24", "to": "2026-10-27"}, NOW))

        assert re.findall(r'<rect class="(good|bad)"', str(CHARTS["bars"](drawn))) == ["good", "bad"]


def test_more_series_than_colours_are_one_that_names_them() -> None:
    """The smallest; each of the others has a colour of its own, and what is counted stays the same."""
    rows = [(BEGAN, f"s{number:02}", 100 - number) for number in range(15)]
    text = str(
        CHARTS["bars"](
            drawing(
                "bars", ("quarter", "s", "n"), ("timestamp(3)", "varchar", "bigint"), rows, **{"from": "2026-10-24", "to": "2026-10-27"}
            )
        )
    )

    assert re.findall(r'<rect class="(c\d|other)"', text) == [*(f"c{place}" for place in range(7)), "other"]
    assert f"others: {sum(100 - number for number in range(7, 15))}, Sun 25 Oct" in text
    assert "<li>others: s07, s08, s09, s10, s11, s12, s13, s14</li>" in text


def test_as_many_series_as_colours_keep_theirs() -> None:
    """None of them is made one with others."""
    rows = [(BEGAN, f"s{number:02}", 100 - number) for number in range(8)]
    text = str(
        CHARTS["bars"](
            drawing(
                "bars", ("quarter", "s", "n"), ("timestamp(3)", "varchar", "bigint"), rows, **{"from": "2026-10-24", "to": "2026-10-27"}
            )
        )
    )

    assert "others" not in text
    assert "c7" in text


def test_a_spark_leaves_out_what_is_not_known() -> None:
    """A week that has no number has no bar, and each bar looks at its week."""
    weeks = [datetime(2026, 11, 6, 14, 38), datetime(2026, 11, 13, 14, 38)]  # noqa: DTZ001  as rows have it
    text = str(
        CHARTS["sparks"](
            drawing("sparks", ("week", "a_b", "c"), ("timestamp(3)", "double", "bigint"), [(weeks[0], 2.5, None), (weeks[1], 5.0, 7)])
        )
    )

    assert re.findall(r"<title>([^<]*)", text) == [
        "a b: 2.5, 06 Nov to 13 Nov",
        "a b: 5, 13 Nov to 20 Nov",
        "c: 7, 13 Nov to 20 Nov",
    ]
    assert "from=2026-11-06T14%3A38%3A00Z&amp;to=2026-11-13T14%3A38%3A00Z" in text


def test_a_spark_of_which_nothing_is_known_says_so() -> None:
    """And one of shares tells them as such."""
    week = datetime(2026, 11, 6, 14, 38)  # noqa: DTZ001  as rows have it
    text = str(CHARTS["sparks"](drawing("sparks", ("week", "a", "b_percent"), ("timestamp(3)", "double", "double"), [(week, None, 0.4)])))

    assert re.findall(r'class="axis"[^>]*>([^<]*)<', text) == ["a", "not known", "b", "up to 0.4 %"]


def test_the_names_of_the_lakes_own_tables_are_not_cut() -> None:
    """The longest of them has room beside its bar."""
    names = [table.name for source in load() for table in source.tables]
    text = str(CHARTS["ranked"](drawing("ranked", ("table_name", "n"), ("varchar", "bigint"), [(name, 1) for name in names])))

    assert re.findall(r'class="label end"[^>]*>([^<]*)<', text) == names


def test_a_ranking_leaves_room_for_its_longest_number() -> None:
    """Of every row the same, so that bars can be compared; the longest bar takes all that is left."""
    rows = [("a", 4_000_000_000_000), ("b", 1_000_000_000_000), ("c", 0)]
    text = str(CHARTS["ranked"](drawing("ranked", ("name", "bytes"), ("varchar", "bigint"), rows)))

    assert re.findall(r'class="chart bar long" x="232" width="(\d+)"', text) == ["228"] * 3
    assert re.findall(r'<rect class="c0" y="2" width="([\d.]+)%"', text) == ["100.0", "25.0", "0.3"]


def test_a_name_and_its_bar_stand_side_by_side_in_a_file() -> None:
    """One row below another, with room for the number at the right."""
    name, bar = (element("svg", class_="chart", x=x, width=wide, height=20) for x, wide in ((None, 232), (232, 284)))
    text = str(one_below_another([name, bar, name, bar], "both"))

    assert text.startswith('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 40" class="chart" role="group" aria-label="both">')
    assert re.findall(r'<svg x="([\d.]+)" y="([\d.]+)"', text) == [("0", "0"), ("232", "0"), ("0", "20"), ("232", "20")]


def test_what_turns_a_label_is_counted_as_it_is_written() -> None:
    """As an escape, which is longer than what it stands for."""
    assert fitted("Ω\u202ertl" * 9, 100) == "Ω\\u202ertlΩ…"


def test_a_bar_of_which_nothing_is_known_says_so() -> None:
    """Beside those that have a length."""
    text = str(CHARTS["ranked"](drawing("ranked", ("name", "n"), ("varchar", "double"), [("a", 2.0), ("b", None)])))

    assert re.findall(r'class="label" x[^>]*>([^<]*)<', text) == ["2", "not known"]


def test_an_axis_of_years_names_months_with_their_year() -> None:
    """At their beginning."""
    drawn = drawing("bars", ("quarter", "n"), ("timestamp(3)", "bigint"), [(BEGAN, 1)], **{"from": "-730d"})

    assert re.findall(r"<text[^>]*>(\w{3} \d{4})<", str(CHARTS["bars"](drawn))) == [
        *("Jan 2025", "Apr 2025", "Jul 2025", "Oct 2025"),
        *("Jan 2026", "Apr 2026", "Jul 2026", "Oct 2026"),
    ]


def test_a_word_as_wide_as_columns_is_broken() -> None:
    """So that the texts beside it keep room; what is short is never broken."""
    rows = [("w" * 60, "word " * 40, "UPDATE_ROLLBACK_COMPLETE")]
    text = str(CHARTS["table"](drawing("table", ("a", "b", "c"), ("varchar",) * 3, rows)))

    assert re.findall(r"<td( class=\"solid\")?>", text) == [' class="solid"', "", ""]


def test_axes_of_large_numbers_have_units() -> None:
    """No power of ten is written as one."""
    assert [short(value) for value in (500, 2_500, 20_000, 2_500_000, 1e9)] == ["500", "2,500", "20 k", "2.5 M", "1 G"]


def test_a_mark_says_the_whole_number() -> None:
    """However large; an axis rounds."""
    assert [figure(value) for value in (0.5, 12, 1_234_567, 123_456_789.5)] == ["0.5", "12", "1,234,567", "123,456,789.5"]


def test_strips_of_outcomes_say_what_their_colours_mean() -> None:
    """With how many of each there are; those that there are none of are left out."""
    rows = [("a", "1", "FAILED", BEGAN), ("a", "2", "SUCCEEDED", BEGAN), ("b", "3", "SUCCEEDED", BEGAN)]
    drawn = drawing("outcomes", ("pipeline", "executionid", "state", "ended"), ("varchar",) * 3 + ("timestamp(3)",), rows)
    text = str(CHARTS["outcomes"](drawn))

    assert re.findall(r'<i class="key (\w+)"></i>([a-z ]+) <b>(\d+)</b>', text) == [("good", "succeeded", "2"), ("bad", "failed", "1")]


def test_what_failed_is_seen_in_a_table() -> None:
    """Its state has the colour of what is bad."""
    text = str(CHARTS["table"](drawing("table", ("state",), ("varchar",), [("FAILED",), ("STARTED",)])))

    assert re.findall(r'<td class="bad-text"><bdi>(\w+)<', text) == ["FAILED"]


def test_numbers_of_a_table_end_at_one_edge_with_their_name() -> None:
    """So that larger ones are seen to be larger; a column that is empty in its first row too, and texts stay where they begin."""
    rows = [("web", None, Decimal("0.000048")), ("api", 1200, None)]
    columns, types = ("pipeline", "minutes", "dollars"), ("varchar", "bigint", "decimal(18,6)")
    text = str(CHARTS["table"](drawing("table", columns, types, rows)))

    assert '<th scope="col">pipeline</th><th scope="col" class="number">minutes</th><th scope="col" class="number">dollars</th>' in text
    assert '<td class="number"><bdi>1,200</bdi></td>' in text
    assert '<td class="number"><bdi>0.000048</bdi></td>' in text


def test_how_long_something_took_is_told_as_a_time() -> None:
    """In a table, a bar, a spark and a number; the column's name does without the unit that each value says."""
    tile = Tile("x", "table", title="x", lasting=("age_minutes", "mean_seconds"))
    columns, row = ("pipeline", "age_minutes", "mean_seconds", "failures_in_5_minutes"), ("web", 80, 7326.4, 80)
    asked = replace(drawing("table", columns, ("varchar", "bigint", "double", "bigint"), [row]), tile=tile)
    table, ranked, numbers = (str(CHARTS[kind](asked)) for kind in ("table", "ranked", "numbers"))

    assert re.findall(r"<bdi>([^<]*)", table) == ["web", "1 h 20 min", "2 h 2 min", "80"]
    assert re.findall(r"<th [^>]*>([^<]*)", table) == ["pipeline", "age", "mean", "failures in 5 minutes"]
    assert "<title>web: 1 h 20 min age</title>" in ranked
    assert '1<tspan class="unit"> h </tspan>20<tspan class="unit"> min</tspan>' in numbers


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [(0, "minutes", "0 min"), (0.4, "seconds", "0.4 s"), (1, "minutes", "1 min"), (-3, "minutes", "-3 min"), (2782, "minutes", "1 d 22 h")],
)
def test_a_duration_claims_no_more_than_its_unit_knows(value: float, unit: str, said: str) -> None:
    """Nothing in whole minutes may be 40 seconds; a clock that was set back makes an age that is none."""
    assert duration(value, unit) == said


def test_columns_that_are_told_as_times_are_there() -> None:
    """Each in its tile's query, with a unit that is known."""
    for tile in TILES.values():
        for name in tile.lasting:
            assert re.search(rf"\b{name}\b", tile.query.sql), (tile.name, name)
            assert duration(60, name.rpartition("_")[2])


def test_null_and_a_text_without_letters_have_names_of_their_own() -> None:
    """They are two values, with rows of their own."""
    rows = [("web", 5), (None, 3), ("", 2)]
    text = str(CHARTS["ranked"](drawing("ranked", ("application", "logins"), ("varchar", "bigint"), rows)))

    assert re.findall(r"<title>([^<]*): [\d,]+ logins<", text) == ["web", "none", "empty text"]


@pytest.mark.parametrize("name", ["Username-Password-Authentication" * 3, "W" * 60, "i" * 90, "東京" * 30, "<script>" * 9, "📦" * 40])
def test_a_label_ends_where_its_place_does(name: str) -> None:
    """Its beginning is shown: what would stand left of the picture would be cut off."""
    shown = fitted(name, 212)

    assert shown.endswith("…")
    assert name.startswith(shown[:-1])
    assert len(shown) >= 13
    assert fitted("web-shop", 212) == "web-shop"
