#!/usr/bin/env bash
# A day later is 25 hours later or 24, by whether the day was added by a function or by an operator.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: date_add('day', 1, t) and t + INTERVAL '1' DAY are two ways to write the same, as date_add('month', 1, t) and t + INTERVAL '1' MONTH are.
# Happens: across the end of summer time date_add keeps the time on the clock and adds 90,000 seconds, + INTERVAL '1' DAY adds 86,400 and shows
#     the clock an hour earlier; date_diff('day') counts as date_add does: after 24 hours it is still no day. A month is one length in both.
# Seen: 2024-10-26 03:30 Berlin: date_add 2024-10-27 03:30, + INTERVAL 2024-10-27 02:30, date_diff after 24 hours: 0; a month: both 1729816200
# eventlake: answers either as Trino does; its saved queries add to timestamps in UTC, where both are one.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

NIGHT = "from_unixtime(1729906200, 'Europe/Berlin')"
BEFORE = "from_unixtime(1727224200, 'Europe/Berlin')"
(found,) = ask(
    f"SELECT CAST({NIGHT} AS varchar), to_unixtime(date_add('day', 1, {NIGHT})) - 1729906200, to_unixtime({NIGHT} + INTERVAL '1' DAY) - 1729906200,"
    f" date_diff('day', {NIGHT}, from_unixtime(1729906200 + 86400, 'Europe/Berlin')),"
    f" to_unixtime(date_add('month', 1, {BEFORE})), to_unixtime({BEFORE} + INTERVAL '1' MONTH)"
)
print(found)
assert found == ["2024-10-26 03:30:00.000 Europe/Berlin", 90000.0, 86400.0, 0, 1729816200.0, 1729816200.0]
END
