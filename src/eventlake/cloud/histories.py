"""Histories in a lake on AWS: their rows as objects of their own in the hours in which they happened, beside what Firehose delivers.

How far a history is read lies in an object below `backfilled/`, which also names what is being written: whoever goes on after a kill removes
that first, so that no row is there twice. The names of objects follow from the history and the stretch of it that they hold. S3 tells the
lake's function of each object, and it registers the hour.
"""

from __future__ import annotations

import json
import tempfile
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing, met_another
from eventlake.backends.json_lines import EXTENSION as GZIP
from eventlake.backends.json_lines import write_gzip
from eventlake.cloud.deployment import Deployment, open_catalog, open_store
from eventlake.description import LINES, PROCESSING_FAILED, Description
from eventlake.errors import CorruptObjectError, GenerationConflictError
from eventlake.layout import BACKFILLED, Hour, error_key, object_key, object_name
from eventlake.local.additions import batches
from eventlake.local.delivery.checked import CheckedWriter, Part, writer_of
from eventlake.model import Table
from eventlake.pipeline.backfill import Gathered, HourRows, refused
from eventlake.pipeline.failed_records import FailedRecord, records_apart

_NAMESPACE = uuid.UUID("9f0c3a5e-3b0d-5f83-8a39-6d6a0ac6a2f4")
_WRITERS = 16


@dataclass(slots=True)
class _State:
    """How far a history is read, and the keys of what is being written. etag: of the object that says so; empty if there is none."""

    cursor: str = ""
    writing: Sequence[str] = ()
    etag: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    """A finished file, and the key under which it is to lie."""

    key: str
    path: Path


@dataclass(slots=True)
class _Written:
    """The files of a group, and the rows that no reader could read with the reasons."""

    files: list[_File] = field(default_factory=list)
    unreadable: list[FailedRecord] = field(default_factory=list)


class AwsHistories:
    """The histories of a lake on AWS. put: stands between this and S3 in tests, takes the key of what is written next."""

    def __init__(self, deployment: Deployment, session: Session, put: Callable[[str], None] = lambda key: None) -> None:
        self._bucket = deployment.bucket
        self._client = session.client("s3")
        self._store = open_store(deployment, session)
        self._catalog = open_catalog(deployment, session)
        self._writers: dict[str, CheckedWriter] = {}
        self._states: dict[str, _State] = {}
        self._told = put

    def cursor(self, history: str) -> str:
        """Return how far a history is read, empty for one that is new; remove what a writer that was stopped left. Raises StorageError."""
        state = self._states[history] = self._read(_key(history))
        self._each(self._store.delete, state.writing)
        return state.cursor

    def bring_in(self, history: str, cursor: str, gathered: Gathered, now: datetime) -> int:
        """Store rows in their hours, and failed records, then that the history is read up to the cursor.

        Return how many of the rows were refused. Raises StorageError, and GenerationConflictError if somebody else reads the same history.
        """
        if history not in self._states:
            self.cursor(history)
        begin = self._states[history].cursor
        with tempfile.TemporaryDirectory(prefix="eventlake-") as folder:
            written = self._written(f"{history}\n{begin}", gathered.hours, Path(folder), now)
            written.files += self._failures(f"{history}\n{begin}", [*gathered.failures, *written.unreadable], Path(folder))
            if written.files:
                self._note(history, begin, [one.key for one in written.files])
                self._each(self._put, written.files)
        self._note(history, cursor, [])
        return len(written.unreadable)

    def _written(self, stretch: str, hours: Sequence[HourRows], folder: Path, now: datetime) -> _Written:
        """Write a file for each table and hour, all of a table at once."""
        found = _Written()
        for places in batches(hours):
            some = [hours[place] for place in places]
            writer = self._writer(some[0].table)
            named = [uuid.uuid5(_NAMESPACE, f"{stretch}\n{one.table.name}\n{one.hour}") for one in some]
            parts = [
                Part(one.lines, folder / f"{name}{writer.extension}", _describing(self._bucket, one.table, one.hour, name))
                for one, name in zip(some, named, strict=True)
            ]
            for one, name, part, reasons in zip(some, named, parts, writer.write_all(some[0].table, parts), strict=True):
                found.unreadable += [refused(one.table, one.event(place), reason, now) for place, reason in reasons.items()]
                if part.path.exists():
                    key = object_name(one.table.stream, 1, one.hour.start, str(name), writer.extension)
                    found.files.append(_File(object_key(one.table.prefix, one.hour, key), part.path))
        return found

    def _failures(self, stretch: str, failures: Sequence[FailedRecord], folder: Path) -> Iterator[_File]:
        """Write the failed records, a file for each stream, in Firehose's own form."""
        streams: dict[str, list[FailedRecord]] = {}
        for one in failures:
            streams.setdefault(one.stream, []).append(one)
        for stream, of_stream in streams.items():
            records = records_apart(of_stream)
            named, arrival = uuid.uuid5(_NAMESPACE, f"{stretch}\nerror/{stream}"), records[0].arrival
            path = folder / f"{named}{GZIP}"
            said = Description(self._bucket, stream, PROCESSING_FAILED, Hour.of(arrival), *_position(named), len(records), _now_us())
            write_gzip([record.line() for record in records], path, said)
            name = object_name(stream.replace("_", "-"), 1, arrival, str(named), GZIP)
            yield _File(error_key(f"error/{stream}", PROCESSING_FAILED, arrival, name), path)

    def _writer(self, table: Table) -> CheckedWriter:
        """Return what writes objects in the format in which Glue reads the table."""
        log_format = self._catalog.log_format(table.name)
        if log_format not in self._writers:
            self._writers[log_format] = CheckedWriter(writer_of(log_format))
        return self._writers[log_format]

    def _put(self, file: _File) -> None:
        self._told(file.key)
        self._store.put(file.key, file.path)

    def _each(self, act: Callable[[Any], None], items: Iterable[Any]) -> None:
        """Call a function with each of the keys or files, some at a time."""
        with ThreadPoolExecutor(_WRITERS) as pool:
            for _ in pool.map(act, items):
                pass

    def _read(self, key: str) -> _State:
        with failing(f'"{key}", which says how far a history is read, cannot be read', storage=True):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise
                return _State()
            body, etag = answer["Body"].read(), str(answer["ETag"])
        try:
            said = json.loads(body)
            return _State(said["cursor"], said["writing"], etag)
        except (ValueError, KeyError, TypeError):
            raise CorruptObjectError(
                f'The object "{key}" does not say how far a history is read; remove it, and the history is read anew.'
            ) from None

    def _note(self, history: str, cursor: str, writing: Sequence[str]) -> None:
        """Write down how far a history is read, unless somebody else did since it was read here."""
        key, known = _key(history), self._states[history]
        body = json.dumps({"cursor": cursor, "writing": writing}).encode()
        condition = {"IfMatch": known.etag} if known.etag else {"IfNoneMatch": "*"}
        with failing(f'"{key}", which says how far a history is read, cannot be written', storage=True):
            try:
                answer = self._client.put_object(Bucket=self._bucket, Key=key, Body=body, **condition)
            except ClientError as error:
                if not met_another(error):
                    raise
                raise GenerationConflictError(f'"{history}" is being brought in by somebody else; look again in a moment.') from None
        self._states[history] = _State(cursor, writing, str(answer["ETag"]))


def _key(history: str) -> str:
    return f"{BACKFILLED}{quote(history, safe='/-._')}.json"


def _describing(lake: str, table: Table, hour: Hour, named: uuid.UUID) -> Callable[[int], Description]:
    """Return what describes an object of so many rows."""
    return lambda rows: Description(lake, table.name, LINES, hour, *_position(named), rows, _now_us())


def _position(named: uuid.UUID) -> tuple[int, int]:
    """Return a stretch that no spool and no other object has."""
    position = -(named.int & ((1 << 62) - 1)) - 2
    return position, position + 1


def _now_us() -> int:
    return time.time_ns() // 1000
