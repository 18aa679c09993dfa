#!/usr/bin/env bash
# Columns that are given do not keep a reader of JSON lines from guessing, and the guess takes 32 MB a file.
#
# Version: duckdb 2.0.0.
# Expected: read_json() with `columns` and `format` has nothing to find out; a file of 100 bytes takes little memory; a record has the values of its keys.
# Happens: it still looks for whether the lines are records, in up to 32 files, and holds 32 MB for each until the statement has ended.
#     Where the first line is none, each record behind it becomes the value of every column, as text. `records = true` ends both.
# Seen: 96 readings of 100 bytes within 1 GB: out of memory; with records = true: 48 rows in each of four.
#     Of `[1]` and `{"id": "a"}` the column id: [1], {"id":"a"}; with records = true: an error that names file and line.
# eventlake: says `records = true` wherever it reads JSON lines.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import gzip

import duckdb

for number in range(24):
    with gzip.open(f"{number}.json.gz", "wb") as file:
        file.write(b'{"id": "a"}\n{"id": "b"}\n')
with open("mixed.json", "wb") as file:
    file.write(b'[1]\n{"id": "a"}\n')

def reading(files, more):
    return f"read_json({files}, columns = {{id: 'VARCHAR'}}, format = 'newline_delimited'{more})"

def answer(sql):
    connection = duckdb.connect(config={"threads": 1, "memory_limit": "1GB", "temp_directory": ""})
    try:
        return connection.execute(sql).fetchall()
    except duckdb.OutOfMemoryException:
        return "out of memory"
    except duckdb.InvalidInputException as error:
        return str(error).splitlines()[0]

for more in ("", ", records = true"):
    files = [f"{number}.json.gz" for number in range(24)]
    many = answer(" UNION ALL ".join([f"SELECT count(*) FROM {reading(files, more)}"] * 4))
    mixed = answer(f"SELECT id FROM {reading(repr('mixed.json'), more)}")
    print(f"{more or 'as it is'}: {many}; {mixed}")
    if more:
        assert many == [(48,)] * 4 and "mixed.json" in mixed and "line 1" in mixed
    else:
        assert many == "out of memory" and mixed == [("[1]",), ('{"id":"a"}',)]
END
