#!/usr/bin/env bash
# A year of five digits is read by %Y, unless the hour behind it is.
#
# Version: Trino 476 (trino-server on Maven Central), with Java 24 or newer.
# Expected: how many digits %Y takes does not depend on what stands three fields later in the pattern.
# Happens: date_parse reads 02026-01-02 by %Y-%m-%d, and refuses 02026-01-02 5 by %Y-%m-%d %k; of the same with four digits it takes both.
# Seen: 02026-01-02 by %Y-%m-%d: 2026-01-02 00:00:00.000; 02026-01-02 5 by %Y-%m-%d %k: None; 2026-01-02 5 by it: 2026-01-02 05:00:00.000
# eventlake: refuses a year of more than four digits by name, whatever stands behind it.
. "$(dirname "$0")/with_trino.bash"
python3 - <<'END'
from ask import ask

SEEN = {
    ("02026-01-02", "%Y-%m-%d"): "2026-01-02 00:00:00.000",
    ("02026-01-02 5", "%Y-%m-%d %k"): None,
    ("2026-01-02 5", "%Y-%m-%d %k"): "2026-01-02 05:00:00.000",
}
for (text, pattern), expected in SEEN.items():
    ((moment,),) = ask(f"SELECT TRY(date_parse('{text}', '{pattern}'))")
    print(f"{text} by {pattern}: {moment}")
    assert moment == expected, (text, moment)
END
