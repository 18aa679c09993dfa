"""Firehose's records -> log lines: the function that every delivery stream calls with a batch of events.

Each record becomes `Ok` with its log line, or `ProcessingFailed`, and Firehose keeps its original bytes under `error/`; the reason is in the
function's log. Where it looks at tombstones, the event of somebody who was erased is `Dropped`. No content of an event raises. The mapping of a
table is a generated module, so that a cold start reads no declaration.
Format: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

from binascii import a2b_base64, b2a_base64
from os import environ
from time import time

from eventlake.errors import EventError, TooSlowError
from eventlake.functions.metrics import LAKE, embedded_metrics, say
from eventlake.functions.patience import Patience
from eventlake.pipeline.codec import quote
from eventlake.pipeline.transform import LineTransform

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Sequence
    from typing import Any

    from eventlake.functions.forgetting import ForgettingTransform
    from eventlake.pipeline.masking import Masking

    Record = dict[str, Any]
    """One record of Firehose's, asked or answered: JSON as Firehose defines it."""

RESPONSE_LIMIT_BYTES = 6_291_556
"""Bytes that an answer may have as JSON: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

LOGGED_FAILURES = 20
"""How many failed records of a batch are named in the log; all are counted."""

_FRAME = len('{"recordId": , "result": "ProcessingFailed", "data": ""}, ')
"""Bytes of the longest answer to a record, without its id and data."""

TOMBSTONES_BUCKET = environ.get("TOMBSTONES_BUCKET", "")
"""The bucket whose tombstones are looked at, empty for none."""

_tables: dict[str, tuple[str, LineTransform, Sequence[str]]] = {}
"""Source and transform of the tables that this container was called for, and where their events say whose they are."""


def handler(event: Any, context: object) -> dict[str, Any]:  # any JSON value in, JSON as Firehose defines it out
    """Return the log lines of a batch, in its order and under its ids; for what is no batch of Firehose's, a message that says so."""
    try:
        records = _Records(event["records"])
        table = _table_of(event["deliveryStreamArn"])
    except (AttributeError, KeyError, TypeError):
        return {"message": f"This is no batch of Firehose's: expected deliveryStreamArn and records, got {_shown(event)}."}
    try:
        known = _tables.get(table) or _load(table)
        work = None if known is None else _forgetting(known[1], known[2])
    except EventError as error:  # no keys of pseudonyms, or no tombstones: what must not be written is not
        records.refuse(error.code, str(error))
        records.report(table, "unknown")
        return {"records": records.answers}
    if known is None or work is None:
        records.refuse("NoSuchTable", f'The stream "{event["deliveryStreamArn"]}" belongs to no table of the lake "{LAKE}".')
        records.report("unknown", "unknown")
    else:
        with Patience(context, records.answers.__len__, type(work).__call__.__code__):
            records.transform(work)
        records.report(table, known[0])
    return {"records": records.answers}


def _shown(event: Any) -> str:  # any JSON value
    return f"an object with the keys {sorted(event)[:10]}" if event.__class__ is dict else f"a {type(event).__name__}"


def _table_of(stream_arn: str) -> str:
    """Return the table whose stream this is, by its name (the lake's, then the table's with hyphens); nothing for any other stream."""
    name = stream_arn.rpartition("/")[2]
    return name.removeprefix(f"{LAKE}-").replace("-", "_") if name.startswith(f"{LAKE}-") else ""


def _forgetting(transform: LineTransform, subjects: Sequence[str]) -> LineTransform | ForgettingTransform:
    """Return the transform as it keeps out who was erased, if it is to. Raises EventError if nobody can tell who was."""
    if not TOMBSTONES_BUCKET:
        return transform
    from eventlake.functions.forgetting import forgetting_transform

    return forgetting_transform(TOMBSTONES_BUCKET, transform, subjects)


def _load(table: str) -> tuple[str, LineTransform, Sequence[str]] | None:
    """Load what is to be known of a table; return None if no such table is declared. Raises EventError if it wants keys, and there are none."""
    module = f"eventlake.functions.declared.{table}"
    if not table.isidentifier() or table.startswith("__"):
        return None
    try:
        declared = __import__(module, fromlist=["log_line"])  # importlib would import more
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        return None
    subjects = getattr(declared, "SUBJECTS", ())
    if getattr(declared, "TIMES", None):
        from eventlake.functions.pseudonyms import keyed_transform

        return declared.SOURCE, keyed_transform(table, declared), subjects  # not remembered here: its keys change while the container lives
    masking = _masking(table, getattr(declared, "PERSONAL", ()))
    _tables[table] = declared.SOURCE, LineTransform(declared.log_line, masking=masking), subjects
    return _tables[table]


def _masking(table: str, places: Sequence[tuple[str, str]]) -> Masking | None:
    """Return what becomes of a table's personal data, None if all of it is kept."""
    if not places:
        return None
    from eventlake.pipeline.masking import Masking

    return Masking(table, places, (), None)


class _Records:
    """The records of one call, and their answers as they come.

    The whole answer must stay within Lambda's limit, or Firehose takes all of it for failed. So room is kept for every record's failing, and
    a log line for which no room is left fails alone.
    """

    def __init__(self, records: list[Record]) -> None:
        self._ids: list[str] = [record["recordId"] for record in records]
        self._data: list[str] = [record["data"] for record in records]
        if not {*map(type, self._data)} <= {str}:
            raise TypeError("data")
        self._arrived_ms: int | None = min([record.get("approximateArrivalTimestamp", 1 << 63) for record in records], default=None)
        self._failures: dict[str, int] = {}
        self._dropped = 0
        self.answers: list[Record] = []
        frames = len(records) * _FRAME + _size("".join(self._ids))
        self._room = RESPONSE_LIMIT_BYTES - len('{"records": []}') - frames

    def transform(self, transform: LineTransform | ForgettingTransform) -> None:
        """Answer every record with its log line, or say why there is none; a line of no bytes is that of an event which is dropped."""
        answer, log_line, room = self.answers.append, transform.__call__, self._room
        for record_id, data in zip(self._ids, self._data, strict=True):
            try:
                line = b2a_base64(log_line(a2b_base64(data)), newline=False).decode()
                if len(line) > room:
                    raise EventError("ResponseFull", "The batch's answer has no room left for this log line.")
            except ValueError as error:  # EventError, or binascii's for what is not base64
                room -= self._fail(record_id, data, room, error)
            except TooSlowError as error:
                room -= self._fail(record_id, data, room, EventError("TooSlow", str(error)))
            else:
                room -= len(line)
                if line:
                    answer({"recordId": record_id, "result": "Ok", "data": line})
                else:
                    answer({"recordId": record_id, "result": "Dropped", "data": ""})
                    self._dropped += 1

    def refuse(self, code: str, reason: str) -> None:
        """Fail every record for one reason that a person must see. code: its name, as in EventError."""
        say("ERROR", reason)
        room = self._room
        for record_id, data in zip(self._ids, self._data, strict=True):
            room -= self._fail(record_id, data, room, EventError(code, ""))

    def _fail(self, record_id: str, data: str, room: int, error: ValueError) -> int:
        """Return the record as ProcessingFailed, and its size. Its data is omitted when the response has no room left: Firehose keeps its own copy."""
        code = error.code if isinstance(error, EventError) else "NotBase64"
        kept = data if len(data) <= room else ""
        self.answers.append({"recordId": record_id, "result": "ProcessingFailed", "data": kept})
        self._failures[code] = self._failures.get(code, 0) + 1
        if sum(self._failures.values()) <= LOGGED_FAILURES and str(error):
            reason = str(error) if isinstance(error, EventError) else f"The record's data is not base64: {error}."
            say("WARNING", reason, recordId=record_id, Reason=code)
        return len(kept)

    def report(self, table: str, source: str) -> None:
        """Say what became of the batch, and of each reason for which records failed; what alarms look at are metrics, and each of them costs."""
        failed = sum(self._failures.values())
        age_s = 0.0 if self._arrived_ms is None else time() - self._arrived_ms / 1000
        lag = {"LagSeconds": round(age_s, 3)} if age_s > 0 else {}
        dropped = {"Erased": self._dropped} if self._dropped else {}
        counts = {"EventsIn": len(self._ids), "RowsOut": len(self._ids) - failed - self._dropped, "Failed": failed, **dropped, **lag}
        say(
            "WARNING" if failed else "INFO",
            "Batch transformed.",
            Source=source,
            Table=table,
            **counts,
            _aws=embedded_metrics((["EventsIn"], [["Lake", "Source"]]), *([(["Failed"], [["Lake", "Table"]])] if failed else [])),
        )
        for code, number in self._failures.items():
            say("WARNING", "Records failed.", Table=table, Reason=code, Failed=number)


def _size(ids: str) -> int:
    """Return how many bytes texts may have inside JSON's quotes; Firehose's ids are digits."""
    return len(quote(ids)) if ids.isascii() else len(ids) * len("\\ud83d\\ude00")
