"""Tables in memory, from a fixture."""

import os
import re
import signal
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from eventlake.conformance.fixture import FixtureEngine, load_fixture, make_fixture, read_fixture
from eventlake.errors import NameNotFoundError, QueryFailedError, QueryLimitError, QueryRefusedError, UsageError

FIXTURE = {
    "Runs": {
        "columns": [
            {"name": "id", "type": "bigint"},
            {"name": "took", "type": "decimal(5,2)"},
            {"name": "tags", "type": "array(varchar)"},
            {"name": "kind", "type": "row(owner varchar, rank integer)"},
            {"name": "extra", "type": "map(varchar, integer)"},
            {"name": "body", "type": "varbinary"},
            {"name": "started", "type": "timestamp(3)"},
            {"name": "date", "type": "date"},
            {"name": "hour", "type": "varchar"},
        ],
        "rows": [
            [1, "1.50", ["a", None], ["me", 2], {"x": 1}, "6162", "2026-11-07T10:00:00.125", "2026-11-07", "10"],
            [2, {"decimal": "2.25"}, [], {"owner": "you", "rank": 3}, {}, {"hex": "00"}, None, "2026-11-08", "11"],
            [3, None, None, None, None, None, None, "2026-11-08", "12"],
        ],
    },
    "names": {"columns": [{"name": "hour", "type": "bigint"}], "rows": [[7]]},
}


def test_every_type_of_value_is_read() -> None:
    """Rows of JSON become the values that a query gives."""
    with closing(FixtureEngine(read_fixture(FIXTURE))) as engine:
        result = engine.query("SELECT * FROM runs ORDER BY id")

    assert result.columns == ("id", "took", "tags", "kind", "extra", "body", "started", "date", "hour")
    assert result.rows[0] == (
        1,
        Decimal("1.50"),
        ["a", None],
        {"owner": "me", "rank": 2},
        {"x": 1},
        b"ab",
        datetime(2026, 11, 7, 10, 0, 0, 125000),  # noqa: DTZ001  # a timestamp without zone
        date(2026, 11, 7),
        "10",
    )
    assert result.rows[1][:6] == (2, Decimal("2.25"), [], {"owner": "you", "rank": 3}, {}, b"\0")
    assert result.rows[2][1:7] == (None,) * 6


def test_a_table_without_partition_keys_has_none() -> None:
    """Its columns are those of the fixture, whatever their names."""
    with closing(FixtureEngine(read_fixture(FIXTURE))) as engine:
        assert engine.query("SELECT * FROM fixture.names").rows == [(7,)]
        with pytest.raises(NameNotFoundError):
            engine.query("SELECT date FROM names")


def test_queries_do_not_disturb_each_other() -> None:
    """A query that fails leaves the tables as they are, parameters are filled in, and a closed engine starts anew."""
    with closing(FixtureEngine(read_fixture(FIXTURE))) as engine:
        with pytest.raises(QueryFailedError):
            engine.query("SELECT id / 0 FROM runs")
        assert engine.query("SELECT id FROM runs WHERE id = :id", {"id": 2}).rows == [(2,)]
        engine.close()
        assert engine.query("SELECT count(*) FROM runs").rows == [(3,)]
        assert '"runs"' in engine.explain("SELECT count(*) FROM runs")


def test_the_clock_is_the_one_given() -> None:
    """`current_date` is the day of the clock."""

    class Then:
        def now(self) -> datetime:
            return datetime(2026, 11, 20, 12, tzinfo=UTC)

    with closing(FixtureEngine(read_fixture(FIXTURE), clock=Then())) as engine:
        assert engine.query("SELECT current_date").rows == [(date(2026, 11, 20),)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"t": {"rows": []}}',
        '{"t": {"columns": [{"name": "a", "type": "strng"}], "rows": []}}',
        '{"t": {"columns": [{"name": "a", "type": "bigint"}], "rows": [[1, 2]]}}',
    ],
)
def test_a_file_that_is_no_fixture_is_refused(text: str, tmp_path: Path) -> None:
    """The sentence names the file."""
    (tmp_path / "tables.json").write_text(text)

    with pytest.raises(UsageError, match="is no fixture"):
        load_fixture(tmp_path / "tables.json")


def test_a_real_has_the_digits_that_athena_prints() -> None:
    """Four bytes hold 1.1 as 1.10000002384...; Athena prints 1.1, and so do its other clients."""
    with closing(FixtureEngine({})) as engine:
        (row,) = engine.query("SELECT CAST(1.1 AS real), ARRAY[REAL '16777216', REAL '0.1'], CAST(NULL AS real), CAST(nan() AS real)").rows

    assert row[:3] == (1.1, [16777216.0, 0.1], None)
    assert str(row[3]) == "nan"


def test_python_values_make_a_fixture_too() -> None:
    """Dates, Decimals and bytes where JSON has text; a value that does not fit is named."""
    columns = [{"name": "d", "type": "date"}, {"name": "n", "type": "decimal(5,2)"}, {"name": "b", "type": "varbinary"}]
    row = [date(2026, 11, 7), Decimal("1.50"), b"ab"]

    with closing(FixtureEngine(make_fixture({"t": {"columns": columns, "rows": [row]}}))) as engine:
        assert engine.query("SELECT * FROM t").rows == [tuple(row)]
    misfit = make_fixture({"t": {"columns": columns, "rows": [row, ["7 November", None, None]]}})
    with (
        closing(FixtureEngine(misfit)) as engine,
        pytest.raises(UsageError, match=r'table "t" holds .7 November. in row 2, column "d", which is no date'),
    ):
        engine.query("SELECT 1")
    with pytest.raises(UsageError, match='two columns of "t" have one name'):
        make_fixture({"t": {"columns": [{"name": "d", "type": "date"}, {"name": "D", "type": "date"}], "rows": []}})
    with pytest.raises(UsageError, match="This is no fixture"):
        make_fixture({"t": {}})


@pytest.mark.parametrize(
    ("kind", "value"),
    [("map(varchar, varchar)", "abc"), ("map(varchar, varchar)", 5), ("row(a varchar)", "abc"), ("array(varchar)", 5), ("integer", [1])],
)
def test_a_value_of_another_shape_than_its_type_is_named(kind: str, value: object) -> None:
    """Whatever Python itself makes of a text where an object should be, the sentence says which value it is."""
    misfit = make_fixture({"t": {"columns": [{"name": "c", "type": kind}], "rows": [[None], [value]]}})

    with (
        closing(FixtureEngine(misfit)) as engine,
        pytest.raises(UsageError, match=rf'table "t" holds {re.escape(repr(value))} in row 2, column "c", which is no {re.escape(kind)}'),
    ):
        engine.query("SELECT 1")


def test_nobody_waits_for_an_answer_that_is_not_wanted() -> None:
    """The query stops, and the next one answers."""
    numbers = " CROSS JOIN ".join(f"unnest(sequence(1, 9999)) t{place}(x{place})" for place in range(4))
    with closing(FixtureEngine({})) as engine:
        with pytest.raises(QueryLimitError, match="cancelled"):
            engine.query(f"SELECT count(*) FROM {numbers} WHERE x0 * x1 % 7 = x2 + x3", cancelled=lambda: True)
        assert engine.query("SELECT 1", cancelled=lambda: False).rows == [(1,)]


def test_ctrl_c_is_ctrl_c() -> None:
    """It reaches whoever waits, and the query stops; the next one answers."""
    signals = iter([signal.SIGINT])

    def press() -> bool:
        for number in signals:
            os.kill(os.getpid(), number)
        return False

    numbers = " CROSS JOIN ".join(f"unnest(sequence(1, 9999)) t{place}(x{place})" for place in range(4))
    with closing(FixtureEngine({})) as engine:
        with pytest.raises(KeyboardInterrupt):
            engine.query(f"SELECT count(*) FROM {numbers} WHERE x0 * x1 % 7 = x2 + x3", cancelled=press)
        assert engine.query("SELECT 1").rows == [(1,)]


def test_a_map_without_single_keys_is_refused() -> None:
    """Python's dicts cannot hold it; its entries can be asked for."""
    with closing(FixtureEngine({})) as engine:
        for key in ("ROW(1, 'a')", "ARRAY[1]"):
            with pytest.raises(QueryRefusedError, match=r"cannot be given as an answer here: .* map_entries"):
                engine.query(f"SELECT ARRAY[MAP(ARRAY[{key}], ARRAY[2])]")
        with pytest.raises(QueryRefusedError, match="A map by keys of map"):
            engine.query("SELECT ARRAY[MAP(ARRAY[MAP()], ARRAY[2])]")
        assert engine.query("SELECT map_entries(MAP(ARRAY[ARRAY[1]], ARRAY[2]))").rows == [([{"field0": [1], "field1": 2}],)]


def test_tables_larger_than_the_memory_are_refused() -> None:
    """With what to do."""
    tables = make_fixture({"t": {"columns": [{"name": "x", "type": "varchar"}], "rows": [["x" * 20_000_000]]}})
    with closing(FixtureEngine(tables, memory_mb=64)) as engine, pytest.raises(QueryLimitError, match="more than 64 MB of memory"):
        engine.query("SELECT 1")
