"""What an object says of itself, so that a catalog can be made from the objects alone.

A description lies in the metadata of a Parquet file under `eventlake`, and in the extra field of a gzip header under the subfield `EL`
(RFC 1952, 2.3.1.1). It is JSON of a few hundred bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from eventlake.layout import Hour

LINES = "lines"
PROCESSING_FAILED = "processing-failed"
CONVERSION_FAILED = "format-conversion-failed"
"""The kinds of objects: of log lines; and of failed records, by Firehose's error-output-type."""


@dataclass(frozen=True, slots=True)
class Description:
    """One object: the lake it belongs to, and what it holds of which stream.

    lake: the lake's id. stream: a table's name, `unmatched` or `rejected`. hour: of arrival. position_from, position_to: the stretch of the
    spool whose records of this stream it holds, the end left out. generation: 0 for what delivery wrote, more for a closed hour.
    written_us: microseconds since 1970. stretches: those of a closed hour's object, which holds what several held, and of one that was
    delivered together with those of other hours; of others there is the one.
    """

    lake: str
    stream: str
    kind: str
    hour: Hour
    position_from: int
    position_to: int
    rows: int
    written_us: int
    generation: int = 0
    stretches: tuple[tuple[int, int], ...] = ()

    @property
    def held(self) -> tuple[tuple[int, int], ...]:
        """Return every stretch that it holds."""
        return self.stretches or ((self.position_from, self.position_to),)

    def encode(self) -> str:
        """Write it as JSON."""
        return json.dumps({**asdict(self), "hour": str(self.hour)}, separators=(",", ":"))


def decode(text: str | bytes) -> Description | None:
    """Read a description; None if this is none, or one that a later version wrote in another form."""
    try:
        fields = json.loads(text)
        stretches = tuple((start, end) for start, end in fields.get("stretches", ()))
        return Description(**{**fields, "hour": Hour.parse(fields["hour"]), "stretches": stretches})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
