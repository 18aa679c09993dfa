#!/usr/bin/env bash
# (?i)ss finds one letter, and (?i)s{2} does not find it.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: two ways to write a pattern of two letters match the same texts, and neither matches a text of one letter.
# Happens: without regard to case, two letters that stand beside each other in the pattern also stand for the one letter they are folded from: ss for
#     the German sharp s, fi for the ligature. Written with a count, a class or a group between them they do not. So a pattern of plain ASCII, and
#     the words it is made of, decide whether a text of another alphabet is found: .* between them is harmless, {2} is not the same as twice.
# Seen: (?i)ss true, (?i)s{2} false, (?i)[s]s false, (?i)(s)s false; the other way round, pattern sharp s on the text ss: true; (?i)fi on U+FB01: true
# eventlake: refuses a pattern by name where a text has such a letter, because RE2 takes one for one.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

SHARP, LIGATURE = r"U&'\00DF'", r"U&'\FB01'"
(found,) = ask(
    f"SELECT regexp_like({SHARP}, '(?i)ss'), regexp_like({SHARP}, '(?i)s{{2}}'), regexp_like({SHARP}, '(?i)[s]s'), regexp_like({SHARP}, '(?i)(s)s'),"
    f" regexp_like('ss', '(?i)' || {SHARP}), regexp_like({LIGATURE}, '(?i)fi'), regexp_like({SHARP}, 'ss')"
)
print(found)
assert found == [True, False, False, False, True, True, False]
END
