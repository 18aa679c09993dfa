"""What a container remembers of a service, and reads again now and then: the keys of pseudonyms, who was erased."""

from __future__ import annotations

from collections.abc import Callable
from time import time
from typing import Any, Generic, TypeVar

from eventlake.backends.aws import is_away
from eventlake.errors import ConfigurationError, EventError, ServiceError

USABLE_S = 3_600
"""For so long something is used that cannot be read again because its service is away; an answer that it is gone, or no right, counts at once."""

_TRIES = 3
_Read = TypeVar("_Read")


class Fresh(Generic[_Read]):
    """What `read` gives, as this container knows it.

    read: may raise ServiceError or ConfigurationError. code: the reason of records that fail because it cannot be had. fresh_s: after so many
    seconds it is read again. now: seconds of a clock that goes on while a container is frozen.
    """

    def __init__(self, read: Callable[[], _Read], code: str, fresh_s: float, now: Callable[[], float] = time) -> None:
        self._read, self._code, self._fresh_s, self._now = read, code, fresh_s, now
        self._known: tuple[_Read] | None = None
        self._read_at = self._tried_at = float("-inf")

    def value(self) -> _Read:
        """Return it. Raises EventError if it cannot be had."""
        now = self._now()
        if self._known is None or now - self._tried_at >= self._fresh_s:
            self._tried_at = now
            self._read_again(now)
        assert self._known is not None
        return self._known[0]

    def _read_again(self, now: float) -> None:
        """Read it, and remember that it could not be read."""
        try:
            self._known, self._read_at = (self._read(),), now
        except (ServiceError, ConfigurationError) as error:
            if not is_away(error) or now - self._read_at >= USABLE_S:
                self._known = None
                raise EventError(self._code, str(error)) from None


def quick_client(service: str) -> Any:  # boto3's clients have no types
    """Return boto3's client of a service that a batch waits for."""
    import boto3
    from botocore.config import Config

    from eventlake.backends.retries import ONCE, wait_between_tries

    client = boto3.client(service, config=ONCE.merge(Config(connect_timeout=3, read_timeout=5)))
    wait_between_tries(client, _TRIES)
    return client
