"""Each layer with the others switched off: statements of DuckDB's own, which no translation has seen."""

from __future__ import annotations

from typing import Any

import pytest

from by_day import one_in
from eventlake.query.box import landlock, seccomp
from eventlake.query.box.answering import MANY_OBJECTS
from eventlake.query.box.walls import LAYERS
from query.box.watching import ATTACKS, MEMORY_MB, SECRET, Place

FENCED = landlock.abi() > 0
BOTH_WALLS = pytest.mark.skipif(not (FENCED and seccomp.is_available()), reason="no Landlock or seccomp")
ESCAPES = [
    *(one["sql"] for one in ATTACKS if one.get("raw")),  # those in DuckDB's own SQL
    "select content from read_text('{outside}/secret.csv')",
    "select * from '{outside}/t.parquet'",
    "select * from read_csv('{outside}/*.csv')",
    "select * from read_parquet('{lake}/../outside/t.parquet')",
    "select file from glob('{outside}/*')",
    "copy (select 1) to '{lake}/x.csv'",
    "copy (select 1) to '{lake}/x.parquet' (format parquet)",
    "export database '{outside}/exported'",
    "attach '{outside}/new.duckdb'",
    "attach '{lake}/new.duckdb'",
    "select content from read_text('/proc/self/environ')",
    "select content from read_text('/proc/' || 'self/maps')",
    "load '{outside}/x.duckdb_extension'",
    "select * from read_text('http://127.0.0.1:1/x')",
]
DESTROYS = [
    "copy (select 1) to '{object}' (format csv, use_tmp_file false)",
    "select 1; copy (select 1) to '{object}' (format csv, use_tmp_file false)",
    "select * from read_parquet('{object}'); copy (select 1) to '{object}' (format csv, use_tmp_file false); select 1",
    "with x as (copy (select 1) to '{object}' (format csv, use_tmp_file false)) select * from x",
]
"""They cut a stored object to nothing when it is opened, before a limit on what is written is asked."""
EXHAUST = [
    "select max(r) from (select random() r, repeat('x',200) s from range(50000000) order by r,s)",
    "select count(*) from (select x, count(*) from range(300000000) t(x) group by x)",
    "select length(string_agg(repeat('x',1000),'')) from range(10000000)",
    "select length(rpad('a',2000000000,'b'))",
    "select list(i) from range(1000000000) t(i)",
    "select count(*) from range(1000000) a, range(1000000) b",
    "with recursive t(n) as (select 1 union all select n+1 from t) select max(n) from t",
    f"select {'(' * 100_000}1{')' * 100_000}",
]


@pytest.mark.parametrize(
    "layers", [("engine",), pytest.param(("landlock",), marks=pytest.mark.skipif(not FENCED, reason="no Landlock")), LAYERS]
)
@pytest.mark.parametrize("sql", one_in(8, ESCAPES))
def test_duckdbs_locks_and_landlock_each_and_all_together_keep_a_statement_inside(place: Place, sql: str, layers: tuple[str, ...]) -> None:
    """Nothing outside is read, nothing anywhere is written, and the owner's environment is not seen."""
    before = place.state()

    said, _ = place.raw(place.text({"sql": sql}), layers)

    if "'{lake}/" in sql and layers == ("engine",):  # its locks are about folders, and this one is its own
        for path in {*place.state()} - {*before}:
            (place.root / path).unlink()
    assert place.state() == before
    assert SECRET.encode() not in said


@pytest.mark.parametrize("sql", one_in(8, ESCAPES))
def test_the_limits_of_the_process_alone_let_no_byte_be_written(place: Place, sql: str) -> None:
    """They do not hide files, but nothing is changed, and there is no environment to be seen."""
    before = place.state()

    place.raw(place.text({"sql": sql}), ("process",))

    after = place.state()
    for path in sorted({*after} - {*before}, reverse=True):
        assert not after.pop(path)
        made = place.root / path
        made.rmdir() if made.is_dir() else made.unlink()
    assert after == before


def walls_that_stand(*layers: str) -> Any:  # what parametrize takes
    """Return the cases of layers of the kernel's, each skipped where it has none."""
    there = {"landlock": FENCED, "seccomp": seccomp.is_available()}
    return [pytest.param((layer,), marks=pytest.mark.skipif(not there[layer], reason=f"no {layer}")) for layer in layers]


@pytest.mark.parametrize("layers", walls_that_stand("seccomp"))
@pytest.mark.parametrize("sql", one_in(8, ESCAPES))
def test_seccomp_alone_lets_nothing_be_changed(place: Place, sql: str, layers: tuple[str, ...]) -> None:
    """It hides no file, but none is made, emptied, written or removed, and there is no network."""
    before = place.state()

    place.raw(place.text({"sql": sql}), layers)

    assert place.state() == before


@pytest.mark.parametrize("layers", [LAYERS, ("process", "seccomp", "answer"), *walls_that_stand("seccomp", "landlock")])
@pytest.mark.parametrize("sql", DESTROYS)
def test_no_object_is_emptied(place: Place, sql: str, layers: tuple[str, ...]) -> None:
    """By a statement that was slipped in, also where there is no Landlock, or no seccomp."""
    before = place.state()

    place.raw(place.text({"sql": sql}), layers)

    assert place.state() == before


@pytest.mark.parametrize("sql", DESTROYS[:3])
def test_the_engine_alone_runs_one_select_only(place: Place, sql: str) -> None:
    """A statement beside it, or of another kind, is refused by name."""
    before = place.state()

    said, _ = place.raw(place.text({"sql": sql}), ("engine",))

    assert b"only one SELECT may" in said
    assert place.state() == before


@pytest.mark.parametrize("layers", [LAYERS, pytest.param(("process",), marks=pytest.mark.slow)])
@pytest.mark.parametrize("sql", one_in(2, EXHAUST), ids=range(len(EXHAUST)))
def test_the_limits_of_the_process_bound_its_memory(place: Place, sql: str, layers: tuple[str, ...]) -> None:
    """With DuckDB's own limit or without it."""
    _, end = place.raw(sql, layers)

    assert end is not None
    assert end.peak_mb < MEMORY_MB


def test_the_process_has_no_environment(place: Place) -> None:
    """Nothing of its owner's is left in it, though with every other layer switched off DuckDB may look."""
    said, _ = place.raw("select octet_length(content) from read_blob('/proc/self/environ')", ())

    assert said == b"\x91\x91\x00"


def test_every_layer_together_answers(place: Place) -> None:
    """What is locked can still be asked."""
    said, end = place.raw(f"select count(*) from read_parquet('{place.lake}/{place.logs.key}')", LAYERS)

    assert said == b"\x91\x91\xcd\x07\xd0"
    assert end is not None


@pytest.mark.parametrize(
    ("layers", "objects", "may_open_files"),
    [
        (LAYERS, MANY_OBJECTS, b"false"),
        (("engine",), MANY_OBJECTS + 1, b"false"),
        (("engine", "landlock"), MANY_OBJECTS + 1, b"false"),
        (("engine", "seccomp"), MANY_OBJECTS + 1, b"false"),
        pytest.param(LAYERS, MANY_OBJECTS + 1, b"true", marks=BOTH_WALLS),
    ],
)
def test_duckdb_locks_its_folder_unless_it_reads_many_objects_behind_both_walls_of_the_kernel(
    place: Place, layers: tuple[str, ...], objects: int, may_open_files: bytes
) -> None:
    """Its lock asks for the real path of each object three times."""
    said, _ = place.raw("select current_setting('enable_external_access')::varchar", layers, objects)

    assert may_open_files in said


@BOTH_WALLS
@pytest.mark.parametrize("sql", one_in(8, ESCAPES))
def test_the_walls_of_the_kernel_keep_a_statement_over_many_objects_inside(place: Place, sql: str) -> None:
    """Nothing outside is read and nothing anywhere is written, though DuckDB's own lock is left out."""
    before = place.state()

    said, _ = place.raw(place.text({"sql": sql}), LAYERS, MANY_OBJECTS + 1)

    assert place.state() == before
    assert SECRET.encode() not in said


@pytest.mark.parametrize(
    "sql", ["select size from read_blob('{outside}/secret.csv')", "select content from read_text('/proc/self/cgroup')"]
)
def test_of_few_objects_a_statement_is_not_even_told_what_files_there_are(place: Place, sql: str) -> None:
    """Which Landlock lets a process see, and the limits of its control group."""
    said, _ = place.raw(place.text({"sql": sql}), LAYERS)

    assert b"QueryFailedError" in said or b"CorruptObjectError" in said or b"QueryRefusedError" in said
