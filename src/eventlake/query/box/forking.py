"""The zygote's own process: everything imported, a DuckDB open, one thread, and a fork for each cell that is asked for.

It never sees a statement. It ends those whose leash is let go, tells how each ended, and ends with whoever started it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import signal
import socket
import struct
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from eventlake.query.box.stock import Stock

ENDED = struct.Struct("<iQ")
"""What is told of a process that ended: its status as os.wait() gives it, and the most memory it held, in KB."""


def main(descriptor: int) -> NoReturn:
    """Fork for each request that comes over the socket; end when it is closed."""
    os.environ.clear()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever waits for the answer
    import_everything()
    zygote = _Zygote(socket.socket(fileno=descriptor))
    gc.collect()
    gc.freeze()  # so that no collection in a fork touches, and thereby copies, what all share
    zygote.serve()
    os._exit(0)


def import_everything() -> None:
    """Import all that a query's process will need: it cannot read a module once its walls are up."""
    import datetime
    import decimal
    import difflib
    import encodings.idna
    import uuid

    import duckdb
    import msgspec

    from eventlake.dialect.queries import pruning
    from eventlake.dialect.translate import translate
    from eventlake.errors import QueryError
    from eventlake.query.box import answering

    _ = (difflib, encodings.idna, duckdb, pruning, answering)
    now = datetime.datetime.now(datetime.UTC)
    with contextlib.suppress(QueryError):  # it is done for what it loads
        translate(_EVERYDAY, [], now)
    msgspec.msgpack.decode(msgspec.msgpack.encode([decimal.Decimal(1), now, uuid.UUID(int=0)]))


_EVERYDAY = """
    WITH a AS (SELECT json_extract_scalar('{}', '$.a') x, count(*) n FROM (VALUES (1, date '2026-11-07')) t(a, b) WHERE a IN (1, 2) GROUP BY 1)
    SELECT x, a.n, row_number() OVER (ORDER BY a.n) FROM a JOIN a b USING (x) ORDER BY 1 LIMIT 1
"""
"""A statement whose translation loads what is loaded at the first use."""
_OFTEN = 4
"""After so many queries others are likely to come, and what they may need is made while none does: 0.25 s for all 331 macros."""
_QUIET_MS = 100
"""For how long none came then: whoever asks one query after another, as a replay does, waits for the processor and not for macros."""


class _Zygote:
    def __init__(self, control: socket.socket) -> None:
        from eventlake.query.box.stock import Stock

        self.control = control
        self.stock = Stock()
        self.answered = 0
        self.leashes: dict[int, socket.socket] = {}
        self.poll = select.poll()
        wake, self.wake = socket.socketpair()
        for one in (wake, self.wake):
            one.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        self.waking = wake
        self.poll.register(control, select.POLLIN)
        self.poll.register(self.wake, select.POLLIN)

    def serve(self) -> None:
        """Serve until whoever started it is gone."""
        events: list[tuple[int, int]] = []
        while True:
            is_waiting = self.answered < _OFTEN or self.stock.is_whole
            events = self.poll.poll(None if is_waiting else _QUIET_MS if events else 0)
            if not events:
                self.stock.make_next()
            for descriptor, _ in events:
                if descriptor == self.control.fileno():
                    if not self.fork():
                        self.end_all()
                        return
                elif descriptor == self.wake.fileno():
                    with contextlib.suppress(BlockingIOError):
                        self.wake.recv(4096)
                    self.reap()
                else:
                    self.end(descriptor)

    def fork(self) -> bool:
        """Fork a process for the request that waits; return False if there is none because the other side is gone."""
        try:
            asked, descriptors, _, _ = socket.recv_fds(self.control, 1, 2)
        except OSError:
            return False
        if not asked:
            return False
        data, leash = (socket.socket(fileno=one) for one in descriptors)
        me = os.getpid()
        try:
            process = os.fork()
        except OSError:  # no memory or no process left: the other side sees both sockets closed
            data.close()
            leash.close()
            return True
        if process == 0:
            _begin(data, me, self.stock)
        data.close()
        self.leashes[process] = leash
        self.poll.register(leash, select.POLLIN)
        return True

    def end(self, descriptor: int) -> None:
        """Kill the process whose leash was let go; reaping it closes the leash."""
        for process, leash in self.leashes.items():
            if leash.fileno() == descriptor:
                self.poll.unregister(leash)
                os.kill(process, signal.SIGKILL)  # it was not reaped yet, so the number is still its own
                return

    def end_all(self) -> None:
        """Kill every process that is left."""
        for process in self.leashes:
            os.kill(process, signal.SIGKILL)

    def reap(self) -> None:
        """Tell how each process that ended did."""
        while True:
            try:
                process, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not process:
                return
            self.answered += 1
            leash = self.leashes.pop(process)
            with contextlib.suppress(KeyError):
                self.poll.unregister(leash)
            with contextlib.suppress(OSError):
                leash.send(ENDED.pack(status, usage.ru_maxrss))
            leash.close()


def _begin(data: socket.socket, parent: int, stock: Stock) -> NoReturn:
    """Keep one socket of all that was open, answer, and be gone: the forked process."""
    from eventlake.query.box import answering

    signal.set_wakeup_fd(-1)
    try:
        kept = data.detach()
        if kept != 3:
            os.dup2(kept, 3, inheritable=False)
        os.closerange(4, 65_536)
        answering.answer_one(socket.socket(fileno=3), parent, stock)
    except BaseException:  # nothing of it is for anybody but the parent, which sees the socket closed
        os._exit(1)
    os._exit(0)
