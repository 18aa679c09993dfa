"""What an error of DuckDB is taken for: its class and the place of the file's name decide, never the text of an event."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from eventlake.dialect.translate import translate
from eventlake.errors import CorruptObjectError, QueryFailedError, QueryRefusedError
from eventlake.query.diagnosis import diagnosed
from eventlake.query.run import Job, run

FOLDER = "/lake/objects"
OBJECT = f"{FOLDER}/t/2026/11/07/10/a.parquet"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "sql",
    [
        "select date_parse('parquet', '%Y')",
        "select date_parse('gzip', '%Y')",
        f"select date_parse('{OBJECT}', '%Y')",
        f"select date_parse('Malformed JSON in file \"{OBJECT}\"', '%Y')",
        "select regexp_extract('a', x) from (values 'parquet(') t(x)",
        f"select cast(x as integer) from (values 'in file \"{OBJECT}\"') t(x)",
        "select cast(x as integer) from (values 'JSON transform error, read_json, read_parquet(') t(x)",
        "select json_parse(x) from (values '{gzip') t(x)",
    ],
)
def test_no_word_of_an_event_is_taken_for_damage(sql: str) -> None:
    """A user agent may hold the word gzip, or the name of an object."""
    made = translate(sql, [], NOW)

    with pytest.raises((QueryFailedError, QueryRefusedError)):
        run(Job(made.sql([]), made.macros, made.types, FOLDER, memory_mb=512, threads=1, seconds=30))


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (duckdb.InvalidInputException(f'Invalid Input Error: Failed to read file "{OBJECT}": ZSTD Decompression failure'), "a.parquet"),
        (duckdb.InvalidInputException(f'Invalid Input Error: File "{OBJECT}" too small to be a Parquet file'), "a.parquet"),
        (
            duckdb.InvalidInputException(f'Invalid Input Error: Malformed JSON in file "{FOLDER}/t/a.json.gz", at byte 1 in line 2'),
            "a.json.gz",
        ),
        (
            duckdb.InvalidInputException(f'Invalid Input Error: JSON transform error in file "{FOLDER}/t/a.json.gz", in line 501'),
            "a.json.gz",
        ),
        (duckdb.ConversionException(f'Conversion Error: Error while reading file "{OBJECT}": failed to cast column "a"'), "a.parquet"),
        (duckdb.IOException(f'IO Error: No files found that match the pattern "{OBJECT}"'), "a.parquet"),
        (duckdb.IOException("IO Error: Failed to decode gzip stream: data error"), "only.parquet"),
        (duckdb.Error("TProtocolException: Invalid data"), "only.parquet"),
    ],
)
def test_what_a_reader_says_is_damage_and_names_the_object(error: duckdb.Error, says: str) -> None:
    """By its key; where DuckDB names no file, the one object of the query is meant."""
    said = diagnosed(error, FOLDER, 512, lone_object="t/only.parquet")

    assert isinstance(said, CorruptObjectError)
    assert says in str(said)
    assert FOLDER not in str(said)


@pytest.mark.parametrize(
    "error",
    [
        duckdb.InvalidInputException('Invalid Input Error: Failed to read file "/elsewhere/a.parquet": it is not there'),
        duckdb.InvalidInputException(f'Invalid Input Error: missing ): file "{OBJECT}"'),
        duckdb.ConversionException(f"Conversion Error: Could not convert string '{OBJECT}' to INT32"),
    ],
)
def test_a_file_is_believed_where_a_reader_names_it(error: duckdb.Error) -> None:
    """Below the folder of the objects, and before any value is quoted."""
    assert not isinstance(diagnosed(error, FOLDER, 512), CorruptObjectError)


@pytest.mark.parametrize(
    ("sql", "kinds"),
    [
        ("SELECT 1; COPY (SELECT 1) TO '{}'", "SELECT and COPY"),
        ("COPY (SELECT 1) TO '{}'", "COPY"),
        ("SET threads = 1", "SET"),
        ("PRAGMA version", "PRAGMA"),
        ("EXPLAIN ANALYZE SELECT 1", "EXPLAIN"),
        ("CREATE TABLE t AS SELECT 1", "CREATE"),
        ("-- nothing", "nothing"),
    ],
)
def test_what_is_not_one_select_is_refused_by_its_kind(tmp_path: Path, sql: str, kinds: str) -> None:
    """Before it runs, whatever the translation let through."""
    target = tmp_path / "made"

    with pytest.raises(QueryRefusedError, match=f"would run as {kinds} here"):
        run(Job(sql.format(target), (), (), str(tmp_path), 512, 1, 30))

    assert not target.exists()


def test_an_object_that_keeps_a_column_in_another_type_names_both(tmp_path: Path) -> None:
    """The declaration was changed after it was written; a value's words do not choose the sentence."""
    path = tmp_path / "a.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"copy (select 'from type BLOB to DATE: n/a' as amount) to '{path}' (format parquet)")
        schema = "MAP {'amount': {name: 'amount', type: 'DOUBLE', default_value: NULL}}"
        with pytest.raises(duckdb.Error) as raised:
            connection.execute(f"select amount from read_parquet(['{path}'], schema={schema})").fetchall()

    error = diagnosed(raised.value, str(tmp_path), 512)

    assert str(error).startswith(
        'The object "a.parquet" keeps the column "amount" as varchar, and it is declared as double now: declare it'
    )
