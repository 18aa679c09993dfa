#!/usr/bin/env bash
# A condition more makes a query read ten times as many row groups.
#
# Version: duckdb 2.0.0; a Parquet file of 49 row groups, sorted by a timestamp t.
# Expected: month(t) = 3 AND day(t) = 1 reads at most what month(t) = 3 reads.
# Happens: month(t) = 3 alone skips row groups by their bounds; with AND day(t) = 1 beside it none is skipped. The same day as t::DATE, as a
#     range or by dayofyear reads one.
# Seen: month 5 / 49, month and day 49 / 49, t::DATE 1 / 49, dayofyear 1 / 49
# eventlake: its saved queries bound "date" and event_time by ranges, and the catalog leaves out whole hours before a file is opened.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import re
import duckdb

connection = duckdb.connect()
connection.execute(
    "COPY (SELECT TIMESTAMP '2026-01-01' + INTERVAL (range) MINUTE AS t, range AS x FROM range(500000) ORDER BY t) TO 't.parquet' (ROW_GROUP_SIZE 10000)"
)

def read(condition):
    plan = connection.execute(f"EXPLAIN ANALYZE SELECT count(*), sum(x) FROM 't.parquet' WHERE {condition}").fetchall()[0][1]
    groups, whole = map(int, re.search(r"Row Groups Scanned: *(\d+) / (\d+)", plan).groups())
    print(f"{condition}: {groups} / {whole}")
    return groups

rows = [connection.execute(f"SELECT count(*) FROM 't.parquet' WHERE {c}").fetchone() for c in ("month(t) = 3 AND day(t) = 1", "t::DATE = DATE '2026-03-01'")]
assert rows == [(1440,), (1440,)]
assert read("month(t) = 3") == 5
assert read("month(t) = 3 AND day(t) = 1") == 49
assert read("t::DATE = DATE '2026-03-01'") == 1
assert read("dayofyear(t) = 60") == 1
END
