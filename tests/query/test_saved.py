"""Saved queries: read from files, filled with values that stay values."""

from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from eventlake.errors import DeclarationError, NameNotFoundError, UsageError
from eventlake.model import Source
from eventlake.query.saved import SavedQuery, load_saved, read_saved, render

TEXT = """-- Deployments per pipeline
-- How often each pipeline succeeded.
-- param days int = 30  how many days back
-- param pipeline string = ''  one pipeline, or all
-- param since date  from this day

-- not counting :retries
SELECT pipeline, ':days' AS kept, count(*) FROM executions
WHERE "date" > date_add('day', -:days, current_date) AND (:pipeline = '' OR pipeline = :pipeline) AND "date" >= :since;
"""


def saved(text: str = TEXT) -> SavedQuery:
    """The saved query of a file."""
    return read_saved(text, "deployments", "codepipeline", where="codepipeline/queries/deployments.sql")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT 1", "begin with a comment"),
        ("-- Title\n", "then the SQL"),
        ("-- Title\n-- param days integer = 1  d\nSELECT :days", "is no parameter"),
        ("-- Title\n-- param days int = many  d\nSELECT :days", "whole number"),
        ("-- Title\nSELECT :days", "not declared"),
        ("-- Title\n-- param days int = 1  d\nSELECT 1", "declared but not used"),
    ],
)
def test_a_file_that_does_not_say_what_it_must_is_refused(text: str, says: str) -> None:
    """The sentence names the file and what is wrong in it."""
    with pytest.raises(DeclarationError, match=says) as raised:
        saved(text)

    assert "codepipeline/queries/deployments.sql" in str(raised.value)


def test_a_file_gives_title_meaning_parameters_and_sql() -> None:
    """The leading comment is the meaning, `-- param` lines are the parameters, the rest is SQL."""
    query = saved()

    assert query.title == "Deployments per pipeline"
    assert query.doc == "Deployments per pipeline\nHow often each pipeline succeeded.\nnot counting :retries"
    assert [(p.name, p.type, p.default, p.doc) for p in query.parameters] == [
        ("days", "int", "30", "how many days back"),
        ("pipeline", "string", "", "one pipeline, or all"),
        ("since", "date", None, "from this day"),
    ]


def test_values_become_literals_of_their_type() -> None:
    """Names in texts and comments stay; each :name becomes a typed literal."""
    sql = render(saved(), {"pipeline": "o'hara", "since": date(2026, 11, 1), "days": "7"})

    assert "':days' AS kept" in sql
    assert "date_add('day', -7, current_date)" in sql
    assert "('o''hara' = '' OR pipeline = 'o''hara')" in sql
    assert "\"date\" >= DATE '2026-11-01'" in sql


@pytest.mark.parametrize(
    ("values", "error", "says"),
    [
        ({"since": "2026-11-01", "day": 1}, NameNotFoundError, 'Did you mean "days"'),
        ({"since": "2026-11-01", "days": "7 or 1=1"}, UsageError, "a whole number"),
        ({"since": "yesterday"}, UsageError, "a date as"),
        ({}, UsageError, 'wants the parameter "since"'),
    ],
)
def test_wrong_values_are_refused(values: dict[str, Any], error: type[Exception], says: str) -> None:
    """A name, a type or a missing value is named."""
    with pytest.raises(error, match=says):
        render(saved(), values)


def test_a_moment_with_a_zone_is_that_moment() -> None:
    """A timestamp of another zone is written in UTC, digits below the second and all."""
    query = saved("-- Title\n-- param since timestamp  from then\nSELECT :since")
    berlin = timezone(timedelta(hours=1))

    assert (
        render(query, {"since": datetime(2026, 11, 7, 10, 0, 0, 123456, tzinfo=berlin)})
        == "SELECT TIMESTAMP '2026-11-07 09:00:00.123456 UTC'"
    )
    assert render(query, {"since": "2026-11-07T10:00:00+01:00"}) == "SELECT TIMESTAMP '2026-11-07 09:00:00.000 UTC'"
    assert render(query, {"since": "2026-11-07 10:00:00"}) == "SELECT TIMESTAMP '2026-11-07 10:00:00.000'"


def test_names_used_twice_are_prefixed(tmp_path: Path) -> None:
    """A stem is the name where it is the only one, else the source stands before it."""
    sources = []
    for name, stems in (("auth0", ["failures", "logins"]), ("codepipeline", ["failures"])):
        folder = tmp_path / name
        (folder / "queries").mkdir(parents=True)
        for stem in stems:
            (folder / "queries" / f"{stem}.sql").write_text("-- Title\nSELECT 1\n")
        sources.append(Source(name, name, "Doc.", "", "db", "default", (), folder=str(folder)))

    assert list(load_saved(sources)) == ["auth0/failures", "codepipeline/failures", "logins"]
