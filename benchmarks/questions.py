"""Fifteen questions that people really ask, through the product and hand-written: `python benchmarks/questions.py [EVENTS]`.

Two tables of EVENTS rows together (1,000,000 unless told), in 96 Parquet objects: Auth0 logs with their `details`, most of which lack what is
asked for, and CodePipeline's actions. The product translates Athena's SQL and runs it in a process of its own; beside it runs DuckDB's SQL as
somebody writes it who knows DuckDB, on a connection of its own over the same objects. Interleaved, medians of five. The goal is 1.3 times
plus 20 ms for each. Beside it stands the ratio of processor time, all processes of the product together, which says more on a shared machine.
"""

from __future__ import annotations

import contextlib
import os
import statistics
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
from comparing import Objects

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.errors import QueryError
from eventlake.interfaces import LogObject
from eventlake.layout import Hour
from eventlake.model import Column, Table

FIRST = date(2026, 11, 1)
STRICT = frozenset({"details", "executionresult"})
"""The columns that hold JSON as our mapping writes it, which objects that delivery writes say in the catalog."""
DAYS = 4


def _table(name: str, key: str, **columns: str) -> Table:
    return Table(name, "lake", name, name, name, {}, "$", key, tuple(Column(column, kind, (), "", "") for column, kind in columns.items()))


LOGS = _table(
    "auth0_logs", "log_id", log_id="string", event_time="timestamp", timestamp="string", type="string", ip="string", user_id="string",
    user_agent="string", description="string", details="string",
)  # fmt: skip
ACTIONS = _table(
    "actions", "event_id", event_id="string", event_time="timestamp", pipeline="string", executionid="string", stage="string",
    action="string", state="string", executionresult="string",
)  # fmt: skip

AGENTS = (
    "['Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36', "
    "'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148', "
    "'python-requests/2.32', 'Auth0-Client/9.2']"
)
LINES = {
    LOGS.name: f"""
    SELECT 'log' || i AS log_id, TIMESTAMP 'START' + to_milliseconds(i * 3600000 // ROWS) AS event_time,
      strftime(TIMESTAMP 'START' + to_milliseconds(i * 3600000 // ROWS), '%Y-%m-%dT%H:%M:%S.%gZ') AS "timestamp",
      ['s', 's', 's', 'fp', 'fu', 'seacft', 'slo'][1 + i % 7] AS type, '203.0.' || i % 113 || '.' || i % 250 AS ip,
      'auth0|' || md5(CAST(i % 5000 AS VARCHAR)) AS user_id, {AGENTS}[1 + i % 4] AS user_agent,
      CASE WHEN i % 7 IN (3, 4) THEN 'Wrong email or password: try ' || i % 9 || ' of 10' END AS description,
      CASE WHEN i % 11 = 0 THEN NULL WHEN i % 5 = 0 THEN
        '{{"prompts":[{{"name":"login","elapsedTime":' || i % 4000 || '}}],"initiatedAt":' || 1760000000000 + i || ',"session_id":"' || md5(CAST(i AS VARCHAR))
        || '","stats":{{"loginsCount":' || i % 90 || '}},"qs":{{"client_id":"c' || i % 12 || '","state":"' || md5(CAST(i + 1 AS VARCHAR)) || '"}}}}'
      ELSE '{{"body":{{"tenant":"example","connection":"Username-Password-Authentication","client":{{"id":"' || md5(CAST(i % 40 AS VARCHAR))
        || '"}}}},"error":{{"message":"Wrong email or password.","oauthError":"invalid_user_password"}},"elapsedTime":' || i % 4000 || '}}' END AS details
    FROM range(FROM_ROW, FROM_ROW + ROWS) AS r(i)""",
    ACTIONS.name: """
    SELECT 'event' || i AS event_id, TIMESTAMP 'START' + to_milliseconds(i * 3600000 // ROWS) AS event_time,
      ['web', 'api', 'infra', 'docs'][1 + i % 4] || '-deploy' AS pipeline, 'exec-' || i // 12 AS executionid,
      ['Source', 'Build', 'Deploy'][1 + i % 3] AS stage, 'action' || i % 5 AS action,
      ['STARTED', 'SUCCEEDED', 'STARTED', 'FAILED', 'STARTED', 'SUCCEEDED'][1 + i % 6] AS state,
      CASE WHEN i % 6 = 3 THEN '{"external-execution-summary":"Build failed: exit status 1 in phase INSTALL","error-code":"JobFailed"}' END AS executionresult
    FROM range(FROM_ROW, FROM_ROW + ROWS) AS r(i)""",
}

QUESTIONS: tuple[tuple[str, str, str], ...] = (
    (
        "a field of details that most rows lack",
        "select json_extract_scalar(details, '$.qs.client_id') c, count(*) from auth0_logs group by 1",
        "SELECT details ->> '$.qs.client_id' c, count(*) FROM auth0_logs GROUP BY 1",
    ),
    (
        "two fields of details, one as a number",
        "select json_extract_scalar(details, '$.error.oauthError') e, avg(cast(json_extract_scalar(details, '$.elapsedTime') as bigint)) "
        "from auth0_logs where json_extract_scalar(details, '$.body.connection') is not null group by 1",
        "SELECT details ->> '$.error.oauthError' e, avg(CAST(details ->> '$.elapsedTime' AS BIGINT)) "
        "FROM auth0_logs WHERE details ->> '$.body.connection' IS NOT NULL GROUP BY 1",
    ),
    (
        "mobile browsers",
        "select regexp_like(user_agent, '(?i)mobile|iphone') m, count(distinct user_id) from auth0_logs group by 1",
        "SELECT regexp_matches(user_agent, '(?i)mobile|iphone') m, count(DISTINCT user_id) FROM auth0_logs GROUP BY 1",
    ),
    (
        "logins per day and type",
        "select date_trunc('day', event_time) d, type, count(*) from auth0_logs group by 1, 2",
        "SELECT date_trunc('day', event_time) d, type, count(*) FROM auth0_logs GROUP BY 1, 2",
    ),
    (
        "one day by year, month and day",
        "select type, count(*) from auth0_logs where year(event_time) = 2026 and month(event_time) = 11 and day(event_time) = 2 group by 1",
        "SELECT type, count(*) FROM auth0_logs WHERE event_time >= TIMESTAMP '2026-11-02' AND event_time < TIMESTAMP '2026-11-03' GROUP BY 1",
    ),
    (
        "users per hour",
        'select hour(from_iso8601_timestamp("timestamp")) h, approx_distinct(user_id) from auth0_logs group by 1',
        'SELECT hour(CAST("timestamp" AS TIMESTAMP)) h, count(DISTINCT user_id) FROM auth0_logs GROUP BY 1',
    ),
    (
        "addresses with many failures",
        "select ip, count_if(type in ('fp', 'fu')) f, count(*) n from auth0_logs group by 1 having count_if(type in ('fp', 'fu')) > 10 "
        "order by 2 desc, 1 limit 20",
        "SELECT ip, count(*) FILTER (type IN ('fp', 'fu')) f, count(*) n FROM auth0_logs GROUP BY 1 HAVING f > 10 ORDER BY 2 DESC, 1 LIMIT 20",
    ),
    (
        "domains and numbers cut out of texts",
        "select split_part(user_id, '|', 1) p, upper(substr(description, 1, 5)) d, max(cast(regexp_extract(description, '[0-9]+') as integer)) "
        "from auth0_logs group by 1, 2",
        "SELECT split_part(user_id, '|', 1) p, upper(substr(description, 1, 5)) d, "
        "max(TRY_CAST(regexp_extract(description, '[0-9]+') AS INTEGER)) FROM auth0_logs GROUP BY 1, 2",
    ),
    (
        "a chain of replacements",
        "select replace(replace(replace(user_agent, 'Mozilla', 'M'), 'AppleWebKit', 'A'), 'KHTML', 'K') u, count(*) from auth0_logs group by 1",
        "SELECT replace(replace(replace(user_agent, 'Mozilla', 'M'), 'AppleWebKit', 'A'), 'KHTML', 'K') u, count(*) FROM auth0_logs GROUP BY 1",
    ),
    (
        "the latest login of each user",
        "select user_id, ip from (select user_id, ip, row_number() over (partition by user_id order by event_time desc) n from auth0_logs) where n = 1",
        "SELECT user_id, ip FROM auth0_logs QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY event_time DESC) = 1",
    ),
    (
        "the last failure of each pipeline",
        "select pipeline, max_by(json_extract_scalar(executionresult, '$[\"external-execution-summary\"]'), event_time) from actions "
        "where state = 'FAILED' group by 1",
        "SELECT pipeline, arg_max(executionresult ->> '$.external-execution-summary', event_time) FROM actions WHERE state = 'FAILED' GROUP BY 1",
    ),
    (
        "how long each stage takes",
        "select pipeline, stage, approx_percentile(date_diff('second', s, e), 0.9) from (select pipeline, stage, executionid, min(event_time) s, "
        "max(event_time) e from actions group by 1, 2, 3) group by 1, 2",
        "SELECT pipeline, stage, quantile_disc(date_sub('second', s, e), 0.9) FROM (SELECT pipeline, stage, executionid, min(event_time) s, "
        "max(event_time) e FROM actions GROUP BY 1, 2, 3) GROUP BY 1, 2",
    ),
    (
        "starts joined with their ends",
        "select a.pipeline, count(*) from actions a join actions b on a.executionid = b.executionid and a.action = b.action and b.state = 'FAILED' "
        "where a.state = 'STARTED' group by 1",
        "SELECT a.pipeline, count(*) FROM actions a JOIN actions b ON a.executionid = b.executionid AND a.action = b.action AND b.state = 'FAILED' "
        "WHERE a.state = 'STARTED' GROUP BY 1",
    ),
    (
        "failures of each day, formatted",
        "select date_format(event_time, '%Y-%m-%d') d, format('%.1f', 100e0 * count_if(state = 'FAILED') / count(*)) from actions group by 1 order by 1",
        "SELECT strftime(event_time, '%Y-%m-%d') d, printf('%.1f', 100.0 * count(*) FILTER (state = 'FAILED') / count(*)) FROM actions GROUP BY 1 ORDER BY 1",
    ),
    (
        "words of descriptions",
        "select w, count(*) from auth0_logs cross join unnest(split(description, ' ')) t(w) group by 1 order by 2 desc, 1 limit 10",
        "SELECT w, count(*) FROM (SELECT unnest(string_split(description, ' ')) w FROM auth0_logs) GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
    ),
)


def lake(folder: Path, events: int) -> list[LogObject]:
    """Write the objects, four fifths of the events as logs."""
    made = []
    with duckdb.connect() as connection:
        for table in (LOGS, ACTIONS):
            lines = LINES[table.name]
            rows = events * (4 if table is LOGS else 1) // 5 // (DAYS * 12)
            for index in range(DAYS * 12):
                hour = Hour((FIRST + timedelta(days=index // 12)).isoformat(), f"{index % 12 * 2:02}")
                path = folder / f"{table.prefix}/{hour.path}/a.parquet"
                path.parent.mkdir(parents=True)
                filled = (
                    lines.replace("FROM_ROW", str(index * rows))
                    .replace("ROWS", str(rows))
                    .replace("START", f"{hour.date} {hour.hour}:00:00")
                )
                filled = filled.replace("(i * 3600000", f"((i - {index * rows}) * 3600000")
                connection.execute(f"COPY ({filled}) TO '{path}' (FORMAT parquet)")
                body, key = path.read_bytes(), str(path.relative_to(folder))
                made.append(LogObject(table.name, hour, key, "parquet", len(body), rows, zlib.crc32(body), strict=STRICT))
    return made


def hand_written(sql: str, folder: Path) -> None:
    """Ask as somebody does who knows DuckDB."""
    with duckdb.connect() as connection:
        for table in (LOGS, ACTIONS):
            connection.execute(f"CREATE VIEW {table.name} AS SELECT * FROM read_parquet('{folder}/{table.prefix}/**/*.parquet')")
        connection.execute(sql).fetchall()


def processor_s() -> float:
    """Return the seconds of processor time of this process and all that it or its children began."""
    ticks = 0
    for process in family(os.getpid()):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended; who waits for it counts it
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15]))  # its own and of those that it waited for, proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


def family(root: int) -> list[int]:
    """Return a process and all that it or its children began."""
    family, todo = [], [root]
    while todo:
        process = todo.pop()
        family.append(process)
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            todo += [int(child) for task in Path(f"/proc/{process}/task").iterdir() for child in (task / "children").read_text().split()]
    return family


@dataclass
class Taken:
    """Seconds that runs took, by the clock and of the processor."""

    clock: list[float] = field(default_factory=list)
    processor: float = 0.0

    @property
    def median(self) -> float:
        """The median by the clock."""
        return statistics.median(self.clock)


def compared(*runs: Callable[[], object]) -> list[Taken]:
    """What each takes in five runs, interleaved; the processor's time is read when the processes of a run are gone."""
    taken = [Taken() for _ in runs]
    for _ in range(5):
        for run, one in zip(runs, taken, strict=True):
            processor, started = processor_s(), time.perf_counter()
            run()
            one.clock.append(time.perf_counter() - started)
            time.sleep(0.1)
            one.processor += processor_s() - processor
    return taken


def main() -> None:
    """Print a line for each question, and how many miss the goal."""
    events = int((sys.argv[1:] or ["1000000"])[0])
    missed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        engine = DuckDBEngine(Objects([LOGS, ACTIONS], lake(folder, events)), folder, warm=2)
        print(f"{events:,} events")
        for title, athena, plain in QUESTIONS:
            try:
                product, hand = compared(lambda sql=athena: engine.query(sql), lambda sql=plain: hand_written(sql, folder))  # type: ignore[misc]
            except QueryError as error:
                missed += 1
                print(f"{title:42} {error}")
                continue
            is_reached = product.median <= 1.3 * hand.median + 0.02
            missed += not is_reached
            print(
                f"{title:42} product {product.median * 1000:7.1f} ms   hand-written {hand.median * 1000:7.1f} ms   "
                f"ratio {product.median / hand.median:5.2f}   of the processor {product.processor / hand.processor:5.2f}   "
                f"{'reached' if is_reached else 'missed'}"
            )
        engine.close()
    print(f"{missed} of {len(QUESTIONS)} miss 1.3x + 20 ms")


if __name__ == "__main__":
    main()
