#!/usr/bin/env bash
# NULLS FIRST moves what is not NULL: where NaN stands among numbers depends on where the NULLs are wanted.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: NaN is less or greater than every number, and NULLS FIRST and NULLS LAST place the NULLs alone.
# Happens: NaN is greater than every number with NULLS LAST, which is the default, and less than every number with NULLS FIRST. So the word moves
#     NaN from one end of the numbers to the other, also where there is no NULL. A comparison has it as neither (NaN > 1 is false), max() as none
#     of the values, array_sort() as the greatest.
# Seen: ASC: 1 2 NaN NULL; ASC NULLS FIRST: NULL NaN 1 2; DESC: NaN 2 1 NULL; DESC NULLS FIRST: NULL 2 1 NaN;
#     nan() > 1: false; max: 1; array_sort: 1 NaN NULL
# eventlake: answers in Trino's order; DuckDB has NaN as the greatest in each of the four.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

SEEN = {
    "ASC": [1.0, 2.0, "NaN", None],
    "ASC NULLS FIRST": [None, "NaN", 1.0, 2.0],
    "DESC": ["NaN", 2.0, 1.0, None],
    "DESC NULLS FIRST": [None, 2.0, 1.0, "NaN"],
}
for order, expected in SEEN.items():
    rows = [row[0] for row in ask(f"SELECT x FROM (VALUES 2e0, nan(), NULL, 1e0) t(x) ORDER BY x {order}")]
    print(f"{order}: {rows}")
    assert rows == expected, order
(others,) = ask("SELECT nan() > 1, (SELECT max(x) FROM (VALUES 1e0, nan()) t(x)), array_sort(ARRAY[nan(), 1e0, NULL])")
print(others)
assert others == [False, 1.0, [1.0, "NaN", None]]
END
