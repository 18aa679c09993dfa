"""Asks an API of AWS for lists, page by page, however slowly it lets itself be asked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from eventlake.apis.aws.derived import Place
from eventlake.backends.aws import Session, failing, is_throttled
from eventlake.errors import ServiceError

_PAUSES_S = (5, 10, 20, 40, 60, 60, 60)
"""How long is waited where AWS throttles the calls, beside the seconds that each call waits by itself."""


class Asked:
    """A service of AWS in one place. calls: how often it was asked. pause: sleeps, in seconds."""

    def __init__(self, session: Session, service: str, place: Place, pause: Callable[[float], None] = time.sleep) -> None:
        self._client = session.client(service)
        self._service = service
        self._pause = pause
        self.place = place
        self.calls = 0

    def ask(self, operation: str, **given: Any) -> Mapping[str, Any]:  # the parameters of AWS's operations
        """Return the answer of an operation, such as `list_pipelines`. Raises ConfigurationError, ServiceError."""
        for pause in (*_PAUSES_S, None):
            self.calls += 1
            try:
                with failing(f"{self._service} in {self.place.region} cannot be asked for its history"):
                    answer: Mapping[str, Any] = getattr(self._client, operation)(**given)
                    return answer
            except ServiceError as error:
                if pause is None or not is_throttled(error):
                    raise
                self._pause(pause)
        raise AssertionError  # the last try returns or raises

    def pages(self, operation: str, **given: Any) -> Iterator[Mapping[str, Any]]:
        """Yield the answers of an operation that lists, as they are asked for."""
        answer = self.ask(operation, **given)
        yield answer
        while token := answer.get("nextToken"):
            answer = self.ask(operation, **given, nextToken=token)
            yield answer


def moment_of(answer: Mapping[str, Any]) -> datetime:
    """Return when AWS gave an answer, by its own clock: what it tells is whole up to then."""
    said = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return parsedate_to_datetime(said) if said else datetime.now(UTC)


def place_of(session: Session) -> Place:
    """Return the account and region that a session asks. Raises ConfigurationError, ServiceError."""
    client = session.client("sts")
    with failing("AWS cannot be asked whose credentials these are"):
        arn = client.get_caller_identity()["Arn"].split(":")
    return Place(arn[4], client.meta.region_name, arn[1])
