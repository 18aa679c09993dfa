#!/usr/bin/env bash
# A column more in the SELECT, and the CAST beside it no longer fails.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: whether CAST(j AS map(varchar, integer)) fails for an object in which a key stands twice does not hang on what else is selected.
# Happens: alone it fails with "Duplicate map keys are not allowed". With json_format(j) beside it, it succeeds and has the last value: json_parse
#     is computed on its own then, and leaves one of the two. Used once, it is put into the CAST, which reads the text itself. The same with a row.
# Seen: alone: INVALID_CAST_ARGUMENT; with json_format(j) beside it: {a=2}
# eventlake: refuses the first by a sentence, and answers what does not depend on it.
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

PARSED = """(SELECT json_parse(x) AS j FROM (VALUES '{"a": 1, "a": 2}') t(x))"""
for kind, expected in (("map(varchar, integer)", {"a": 2}), ("row(a integer)", [2])):
    try:
        alone = ask(f"SELECT CAST(j AS {kind}) FROM {PARSED}")
    except AssertionError as error:
        alone = error.args[0]["errorName"]
    beside = ask(f"SELECT CAST(j AS {kind}), json_format(j) FROM {PARSED}")
    print(kind, alone, beside)
    assert alone == "INVALID_CAST_ARGUMENT"
    assert beside == [[expected, '{"a":2}']]
END
