#!/usr/bin/env bash
# NULLS FIRST moves what is not NULL: where NaN stands among numbers depends on where the NULLs are wanted.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: NaN is less or greater than every number, and NULLS FIRST and NULLS LAST place the NULLs alone.
# Happens: NaN is greater than every number with NULLS LAST, which is the default, and less than every number with NULLS FIRST. So the word moves
#     NaN from one end of the numbers to the other, also where there is no NULL. A comparison has it as neither (NaN > 1 is false), max() as none
#     of the values, array_sort() as the greatest.
# Seen: ASC: 1 2 NaN NULL; ASC NULLS FIRST: NULL NaN 1 2; DESC: NaN 2 1 NULL; DESC NULLS FIRST: NULL 2 1 NaN;
#     nan() > 1: false; max: 1; array_sort: 1 NaN NULL
# eventlake: answers in Trino's order; DuckDB has NaN as the greatest in each of the four.
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

SEEN = {
    "ASC": [1.0, 2.0, "NaN", None],
    "ASC NULLS FIRST": [None, "NaN", 1.0, 2.0],
    "DESC": ["NaN", 2.0, 1.0, None],
    "DESC NULLS FIRST": [None, 2.0, 1.0, "NaN"],
}
for order, expected in SEEN.items():
    rows = [row[0] for row in ask(f"SELECT x FROM (VALUES 2e0, nan(), NULL, 1e0) t(x) ORDER BY x {order}")]
    print(f"{order}: {rows}")
    assert rows == expected, order
(others,) = ask("SELECT nan() > 1, (SELECT max(x) FROM (VALUES 1e0, nan()) t(x)), array_sort(ARRAY[nan(), 1e0, NULL])")
print(others)
assert others == [False, 1.0, [1.0, "NaN", None]]
END
