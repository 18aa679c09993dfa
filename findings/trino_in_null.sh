#!/usr/bin/env bash
# What is true in the SELECT keeps no row in the WHERE.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: WHERE keeps the rows for which its condition is true, and the SELECT shows the condition true for them.
# Happens: (1, NULL) IN (SELECT 1, NULL) is true in the SELECT, where the row is looked for in a set of rows; as a WHERE it becomes a join,
#     in which no row with a NULL in it equals another. NaN does the same without any row: it is IN a subquery that gives NaN, and is not kept.
#     NOT IN keeps neither of them.
# Seen: (1, NULL): SELECT true, WHERE 0 rows, WHERE NOT 0 rows; NaN: the same; (1, 1): true, 1 row, 0 rows
# eventlake: keeps the rows that Trino keeps.
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

CASES = {"a, b": ("1, CAST(NULL AS integer)", 0), "a": ("nan()", 0), "c, d": ("1, 1", 1)}
for names, (values, kept) in CASES.items():
    rows = f"(SELECT {names} FROM (SELECT {values}) t({names}))"
    shown = ask(f"SELECT ({names}) IN {rows} FROM {rows}")
    counts = [ask(f"SELECT count(*) FROM {rows} WHERE {word} (({names}) IN {rows})")[0][0] for word in ("", "NOT")]
    print(values, shown, counts)
    assert shown == [[True]]
    assert counts == [kept, 0]
END
