"""Rows on stdout: table, JSON, JSON lines, CSV, Markdown."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from eventlake.cli.render import show, visible

COLUMNS = ("pipeline", "failures", "last")
ROWS: list[list[object]] = [["web, shop", 3, datetime(2026, 11, 20, 10, 0, 0, 500000)], ['a "b"|c', None, None]]  # noqa: DTZ001  Athena's timestamp has no zone


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (
            "table",
            'pipeline   failures  last\n---------  --------  -----------------------\nweb, shop         3  2026-11-20 10:00:00.500\na "b"|c\n',
        ),
        (
            "jsonl",
            '{"pipeline": "web, shop", "failures": 3, "last": "2026-11-20 10:00:00.500"}\n{"pipeline": "a \\"b\\"|c", "failures": null, "last": null}\n',
        ),
        ("csv", 'pipeline,failures,last\n"web, shop",3,2026-11-20 10:00:00.500\n"a ""b""|c",,\n'),
        (
            "markdown",
            '| pipeline | failures | last |\n| --- | --- | --- |\n| web, shop | 3 | 2026-11-20 10:00:00.500 |\n| a "b"\\|c |  |  |\n',
        ),
    ],
)
def test_rows_in_each_form(form: str, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each form is what its readers expect."""
    show(COLUMNS, ROWS, form)

    assert capsys.readouterr().out == expected


def test_json_holds_the_same_values(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers stay numbers; dates, decimals and nested values become what Athena prints."""
    show(("a", "b", "c", "d"), [[date(2026, 11, 20), Decimal("33.30"), {"x": [1, None]}, datetime(2026, 11, 20, tzinfo=UTC)]], "json")

    assert json.loads(capsys.readouterr().out) == [
        {"a": "2026-11-20", "b": "33.30", "c": {"x": [1, None]}, "d": "2026-11-20 00:00:00.000 UTC"}
    ]


def test_csv_comes_back_as_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    """Quotes, commas and line breaks survive."""
    show(("text",), [['a "quoted", one\nwith a break']], "csv")

    assert list(csv.reader(io.StringIO(capsys.readouterr().out))) == [["text"], ['a "quoted", one\nwith a break']]


def test_a_strangers_text_does_not_steer_the_terminal() -> None:
    """Escape sequences of a user agent are shown, not obeyed."""
    assert visible("Mozilla\x1b[2J\r\n") == "Mozilla\\x1b[2J\\r\\n"


def test_no_rows_still_show_the_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """An empty answer says what it would have held; JSON lines hold nothing."""
    show(("a",), [], "table")
    show(("a",), [], "jsonl")

    assert capsys.readouterr().out == "a\n-\n"
