#!/usr/bin/env bash
# ALL behind INTERSECT or EXCEPT, and rows that were equal cannot be compared any more.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: INTERSECT ALL takes the same rows for the same as INTERSECT does, and counts them.
# Happens: INTERSECT, EXCEPT and DISTINCT have two rows, or two arrays, equal whose parts are equal or both NULL. With ALL the query fails as soon as
#     one of them has a NULL inside, also where it has no partner: ALL numbers equal rows by a window, and that asks for an order.
# Seen: INTERSECT 1, EXCEPT 0, DISTINCT 1; INTERSECT ALL and EXCEPT ALL: NOT_SUPPORTED, "ROW comparison not supported for fields with null elements"
# eventlake: refuses ALL of rows and arrays that hold a NULL by name.
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

LEFT, RIGHT = "SELECT {0} FROM (VALUES 1)", "SELECT {1} FROM (VALUES 1)"
VALUES = {"row": ("row(1, CAST(NULL AS integer))", "row(1, NULL)"), "array": ("ARRAY[1, CAST(NULL AS integer)]", "ARRAY[1, NULL]")}


def count(operator, values):
    """Return how many rows a set operation leaves, or the name of the error."""
    try:
        return ask(f"SELECT count(*) FROM ({LEFT} {operator} {RIGHT})".format(*values))[0][0]
    except AssertionError as error:
        return error.args[0]["errorName"]


for name, values in VALUES.items():
    found = {operator: count(operator, values) for operator in ("INTERSECT", "EXCEPT", "UNION", "INTERSECT ALL", "EXCEPT ALL", "UNION ALL")}
    print(name, found)
    assert found == {
        "INTERSECT": 1, "EXCEPT": 0, "UNION": 1, "INTERSECT ALL": "NOT_SUPPORTED", "EXCEPT ALL": "NOT_SUPPORTED", "UNION ALL": 2,
    }
END
