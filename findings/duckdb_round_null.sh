#!/usr/bin/env bash
# round() of a NULL is 0, if it is rounded to a place before all the digits that its type has.
#
# Version: duckdb 2.0.0
# Expected: round(NULL, n) is NULL for every n.
# Happens: a DECIMAL(5,2) has three digits before its point. round(x, -3) keeps a NULL; round(x, -4) and less make 0 of every row, those of NULL too.
#     A NULL that the optimizer sees, as in SELECT round(NULL::DECIMAL(5,2), -4), stays NULL; so does that of a double.
# Seen: x: NULL 1.50 NULL; round(x, -3): NULL 0 NULL; round(x, -4): 0 0 0; as a double: NULL 0.0 NULL
# eventlake: puts a CASE around it.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import duckdb

rows = "(VALUES (NULL::DECIMAL(5,2)), (1.5), (NULL)) t(x)"


def rounded(value, digits):
    return [None if x is None else float(x) for (x,) in duckdb.sql(f"SELECT round({value}, {digits}) FROM {rows}").fetchall()]


for value, digits, seen in (("x", -3, [None, 0.0, None]), ("x", -4, [0.0, 0.0, 0.0]), ("x", -9, [0.0, 0.0, 0.0]), ("x::DOUBLE", -4, [None, 0.0, None])):
    print(value, digits, rounded(value, digits))
    assert rounded(value, digits) == seen
assert duckdb.sql("SELECT round(NULL::DECIMAL(5,2), -4)").fetchall() == [(None,)]
END
