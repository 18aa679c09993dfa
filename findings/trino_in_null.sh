#!/usr/bin/env bash
# What is true in the SELECT keeps no row in the WHERE.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: WHERE keeps the rows for which its condition is true, and the SELECT shows the condition true for them.
# Happens: (1, NULL) IN (SELECT 1, NULL) is true in the SELECT, where the row is looked for in a set of rows; as a WHERE it becomes a join,
#     in which no row with a NULL in it equals another. NaN does the same without any row: it is IN a subquery that gives NaN, and is not kept.
#     NOT IN keeps neither of them.
# Seen: (1, NULL): SELECT true, WHERE 0 rows, WHERE NOT 0 rows; NaN: the same; (1, 1): true, 1 row, 0 rows
# eventlake: keeps the rows that Trino keeps.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

CASES = {"a, b": ("1, CAST(NULL AS integer)", 0), "a": ("nan()", 0), "c, d": ("1, 1", 1)}
for names, (values, kept) in CASES.items():
    rows = f"(SELECT {names} FROM (SELECT {values}) t({names}))"
    shown = ask(f"SELECT ({names}) IN {rows} FROM {rows}")
    counts = [ask(f"SELECT count(*) FROM {rows} WHERE {word} (({names}) IN {rows})")[0][0] for word in ("", "NOT")]
    print(values, shown, counts)
    assert shown == [[True]]
    assert counts == [kept, 0]
END
