#!/usr/bin/env bash
# One JSON document is not equal to itself: it depends on the function that read it.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: json_parse(x) and json_extract(x, '$') of one text are one value of the type json, so they compare equal and are one in a GROUP BY.
# Happens: json_parse sorts the keys of objects, json_extract leaves them as they stand, and json values are compared by their text. Numbers are
#     written alike by both, so only keys that are not in order show it; as maps the two are equal again. Of CASTs to json, that of a map sorts
#     too, and that of a row does not.
# Seen: {"a":2,"b":1} and {"b":1,"a":2}, equal: false, distinct values: 2, as maps: true; in order: true;
#     map: {"a":2,"b":1}, row: {"b":1,"a":2}
# eventlake: keeps for each json where it comes from, and gives and compares Trino's text.
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

TEXT, IN_ORDER = """'{"b": 1, "a": 2}'""", """'{"a": 2.50, "b": 1}'"""
PARSED, TAKEN = f"json_parse({TEXT})", f"json_extract({TEXT}, '$')"
((parsed, taken, equal, as_maps),) = ask(
    f"SELECT json_format({PARSED}), json_format({TAKEN}), {PARSED} = {TAKEN},"
    f" CAST({PARSED} AS map(varchar, integer)) = CAST({TAKEN} AS map(varchar, integer))"
)
print(parsed, taken, equal, as_maps)
assert (parsed, taken, equal, as_maps) == ('{"a":2,"b":1}', '{"b":1,"a":2}', False, True)
assert ask(f"SELECT count(DISTINCT j) FROM (SELECT {PARSED} AS j UNION ALL SELECT {TAKEN})") == [[2]]
assert ask(f"SELECT json_parse({IN_ORDER}) = json_extract({IN_ORDER}, '$')") == [[True]]
(cast,) = ask(
    "SELECT json_format(CAST(map(ARRAY['b', 'a'], ARRAY[1, 2]) AS json)), json_format(CAST(CAST(row(1, 2) AS row(b integer, a integer)) AS json))"
)
print(cast)
assert cast == ['{"a":2,"b":1}', '{"b":1,"a":2}']
END
