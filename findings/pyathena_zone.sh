#!/usr/bin/env bash
# A moment that is given with its zone becomes another moment.
#
# Version: PyAthena 4.2.1.
# Expected: datetime(2026, 1, 1, 12, tzinfo=+09:00), which is three in the morning in UTC, is given to Athena as that moment, or refused.
# Happens: the zone is left out and the clock's digits stay: the condition is nine hours off, and no word is said. Digits below the
#     millisecond stay for one datetime and are padded away for another, so the two forms do not even look alike.
# Seen: the moment in Tokyo -> TIMESTAMP '2026-01-01 12:00:00.000'; the same moment in UTC -> TIMESTAMP '2026-01-01 03:00:00.000'
# eventlake: takes the same parameters in `eventlake.connect`, and refuses one with a zone other than UTC by name.
. "$(dirname "$0")/with_packages.bash" PyAthena==4.2.1
env/bin/python - <<'END'
from datetime import datetime, timedelta, timezone
from pyathena.formatter import DefaultParameterFormatter

utc = datetime(2026, 1, 1, 3, tzinfo=timezone.utc)
tokyo = utc.astimezone(timezone(timedelta(hours=9)))
assert utc == tokyo
written = [DefaultParameterFormatter().format("SELECT %(t)s", {"t": moment}) for moment in (tokyo, utc)]
print(*written, sep="\n")
assert written == ["SELECT TIMESTAMP '2026-01-01 12:00:00.000'", "SELECT TIMESTAMP '2026-01-01 03:00:00.000'"]
END
