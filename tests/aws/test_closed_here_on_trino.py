"""A real Trino reads an object that was closed on one machine: in several slices, most columns without a value, some nested ones among them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from aws.client import Aws
from aws.events import TABLES
from aws_lake import create_tables, new_bucket
from eventlake.backends import gathering
from eventlake.backends.gathering import Gathering, gather
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.parquet import duckdb_type
from eventlake.backends.parquet_joining import row_groups
from eventlake.backends.trino import TrinoEngine
from eventlake.description import LINES, Description
from eventlake.interfaces import Partition
from eventlake.layout import Hour

pytestmark = pytest.mark.java

HOUR = Hour("2026-11-20", "10")
SAID = Description("lake", "one", LINES, HOUR, 0, 1, 1, 0).encode()
ROWS = 10_000
HELD = {
    "log_id": "'log-' || i",
    "event_id": "'event-' || i",
    "event_time": "timestamp '2026-11-20 10:00:00' + to_milliseconds((i * 7919) % 3600000)",
    "type": "CASE WHEN i % 7 = 0 THEN 'f' ELSE 's' END",
    "details": """'{"n": ' || i || ', "text": "' || md5(i::varchar) || '"}'""",
}
"""What is in the columns that hold something, in DuckDB's SQL; all others hold nothing."""


def test_every_column_of_a_closed_object_is_what_was_stored(aws: Aws, trino: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The values of those that hold something, and NULL in each row of those that do not."""
    monkeypatch.setattr(gathering, "_GROUP_BYTES", 1 << 18)
    monkeypatch.setattr(gathering, "_SLICE_BYTES", 1 << 18)
    table = replace(TABLES["auth0_logs"], database="closed_here")
    columns = tuple((column.stored_name, duckdb_type(column.type)) for column in table.columns)
    shown = ", ".join(f'CAST({HELD.get(name, "NULL")} AS {kind}) AS "{name}"' for name, kind in columns)
    files = tuple(str(tmp_path / f"{number}.parquet") for number in range(4))
    chosen = " UNION ALL ".join(
        f"SELECT '{file}' AS el_path, file_row_number AS el_row, log_id AS el_key, event_time AS el_order_0, log_id AS el_order_1 "
        f"FROM read_parquet('{file}', file_row_number = true)"
        for file in files
    )
    with duckdb.connect() as connection:
        connection.execute("set disabled_optimizers = 'statistics_propagation'")  # as delivery does, whose columns may all hold NULL
        for number, file in enumerate(files):
            connection.execute(
                f"COPY (SELECT {shown} FROM range({ROWS}) r(i) WHERE i % 4 = {number}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)"
            )
        made = tmp_path / "closed.parquet"
        gather(connection, chosen, Gathering(files, ROWS, columns, "log_id", ("event_time", "log_id")), made, tmp_path, SAID)
        held = ", ".join(f'CAST("{name}" AS varchar)' for name in HELD if name != "event_time")
        here = connection.execute(f"SELECT {held} FROM read_parquet('{made}') ORDER BY log_id").fetchall()
    assert len(row_groups(made)) > 3

    bucket = new_bucket(aws)
    create_tables(aws, [table], bucket)
    location = f"closed/{table.name}/{HOUR.date}/1/hour={HOUR.hour}/"
    aws.service("s3").put_object(Bucket=bucket, Key=f"{location}part", Body=made.read_bytes())
    GlueCatalog(aws.service("glue"), [table], bucket).swap(Partition(table.name, HOUR, location, "parquet", {"generation": "1"}))
    engine = TrinoEngine(trino, "lake", [table])
    names = [column.name for column in table.columns]
    counted = ", ".join(f'count("{name}")' for name in names)
    counts = engine.query(f"SELECT {counted} FROM auth0_logs").rows[0]
    there = engine.query(f"SELECT {held} FROM auth0_logs ORDER BY log_id").rows
    ordered = engine.query("SELECT count(*) FROM auth0_logs WHERE event_time >= TIMESTAMP '2026-11-20 10:30:00' AND type = 'f'").rows

    assert dict(zip(names, counts, strict=True)) == {name: ROWS if name in HELD else 0 for name in names}
    assert [tuple(row) for row in there] == here
    late = sum((number * 7919) % 3_600_000 >= 1_800_000 for number in range(0, ROWS, 7))
    assert ordered == [(late,)]
