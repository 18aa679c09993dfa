"""Event -> log line: one JSON object on one line with a table's columns, or the reason why not.

Takes the bytes of one event as EventBridge delivers it, gives the bytes of its log line ending in a newline. Called by the Firehose
function on AWS and by the router on one machine. A missing field is NULL (left out of the line), an undeclared one goes to `extra`.
Nearly all events go a straight way; whatever is wrong with one, `eventlake.pipeline.reading` finds the reason.
"""

from __future__ import annotations

from eventlake.pipeline.codec import STANDARD

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from typing import Any

    from eventlake.interfaces import Pseudonyms
    from eventlake.model import Table
    from eventlake.pipeline.codec import Codec
    from eventlake.pipeline.mapping import LogLine
    from eventlake.pipeline.masking import Masking

_STRAIGHT_BYTES = 1_000_000
"""Bytes of an event or a line, and containers of an event, up to which no limit of `eventlake.pipeline.reading` is passed."""
_STRAIGHT_CONTAINERS = 64


class LineTransform:
    """A transform by the function that writes its log lines: `transform(data)` gives the log line of one event.

    codec: reads events. masking: what becomes of personal data, None if all of it is kept. A Lambda function has the function of its table in a
    module.
    """

    def __init__(self, log_line: LogLine, codec: Codec = STANDARD, masking: Masking | None = None) -> None:
        self._codec = codec
        self._loads = codec.loads
        self._log_line = _masked(log_line, masking)

    def __call__(self, data: bytes) -> bytes:
        """Return the log line of one event. Raises EventError."""
        # Most events have one array or none, and finding is faster than counting.
        arrays = data.count(b"[") if data.find(b"[", data.find(b"[") + 1) > 0 else 1
        if data.count(b"{") + arrays <= _STRAIGHT_CONTAINERS and len(data) <= _STRAIGHT_BYTES:
            try:
                event = self._loads(data)
                if event.__class__ is dict and "detail" in event and len(line := self._log_line(event)) <= _STRAIGHT_BYTES:
                    return line
            except (ValueError, RecursionError):
                pass
        from eventlake.pipeline.reading import read_event

        return self.line(read_event(data, self._codec))

    def line(self, event: dict[str, Any]) -> bytes:
        """Return the log line of an event that `read_event` gave. Raises EventError for what cannot be written as JSON."""
        from eventlake.pipeline.reading import SIZE_LIMIT_BYTES, too_large, unwritable

        try:
            line = self._log_line(event)
        except (ValueError, RecursionError) as error:
            raise unwritable(error) from None
        if len(line) > SIZE_LIMIT_BYTES:
            raise too_large(len(line), "its log line")
        return line


class Transform(LineTransform):
    """The transform of a declared table; its function is made when the first event comes, because most processes meet few of the tables.

    pseudonyms: makes them for a table that asks for some. Raises ConfigurationError if there are none to be had.
    """

    def __init__(self, table: Table, codec: Codec = STANDARD, pseudonyms: Pseudonyms | None = None) -> None:
        super().__init__(self._first_log_line, codec)
        self.masking = _masking(table, pseudonyms)
        self.table = table

    def kept(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event as it may be kept: without the personal data that the table masks."""
        return event if self.masking is None else self.masking(event)

    def _first_log_line(self, event: dict[str, Any]) -> bytes:
        self._log_line = _masked(_log_line(self.table, self._codec), self.masking)
        return self._log_line(event)


def _masked(log_line: LogLine, masking: Masking | None) -> LogLine:
    """Return what writes the line of an event as it may be kept."""
    return log_line if masking is None else lambda event: log_line(masking(event))


def _masking(table: Table, pseudonyms: Pseudonyms | None) -> Masking | None:
    if not table.personal:
        return None
    from eventlake.pipeline.masking import masking_of

    return masking_of(table, pseudonyms)


def _log_line(table: Table, codec: Codec) -> LogLine:
    from eventlake.pipeline.mapping import compile_line, compile_mapping

    if codec is STANDARD:
        return compile_line(table)
    mapping, encode = compile_mapping(table, codec), codec.encode
    return lambda event: encode(mapping(event)) + b"\n"
