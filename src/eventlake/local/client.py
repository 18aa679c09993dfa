"""A sender of events to a bus: `POST /events`, a document behind the other, again after a pause while the bus is behind, or begins anew.

Called by `send --bus`, `replay` and the demo. A request is repeated if the bus said that it took nothing of it (429, 503), or if the bus, which
had answered before, is gone; an event that arrives twice keeps its id and is a duplicate, not a second event.
"""

from __future__ import annotations

import errno
import http.client
import json
import os
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from urllib.parse import urlsplit

import msgspec

from eventlake.errors import ConfigurationError, EventError, ServiceError
from eventlake.local.item import Item

BATCH_EVENTS = 2000
BATCH_BYTES = 4 << 20
_PATIENCE = 8
"""How often a request is sent while the bus is behind, or gone: for three quarters of a minute."""
_LONGEST_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event: its id, or the code and sentence of its rejection; or what was opened, which is no event.

    is_erased: it is of somebody who was erased, and nothing became of it.
    """

    item: Item
    id: str | None
    code: str | None = None
    message: str | None = None
    opened: dict[str, int] | None = None
    is_erased: bool = False


class _GoneError(ConfigurationError):
    """Nothing listens where the bus should, or it hung up."""


class BusClient:
    """A connection to a bus, kept open from request to request.

    url: `http://host:port`. pause: waits that many seconds. option: where a person named the bus. told: is given a sentence when it is waited for.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        pause: Callable[[float], None] = time.sleep,
        option: str = "--bus",
        told: Callable[[str], None] = lambda _sentence: None,
    ) -> None:
        try:
            parts = urlsplit(url if "//" in url else f"http://{url}")
            port = parts.port
        except ValueError:  # brackets without an address, a port that is none
            raise _no_url(url) from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise _no_url(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname, port, timeout=60)
        self._url = url
        self._headers = {"Content-Type": "application/x-ndjson"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._pause = pause
        self._option = option
        self._told = told
        self._was_there = self._is_waiting = False

    def send(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Send items in batches; what the bus said of each, in order. Raises ServiceError or ConfigurationError."""
        for taken, answer in self._answers(items):
            yield from _outcomes(taken, answer)

    def refused(self, documents: Sequence[bytes]) -> list[Outcome]:
        """Send documents in batches; what the bus said of those that it refused. Raises ServiceError or ConfigurationError."""
        refused: list[Outcome] = []
        for batch in _portions(documents):
            answer = self._post(b"\n".join(batch))
            if not _is_all_taken(answer, len(batch)):
                items = [Item(1, document) for document in batch]
                refused += [
                    one for taken, said in self._answers_from(answer, items) for one in _outcomes(taken, said) if one.code is not None
                ]
        return refused

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _answers(self, items: Iterable[Item]) -> Iterator[tuple[list[Item], dict[str, Any]]]:
        """Send items in batches; yield those that an answer speaks of, with the answer."""
        for batch in _batches(items):
            yield from self._answers_from(self._post(_body(batch)), batch)

    def _answers_from(self, answer: bytes, batch: list[Item]) -> Iterator[tuple[list[Item], dict[str, Any]]]:
        """Yield the items of a batch that its answer speaks of, with the answer; then send those that are left."""
        while True:
            said = self._said(answer)
            taken = self._taken(batch, said)
            self._require_all(taken, said)
            yield taken, said
            batch = batch[len(taken) :]
            if not batch:
                return
            answer = self._post(_body(batch))

    def _post(self, body: bytes) -> bytes:
        for attempt in range(_PATIENCE):
            status, retry_after, answer = self._request_patiently(body, is_last=attempt == _PATIENCE - 1)
            if status not in {429, 503}:
                break
            self._pause(min(float(retry_after or 2**attempt), _LONGEST_PAUSE_S))
        if status != 200 and not _has_rest(status, answer):
            raise ServiceError(f"The bus at {self._url} answered {status}: {_sentence(answer)}")
        return answer

    def _request_patiently(self, body: bytes, *, is_last: bool) -> tuple[int, str | None, bytes]:
        """Send a request; a bus that answered before and is gone counts as one that takes nothing now, until the last time."""
        try:
            answered = self._request(body)
        except _GoneError:
            self._connection.close()
            if is_last or not self._was_there:
                raise
            if not self._is_waiting:
                self._told(f"The bus at {self._url} is gone; waiting for it.")
            self._is_waiting = True
            return 503, None, b""
        self._was_there, self._is_waiting = True, False
        return answered

    def _request(self, body: bytes) -> tuple[int, str | None, bytes]:
        try:
            return self._exchange(body)
        except ConnectionError:
            self._connection.close()  # it was closed while it was idle; the next request opens another
        try:
            return self._exchange(body)
        except ConnectionError as error:
            raise _GoneError(self._unreachable(error)) from None

    def _exchange(self, body: bytes) -> tuple[int, str | None, bytes]:
        try:
            self._connection.request("POST", "/events", body, self._headers)
            response = self._connection.getresponse()
            return response.status, response.headers.get("Retry-After"), response.read()
        except ConnectionError:
            raise
        except http.client.IncompleteRead:  # it ended in the middle of an answer
            raise ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)) from None
        except http.client.BadStatusLine:
            raise self._stranger() from None
        except (OSError, http.client.HTTPException, UnicodeError) as error:  # the last: a host's name with an empty part
            raise ConfigurationError(self._unreachable(error)) from None

    def _said(self, answer: bytes) -> dict[str, Any]:
        """Return what a bus says in its answer. Raises ServiceError if no bus says that."""
        try:
            found = msgspec.json.decode(answer)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict) or "events" not in found:
            raise self._stranger()
        return found

    def _stranger(self) -> ServiceError:
        return ServiceError(f"{self._url} answered, and not as a bus does: is another program there? Name the bus with --bus.")

    def _unreachable(self, error: Exception) -> str:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return f"The bus at {self._url} cannot be reached: {reason}. Start it with `eventlake serve`, or name another with {self._option}."

    def _taken(self, batch: list[Item], answer: dict[str, Any]) -> list[Item]:
        """Return the items that an answer speaks of: all of them, or those before the line from which on the bus took nothing."""
        if "rest" not in answer:
            return batch
        count = bisect_right(_lines(batch), answer["rest"]["line"]) - 1
        if count < 1:
            raise ServiceError(f"The bus at {self._url} took nothing: {_sentence(json.dumps(answer).encode())}")
        return batch[:count]

    def _require_all(self, batch: list[Item], answer: dict[str, Any]) -> None:
        """Raise ServiceError for an answer that does not speak of each item; where some were opened, of what was in them."""
        said = answer["events"]
        if answer.get("opened") is None and len(said) != len(batch):
            raise ServiceError(f"The bus at {self._url} answered for {len(said)} of {len(batch)} events; is it an eventlake bus?")


def _no_url(url: str) -> ConfigurationError:
    return ConfigurationError(f'"{url}" is not the URL of a bus; write it as http://127.0.0.1:8787.')


def _lines(batch: list[Item]) -> list[int]:
    """Return the line of a request on which each item begins, and the one behind the last."""
    return list(accumulate((item.data.count(b"\n") + 1 for item in batch), initial=1))


def _has_rest(status: int, answer: bytes) -> bool:
    """Return True if a bus took a part of a request, and says from where on it did not."""
    return status == 413 and b'"rest":' in answer


class _Counts(msgspec.Struct):
    """What an answer says of all events together; what it says of each is not read."""

    accepted: int
    rejected: int
    events: msgspec.Raw
    rest: msgspec.Raw | None = None
    opened: msgspec.Raw | None = None


_counts = msgspec.json.Decoder(_Counts).decode


def _is_all_taken(answer: bytes, count: int) -> bool:
    """Return True if a bus took so many documents, each as an event; False where its answer says anything else."""
    try:
        said = _counts(answer)
    except (ValueError, RecursionError):
        return False
    return (said.accepted, said.rejected, said.rest, said.opened) == (count, 0, None, None)


def _outcomes(batch: list[Item], answer: dict[str, Any]) -> Iterator[Outcome]:
    """Yield what an answer says of each item, and before it what was opened."""
    if answer.get("opened") is not None:
        yield Outcome(batch[0], None, opened=answer["opened"])
    lines = _lines(batch)
    for place, one in enumerate(answer["events"]):
        index = bisect_right(lines, one["line"]) - 1 if "line" in one else place
        yield _outcome(batch[min(index, len(batch) - 1)], one)


def _outcome(item: Item, said: dict[str, Any]) -> Outcome:
    """Return what the bus said of an item, with the item's own place: the bus knows that in its request."""
    if "ErrorCode" not in said:
        return Outcome(item, said["id"])
    error = item.failed(EventError(said["ErrorCode"], said["ErrorMessage"]))
    return Outcome(item, None, error.code, str(error))


def _body(batch: Sequence[Item]) -> bytes:
    return b"\n".join([item.data for item in batch])


def _portions(documents: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """Group documents into requests, as `_batches` does; those of one request are not looked at one by one."""
    if len(documents) <= BATCH_EVENTS and sum(map(len, documents)) <= BATCH_BYTES and all(one.startswith(b"{") for one in documents):
        yield documents
    else:
        yield from ([item.data for item in batch] for batch in _batches(Item(1, document) for document in documents))


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Group items into requests; what begins as no object has one of its own, where it cannot be taken for a part of its neighbour."""
    batch: list[Item] = []
    size = 0
    for item in items:
        is_alone = not item.data.startswith(b"{")
        if batch and (is_alone or len(batch) == BATCH_EVENTS or size + len(item.data) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        if is_alone:
            yield [item]
        else:
            batch.append(item)
            size += len(item.data)
    if batch:
        yield batch


def _sentence(answer: bytes) -> str:
    try:
        said = json.loads(answer)
        return str(said.get("message") or said.get("ErrorMessage") or said)
    except (ValueError, AttributeError):
        return answer[:200].decode("utf-8", "replace") or "nothing"
