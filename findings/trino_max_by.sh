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
