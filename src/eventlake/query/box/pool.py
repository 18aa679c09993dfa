"""`Box`: gives each query a fresh process, ready before it is needed, so many at once, and takes it away at the deadline."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import finalize

from eventlake.errors import QueryLimitError
from eventlake.interfaces import Cancelled
from eventlake.query.box.line import Line
from eventlake.query.box.walls import Cell
from eventlake.query.box.worker import Worker, not_started
from eventlake.query.box.zygote import Zygote, shared

AT_ONCE = 4
"""Queries that are answered at the same time when nothing else is said."""
WAITING = 64
"""Queries that may wait in line when nothing else is said."""

Folder = tuple[int, int] | None
"""Device and inode of a folder, None for one that is not there."""


class Box:
    """Processes for queries over one folder, one for each.

    warm: how many processes are kept ready between queries; 0 begins one when a query is announced.
    """

    def __init__(
        self,
        cell: Cell,
        *,
        at_once: int = AT_ONCE,
        waiting: int = WAITING,
        warm: int = 0,
        zygote: Zygote | None = None,
    ) -> None:
        self.cell = cell
        self.warm = warm
        self.line = Line(at_once, waiting)
        self._zygote = zygote
        self._spare: list[tuple[Worker, Folder]] = []
        self._lock = threading.Lock()
        self._finalizer = finalize(self, _let_go, self._spare, self._lock)

    def prepare(self) -> None:
        """Have a process ready, or on its way: a query is coming. Does not wait."""
        with self._lock:
            while len(self._spare) < max(self.warm, 1):
                folder = _folder(self.cell)
                self._spare.append((self._worker(), folder))

    @contextmanager
    def turn(self, cancelled: Cancelled | None = None) -> Iterator[Worker]:
        """Give a process for one query, for as long as the `with` lasts, and cell.seconds at most, the time in line included.

        Raises QueryLimitError if the line is full or the time is over, ConfigurationError if no process can be started.
        """
        seconds = self.cell.seconds
        deadline = time.monotonic() + seconds

        def look() -> None:
            if cancelled is not None and cancelled():
                raise QueryLimitError("The query was cancelled.")

        with self.line.turn(deadline, look):
            worker = self._begun(deadline, look)
            try:
                yield worker
            finally:
                worker.close()
                if self.warm:
                    self.prepare()

    def close(self) -> None:
        """Let the spare processes go; the box can still be used."""
        _let_go(self._spare, self._lock)

    def _begun(self, deadline: float, look: Callable[[], None]) -> Worker:
        """Return a process that stands behind its walls; one that died before it was asked costs another, once."""
        for worker in (self._taken(), None):
            begun = worker or self._worker()
            begun.until(deadline, self.cell.seconds, look)
            try:
                if begun.begin():
                    begun.replace_by(self._worker)
                    return begun
            except BaseException:
                begun.close()
                raise
            begun.close()
        raise not_started()

    def _taken(self) -> Worker:
        """Return a spare process if one lives whose walls stand round the folder that is there now, else a new one."""
        with self._lock:
            while self._spare:
                worker, folder = self._spare.pop(0)
                if folder == _folder(self.cell) and not worker.is_gone():
                    return worker
                worker.close()
        return self._worker()

    def _worker(self) -> Worker:
        worker = (self._zygote or shared()).fork()
        try:
            worker.prepare(self.cell)
        except BaseException:
            worker.close()
            raise
        return worker


def _folder(cell: Cell) -> Folder:
    """Return which folder of the disk the cell's is: Landlock lets a process read that one, not what stands in its place later."""
    try:
        status = os.stat(cell.folder)  # noqa: PTH116  # asked for each query
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _let_go(spare: list[tuple[Worker, Folder]], lock: threading.Lock) -> None:
    with lock:
        for worker, _ in spare:
            worker.close()
        spare.clear()
