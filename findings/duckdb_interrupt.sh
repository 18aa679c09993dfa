#!/usr/bin/env bash
# Ctrl-C while a statement runs is no KeyboardInterrupt, and leaves no trace of one.
#
# Version: duckdb 2.0.0
# Expected: SIGINT during execute() raises KeyboardInterrupt, as during any other call, or an error that has it as its cause.
# Happens: a RuntimeError is raised, which is no duckdb.Error either, with neither a cause nor a context. A program that ends quietly at Ctrl-C and
#     shows other errors shows this one, and `except duckdb.Error` does not catch it. The interrupt that interrupt() asks for is duckdb's own error.
# Seen: SIGINT: RuntimeError, "Query interrupted", cause None, context None; interrupt(): InterruptException
# eventlake: ends with 130 at it.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import os
import signal
import threading

import duckdb


def ended_by(stop):
    """What a statement of some seconds raises that is stopped after half of one."""
    connection = duckdb.connect()
    timer = threading.Timer(0.5, stop, (connection,))
    timer.start()
    try:
        connection.execute("SELECT sum(sqrt(a.range) * sin(b.range)) FROM range(100000) a, range(30000) b").fetchall()
    except BaseException as error:
        return error
    finally:
        timer.join()


signalled = ended_by(lambda connection: os.kill(os.getpid(), signal.SIGINT))
asked = ended_by(lambda connection: connection.interrupt())
print(type(signalled), signalled, signalled.__cause__, signalled.__context__, type(asked))
assert type(signalled) is RuntimeError and not isinstance(signalled, duckdb.Error)
assert signalled.__cause__ is None and signalled.__context__ is None
assert type(asked) is duckdb.InterruptException
END
