#!/usr/bin/env bash
# Nine lines of Trino's SQL become DuckDB's SQL that runs and says something else.
#
# Version: sqlglot 30.30.0, from the dialect trino (athena does the same) to duckdb; duckdb 2.0.0; the expected answers are a Trino 476's.
# Expected: what transpile() cannot say in the other dialect is an error, which unsupported_level=ErrorLevel.RAISE asks for.
# Happens: whole numbers are divided as if they were not, the length of a slice is taken for its end, $1 of a replacement is left as it is where
#     DuckDB has \1, days between two moments become midnights between them, and NULLs of contains(), split_part() and regexp_extract() are lost.
# Seen: 5/2: 2.5, not 2; slice(ARRAY[1,2,3,4], 2, 2): [2], not [2, 3]; regexp_replace('ab', '(a)(b)', '$2$1'): $2$1, not ba; and as below
# eventlake: has a translation of its own, held to answers that a real Trino gave; what it cannot answer alike it refuses by name.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0 sqlglot==30.30.0
env/bin/python - <<'END'
import logging

import duckdb
import sqlglot

SEEN = {  # statement: what Trino answers, what DuckDB answers to the translation
    "5/2": (2, 2.5),
    "slice(ARRAY[1,2,3,4], 2, 2)": ([2, 3], [2]),
    "regexp_replace('ab', '(a)(b)', '$2$1')": ("ba", "$2$1"),
    "format('%05.2f', 3.14159e0)": ("03.14", "%05.2f"),
    "substr('abc', 0)": ("", "abc"),
    "date_diff('day', TIMESTAMP '2024-01-01 23:00:00', TIMESTAMP '2024-01-02 01:00:00')": (0, 1),
    "contains(ARRAY[1, NULL], 2)": (None, False),
    "regexp_extract('xyz', 'b')": (None, ""),
    "split_part('a-b', '-', 3)": (None, ""),
}
logging.disable()
for statement, (trino, seen) in SEEN.items():
    (translated,) = sqlglot.transpile(f"SELECT {statement}", read="trino", write="duckdb", unsupported_level=sqlglot.ErrorLevel.RAISE)
    ((answer,),) = duckdb.sql(translated).fetchall()
    print(f"{statement}: {answer!r}, Trino: {trino!r}")
    assert answer == seen and type(answer) is type(seen) and answer != trino
END
