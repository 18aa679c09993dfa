"""Rewrites objects of a lake on AWS without a person: proved on this machine, put in the place of the old ones, which then are removed.

An object of an open hour, failed records, whole events and texts are replaced under their own key, on the condition that nobody else has changed
them: S3 lets readers get the old bytes or the new ones, so no row is missing or there twice at any moment. An hour that is closed is closed
again, at a fresh place, with one change of its partition. Old bytes go with all their versions, at once or at the end.
"""

from __future__ import annotations

import gzip
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.duckdb_rewriter import DuckDBRewriter
from eventlake.backends.json_lines import read_gzip
from eventlake.backends.parquet_erasing import Kept
from eventlake.backends.spotting import Spotter
from eventlake.checksum import crc32
from eventlake.cloud.erasing.editing import Edited, events_without, failures_without, text_without
from eventlake.cloud.erasing.finding import FoundObject, fetched_file, is_plain
from eventlake.cloud.erasing.places import FAILED, RAW
from eventlake.cloud.erasing.versions import Version, Versions
from eventlake.description import LINES, Description
from eventlake.errors import CorruptObjectError, GenerationConflictError
from eventlake.functions.closing import Hours
from eventlake.layout import Hour
from eventlake.local.crash import crash_point
from eventlake.local.erasing.rewriting import Rewritten
from eventlake.local.erasing.writing import write_without
from eventlake.pipeline.closings import ROWS, ClosedHour, Closing, closed_place
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.router import Router


@dataclass(frozen=True, slots=True)
class _Written:
    """A file without the person, what it was, and what was compared."""

    path: Path
    before: Path
    rows: int
    kept: Kept


class ObjectRewriter:
    """Rewrites objects. buckets: by their names. bucket: of the log lines. log_format: of the lake. remove: takes the versions that go.

    now: the moment, aware.
    """

    def __init__(
        self,
        buckets: Mapping[str, Versions],
        bucket: str,
        log: ClosingLog,
        person: Person,
        router: Router,
        log_format: str,
        remove: Callable[[Sequence[Version]], None],
        now: Callable[[], datetime],
    ) -> None:
        self._buckets, self._versions, self._bucket, self._log = buckets, buckets[bucket], bucket, log
        self._person, self._router, self._format = person, router, log_format
        self._remove, self._now = remove, now
        self._folder = tempfile.TemporaryDirectory(prefix="eventlake-")
        self._rewriter = DuckDBRewriter(Path(self._folder.name))

    def __enter__(self) -> ObjectRewriter:
        """Use it in a `with` statement, at whose end its process ends and its files are gone."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process that rewrites."""
        self._rewriter.close()
        self._folder.cleanup()

    def rewrite_rows(self, found: FoundObject) -> Rewritten:
        """Replace an object of rows where it is. Raises StorageError; then the old one is there."""
        written = self._without(found, self._described(found, 0))
        if is_plain(written.before):
            written.path.write_bytes(read_gzip(written.path))
        self._replace(found, written.path)
        return _rewritten(found, found.version.key, written)

    def rewrite_bytes(self, found: FoundObject) -> Edited:
        """Replace failed records, whole events or a text where they are. Raises StorageError; then the old bytes are there."""
        path = self._fetched(found.version)
        edited = self._edited(found, path.read_bytes() if path.suffix == ".parquet" else read_gzip(path))
        with Spotter(self._person.pattern) as spotter:
            if spotter.spots(edited.data):
                raise CorruptObjectError(f'"{found.version}" still names the person after it was edited.')
        target = self._file(".new")
        target.write_bytes(edited.data if is_plain(path) else gzip.compress(edited.data))
        self._replace(found, target)
        return edited

    def close_again(self, hours: Hours, found: Sequence[FoundObject], day: str) -> list[Rewritten]:
        """Close hours of a day of a table again without the person. Raises GenerationConflictError if somebody else closes the table, StorageError."""
        place = closed_place(hours.table, day, hours.number + 1, uuid.uuid4().hex[:8])
        by_hour: dict[Hour, list[FoundObject]] = {}
        for one in found:
            if one.place.hour is not None:
                by_hour.setdefault(one.place.hour, []).append(one)
        written: list[Rewritten] = []
        closed = [self._closed(hours, hour, objects, place, written) for hour, objects in sorted(by_hour.items())]
        crash_point("hours without the person written")
        closing = Closing(hours.table.name, hours.number + 1, self._now(), tuple(closed))
        self._log.append(closing)
        hours.number = closing.number
        crash_point("hours without the person closed")
        for shown in closing.hours:
            hours.swap(closing, shown, self._format)
            crash_point("hour without the person shown")
        self._remove([version for one in found for version in one.going])
        crash_point("old bytes of closed hours removed")
        return written

    def end_others(self, hours: Hours) -> None:
        """Let no closing end that began before this moment: what it has written is nobody's then, and may go. Raises GenerationConflictError."""
        closing = Closing(hours.table.name, hours.number + 1, self._now(), ())
        self._log.append(closing)
        hours.number = closing.number

    def _closed(self, hours: Hours, hour: Hour, found: Sequence[FoundObject], place: str, written: list[Rewritten]) -> ClosedHour:
        """Write an hour at a fresh place: what names the person anew, all else as it is."""
        partition = hours.partitions[hour]
        location = f"{place}hour={hour.hour}/"
        generation = int(partition.parameters.get("generation", "0")) + 1
        naming = {one.version.key: one for one in found}
        size = before = count = 0
        for one in self._shown(partition.location):
            target, count, before = f"{location}{one.key.rpartition('/')[2]}", count + 1, before + one.size_bytes
            if one.key not in naming:
                self._versions.copy(one, target)
                size += one.size_bytes
                continue
            new = self._without(naming[one.key], self._described(naming[one.key], generation))
            self._versions.put(target, new.path)
            size += new.path.stat().st_size
            written.append(_rewritten(naming[one.key], target, new))
        rows = int(partition.parameters.get(ROWS, "0"))
        left = rows - sum(one.named.own for one in found)
        duplicates = hours.duplicates(hour)
        inputs = tuple(sorted(hours.included(hour)))
        return ClosedHour(hour, generation, location, inputs, rows, left, duplicates, count, count, before, size)

    def _shown(self, location: str) -> list[Version]:
        """Return what readers get below a place."""
        return [one for key in self._versions.of_each_key(location) for one in key if one.is_seen]

    def _without(self, found: FoundObject, said: Description) -> _Written:
        source = self._fetched(found.version)
        target = self._file(source.suffix)
        try:
            kept = write_without(self._person, self._rewriter, source, target, said, edits=bool(found.named.mentions))
        except duckdb.Error as error:
            raise CorruptObjectError(f'"{found.version}" cannot be rewritten: {str(error).splitlines()[0].rstrip(".")}.') from None
        return _Written(target, source, said.rows, kept)

    def _described(self, found: FoundObject, generation: int) -> Description:
        position = -(uuid.uuid4().int & ((1 << 62) - 1)) - 2  # a stretch that no spool and no other object has
        hour, table = found.place.hour or Hour("1970-01-01", "00"), found.place.table or ""
        rows = found.named.rows - found.named.own
        return Description(self._bucket, table, LINES, hour, position, position + 1, rows, time.time_ns() // 1000, generation)

    def _replace(self, found: FoundObject, path: Path) -> None:
        new = self._buckets[found.version.bucket].replace(found.version, path)
        crash_point("object without the person in place")
        self._remove([one for one in found.going if one.id != new])
        crash_point("old bytes removed")

    def _edited(self, found: FoundObject, data: bytes) -> Edited:
        if found.place.kind == FAILED:
            return failures_without(data, self._person)
        if found.place.kind == RAW:
            return events_without(data, self._person, self._lines_of)
        return text_without(data, self._person, str(found.version))

    def _lines_of(self, event: bytes) -> list[bytes]:
        return [line for _, line in self._router.route(event).lines]

    def _fetched(self, version: Version) -> Path:
        path = fetched_file(self._buckets[version.bucket], version, self._file(""))
        if path is None:
            raise GenerationConflictError(f'"{version}" was removed by somebody else meanwhile: run the command once more.')
        return path

    def _file(self, suffix: str) -> Path:
        return Path(self._folder.name, f"{uuid.uuid4().hex}{suffix}")


def _rewritten(found: FoundObject, key: str, written: _Written) -> Rewritten:
    named, crcs = found.named, (f"{crc32(written.before):08x}", f"{crc32(written.path):08x}")
    for path in (written.before, written.path):
        path.unlink()
    table, hour = found.place.table or "", str(found.place.hour)
    return Rewritten(table, hour, key, named.rows, named.own, named.mentions, written.kept.untouched, written.kept.checksum, *crcs)
