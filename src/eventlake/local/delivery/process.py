"""The process that delivers, beside the one that accepts: so that each has a processor of its own.

Reads commands on stdin: `durable N` (the spool may be read up to N) and `stop` (deliver everything, then end). Answers on stdout with
`delivered N`, `trouble SENTENCE`, and `told SENTENCE` for what keeps nothing from being delivered. If stdin ends without `stop`, the bus was
killed: this process ends at once, and the next start recovers.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from eventlake.backends.disk import storage_error
from eventlake.errors import CorruptObjectError, EventlakeError, LakeTakenError, StorageError, StorageFullError
from eventlake.local.delivery.pump import Pump
from eventlake.local.delivery.task import AGAIN, TAKEN, UNDELIVERED, Task
from eventlake.pipeline.delivery import Hints
from eventlake.sources import load

_IDLE_S = 60.0
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 10.0
_QUIET_S = 0.25
"""For how long nothing may come before what came is delivered, if it is much: longer than senders nearby pause between their requests."""
_TURN_S = 0.0005
"""After how long the thread that writes objects is let in, which needs Python some hundred times an object, for microseconds; not after 5 ms."""
_FULL_BUFFERS = 2
"""How much of log lines is held, in full buffers, of however many tables: what the process takes in memory is mostly this."""
_LAST_TRIES = 6
"""How often delivery is tried again on a full disk before the process ends: within 16 seconds."""


class _Commands:
    """The commands on stdin, read without waiting longer than asked."""

    def __init__(self) -> None:
        self.until = 0
        self.stopping = False
        self.abandoned = False
        self._rest = b""

    def wait(self, seconds: float) -> None:
        """Read what there is, waiting at most so long for the first."""
        if not select.select([0], [], [], seconds)[0]:
            return
        data = os.read(0, 1 << 16)
        if not data:
            self.abandoned = not self.stopping
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            word, _, value = line.partition(b" ")
            if word == b"durable":
                self.until = int(value)
            elif word == b"stop":
                self.stopping = True


class _Worker:
    """Pumps until it is told to stop."""

    def __init__(self, pump: Pump) -> None:
        self._pump = pump
        self._commands = _Commands()
        self._told = -1
        self._pause = 0.0
        self._last_tries = 0

    def run(self) -> int:
        """Deliver until told to stop; the exit code."""
        while not self._commands.abandoned:
            try:
                busy = self._turn()
                self._pause = 0.0
            except (BrokenPipeError, CorruptObjectError):
                raise
            except (StorageError, OSError) as error:
                self._pause = min(max(self._pause * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
                _say(f"trouble {_known(error)}")
                if self._commands.stopping and not self._may_try_again(error):
                    return UNDELIVERED
                busy = False
            if self._pump.must_go_back:
                return AGAIN
            if self._commands.stopping and self._pump.delivered >= self._commands.until:
                return 0
            self._commands.wait(0.0 if busy else self._patience())
        return 1

    def _may_try_again(self, error: StorageError | OSError) -> bool:
        """Return True while what remains may be delivered in smaller parts before the end: the disk had no room for it at once."""
        self._last_tries += 1
        return isinstance(error, StorageFullError) and self._last_tries <= _LAST_TRIES

    def _turn(self) -> bool:
        """Take what is there, deliver what is due; whether there is more to do at once."""
        erased = self._pump.erased
        try:
            taken = self._pump.take(self._commands.until)
        except CorruptObjectError:
            raise
        except (StorageError, OSError):
            with contextlib.suppress(StorageError, OSError):  # the first trouble is told
                self._deliver(self._pump.deliver_due)  # what was taken before does not wait until more can be
            raise
        if self._pump.erased > erased:
            _say(f"told {left_out(self._pump.erased - erased)}")
        if self._commands.stopping and not taken:
            self._deliver(lambda: self._pump.deliver_all(self._commands.until))
            return False
        has_more = bool(taken) and (self._commands.stopping or self._pump.has_more(self._commands.until))
        self._deliver(self._pump.begin_due if has_more else self._pump.deliver_due)
        return has_more

    def _deliver(self, deliver: Callable[[], object]) -> None:
        """Deliver, and tell how far everything is, also where it is not all that it should be."""
        try:
            deliver()
        finally:
            if self._pump.delivered != self._told:
                self._told = self._pump.delivered
                _say(f"delivered {self._told}")

    def _patience(self) -> float:
        if self._pause:
            return self._pause
        due = self._pump.next_due()
        return _IDLE_S if due is None else due


def _known(error: StorageError | OSError) -> StorageError:
    """Return an error as a sentence, also where the system refused something that nobody expected it to."""
    return storage_error(error, "What was accepted cannot be delivered") if isinstance(error, OSError) else error


def left_out(count: int) -> str:
    """Say that events were left out."""
    were = "1 event is" if count == 1 else f"{count:,} events are"
    return f"{were} of somebody who was erased, and left out: nothing of it is kept."


def _say(line: str) -> None:
    os.write(1, line.replace("\n", " ").encode() + b"\n")


def main(arguments: Sequence[str]) -> int:
    """Run the process."""
    with contextlib.suppress(BrokenPipeError):  # the bus was killed: nobody hears how it went
        return _run(arguments)
    return 1


def _run(arguments: Sequence[str]) -> int:
    fields = json.loads(arguments[0])
    task = Task(**{**fields, "sources": tuple(fields["sources"])})
    sys.setswitchinterval(_TURN_S)
    try:
        sources = load([Path(folder) for folder in task.sources])
        hints = Hints(task.seconds, task.size_bytes, _QUIET_S, _FULL_BUFFERS * task.size_bytes)
        pump = Pump(
            Path(task.folder), sources, hints, time.monotonic, task.log_format, task.epoch, lambda sentence: _say(f"told {sentence}")
        )
        return _Worker(pump).run()
    except LakeTakenError as error:
        _say(f"trouble {error}")
        return TAKEN
    except EventlakeError as error:
        _say(f"trouble {error}")
        return 3
    except OSError as error:
        _say(f"trouble {_known(error)}")
        return 3
