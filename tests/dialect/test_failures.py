"""Failures and refusals inside TRY, asked of an engine: the first become NULL, the second never do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.dialect.failures import failure, lasting_failure, own_error, refusal
from eventlake.dialect.sql import ours, written
from eventlake.errors import QueryFailedError, QueryRefusedError

YEAR = "A year before 1 or after 9999: -0044-03-15"


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """An engine without tables."""
    with closing(FixtureEngine(read_fixture({}))) as tables:
        yield tables


@pytest.mark.parametrize(
    "asked", ["from_iso8601_timestamp(x)", "try(from_iso8601_timestamp(x))", "coalesce(try(from_iso8601_date(x)), date '2026-01-01')"]
)
def test_a_refused_value_is_refused_inside_try(asked: str, engine: FixtureEngine) -> None:
    """Athena has an answer for the value, so NULL would be wrong."""
    with pytest.raises(QueryRefusedError, match=YEAR):
        engine.query(f"select {asked} from (values '2026-03-15', 'no', '-0044-03-15') t(x)")


@pytest.mark.parametrize(
    "asked",
    [
        "coalesce(cast('x' as integer), 1)",
        "cast('x' as integer) is null",
        "coalesce(json_parse('{'), json '1')",
        "coalesce(split_part(t.x, ',', 0), 'z')",
        "coalesce(array[1][2], 5)",
        "cast(json_parse('{') as row(a bigint))",
    ],
)
def test_what_is_known_to_fail_is_no_null(asked: str, engine: FixtureEngine) -> None:
    """The engine must not plan a value away because it could be nothing but NULL."""
    with pytest.raises(QueryFailedError):
        engine.query(f"select {asked} from (values 'a') t(x)")


def test_a_failure_inside_try_is_null_though_the_value_stands_twice(engine: FixtureEngine) -> None:
    """The engine must not compute what two columns have in common before TRY is around it."""
    answer = engine.query("select try(cast(x as integer) + 1), try(cast(x as integer) + 2) from (values '1', 'no') t(x) order by 1")

    assert list(answer.rows) == [(2, 3), (None, None)]


def test_what_is_no_wrong_value_fails_inside_try(engine: FixtureEngine) -> None:
    """A path that meets what it does not allow is an error of its own on Athena, which TRY does not hide."""
    with pytest.raises(QueryFailedError, match="json_value"):
        engine.query("select try(json_value('{}', 'strict $.a' error on error))")


@pytest.mark.parametrize(
    "message",
    [
        "Conversion Error: Could not convert string 'eventlake:Not a date: it's' to BOOL",
        "Not implemented Error: Unknown TimeZone 'eventlake:Not a date: it's'!\n\nCandidate time zones: \"Iceland\"",
    ],
)
def test_a_sentence_is_found_in_either_message(message: str) -> None:
    """A quote in the value does not end the sentence, and what the engine adds is left out."""
    assert str(own_error(message)) == "Not a date: it's."


def test_each_kind_says_what_is_shown() -> None:
    """All three carry their text; a refusal cuts the value it shows."""
    assert "'eventlake:No: ' || coalesce(CAST(x AS VARCHAR)" in written(failure("No: ", ours("x")))
    assert "timezone('eventlake:No'" in written(lasting_failure("No"))
    assert "'eventlake:refused:No: ' || coalesce(CAST(substring(CAST(x AS VARCHAR), 1, 200)" in written(refusal("No: ", ours("x")))
