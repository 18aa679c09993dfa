#!/usr/bin/env bash
# What one folder that may be read costs grows with how deep its files lie.
#
# Version: duckdb 2.0.0.
# Expected: whether a file lies in a folder of allowed_directories is decided by comparing two paths, which takes nothing beside opening the file.
# Happens: the real path of each file is looked up three times when it is read, with a system call (readlink) for each folder on the way and each
#     time. With forty folders on the way a file takes four times as long as without the setting, with none beyond the temporary one a third more.
# Seen: 0 folders deep: 81 us a file, 107 us with the setting; 40 folders deep: 100 us, 412 us with the setting
# eventlake: keeps the process of a query to its folder by Landlock, and sets it where the kernel has none.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import os
import resource
import shutil
import tempfile

import duckdb

FILES = 1_000

def files_in(folder):
    os.makedirs(folder)
    paths = [f"{folder}/{number}.parquet" for number in range(FILES)]
    duckdb.sql(f"COPY (SELECT 1 AS x) TO '{paths[0]}' (FORMAT parquet)")
    for path in paths[1:]:
        shutil.copyfile(paths[0], path)
    return paths

def processor_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return (used.ru_utime + used.ru_stime) * 1e6

def us_a_file(paths, allowed=None):
    taken = []
    for _ in range(7):
        with duckdb.connect(config={"threads": 1}) as connection:
            if allowed is not None:
                connection.execute(f"SET allowed_directories = ['{allowed}/']")
                connection.execute("SET enable_external_access = false")
            begun = processor_us()
            assert connection.execute(f"SELECT count(*) FROM read_parquet({paths})").fetchall() == [(FILES,)]
            taken.append(processor_us() - begun)
    return min(taken) / FILES

with tempfile.TemporaryDirectory() as root:
    found = {depth: files_in("/".join([root, "data", *["folder"] * depth])) for depth in (0, 40)}
    said = {depth: (us_a_file(paths), us_a_file(paths, root)) for depth, paths in found.items()}
print("; ".join(f"{depth} folders deep: {free:.0f} us a file, {allowed:.0f} us with the setting" for depth, (free, allowed) in said.items()))
free, allowed = said[40]
assert allowed > 2 * free
END
