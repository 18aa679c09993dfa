#!/usr/bin/env bash
# ALL behind INTERSECT or EXCEPT, and rows that were equal cannot be compared any more.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: INTERSECT ALL takes the same rows for the same as INTERSECT does, and counts them.
# Happens: INTERSECT, EXCEPT and DISTINCT have two rows, or two arrays, equal whose parts are equal or both NULL. With ALL the query fails as soon as
#     one of them has a NULL inside, also where it has no partner: ALL numbers equal rows by a window, and that asks for an order.
# Seen: INTERSECT 1, EXCEPT 0, DISTINCT 1; INTERSECT ALL and EXCEPT ALL: NOT_SUPPORTED, "ROW comparison not supported for fields with null elements"
# eventlake: refuses ALL of rows and arrays that hold a NULL by name.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

LEFT, RIGHT = "SELECT {0} FROM (VALUES 1)", "SELECT {1} FROM (VALUES 1)"
VALUES = {"row": ("row(1, CAST(NULL AS integer))", "row(1, NULL)"), "array": ("ARRAY[1, CAST(NULL AS integer)]", "ARRAY[1, NULL]")}


def count(operator, values):
    """Return how many rows a set operation leaves, or the name of the error."""
    try:
        return ask(f"SELECT count(*) FROM ({LEFT} {operator} {RIGHT})".format(*values))[0][0]
    except AssertionError as error:
        return error.args[0]["errorName"]


for name, values in VALUES.items():
    found = {operator: count(operator, values) for operator in ("INTERSECT", "EXCEPT", "UNION", "INTERSECT ALL", "EXCEPT ALL", "UNION ALL")}
    print(name, found)
    assert found == {
        "INTERSECT": 1, "EXCEPT": 0, "UNION": 1, "INTERSECT ALL": "NOT_SUPPORTED", "EXCEPT ALL": "NOT_SUPPORTED", "UNION ALL": 2,
    }
END
