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
. "$(dirname "$0")/with_trino.bash"
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
