#!/usr/bin/env bash
# Monday of 2026 is the 28th of December, and Thursday of 2026 the 1st of January.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: what a text does not name is the first there is: Monday of 2026 the 5th of January, Monday of January the first Monday of one.
# Happens: the weekday is looked for in the week of the first day, which begins on Monday and may begin in the year before; then the year, or the
#     month, is set again, and then the weekday once more. So days before that of New Year's Day fall at the end of the year that was asked for,
#     and a weekday of January late in it. What is left out as well is of the year 2000.
# Seen: 2026 Mon: 2026-12-28; 2026 Thu: 2026-01-01; 2024 Sun: 2024-01-07; Jan Mon: 2000-01-24; Mon: 2000-12-25; 2026 Jan Mon: 2026-01-26
# eventlake: reads weekdays in the same passes.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

SEEN = {
    ("2026 Mon", "yyyy EEE"): "2026-12-28",
    ("2026 Thu", "yyyy EEE"): "2026-01-01",
    ("2024 Sun", "yyyy EEE"): "2024-01-07",
    ("Jan Mon", "MMM EEE"): "2000-01-24",
    ("Mon", "EEE"): "2000-12-25",
    ("2026 Jan Mon", "yyyy MMM EEE"): "2026-01-26",
}
for (text, pattern), expected in SEEN.items():
    ((day,),) = ask(f"SELECT CAST(parse_datetime('{text}', '{pattern}') AS date)")
    print(f"{text}: {day}")
    assert day == expected, (text, day)
END
