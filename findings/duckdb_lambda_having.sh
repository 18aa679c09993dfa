#!/usr/bin/env bash
# A field of what a lambda is given is taken for a column, in HAVING alone.
#
# Version: duckdb 2.0.0
# Expected: an expression that stands in SELECT, WHERE, GROUP BY or ORDER BY may stand in HAVING.
# Happens: in HAVING, e.k of a lambda's e is looked up as the column k of the query, and refused because k is not grouped by; also where the
#     expression stands in the SELECT and HAVING names it by its alias. e alone is the lambda's everywhere, and (e).k its field.
# Seen: SELECT: [1, 1]; ORDER BY: runs; HAVING e.k: "column "k" must appear in the GROUP BY clause"; HAVING by alias: the same; HAVING (e).k: runs
# eventlake: writes (e).k everywhere.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import duckdb

ROWS = "(VALUES (1, 'a'), (1, 'b'), (2, 'a')) t(g, x)"
COUNT = "len(list_filter(list({'k': x}), lambda e: e.k = 'a'))"


def said(statement):
    """Return the rows, or what DuckDB says."""
    try:
        return duckdb.sql(statement).fetchall()
    except duckdb.BinderException as error:
        return str(error).splitlines()[0]


refused = 'Binder Error: column "k" must appear in the GROUP BY clause or be used in an aggregate function'
for statement, seen in {
    f"SELECT g, {COUNT} FROM {ROWS} GROUP BY g ORDER BY g": [(1, 1), (2, 1)],
    f"SELECT g FROM {ROWS} GROUP BY g ORDER BY {COUNT}, g": [(1,), (2,)],
    f"SELECT g FROM {ROWS} GROUP BY g HAVING {COUNT} > 0 ORDER BY g": refused,
    f"SELECT g, {COUNT} AS n FROM {ROWS} GROUP BY g HAVING n > 0 ORDER BY g": refused,
    f"SELECT g FROM {ROWS} GROUP BY g HAVING {COUNT.replace('e.k', '(e).k')} > 0 ORDER BY g": [(1,), (2,)],
}.items():
    print(statement, said(statement), sep="\n  ")
    assert said(statement) == seen
END
