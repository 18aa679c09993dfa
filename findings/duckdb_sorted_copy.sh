#!/usr/bin/env bash
# A sorted COPY is in order in one file, and not inside the files that it is cut into.
#
# Version: duckdb 2.0.0, its default preserve_insertion_order.
# Expected: COPY (SELECT ... ORDER BY k) keeps the order inside each file that it writes, whatever option names the files.
# Happens: with FILE_SIZE_BYTES or PARTITION_BY a file holds stretches of the order, one behind another; k falls where two meet.
#     Every row is there, and no word is said; a reader that trusts the order, or the bounds of a row group, finds less than it looks for.
# Seen: whole: 1 file, falls 0 times; FILE_SIZE_BYTES: 14 files, falls 18 to 34 times; PARTITION_BY: 3 files, falls 5 to 7 times.
# eventlake: writes a closed hour by one COPY into one file without either option, a slice of the order at a time.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import glob
import duckdb

connection = duckdb.connect()
connection.execute("SET threads = 2")
assert connection.execute("SELECT current_setting('preserve_insertion_order')").fetchone() == (True,)
connection.execute("CREATE TABLE t AS SELECT (hash(range) % 1000000000)::BIGINT k, repeat('x', 100) || range tx, range % 3 p FROM range(1000000)")

def falls(name, option):
    connection.execute(f"COPY (SELECT * FROM t ORDER BY k) TO '{name}' (FORMAT parquet{option})")
    files = sorted(glob.glob(f"{name}/**/*.parquet", recursive=True)) or [name]
    total = 0
    for file in files:
        keys = [k for (k,) in duckdb.sql(f"SELECT k FROM (SELECT k, file_row_number r FROM read_parquet('{file}', file_row_number=true)) ORDER BY r").fetchall()]
        total += sum(a > b for a, b in zip(keys, keys[1:]))
    print(f"{name}: {len(files)} files, k falls {total} times")
    return total

assert falls("whole.parquet", "") == 0
assert falls("sized", ", FILE_SIZE_BYTES 1000000, ROW_GROUP_SIZE 10000") > 0
assert falls("parted", ", PARTITION_BY (p)") > 0
END
