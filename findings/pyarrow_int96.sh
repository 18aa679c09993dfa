#!/usr/bin/env bash
# pyarrow reads back another year than it wrote, and says nothing.
#
# Version: pyarrow 26.0.1; duckdb 2.0.0 and polars 2.1.0 read the same file.
# Expected: INT96, which Spark writes and Hive, Athena and Trino read, holds every day to the year 9999; a reader gives that day or an error.
# Happens: pyarrow.parquet.read_table counts nanoseconds in 64 bits without a look at overflow: 9999-12-31, a common "for ever", becomes 1816, and
#     1600-01-01 becomes 2184. DuckDB and polars read what was written.
# Seen: pyarrow: 1816-03-29, 2184-07-20; duckdb and polars: 9999-12-31, 1600-01-01
# eventlake: writes timestamps as INT64 microseconds, never as INT96.
. "$(dirname "$0")/with_packages.bash" pyarrow==26.0.1 duckdb==2.0.0 polars==2.1.0
env/bin/python - <<'END'
import datetime
import duckdb
import polars
import pyarrow
import pyarrow.parquet

days = [datetime.datetime(9999, 12, 31), datetime.datetime(1600, 1, 1)]
table = pyarrow.table({"t": pyarrow.array(days, pyarrow.timestamp("us"))})
pyarrow.parquet.write_table(table, "t.parquet", use_deprecated_int96_timestamps=True)

back = [str(value)[:10] for value in pyarrow.parquet.read_table("t.parquet")["t"].cast(pyarrow.string()).to_pylist()]
print("pyarrow:", back)
assert back == ["1816-03-29", "2184-07-20"]
assert [t for (t,) in duckdb.sql("SELECT t FROM 't.parquet'").fetchall()] == days
assert polars.read_parquet("t.parquet")["t"].to_list() == days
END
