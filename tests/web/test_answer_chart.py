"""An answer is drawn as its shape asks: a line over time, bars of names, and nothing where a picture would lie or cannot be."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

from eventlake.interfaces import Result
from eventlake.web.answer_chart import MOST_BARS, answer_chart, chart_of
from eventlake.web.charts.line import MOST_LINES, MOST_MARKS
from eventlake.web.window import window_of
from web.conftest import END, MARK

DAY = datetime(2026, 11, 1, tzinfo=UTC).replace(tzinfo=None)
WINDOW = window_of({"tz": "Europe/Berlin"}, END)


def result(types: str, *rows: tuple[Any, ...]) -> Result:
    """An answer of these types, named by their places."""
    kinds = tuple(types.split(", "))
    return Result(tuple(f"column_{place}" for place in range(len(kinds))), kinds, rows)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (result("timestamp(3), bigint", (DAY, 1), (DAY + timedelta(hours=1), 2)), "line"),
        (result("date, bigint, double", (date(2026, 11, 1), 1, None), (date(2026, 11, 2), 2, 0.5)), "line"),
        (result("timestamp(3) with time zone, decimal(10,2)", (END, Decimal("1.5")), (END + timedelta(1), None)), "line"),
        (result("timestamp(3), varchar, bigint", (DAY, "a", 1), (DAY + timedelta(1), None, 2)), "line"),
        (result("varchar(3), bigint", ("a", 1), (None, 2)), "ranked"),
        (result("varchar, bigint, double", ("a", 1, 2.0), ("b", 2, None)), "ranked"),
        (result("varchar, varchar, bigint", ("a", "b", 1), ("b", "c", 2)), ""),
        (result("timestamp(3), varchar", (DAY, "a"), (DAY, "b")), ""),
        (result("timestamp(3), bigint", (DAY, 1), (DAY, 2)), ""),
        (result("timestamp(3), bigint", (None, 1), (None, 2)), ""),
        (result("timestamp(3), bigint", (DAY, 1)), ""),
        (result("varchar", ("a",), ("b",)), ""),
        (result("bigint, bigint", (1, 2), (3, 4)), ""),
        (result("varchar, double", ("a", math.inf), ("b", 1.0)), ""),
        (result("date, double", (date(2026, 1, 1), math.nan), (date(2026, 1, 2), 1.0)), ""),
        (result("date, bigint", (date(1, 1, 1), 1), (date(9999, 12, 31), 2)), ""),
        (result("date, bigint", (date(1990, 1, 1), 1), (date(2026, 1, 1), 2)), ""),
    ],
)
def test_a_shape_asks_for_a_chart(answer: Result, kind: str) -> None:
    """Or for none: a table says it all."""
    assert chart_of(answer) == kind


def test_a_line_has_a_point_for_each_number_and_a_gap_for_each_null() -> None:
    """Each with what it says, in the page's zone; what is below zero stays in the picture."""
    rows = [(DAY + timedelta(hours=hour), None if hour == 3 else hour - 2) for hour in range(6)]
    picture = ElementTree.fromstring(str(answer_chart(result("timestamp(3), bigint", *rows), WINDOW)))
    svg = "{http://www.w3.org/2000/svg}"

    assert len(picture.findall(f".//{svg}polyline")) == 2
    assert [title.text for title in picture.iter(f"{svg}title")][:2] == [
        "column 1: -2, Sun 01 Nov 2026 01:00",
        "column 1: -1, Sun 01 Nov 2026 02:00",
    ]
    ends = [float(point.split(",")[1]) for line in picture.iter(f"{svg}polyline") for point in line.attrib["points"].split()]
    assert all(0 <= y <= 190 for y in ends)
    assert ends == sorted(ends, reverse=True)


def test_names_make_lines_and_are_text() -> None:
    """The largest of them, escaped; the rest is in the table."""
    rows = [(DAY + timedelta(hours=hour), f"{name} {MARK}", name) for hour in range(3) for name in range(MOST_LINES + 4)]
    text = str(answer_chart(result("timestamp(3), varchar, bigint", *rows), WINDOW))

    assert text.count("<polyline") == MOST_LINES
    assert "<b onx" not in text
    assert f"{MOST_LINES + 3} &lt;b" in text


def test_many_points_are_a_line_without_marks_and_many_names_the_first_bars() -> None:
    """So that a page stays small."""
    points = [(DAY + timedelta(minutes=minute), 0.001) for minute in range(MOST_MARKS + 1)]
    names = [(f"name {number}", number) for number in range(MOST_BARS * 2)]

    assert "<circle" not in str(answer_chart(result("timestamp(3), double", *points), WINDOW))
    assert str(answer_chart(result("varchar, bigint", *names), WINDOW)).count("<rect") == MOST_BARS


def test_an_answer_says_how_many_of_its_rows_are_bars() -> None:
    """Where they are not all; of an answer that was cut nobody knows how many there are."""
    names = result("varchar, bigint", *[(f"name {number}", number) for number in range(161)])

    assert '<p class="note">The first 40 of 161 rows as bars.</p>' in str(answer_chart(names, WINDOW))
    assert '<p class="note">The first 40 of more than 161 rows as bars.</p>' in str(answer_chart(names, WINDOW, is_cut=True))
    assert "note" not in str(answer_chart(replace(names, rows=names.rows[:MOST_BARS]), WINDOW))


def test_days_are_the_days_that_the_answer_says() -> None:
    """Also on a page of another zone."""
    far = window_of({"tz": "America/Los_Angeles"}, datetime(2026, 11, 20, tzinfo=UTC))
    text = str(answer_chart(result("date, bigint", (date(2026, 11, 1), 1), (date(2026, 11, 2), 2)), far))

    assert re.findall(r"<title>([^<]*)", text) == ["column 1: 1, Sun 01 Nov 2026 00:00", "column 1: 2, Mon 02 Nov 2026 00:00"]
