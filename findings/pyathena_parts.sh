#!/usr/bin/env bash
# What the parts of an array and a row are in Python depends on their letters.
#
# Version: PyAthena 4.2.1, its default converter, on the texts in which Athena's API gives arrays and rows.
# Expected: one column gives one type: array(varchar) a list of str, row(a varchar, b bigint) a dict.
# Happens: the text ['1', '2'] of varchars comes as integers, ['007'] as texts, ['NaN'] as a float; a row is a dict until one of its texts has a comma,
#     from then on a str. The API does not say what an array holds, and the converter guesses by each value.
# Seen: [1, 2] -> [1, 2]; [007, 2] -> ['007', '2']; [NaN] -> [nan]; {a=hello, b=1} -> dict; {a=hello, world, b=1} -> str
# eventlake: `eventlake.connect` gives parts by their types where the engine tells them; docs/querying.md advises CAST(x AS JSON), which is the same in both.
. "$(dirname "$0")/with_packages.bash" PyAthena==4.2.1
env/bin/python - <<'END'
from pyathena.converter import DefaultTypeConverter

convert = DefaultTypeConverter().convert
seen = [convert("array", text) for text in ("[1, 2]", "[007, 2]", "[NaN]")] + [convert("row", text) for text in ("{a=hello, b=1}", "{a=hello, world, b=1}")]
print(*seen, sep="\n")
assert seen[:2] == [[1, 2], ["007", "2"]] and isinstance(seen[2][0], float)
assert [type(row) for row in seen[3:]] == [dict, str]
END
