#!/usr/bin/env bash
# A comparison of NULL with a list of values is true.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: NULL <> ANY of values is NULL, as NULL <> 1 OR NULL <> 2 is, and so is NULL = ALL of them.
# Happens: the least and the greatest of the values are compared with each other: where they differ, some value is said to differ from x whatever x is.
#     So NULL <> ANY is true and NULL = ALL is false, if there are two values; with one value, or two that are equal, both are NULL. The other
#     comparisons of the same subquery give NULL.
# Seen: NULL <> ANY (1, 2): true; NULL = ALL (1, 2): false; of (1) and of (1, 1): NULL, NULL; NULL < ANY, > ALL, = ANY, <> ALL (1, 2): NULL
# eventlake: asks for the least and the greatest as Trino does, and answers the same.
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


def compared(how, values):
    """Return what NULL gives when it is compared with values."""
    return ask(f"SELECT CAST(NULL AS integer) {how} (SELECT x FROM (VALUES {values}) t(x))")[0][0]


found = {(how, values): compared(how, values) for how in ("<> ANY", "= ALL") for values in ("1, 2", "1", "1, 1")}
print(found)
assert found == {
    ("<> ANY", "1, 2"): True, ("<> ANY", "1"): None, ("<> ANY", "1, 1"): None,
    ("= ALL", "1, 2"): False, ("= ALL", "1"): None, ("= ALL", "1, 1"): None,
}
others = [compared(how, "1, 2") for how in ("< ANY", "> ALL", "= ANY", "<> ALL")]
print(others)
assert others == [None] * 4
END
