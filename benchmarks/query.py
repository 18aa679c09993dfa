"""A query through the product against hand-written DuckDB over the same objects: `python benchmarks/query.py [HOURS] [ROWS]`.

Both answer the same seven questions over one lake of HOURS Parquet objects (8,760: a year) with ROWS log lines each, interleaved, medians of
seven. The product answers as `serve` does, each query in a process of its own that is begun after the one before; hand-written DuckDB opens a
connection for each. Then the translation of a statement of sixty lines, and the first query of a fresh process. The goal for a query is 1.15
times plus 20 ms.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
from comparing import medians

from eventlake.backends.catalog.entries import NewObject
from eventlake.backends.duckdb import DuckDBEngine
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.dialect.translate import translate
from eventlake.interfaces import LogObject, Partition
from eventlake.layout import Hour
from eventlake.model import Column, Table

NAMES = ("log_id", "timestamp", "ip", "user_id", "type", "details")
LOGS = Table(
    "auth0_logs", "auth0", "auth0", "Logs.", "auth0", {}, "$.detail", "log_id", tuple(Column(name, "string", (), "", "") for name in NAMES)
)
FIRST = date(2026, 1, 1)
LINES = """
    SELECT 'log' || i AS log_id, strftime(TIMESTAMP '2026-01-01' + to_seconds(i), '%Y-%m-%dT%H:%M:%S.%gZ') AS "timestamp",
      '192.0.2.' || i % 250 AS ip, 'auth0|u' || i % 40 AS user_id, CASE i % 7 WHEN 0 THEN 'fp' WHEN 1 THEN 'fu' ELSE 's' END AS type,
      '{"qs":{"client_id":"c' || i % 9 || '","state":"abcdefghijklmnop"},"elapsedTime":' || i || ',"stats":{"loginsCount":1}}' AS details
    FROM range(ROWS) AS r(i)
"""
DAY, WEEK = "date = date '2026-01-03'", "date between date '2026-01-01' and date '2026-01-07'"
QUESTIONS: tuple[tuple[str, str, str, slice], ...] = (
    (
        "types in one hour",
        f"select type, count(*) from auth0_logs where {DAY} and hour = '05' group by 1",
        "SELECT type, count(*) FROM {} GROUP BY 1",
        slice(53, 54),
    ),
    (
        "failed logins per IP in a day",
        f"select ip, count(*) from auth0_logs where {DAY} and type in ('fp', 'fu') group by 1",
        "SELECT ip, count(*) FROM {} WHERE type IN ('fp', 'fu') GROUP BY 1",
        slice(48, 72),
    ),
    (
        "a JSON field in a day",
        f"select json_extract_scalar(details, '$.qs.client_id'), count(*) from auth0_logs where {DAY} group by 1",
        "SELECT CASE WHEN json_valid(details) THEN details ->> '$.qs.client_id' END, count(*) FROM {} GROUP BY 1",
        slice(48, 72),
    ),
    (
        "one user in seven days",
        f"select \"timestamp\", type, ip from auth0_logs where {WEEK} and user_id = 'auth0|u1' order by 1",
        "SELECT \"timestamp\", type, ip FROM {} WHERE user_id = 'auth0|u1' ORDER BY 1",
        slice(0, 168),
    ),
    (
        "types per hour in seven days",
        f"select date, hour, type, count(*) from auth0_logs where {WEEK} group by 1, 2, 3",
        "SELECT filename, type, count(*) FROM {} GROUP BY 1, 2",
        slice(0, 168),
    ),
    (
        "mean age in seven days",
        f"select type, avg(date_diff('second', from_iso8601_timestamp(\"timestamp\"), current_timestamp)) from auth0_logs where {WEEK} group by 1",
        "SELECT type, avg(date_sub('second', CAST(\"timestamp\" AS TIMESTAMP), TIMESTAMP '2027-01-01')) FROM {} GROUP BY 1",
        slice(0, 168),
    ),
    ("types in a year", "select type, count(*) from auth0_logs group by 1", "SELECT type, count(*) FROM {} GROUP BY 1", slice(0, None)),
)


def lake(folder: Path, hours: int, rows: int) -> list[LogObject]:
    """One object for each hour, all with the same log lines."""
    first = folder / "first.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({LINES.replace('ROWS', str(rows))}) TO '{first}' (FORMAT parquet)")
    body = first.read_bytes()
    made = []
    for index in range(hours):
        hour = Hour((FIRST + timedelta(days=index // 24)).isoformat(), f"{index % 24:02}")
        path = folder / f"auth0/{hour.path}/a.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
        made.append(LogObject("auth0_logs", hour, str(path.relative_to(folder)), "parquet", len(body), rows, zlib.crc32(body)))
    return made


def catalogued(folder: Path, objects: Sequence[LogObject]) -> SqliteCatalog:
    """The catalog of these objects, as a lake on this machine has it."""
    catalog = SqliteCatalog(folder / "catalog.db", hurried=True)
    catalog.register_tables([LOGS], "parquet")
    new = [NewObject(one.key, one.table, one.hour, one.format, one.size_bytes, one.rows or 0, one.crc32 or 0) for one in objects]
    catalog.register(new, [Partition(one.table, one.hour, f"{Path(one.key).parent}/", one.format) for one in objects], [], {})
    return catalog


def hand_written(sql: str, paths: Sequence[str]) -> None:
    """The question as somebody who knows DuckDB writes it."""
    listed = ", ".join(f"'{path}'" for path in paths)
    with duckdb.connect() as connection:
        connection.execute(sql.format(f"read_parquet([{listed}]{', filename=true' if 'filename' in sql else ''})")).fetchall()


def sixty_lines() -> str:
    """A statement of sixty lines: twenty WITH parts of three lines."""
    parts = ",\n".join(f"p{i} as (\n  select type, count(*) n from auth0_logs where hour = '{i:02}'\n  group by 1)" for i in range(19))
    return f"with {parts}\nselect p0.type, p0.n + p1.n\nfrom p0 join p1 on p0.type = p1.type\norder by 1"


def main() -> None:
    """Print a line for each question."""
    given = [int(number) for number in sys.argv[1:3]]
    hours, rows = [*given, *(8760, 120)[len(given) :]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        objects = lake(folder, hours, rows)
        engine = DuckDBEngine(catalogued(folder, objects), folder, warm=2)
        print(f"{hours:,} objects of {rows:,} log lines")
        for title, sql, plain, part in QUESTIONS:
            paths = [f"{folder}/{item.key}" for item in objects[part]]
            product, hand = medians(lambda sql=sql: engine.query(sql), lambda plain=plain, paths=paths: hand_written(plain, paths))  # type: ignore[misc]
            goal = "reached" if product <= 1.15 * hand + 0.02 else f"missed by {(product - 1.15 * hand - 0.02) * 1000:.0f} ms"
            print(
                f"{title:32} product {product * 1000:7.1f} ms   hand-written {hand * 1000:7.1f} ms   ratio {product / hand:.2f}   goal {goal}"
            )
    statement, now = sixty_lines(), datetime(2026, 11, 20, tzinfo=UTC)
    (translation,) = medians(lambda: translate(statement, [LOGS], now))
    print(f"translation of {len(statement.splitlines())} lines: {translation * 1000:.1f} ms (goal 5)")
    script = (
        "from pathlib import Path; from comparing import Objects; from eventlake.backends.duckdb import DuckDBEngine; "
        "DuckDBEngine(Objects([], []), Path('.')).query('select 1 / 2')"
    )
    (fresh,) = medians(lambda: subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parent))
    print(f"first query of a fresh process: {fresh * 1000:.0f} ms (goal 600)")


if __name__ == "__main__":
    main()
