"""Firehose's records -> log lines: the function that every delivery stream calls with a batch of events.

Each record becomes `Ok` with its log line, or `ProcessingFailed`, and Firehose keeps its original bytes under `error/`; the reason is in the
function's log. No content of an event raises. The mapping of a table is a generated module, so that a cold start reads no declaration.
Format: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

from binascii import Error as NotBase64
from binascii import a2b_base64, b2a_base64
from time import time

from eventlake.errors import EventError
from eventlake.functions.metrics import LAKE, measured, say
from eventlake.pipeline.codec import quote
from eventlake.pipeline.transform import LineTransform

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from typing import Any

    Record = dict[str, Any]
    """One record of Firehose's, asked or answered: JSON as Firehose defines it."""

RESPONSE_LIMIT_BYTES = 6_291_556
"""Bytes that an answer may have as JSON: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

SAID_FAILURES = 20
"""How many failed records of a batch are named in the log; all are counted."""

_FRAME = len('{"recordId": , "result": "ProcessingFailed", "data": ""}, ')
"""Bytes of the longest answer to a record, without its id and data."""

_tables: dict[str, tuple[str, LineTransform]] = {}
"""Source and transform of the tables that this container was called for."""


def handler(event: Any, context: object) -> dict[str, Any]:  # any JSON value in, JSON as Firehose defines it out
    """The log lines of a batch, in its order and under its ids; for what is no batch of Firehose's, a message that says so."""
    if not _is_batch(event):
        return {"message": f"This is no batch of Firehose's: expected deliveryStreamArn and records, got {_shown(event)}."}
    table = _table_of(event["deliveryStreamArn"])
    batch = _Batch(event["records"])
    try:
        source, transform = _tables.get(table) or _load(table)
    except ModuleNotFoundError:
        batch.refuse(f'The stream "{event["deliveryStreamArn"]}" belongs to no table of the lake "{LAKE}".')
        batch.report(table, "")
    else:
        batch.transform(transform)
        batch.report(table, source)
    return {"records": batch.answers}


def _is_batch(event: Any) -> bool:  # any JSON value
    return (
        event.__class__ is dict
        and event.get("deliveryStreamArn").__class__ is str
        and event.get("records").__class__ is list
        and all(
            record.__class__ is dict and record.get("recordId").__class__ is str and record.get("data").__class__ is str
            for record in event["records"]
        )
    )


def _shown(event: Any) -> str:  # any JSON value
    return f"an object with the keys {sorted(event)[:10]}" if event.__class__ is dict else f"a {type(event).__name__}"


def _table_of(stream_arn: str) -> str:
    """The table whose delivery stream this is: the lake's name, then the table's with hyphens; nothing for any other stream."""
    name = stream_arn.rpartition("/")[2]
    return name.removeprefix(f"{LAKE}-").replace("-", "_") if name.startswith(f"{LAKE}-") else ""


def _load(table: str) -> tuple[str, LineTransform]:
    """Source and transform of a table. Raises ModuleNotFoundError if none is declared."""
    if not table.isidentifier():
        raise ModuleNotFoundError(table)
    declared = __import__(f"eventlake.functions.declared.{table}", fromlist=["log_line"])  # importlib imports warnings
    _tables[table] = declared.SOURCE, LineTransform(declared.log_line)
    return _tables[table]


class _Batch:
    """The records of one call, and their answers as they come.

    The whole answer must stay within Lambda's limit, or Firehose takes all of it for failed. So room is kept for every record's failing, and
    a log line for which no room is left fails alone.
    """

    def __init__(self, records: list[Record]) -> None:
        self._records = records
        self.answers: list[Record] = []
        self._failures: dict[str, int] = {}
        self._room = RESPONSE_LIMIT_BYTES - len('{"records": []}') - sum(_FRAME + _size(record["recordId"]) for record in records)

    def transform(self, transform: LineTransform) -> None:
        """Answer every record with its log line, or say why there is none."""
        answer, room = self.answers.append, self._room
        for record in self._records:
            try:
                data = b2a_base64(transform(a2b_base64(record["data"])), newline=False).decode()
                if len(data) > room:
                    raise EventError("ResponseFull", "The batch's answer has no room left for this log line.")
            except (EventError, NotBase64, ValueError) as error:
                self._room = room
                self._fail(record, *_reason(error))
                room = self._room
            else:
                room -= len(data)
                answer({"recordId": record["recordId"], "result": "Ok", "data": data})

    def refuse(self, reason: str) -> None:
        """Fail every record for one reason that a person must see."""
        say("ERROR", reason)
        for record in self._records:
            self._fail(record, "NoSuchTable", "")

    def _fail(self, record: Record, code: str, reason: str) -> None:
        """Give the record back as it came; Firehose keeps its own copy, so that it may be left out where there is no room."""
        data = record["data"] if len(record["data"]) <= self._room else ""
        self._room -= len(data)
        self.answers.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": data})
        self._failures[code] = self._failures.get(code, 0) + 1
        if reason and sum(self._failures.values()) <= SAID_FAILURES:
            say("WARNING", reason, recordId=record["recordId"], Reason=code)

    def report(self, table: str, source: str) -> None:
        """Say what became of the batch, as metrics of the lake, its source and table; and of each reason for which records failed."""
        failed = sum(self._failures.values())
        arrivals = [record["approximateArrivalTimestamp"] for record in self._records if _has_arrival(record)]
        lag = {"LagSeconds": max(0.0, round(time() - min(arrivals) / 1000, 3))} if arrivals else {}
        counts = {"EventsIn": len(self._records), "RowsOut": len(self._records) - failed, "Failed": failed, **lag}
        say(
            "WARNING" if failed else "INFO",
            "Batch transformed.",
            Source=source,
            Table=table,
            **counts,
            _aws=measured((list(counts), [["Lake"], ["Lake", "Table"]]), (["EventsIn"], [["Lake", "Source"]])),
        )
        for code, number in self._failures.items():
            metrics = measured((["Failed"], [["Lake", "Table", "Reason"]]))
            say("WARNING", "Records failed.", Table=table, Reason=code, Failed=number, _aws=metrics)


def _size(record_id: str) -> int:
    """Bytes that an id may have as JSON; Firehose's are digits."""
    return len(quote(record_id)) if record_id.isascii() else len('""') + len(record_id) * len("\\ud83d\\ude00")


def _has_arrival(record: Record) -> bool:
    return record.get("approximateArrivalTimestamp").__class__ is int


def _reason(error: ValueError) -> tuple[str, str]:
    """A short name of what is wrong with a record, and the sentence."""
    if isinstance(error, EventError):
        return error.code, str(error)
    return "NotBase64", f"The record's data is not base64: {error}."
