#!/usr/bin/env bash
# A local time in the hour that a clock shows twice is the first one or the second, by how it was written and by the continent.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: a literal, CAST and with_timezone() make one moment of one local time and one zone, whichever of the two they choose.
# Happens: on the night on which summer time ends, a literal and CAST mean the first passage in Berlin, and with_timezone() means the second, an
#     hour later; in New York all three mean the first. On the night on which it begins, the literal of a time that is left out is refused, CAST
#     and with_timezone() move it on by an hour, and parse_datetime() fails on it.
# Seen: 2024-10-27 02:30 Berlin: 1729989000, 1729989000, 1729992600; 2024-11-03 01:30 New York: 1730611800 three times;
#     2024-03-31 02:30 Berlin: INVALID_LITERAL, 1711848600, 1711848600, INVALID_FUNCTION_ARGUMENT
# eventlake: each of them gives Trino's moment; pieces of time in its own columns are in UTC, which has neither hour.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

WAYS = ("TIMESTAMP '{0} {1}'", "CAST('{0} {1}' AS timestamp with time zone)", "with_timezone(TIMESTAMP '{0}', '{1}')")
SEEN = {
    ("2024-10-27 02:30:00", "Europe/Berlin"): [1729989000.0, 1729989000.0, 1729992600.0],
    ("2024-11-03 01:30:00", "America/New_York"): [1730611800.0] * 3,
    ("2024-03-31 02:30:00", "Europe/Berlin"): ["INVALID_LITERAL", 1711848600.0, 1711848600.0],
}


def moment(value):
    """Return the seconds of a value since 1970, or the name of the error."""
    try:
        return ask(f"SELECT to_unixtime({value})")[0][0]
    except AssertionError as error:
        return error.args[0]["errorName"]


for local, expected in SEEN.items():
    found = [moment(way.format(*local)) for way in WAYS]
    print(*local, found)
    assert found == expected
assert moment("parse_datetime('2024-03-31 02:30 Europe/Berlin', 'yyyy-MM-dd HH:mm ZZZ')") == "INVALID_FUNCTION_ARGUMENT"
END
