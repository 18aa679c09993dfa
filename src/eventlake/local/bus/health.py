"""How a bus is, for `GET /healthz`: ok only if it takes events, writes them, and delivers them.

Nothing here names the machine or its folders: anybody may ask. What is wrong exactly is told to the person who runs the bus.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventlake.local.bus.pressure import Pressure

LEAST_PATIENCE_S = 60.0
"""How long something may wait while nothing is delivered, where the buffers are shorter."""
_NOT_CLOSED = "Hours could not be closed, and are tried again; `eventlake doctor` says which and why. Nothing is lost."
_NOT_DETECTING = "Detections cannot run; `eventlake doctor` says which and why. Others run."
_MAKES_ROOM = "Somebody is being erased: what is accepted is kept, and delivered afterwards."


class Health:
    """Asks what can be wrong with a bus. pressure: what it may still take. patience_s: how long delivery may stand still."""

    def __init__(self, pressure: Pressure, patience_s: float = LEAST_PATIENCE_S) -> None:
        self._pressure = pressure
        self._patience_s = patience_s
        self.can_write = True
        """False if the last request could not be written."""
        self.is_in_trouble: Callable[[], bool] = lambda: False
        """Tells whether delivery failed and has not gone on since."""
        self.stuck_s: Callable[[], float] = lambda: 0.0
        """Tells for how many seconds something waits and nothing was delivered."""
        self.not_closed: Callable[[], int] = lambda: 0
        """Tells how many hours could not be closed: no reason to take the bus out of service, so it stays ok."""
        self.not_detecting: Callable[[], int] = lambda: 0
        """Tells how many detections cannot run; others do, so it stays ok."""
        self.makes_room: Callable[[], bool] = lambda: False
        """Tells whether delivery waits for a command that has the lake alone."""

    def state(self) -> dict[str, Any]:  # as JSON
        """Return `status`, which is ok, busy (send again later) or failing (somebody must act), figures, and a `message` unless all is well."""
        from eventlake import __version__

        refusal = self._pressure.refusal()
        wrong = self._wrong()
        figures = {
            "pending_bytes": self._pressure.pending(),
            "stuck_s": round(self.stuck_s(), 1),
            "hours_not_closed": self.not_closed(),
            "detections_failing": self.not_detecting(),
            "version": __version__,
        }
        if wrong is not None:
            return {"status": "failing", **figures, "message": wrong}
        if refusal is not None:
            return {"status": "busy", **figures, "message": refusal.sentence}
        said = {_NOT_CLOSED: self.not_closed(), _NOT_DETECTING: self.not_detecting(), _MAKES_ROOM: self.makes_room()}
        notes = [sentence for sentence, is_so in said.items() if is_so]
        return {"status": "ok", **figures, **({"message": " ".join(notes)} if notes else {})}

    def _wrong(self) -> str | None:
        if not self.can_write:
            return "The last request could not be written; the bus says why where it runs."
        if self.is_in_trouble():
            return "Delivery is in trouble, and is tried again; the bus says why where it runs. What was accepted is kept."
        if self.stuck_s() > self._patience_s:
            return f"Nothing was delivered for {self.stuck_s():.0f} seconds, though events wait; what was accepted is kept."
        return None
