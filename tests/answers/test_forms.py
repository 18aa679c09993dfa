"""Rows on stdout: table, JSON, JSON lines, CSV, Markdown."""

from __future__ import annotations

import csv
import io
import json
import sys
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.answers.forms import in_form
from eventlake.answers.values import as_text, visible
from eventlake.cli.show import show
from eventlake.errors import QueryRefusedError, UsageError

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


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_holds_no_two_columns_of_one_name(form: str) -> None:
    """An object would hold the last alone; names that differ by their case are two."""
    found = json.loads(in_form(("a", "A"), [[1, 2]], form))

    assert found == ([{"a": 1, "A": 2}] if form == "json" else {"a": 1, "A": 2})
    with pytest.raises(
        QueryRefusedError, match='Two columns are called "a", which JSON cannot hold: tell them apart with AS, or take --output csv'
    ):
        in_form(("a", "b", "a"), [[1, 2, 3]], form)


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


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (datetime(2026, 11, 7, 10), "2026-11-07 10:00:00.000"),  # noqa: DTZ001
        (datetime(2026, 11, 7, 10, 0, 0, 123456), "2026-11-07 10:00:00.123456"),  # noqa: DTZ001
        (datetime(2026, 11, 7, 10, tzinfo=UTC), "2026-11-07 10:00:00.000 UTC"),
        (date(2026, 11, 7), "2026-11-07"),
        (time(10, 0, 0, 500000), "10:00:00.500"),
        (Decimal("1E+2"), "100"),
        (Decimal("0.0000001"), "0.0000001"),
        (0.1, "0.1"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (-12345678.9, "-1.23456789E7"),
        (0.00025, "2.5E-4"),
        (1e300, "1.0E300"),
        (-0.0, "-0.0"),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (b"ab", "61 62"),
        (["é", None, Decimal("1.50")], '["é", null, "1.50"]'),
        ({"owner": "AWS", "at": date(2026, 11, 7)}, '{"owner": "AWS", "at": "2026-11-07"}'),
        ({True: [1]}, '{"true": [1]}'),
    ],
)
def test_a_value_is_printed_as_athena_prints_it(value: object, expected: str) -> None:
    """Arrays, maps and rows as JSON."""
    assert as_text(value) == expected


RUN = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\n=1", '=HYPERLINK("http://x")', "＝1+1", "＋1", "－1", "＠x"])  # noqa: RUF001
def test_csv_holds_no_formula(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What a spreadsheet would run begins with an apostrophe; numbers below zero stay numbers."""
    show(("text", "n"), [[text, -1]], "csv")

    assert list(csv.reader(io.StringIO(capsys.readouterr().out)))[1] == ["'" + text, "-1"]


PLAIN = st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]) | st.sampled_from(["\t", "\n", "\r\n"])


@given(st.lists(st.lists(PLAIN, max_size=8).map("".join).filter(lambda text: not text.startswith(RUN)), min_size=1, max_size=4))
def test_any_text_comes_back_from_csv(texts: list[str]) -> None:
    """Quotes, commas, line breaks, blanks and all; but for what a spreadsheet would run, or a terminal obey."""
    written = in_form(["x"] * len(texts), [texts], "csv")

    assert list(csv.reader(io.StringIO(written, newline="")))[1:] == [texts]


@pytest.mark.parametrize("text", ["Mozilla/5.0 (X11; =1+1)", "a\t=1", "a;b"])
def test_a_cell_of_csv_is_one_in_every_country(text: str) -> None:
    """Where semicolons or tabs separate, the text does not become two cells, the second a formula."""
    assert in_form(["a"], [[text]], "csv") == f'a\n"{text}"'


STEERED = ["\x1b[2J", "\x9b2J", "\x7f", "\x00", "a\rb", "\x08", "\u202etxt", "\u2066", "\u200bx", "\u2028", "\U000e0041"]


@pytest.mark.parametrize("form", ["table", "json", "jsonl", "csv", "markdown"])
@pytest.mark.parametrize("text", STEERED)
def test_no_form_lets_a_text_or_a_heading_steer_a_terminal(form: str, text: str) -> None:
    """Nor one inside an array; controls, bidirectional and invisible characters are escapes."""
    written = in_form([f"h{text}"], [[text], [[text]]], form)

    assert written.replace("\n", "").isprintable()


@pytest.mark.parametrize("form", ["json", "jsonl"])
@given(texts=st.lists(st.text() | st.sampled_from(STEERED), min_size=1))
def test_json_holds_what_it_escapes(form: str, texts: list[str]) -> None:
    """The escapes are JSON's own, so a reader finds the same text, the joined emoji too."""
    written = in_form(["text"], [[text] for text in texts], form)
    records = json.loads(written) if form == "json" else [json.loads(line) for line in written.split("\n")]

    assert [record["text"] for record in records] == texts
    assert in_form(["a"], [["👩\u200d💻 é"]], "jsonl") == '{"a": "👩\u200d💻 é"}'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a|b", "a\\|b"),
        ("a\\|b", "a\\\\\\|b"),
        ("<script>", "\\<script>"),
        ("[x](http://x)", "\\[x\\](http://x)"),
        ("![x](http://x)", "\\!\\[x\\](http://x)"),
        ("`a`", "\\`a\\`"),
        ("a\nb", "a\\\\nb"),
    ],
)
def test_markdown_holds_text_alone(text: str, written: str) -> None:
    """No cell, tag, link, picture or code begins in a text, nor in a heading."""
    assert in_form([text], [[text]], "markdown") == f"| {written} |\n| --- |\n| {written} |"


def test_csv_tells_nothing_from_an_empty_text(capsys: pytest.CaptureFixture[str]) -> None:
    """NULL is nothing, an empty text `""`; a row of one NULL is no empty line, which readers would skip."""
    show(("a", "b"), [[None, ""], ["", None]], "csv")
    show(("a",), [[None], ["x"]], "csv")

    assert capsys.readouterr().out == 'a,b\n,""\n"",\na\n""\nx\n'


def test_json_keeps_numbers_that_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    """As text, because JSON has no NaN."""
    show(("a", "b"), [[float("nan"), [float("inf")]]], "jsonl")

    assert capsys.readouterr().out == '{"a": "NaN", "b": ["Infinity"]}\n'


def test_wide_characters_take_two_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """So that what follows them stands straight; combining marks take none."""
    show(("name", "n"), [["東京", 1], ["e\u0301te\u0301", 2]], "table")

    assert capsys.readouterr().out == "name  n\n----  -\n東京  1\ne\u0301te\u0301   2\n"


def test_parquet_is_not_printed() -> None:
    """The sentence says how a file is written."""
    with pytest.raises(UsageError, match=r"--to FILE\.parquet"):
        show(("a",), [[1]], "parquet")


def test_the_widest_columns_give_way_on_a_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Until the line fits; a megabyte of text takes no longer than a line."""
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    show(("n", "text", "name"), [[1, "x" * 1_000_000, "東京" * 20]], "table")

    assert capsys.readouterr().out.splitlines()[2] == f"1  {'x' * 16}…  東京東京東京東京…"


def test_a_narrow_terminal_cuts_no_column_below_what_can_be_read(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line is longer than the terminal then."""
    monkeypatch.setenv("COLUMNS", "10")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)

    show(("pipeline", "state"), [["checkout", "SUCCEEDED"]], "table")

    assert capsys.readouterr().out.splitlines()[2] == "checkout  SUCCEEDED"
