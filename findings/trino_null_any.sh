#!/usr/bin/env bash
# A comparison of NULL with a list of values is true.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: NULL <> ANY of values is NULL, as NULL <> 1 OR NULL <> 2 is, and so is NULL = ALL of them.
# Happens: the least and the greatest of the values are compared with each other: where they differ, some value is said to differ from x whatever x is.
#     So NULL <> ANY is true and NULL = ALL is false, if there are two values; with one value, or two that are equal, both are NULL. The other
#     comparisons of the same subquery give NULL.
# Seen: NULL <> ANY (1, 2): true; NULL = ALL (1, 2): false; of (1) and of (1, 1): NULL, NULL; NULL < ANY, > ALL, = ANY, <> ALL (1, 2): NULL
# eventlake: asks for the least and the greatest as Trino does, and answers the same.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask


def compared(how, values):
    """Return what NULL gives when it is compared with values."""
    return ask(f"SELECT CAST(NULL AS integer) {how} (SELECT x FROM (VALUES {values}) t(x))")[0][0]


found = {(how, values): compared(how, values) for how in ("<> ANY", "= ALL") for values in ("1, 2", "1", "1, 1")}
print(found)
assert found == {
    ("<> ANY", "1, 2"): True, ("<> ANY", "1"): None, ("<> ANY", "1, 1"): None,
    ("= ALL", "1, 2"): False, ("= ALL", "1"): None, ("= ALL", "1, 1"): None,
}
others = [compared(how, "1, 2") for how in ("< ANY", "> ALL", "= ANY", "<> ALL")]
print(others)
assert others == [None] * 4
END
