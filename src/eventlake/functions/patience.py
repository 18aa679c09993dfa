"""The time that Lambda leaves a call, shared among the records of its batch: one that takes too long fails alone.

Firehose takes a batch for failed whose call ran out of time, and sends all of it again, for hours.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # what `signal` wraps, without the enumerations that cost more than the rest

from eventlake.errors import TooSlowError

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Callable
    from types import CodeType, FrameType

_SHARES = 8
"""Into how many ticks the time that is left is cut; a record may take one, and is interrupted before it has taken two."""


class Patience:
    """Interrupts a record that is still worked on at the tick after the one that met it: `with Patience(context, answered, work)`.

    answered: gives how many records have their answer. work: the code of what is done with one record, within which it may be interrupted.
    Without a context that knows the time, and beside the main thread, nothing is interrupted.
    """

    def __init__(self, context: object, answered: Callable[[], int], work: CodeType) -> None:
        self._left_ms: Callable[[], int] | None = getattr(context, "get_remaining_time_in_millis", None)
        self._answered = answered
        self._work = work
        self._met = -1

    def __enter__(self) -> None:
        """Let the clock tick."""
        if self._left_ms is not None:
            try:
                _signal.signal(_signal.SIGALRM, self._tick)
            except ValueError:  # only the main thread may
                self._left_ms = None
            self._set()

    def __exit__(self, *_: object) -> None:
        """Stop the clock."""
        if self._left_ms is not None:
            _signal.setitimer(_signal.ITIMER_REAL, 0)

    def _set(self) -> None:
        """Let the clock tick from now on in shares of the time that is left, so that a batch of slow records leaves time for its last."""
        if self._left_ms is not None:
            share = max(self._left_ms() / 1000 / _SHARES, 0.001)
            _signal.setitimer(_signal.ITIMER_REAL, share, share)

    def _tick(self, _number: int, frame: FrameType | None) -> None:
        """Interrupt the record that was worked on at the last tick too."""
        answered = self._answered()
        if answered == self._met and self._is_within(frame):
            self._met = -1
            self._set()
            raise TooSlowError("The event takes more of the call's time than one event may; the others of its batch are transformed.")
        self._met = answered

    def _is_within(self, frame: FrameType | None) -> bool:
        """Return True if this code runs within the work on a record."""
        while frame is not None and frame.f_code is not self._work:
            frame = frame.f_back
        return frame is not None
