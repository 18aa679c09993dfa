"""PutEvents requests that are here whole, as nearly all are: taken without a task for each, those of a turn of the event loop together.

What the bus promises holds for them as for all others; whatever is odd about one, `eventlake.local.bus.bus` answers. Called by connections.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from eventlake.local.bus.answer import Answer, AwsError, HttpError, RawHeaders, answer_to, failure
from eventlake.local.bus.body import may_be_gzip, refused
from eventlake.local.bus.guard import Guard, region
from eventlake.local.bus.pressure import Pressure
from eventlake.local.bus.put_events import PUT_EVENTS, accepted, put_events
from eventlake.local.bus.sender import Sender
from eventlake.local.bus.storing import Part, Storing, microseconds
from eventlake.local.spool.frames import EVENT, encode_alike

Answered = Callable[[Answer], None]
Way = Callable[[bytes, Sender, Answered], bool]
"""Takes a body, who sent it, and what hears the answer; False if this is no way for it."""

_ODD = {b"content-encoding", b"transfer-encoding"}
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asked:
    """A request that waits for the end of its turn."""

    region: str
    body: bytes
    sender: Sender
    answered: Answered


class AtOnce:
    """Takes requests that are here whole. now: the time, in UTC."""

    def __init__(self, guard: Guard, pressure: Pressure, storing: Storing, now: Callable[[], datetime]) -> None:
        self._guard = guard
        self._pressure = pressure
        self._storing = storing
        self._now = now
        self._turn: list[_Asked] = []

    def way_of(self, raw: RawHeaders) -> Way | None:
        """Return the way of requests to `POST /` with these headers; None for those that are no plain PutEvents, or of whom may not send."""
        try:
            headers = self._guard.headers(raw)
            self._guard.check_sender(headers, "POST")
            self._guard.check_token(headers)
        except HttpError:
            return None
        if headers.get(b"x-amz-target") != PUT_EVENTS or not _ODD.isdisjoint(headers):
            return None
        return partial(self._take, region(headers))

    def _take(self, region: str, body: bytes, sender: Sender, answered: Answered) -> bool:
        """Hold a request until the end of this turn of the loop, if there is room; return False for one that is to be looked at closer."""
        pressure = self._pressure
        if may_be_gzip(body) or not pressure.is_roomy():
            return False
        refusal = pressure.refusal(len(body)) or pressure.refusal_of(sender)
        if refusal is not None:
            answered(answer_to(refused(refusal), to_aws=True))
            return True
        pressure.hold(len(body), sender)
        self._turn.append(_Asked(region, body, sender, answered))
        if len(self._turn) == 1:
            asyncio.get_running_loop().call_soon(self._end_turn)
        return True

    def _end_turn(self) -> None:
        """Store the events of all requests that came in this turn."""
        turn, self._turn = self._turn, []
        now = self._now()
        arrival = microseconds(now)
        stored: list[tuple[_Asked, Answer]] = []
        parts: list[Part] = []
        for asked in turn:
            bodies, answer = _read(asked, now)
            if bodies:
                stored.append((asked, answer))
                parts.append((asked.sender, encode_alike(EVENT, arrival, bodies)))
            else:
                self._answer(asked, answer)
        if parts:
            self._storing.hand_in(now, parts, partial(self._stored, stored))

    def _stored(self, stored: list[tuple[_Asked, Answer]], error: HttpError | None) -> None:
        for asked, answer in stored:
            self._answer(asked, answer if error is None else answer_to(error, to_aws=True))

    def _answer(self, asked: _Asked, answer: Answer) -> None:
        self._pressure.release(len(asked.body), asked.sender)
        asked.answered(answer)


def _read(asked: _Asked, now: datetime) -> tuple[list[bytes], Answer]:
    """Return the events of a request, and its answer once they are stored."""
    try:
        put = put_events(asked.body, asked.region, now)
    except AwsError as error:
        return [], answer_to(error, to_aws=True)
    except Exception:  # the sender must hear that this was no 200, whatever it was
        _log.exception("The bus failed to answer POST /.")
        return [], answer_to(failure(), to_aws=True)
    return put.bodies, accepted(put)
