#!/usr/bin/env bash
# A day later is 25 hours later or 24, by whether the day was added by a function or by an operator.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: date_add('day', 1, t) and t + INTERVAL '1' DAY are two ways to write the same, as date_add('month', 1, t) and t + INTERVAL '1' MONTH are.
# Happens: across the end of summer time date_add keeps the time on the clock and adds 90,000 seconds, + INTERVAL '1' DAY adds 86,400 and shows
#     the clock an hour earlier; date_diff('day') counts as date_add does: after 24 hours it is still no day. A month is one length in both.
# Seen: 2024-10-26 03:30 Berlin: date_add 2024-10-27 03:30, + INTERVAL 2024-10-27 02:30, date_diff after 24 hours: 0; a month: both 1729816200
# eventlake: answers either as Trino does; its saved queries add to timestamps in UTC, where both are one.
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
