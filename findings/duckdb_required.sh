#!/usr/bin/env bash
# Whether a Parquet column is OPTIONAL or REQUIRED is decided by the rows that happen to be there.
#
# Version: duckdb 2.0.0.
# Expected: the schema of a file that COPY writes follows from the statement and the types, so two runs of one statement write files of one schema;
#     a copy of a file has the schema of the file.
# Happens: where statistics prove that a column has no NULL at the moment, it is written as REQUIRED: a table column that is declared without NOT NULL,
#     or the copy of a file whose own schema says OPTIONAL. One NULL more, and the next file says OPTIONAL. A reader that takes the schema
#     of the first file for that of all is told that NULL cannot be.
# Seen: without a NULL: REQUIRED; with one: OPTIONAL; file: OPTIONAL; its copy: REQUIRED; its copy with statistics_propagation off: OPTIONAL
# eventlake: turns the optimizer `statistics_propagation` off while it writes a closed hour, so every column stays OPTIONAL.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import duckdb

connection = duckdb.connect()

def written(what, select):
    connection.execute(f"COPY ({select}) TO '{what}.parquet'")
    (kind,) = connection.execute(f"SELECT repetition_type FROM parquet_schema('{what}.parquet') WHERE name = 'a'").fetchone()
    print(f"{what}: {kind}")
    return kind

connection.execute("CREATE TABLE t (a INTEGER)")
connection.execute("INSERT INTO t VALUES (1), (2)")
assert written("without a NULL", "SELECT a FROM t") == "REQUIRED"
connection.execute("INSERT INTO t VALUES (NULL)")
assert written("with one", "SELECT a FROM t") == "OPTIONAL"
assert written("file", "SELECT range::INTEGER a FROM range(10)") == "OPTIONAL"
assert written("its copy", "SELECT a FROM 'file.parquet'") == "REQUIRED"
connection.execute("SET disabled_optimizers = 'statistics_propagation'")
assert written("its copy with statistics_propagation off", "SELECT a FROM 'file.parquet'") == "OPTIONAL"
END
