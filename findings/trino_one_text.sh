#!/usr/bin/env bash
# Two moments an hour apart are not equal, and are written alike, also to the client.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: a timestamp with a zone reaches the client so that the client has the moment, as a number or with its distance from UTC.
# Happens: it is sent as the time on the clock and the name of the zone. In the hour that the clock shows twice, two moments have one text: DISTINCT
#     gives two rows that look the same, and CAST to varchar makes one of them. No client can tell which is which; to_unixtime() does.
# Seen: 2024-10-27 02:30:00.000 Europe/Berlin, twice; equal: false; distinct as varchar: 1; to_unixtime: 1729989000 and 1729992600
# eventlake: keeps the text of that hour as it came, where any other becomes an instant; its own columns are in UTC.
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

MOMENTS = "(VALUES from_unixtime(1729989000, 'Europe/Berlin'), from_unixtime(1729992600, 'Europe/Berlin')) t(x)"
sent = ask(f"SELECT DISTINCT x FROM {MOMENTS}")
(counts,) = ask(f"SELECT count(DISTINCT x), count(DISTINCT CAST(x AS varchar)), max(x) = min(x) FROM {MOMENTS}")
seconds = ask(f"SELECT to_unixtime(x) FROM {MOMENTS} ORDER BY 1")
print(sent, counts, seconds)
assert sent == [["2024-10-27 02:30:00.000 Europe/Berlin"]] * 2
assert counts == [2, 1, False]
assert seconds == [[1729989000.0], [1729992600.0]]
END
