"""The process beside that of the service: what it shares with it, and what it does not."""

import asyncio
import os
import sys

from eventlake.local.child import Child

_SAYS = "import os, sys; print(os.getpgrp(), os.getsid(0), flush=True); sys.stdin.read()"


def test_a_child_leads_a_group_of_its_own_in_the_session_of_the_service() -> None:
    """Ctrl-C does not reach it and the whole group can be ended; niceness counts, which Linux may weigh within one session only."""

    async def said() -> tuple[int, list[int], int | None]:
        child = Child((), 100)
        process = await child.start([sys.executable, "-I", "-S", "-c", _SAYS])
        assert process.stdout is not None
        line = await process.stdout.readline()
        await child.end()
        return process.pid, [int(part) for part in line.split()], process.returncode

    pid, ids, ended = asyncio.run(said())

    assert ids == [pid, os.getsid(0)]
    assert ended == -9
