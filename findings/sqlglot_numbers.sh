#!/usr/bin/env bash
# Three numbers that Trino's grammar has are read as something else, without an error.
#
# Version: sqlglot 30.30.0, dialect trino (and athena); Trino's grammar is SqlBase.g4 of its version 476.
# Expected: 1e0-5 is a subtraction, 1_000 is one thousand, 0o17 is fifteen.
# Happens: 1e0-5 is one literal with the text "1e0-5", which simplify() leaves alone and which no float() takes, while 1e0 - 5 with blanks is -4;
#     1_000 is the number 1 under the name _000, and 0o17 the number 0 under the name o17, so a query answers 1 and 0.
# Seen: 1e0-5: Literal; 1e0 - 5: Sub; SELECT 1_000 -> SELECT 1 AS _000; SELECT 0o17 -> SELECT 0 AS o17
# eventlake: has a parser of its own for Athena's grammar, which reads all three as Trino does.
. "$(dirname "$0")/with_packages.bash" sqlglot==30.30.0
env/bin/python - <<'END'
import sqlglot

kinds = [type(sqlglot.parse_one(f"SELECT {text}", read="trino").expressions[0]).__name__ for text in ("1e0-5", "1e0 - 5")]
print(kinds)
assert kinds == ["Literal", "Sub"]
for text, read in [("SELECT 1_000", "SELECT 1 AS _000"), ("SELECT 0o17", "SELECT 0 AS o17")]:
    for dialect in ("trino", "athena"):
        (written,) = sqlglot.transpile(text, read=dialect, write=dialect)
        print(text, "->", written)
        assert written == read
END
