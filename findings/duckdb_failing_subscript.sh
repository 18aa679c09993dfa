#!/usr/bin/env bash
# What fails by itself is NULL to COALESCE and IS NULL, if it is taken from a list of nothing but NULL.
#
# Version: duckdb 2.0.0
# Expected: where a subscript cannot be cast, the statement fails, whatever asks about the element.
# Happens: the element of [1, NULL] fails under COALESCE and IS NULL as by itself. That of [NULL] fails by itself; but its type is that of NULL,
#     so that COALESCE passes it over and IS NULL says true of it, and the cast is never tried: of a literal as of a column.
# Seen: by itself: error, error; IS NULL: True for [NULL], error for [1, NULL]; coalesce(..., 7): 7 for [NULL], error for [1, NULL]
# eventlake: decides by itself what can be nothing but a failure, and fails by name.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import duckdb


def asked(expression):
    try:
        return duckdb.sql(f"SELECT {expression} FROM (VALUES ('x')) t(s)").fetchall()[0][0]
    except duckdb.ConversionException:
        return "error"


for subscript in ("CAST('x' AS BIGINT)", "CAST(s AS BIGINT)"):
    for form, of_nulls, of_numbers in (("{}", "error", "error"), ("({}) IS NULL", True, "error"), ("coalesce({}, 7)", 7, "error")):
        for values, seen in (("[NULL]", of_nulls), ("[1, NULL]", of_numbers)):
            expression = form.format(f"({values})[{subscript}]")
            print(f"{expression}: {asked(expression)}")
            assert asked(expression) == seen
END
