#!/usr/bin/env bash
# A column of one SQL type gives Python values of several types, and two different values give one.
#
# Version: duckdb 2.0.0 (its Python client).
# Expected: a DATE is a datetime.date or an error; what is not the same in SQL is not the same in Python.
# Happens: a DATE beyond year 9999 is a str; 'infinity' is date(9999, 12, 31), which is also what 9999-12-31 is; a month is a timedelta of 30 days and
#     a year one of 360, so 12 months and 360 days are equal.
# Seen: ['2026-11-29' as date, '10000-01-01' as str]; infinity and 9999-12-31: equal; 1 year: 360 days, 0:00:00
# eventlake: refuses a year outside 1 to 9999 by name, and prints intervals as Athena does, `1-0` for a year.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import datetime
import duckdb

near, far = [day for (day,) in duckdb.sql("SELECT unnest(['2026-11-29'::DATE, '10000-01-01'::DATE])").fetchall()]
print(repr(near), repr(far))
assert near == datetime.date(2026, 11, 29) and far == "10000-01-01"

never, last, same = duckdb.sql("SELECT 'infinity'::DATE, DATE '9999-12-31', 'infinity'::DATE = DATE '9999-12-31'").fetchall()[0]
print(repr(never), repr(last), "equal in SQL:", same)
assert never == last == datetime.date(9999, 12, 31) and same is False

year, days, same = duckdb.sql("SELECT INTERVAL 1 YEAR, INTERVAL 360 DAY, DATE '2026-01-01' + INTERVAL 1 YEAR = DATE '2026-01-01' + INTERVAL 360 DAY").fetchall()[0]
print(repr(year), repr(days), "equal as of a day:", same)
assert year == days == datetime.timedelta(days=360) and same is False
END
