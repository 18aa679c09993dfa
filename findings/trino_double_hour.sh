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
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
mvn -q -B dependency:copy -Dartifact=io.trino:trino-server:476:tar.gz -DoutputDirectory=. < /dev/null
tar xzf trino-server-476.tar.gz --wildcards 'trino-server-476/lib/*'
mkdir -p etc plugin
printf '%s\n' coordinator=true node-scheduler.include-coordinator=true http-server.http.port=18499 discovery.uri=http://127.0.0.1:18499 \
    node.internal-address=127.0.0.1 > etc/config.properties
"$java" -cp 'trino-server-476/lib/*' -Xmx768M -Dnode.environment=test -Dnode.id=1 "-Dnode.data-dir=$folder/data" -Dconfig=etc/config.properties \
    io.trino.server.TrinoServer > log 2>&1 &
cat > ask.py <<'END'
import json
import time
import urllib.error
import urllib.request


def ask(statement):
    """Return the rows of a statement, asking until the server has started."""
    request = urllib.request.Request("http://127.0.0.1:18499/v1/statement", statement.encode(), {"X-Trino-User": "somebody"})
    rows, until = [], time.monotonic() + 300
    while request is not None:
        try:
            with urllib.request.urlopen(request) as answer:
                said = json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            said = {"error": {"errorName": "SERVER_STARTING_UP"}}
        if (error := said.get("error")) is not None:
            assert error["errorName"] == "SERVER_STARTING_UP" and time.monotonic() < until, error
            time.sleep(1)
            return ask(statement)
        rows += said.get("data", [])
        request = said.get("nextUri")
    return rows
END
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
