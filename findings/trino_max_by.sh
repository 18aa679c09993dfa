#!/usr/bin/env bash
# The largest three values may hold a NULL that belongs to none of them: where one stood, what takes its place becomes NULL.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: max_by(x, y, n) gives the x of the rows with the n largest y, whatever other rows hold, in whatever order they come.
# Happens: when a row with a larger y takes the place of one whose x is NULL, x stays NULL. It depends on the order in which rows arrive, so
#     the same question may answer otherwise tomorrow; without n it is right. Fields of a row lose their values in the same way, and
#     https://github.com/trinodb/trino/issues/31193 tells of fields that get each other's bytes.
# Seen: max_by(x, y): 40; max_by(x, y, 1), NULL first: [NULL]; the same, NULL last: [40]; min_by(x, -y, 1), NULL first: [NULL]
# eventlake: refuses the forms with n where a NULL was among the first n, and says why; a statement that leaves such rows out is answered.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

FIRST, LAST = "(VALUES (1, NULL), (2, 30), (3, 40)) t(y, x)", "(VALUES (3, 40), (2, 30), (1, NULL)) t(y, x)"
SEEN = {
    "max_by(x, y)": (FIRST, 40),
    "max_by(x, y, 1), NULL first": (FIRST, [None]),
    "max_by(x, y, 1), NULL last": (LAST, [40]),
    "min_by(x, -y, 1), NULL first": (FIRST, [None]),
}
for what, (rows, expected) in SEEN.items():
    ((answer,),) = ask(f"SELECT {what.partition('), ')[0].rstrip(')')}) FROM {rows}")
    print(f"{what}: {answer}")
    assert answer == expected, (what, answer)
END
