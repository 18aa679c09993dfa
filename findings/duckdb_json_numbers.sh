#!/usr/bin/env bash
# A number that is taken out of JSON as text is written anew, unless it is a long integer or too large.
#
# Version: duckdb 2.0.0.
# Expected: ->> gives the text of a number as it stands, or always the shortest text of its double.
# Happens: three rules at once. A fraction or an exponent goes through a double: digits are lost and 1E2 becomes 100.0, so an amount or an id that was
#     written with 20 digits comes out as another. An integer of any length keeps all its digits, and 1e400, which no double holds, its spelling.
# Seen: 1E2 -> 100.0, 0.1000000000000000055 -> 0.1, 1234567890.12345678901 -> 1234567890.1234567, 12345678901234567890123 -> the same, 1e400 -> the same, -0 -> 0
# eventlake: reads such a number out of the text, because Athena's json_extract_scalar gives it as it stands.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import duckdb

seen = {}
for number in ["1E2", "0.1000000000000000055", "1234567890.12345678901", "12345678901234567890123", "1e400", "-0"]:
    (seen[number],) = duckdb.execute("SELECT ?::JSON ->> 'a'", ['{"a":' + number + "}"]).fetchall()[0]
    print(number, "->", seen[number])
assert list(seen.values()) == ["100.0", "0.1", "1234567890.1234567", "12345678901234567890123", "1e400", "0"]
END
