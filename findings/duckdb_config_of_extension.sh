#!/usr/bin/env bash
# A setting that SET takes at once is refused where a connection is opened with it, for want of an extension that is there.
#
# Version: duckdb 2.0.0, the wheel for Linux, in which the Parquet extension is built in.
# Expected: connect(config={...}) takes what SET takes right after connect().
# Happens: the settings of a built-in extension are known only once the database is open. connect() looks for them before that, tries to load the
#     extension from elsewhere, and says that it is not loaded; where loading is switched off, that there is no such option. Settings of the core
#     are taken both ways.
# Seen: enable_object_cache: connect takes it, SET takes it; parquet_metadata_cache: connect refuses it, SET takes it
# eventlake: gives to connect() only what the core knows.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import duckdb

OFF = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}

def taken(what):
    try:
        what()
    except duckdb.Error as error:
        print(f"  {error}")
        return "refuses"
    return "takes"

(built_in,) = duckdb.execute("SELECT install_mode FROM duckdb_extensions() WHERE extension_name = 'parquet'").fetchone()
assert built_in == "STATICALLY_LINKED", built_in
for setting, expected in (("enable_object_cache", "takes"), ("parquet_metadata_cache", "refuses")):
    opened = taken(lambda: duckdb.connect(config={**OFF, setting: True}))
    later = taken(lambda: duckdb.connect(config=OFF).execute(f"SET {setting} = true"))
    print(f"{setting}: connect {opened} it, SET {later} it")
    assert (opened, later) == (expected, "takes")
END
