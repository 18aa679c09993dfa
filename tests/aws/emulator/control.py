"""The tester's door, through the real client: PutMetricData in the namespace `Emulator` sets what no service lets a caller set.

ClockAhead                         seconds by which the alarms' clock is ahead: an hour without events passes at once
BuffersHeld                        1 lets no buffer of Firehose's end by its time, 0 lets them again: what is put meanwhile is one batch
ThrottledShare, Action=<service>:<action>   share of the calls that are answered with ThrottlingException, 0 to 1
"""

from __future__ import annotations

import threading
import time

NAMESPACE = "Emulator"

_lock = threading.Lock()
_ahead_s = 0.0
_are_held = False
_shares: dict[str, float] = {}
_owed: dict[str, float] = {}


def set_value(name: str, value: float, dimensions: dict[str, str]) -> None:
    """Take one setting. Raises KeyError for a name or an action that is missing."""
    global _ahead_s, _are_held
    with _lock:
        if name == "ClockAhead":
            _ahead_s = value
        elif name == "BuffersHeld":
            _are_held = bool(value)
        elif name == "ThrottledShare":
            _shares[dimensions["Action"]] = value
        else:
            raise KeyError(name)


def now() -> float:
    """The time of the alarms, in epoch seconds."""
    return time.time() + _ahead_s


def are_buffers_held() -> bool:
    """Whether buffers go on waiting though their time is over."""
    return _are_held


def is_throttled(action: str) -> bool:
    """Whether this call is to be refused. Refusals come as evenly as the share allows, so that a test meets the same number each time."""
    with _lock:
        owed = _owed.get(action, 0.0) + _shares.get(action, 0.0)
        _owed[action] = owed - 1 if owed >= 1 else owed
        return owed >= 1
