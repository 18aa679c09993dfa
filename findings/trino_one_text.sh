#!/usr/bin/env bash
# Two moments an hour apart are not equal, and are written alike, also to the client.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: a timestamp with a zone reaches the client so that the client has the moment, as a number or with its distance from UTC.
# Happens: it is sent as the time on the clock and the name of the zone. In the hour that the clock shows twice, two moments have one text: DISTINCT
#     gives two rows that look the same, and CAST to varchar makes one of them. No client can tell which is which; to_unixtime() does.
# Seen: 2024-10-27 02:30:00.000 Europe/Berlin, twice; equal: false; distinct as varchar: 1; to_unixtime: 1729989000 and 1729992600
# eventlake: keeps the text of that hour as it came, where any other becomes an instant; its own columns are in UTC.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

MOMENTS = "(VALUES from_unixtime(1729989000, 'Europe/Berlin'), from_unixtime(1729992600, 'Europe/Berlin')) t(x)"
sent = ask(f"SELECT DISTINCT x FROM {MOMENTS}")
(counts,) = ask(f"SELECT count(DISTINCT x), count(DISTINCT CAST(x AS varchar)), max(x) = min(x) FROM {MOMENTS}")
seconds = ask(f"SELECT to_unixtime(x) FROM {MOMENTS} ORDER BY 1")
print(sent, counts, seconds)
assert sent == [["2024-10-27 02:30:00.000 Europe/Berlin"]] * 2
assert counts == [2, 1, False]
assert seconds == [[1729989000.0], [1729992600.0]]
END
