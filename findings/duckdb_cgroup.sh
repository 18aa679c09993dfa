#!/usr/bin/env bash
# One number of threads is taken, and another is refused for want of a file that has nothing to do with it.
#
# Version: duckdb 2.0.0, Linux with Landlock (5.13 and later).
# Expected: SET async_threads = 1 takes the number, as SET threads = 1 does, whatever the process may read.
# Happens: SET async_threads looks first for how many processors a container has, which the number that is given does not depend on. A process that may
#     not read /proc/self/cgroup is told of an input/output error. `threads`, `memory_limit` and all other settings are taken beside it.
# Seen: SET threads = 1: taken; SET memory_limit = '100MB': taken; SET async_threads = 1: refused
# eventlake: lets the process of a query read that file, behind a fence that holds nearly all others.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import ctypes
import duckdb

CREATE_RULESET, RESTRICT_SELF, READ_FILE = 444, 446, 1 << 2
NO_NEW_PRIVS = 38

def read_no_file_from_here_on():
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0)
    rules = (ctypes.c_uint64 * 1)(READ_FILE)
    ruleset = libc.syscall(CREATE_RULESET, rules, ctypes.c_size_t(8), 0)
    assert ruleset >= 0 and libc.syscall(RESTRICT_SELF, ruleset, 0) == 0, "this kernel has no Landlock"

def taken(setting):
    try:
        connection.execute(f"SET {setting}")
    except duckdb.IOException as error:
        assert "/proc/self/cgroup" in str(error), error
        return "refused"
    return "taken"

connection = duckdb.connect(config={"threads": 2})
read_no_file_from_here_on()
found = {setting: taken(setting) for setting in ("threads = 1", "memory_limit = '100MB'", "async_threads = 1")}
print("; ".join(f"SET {setting}: {what}" for setting, what in found.items()))
assert list(found.values()) == ["taken", "taken", "refused"]
END
