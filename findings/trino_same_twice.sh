#!/usr/bin/env bash
# A value is equal to itself where CASE and IN see that it is written twice, and not where = does.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: CASE x WHEN x is decided as x = x is, which is unknown for NULL and false for NaN; so is x IN (x).
# Happens: CASE x WHEN x is taken for true whatever x is, NULL too, and x is not computed: a division by zero in it does not fail. x IN (x) finds NaN.
# Seen: CASE: [1, 1] for 1 and NULL, [0] where the second x is computed; CASE of a division by zero: 1; IN: [true, true] for 1 and NaN, = [true, false]
# eventlake: answers as Trino does.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask


def of(value, rows):
    """Return a value of each of these rows, in their order."""
    return [row[0] for row in ask(f"SELECT {value} FROM (VALUES {rows}) t(n, x) ORDER BY n")]


same, computed = of("CASE x WHEN x THEN 1 ELSE 0 END", "(1, 1), (2, NULL)"), of("CASE x WHEN x + 0 THEN 1 ELSE 0 END", "(1, NULL)")
divided = of("CASE 1 / x WHEN 1 / x THEN 1 ELSE 0 END", "(1, 0)")
found, equal = of("x IN (x)", "(1, 1e0), (2, nan())"), of("x = x", "(1, 1e0), (2, nan())")
print(same, computed, divided, found, equal)
assert (same, computed, divided, found, equal) == ([1, 1], [0], [1], [True, True], [True, False])
END
