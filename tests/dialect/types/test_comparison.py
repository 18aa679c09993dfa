from __future__ import annotations

from contextlib import closing

import pytest

from eventlake.conformance.fixture import FixtureEngine, read_fixture
from eventlake.errors import QueryRefusedError

JSON = '(values \'{"b":1,"a":2}\', \'{"a":2,"b":1}\') t(x)'


@pytest.mark.parametrize(
    "sql",
    [
        f"select json_parse(x), count(*) from {JSON} group by 1",
        f"select distinct json_parse(x) from {JSON}",
        f"select count(distinct json_parse(x)) from {JSON}",
        f"select json_parse(x) from {JSON} union select json '1'",
        f"select array[json_parse(x)], count(*) from {JSON} group by 1",
        "select distinct m from (values map(array[1, 2], array[3, 4]), map(array[2, 1], array[4, 3])) t(m)",
    ],
)
def test_what_has_several_forms_is_not_told_apart(sql: str) -> None:
    """Athena takes both for one; DuckDB would see two texts, or two orders of entries."""
    with closing(FixtureEngine(read_fixture({}))) as engine, pytest.raises(QueryRefusedError, match="json_format"):
        engine.query(sql)


def test_json_in_a_list_is_compared_by_value() -> None:
    """As it is with =."""
    with closing(FixtureEngine(read_fixture({}))) as engine:
        assert list(engine.query(f'select count(*) from {JSON} where json_parse(x) in (json \'{{"a":2,"b":1}}\')').rows) == [(2,)]
