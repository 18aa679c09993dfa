#!/usr/bin/env bash
# A column more in the SELECT, and the CAST beside it no longer fails.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: whether CAST(j AS map(varchar, integer)) fails for an object in which a key stands twice does not hang on what else is selected.
# Happens: alone it fails with "Duplicate map keys are not allowed". With json_format(j) beside it, it succeeds and has the last value: json_parse
#     is computed on its own then, and leaves one of the two. Used once, it is put into the CAST, which reads the text itself. The same with a row.
# Seen: alone: INVALID_CAST_ARGUMENT; with json_format(j) beside it: {a=2}
# eventlake: refuses the first by a sentence, and answers what does not depend on it.
. "$(dirname "$0")/with_trino.bash"
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
