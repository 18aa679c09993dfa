"""Erases a person from a lake on AWS, with the rights of whoever runs it: tombstones first, then every object and message, then the proof.

What is killed on the way leaves each object as it was or without the person, and the next erasure finishes: it finds what still names them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby

from eventlake.backends.aws import Session
from eventlake.backends.closing_log import ClosingLog
from eventlake.backends.hold_objects import HoldObjects
from eventlake.cloud.deployment import Deployment, open_catalog, open_store
from eventlake.cloud.erasing.finding import Finder, Found, FoundObject, kept_by
from eventlake.cloud.erasing.places import CLOSED_HOUR, FAILED, OLD, OPEN, TEXT
from eventlake.cloud.erasing.queues import QUEUES, Queue
from eventlake.cloud.erasing.rewriting import ObjectRewriter
from eventlake.cloud.erasing.versions import Version, Versions
from eventlake.cloud.tombstones import add_tombstones
from eventlake.errors import CorruptObjectError, StorageError, UsageError
from eventlake.functions.closing import Hours, number_of
from eventlake.layout import CERTIFICATES
from eventlake.local.crash import crash_point
from eventlake.local.erasing.certificate import Certificate
from eventlake.model import Table
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.folding import folded
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.router import Router

REMAINING = (
    "Events on their way: in the buffers of EventBridge, Firehose and Lambda for a day at most. Erase again after that day.",
    "Archives of EventBridge, copies of the buckets, and the caches of other machines.",
    "The texts of queries, which Athena keeps for 45 days, and the logs of CloudWatch and CloudTrail.",
    "What the sender of the events keeps; Auth0 forgets its logs by itself.",
)
"""What no erasure of this lake reaches."""


class Eraser:
    """Erases one person. identifiers: as they were given; person: with the pseudonyms of them.

    wait: how long old bytes stay for queries that read them. now: the moment, aware.
    """

    def __init__(
        self,
        deployment: Deployment,
        session: Session,
        person: Person,
        identifiers: tuple[str, ...],
        wait: timedelta = timedelta(),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not deployment.name:
            raise UsageError(f'The name of "{deployment.named}" does not tell its queues: name the lake by its stack, aws:NAME.')
        self._deployment, self._session = deployment, session
        self._person, self._identifiers, self._wait, self._now = person, identifiers, wait, now
        s3 = session.client("s3")
        self._bucket = deployment.bucket
        self._catalog, self._store = open_catalog(deployment, session), open_store(deployment, session)
        self._log, self._holds = ClosingLog(s3, self._bucket), HoldObjects(s3, self._bucket)
        self._buckets = {name: Versions(s3, name) for name in (self._bucket, f"{self._bucket}-results")}
        self._queues = [Queue(session.client("sqs"), f"{deployment.name}-{queue}") for queue in QUEUES]
        self._finder = Finder(list(self._buckets.values()), self._queues, person)
        self._leaving: list[Version] = []
        self._hours: dict[str, Hours] = {}

    def find(self, told: Callable[[int], None] = lambda _count: None) -> Found:
        """Find everything that names the person, once what was closed is shown. Raises StorageError."""
        for table in self._deployment.tables:
            self._show_unseen(self._known(table))
        return self.look(told)

    def look(self, told: Callable[[int], None] = lambda _count: None) -> Found:
        """Find everything that names the person, and change nothing. told: is given how many versions were looked at. Raises StorageError."""
        self._hours = {table.name: self._known(table) for table in self._deployment.tables}
        return self._finder.find(self._hours, self._bucket, told)

    def erase(self, found: Found, told: Callable[[int], None] = lambda _count: None) -> tuple[Certificate, str]:
        """Remove the person from what was found; return the certificate, and where it lies. told: is given how many objects are done.

        Raises UsageError where a legal hold keeps something of it: then nothing is changed. StorageError where something cannot be erased: then
        what was erased is, and the next erasure goes on.
        """
        self._require_unheld(found.objects)
        certificate = Certificate(
            self._now(), remaining=(*REMAINING, *(f"Hours that were taken over, in {place}." for place in found.elsewhere))
        )
        stones = add_tombstones(self._deployment, self._session, self._identifiers, certificate.at, certificate.name)
        certificate.tombstones = [stones.key.mac(folded(one)) for one in self._identifiers]
        crash_point("tombstones written")
        self._erase(found, certificate, told)
        key = f"{CERTIFICATES}{certificate.name}"
        self._store.put(key, certificate.text().encode())
        crash_point("certificate written")
        return certificate, f"s3://{self._bucket}/{key}"

    def _erase(self, found: Found, certificate: Certificate, told: Callable[[int], None]) -> None:
        router = Router(self._deployment.sources, pseudonyms=KeyRing.of_this_moment())
        with ObjectRewriter(
            self._buckets, self._bucket, self._log, self._person, router, self._format(), self._remove, self._now
        ) as rewriter:
            for hours in self._unended(found):
                rewriter.end_others(hours)
            for name, day, some in _closed(found.objects):
                self._require_unheld(some)
                certificate.objects += rewriter.close_again(self._hours[name], some, day)
                told(len(certificate.objects))
            for one in sorted(found.objects, key=lambda one: one.place.kind == TEXT):
                self._require_unheld([one])
                if one.place.kind == OPEN:
                    certificate.objects.append(rewriter.rewrite_rows(one))
                elif one.place.kind == OLD:
                    self._remove(one.going)
                    certificate.old_objects += 1
                    crash_point("old object removed")
                elif one.place.kind != CLOSED_HOUR:
                    edited = rewriter.rewrite_bytes(one)
                    certificate.failed += edited.erased if one.place.kind == FAILED else 0
                    certificate.places[one.version.key] = f"{edited.erased:,} removed, {edited.edited:,} edited"
                told(len(certificate.objects))
        for queue in self._queues:
            certificate.failed += len(queue.naming(self._person, is_taking=True))
            crash_point("messages taken")
        for path in found.copies:
            path.unlink(missing_ok=True)
        self._remove_left()

    def _require_unheld(self, objects: Sequence[FoundObject]) -> None:
        """Raise UsageError if a legal hold keeps one of these, which may have been placed a moment ago."""
        for name, table, hour in kept_by(objects, self._holds.read()):
            raise UsageError(f'The hold "{name}" keeps {table} {hour}, so nobody is erased from it: release the hold first, or wait.')

    def _remove(self, versions: Sequence[Version]) -> None:
        """Remove versions for good, at the end where queries are waited for."""
        if self._wait:
            self._leaving += versions
            return
        for name, some in self._buckets.items():
            some.remove([one for one in versions if one.bucket == name])

    def _remove_left(self) -> None:
        if not self._leaving:
            return
        time.sleep(self._wait.total_seconds())
        leaving, self._leaving, self._wait = self._leaving, [], timedelta()
        self._remove(leaving)

    def require_gone(self) -> None:
        """Look through everything once more. Raises StorageError, naming the objects, if anything still names the person."""
        left = self.find()
        names = [
            *(str(one.version) for one in left.objects),
            *(f"the queue {one.queue}" for one in left.messages),
            *(str(path) for path in left.copies),
        ]
        if names:
            shown = ", ".join(f'"{name}"' for name in names[:3])
            more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
            raise StorageError(f"The person is still named in {shown}{more}: something came meanwhile, so run the command once more.")

    def _format(self) -> str:
        formats = {self._catalog.log_format(name) for name in self._hours} or {"parquet"}
        if len(formats) > 1:
            raise CorruptObjectError(
                f"The tables of the lake are of several formats ({', '.join(sorted(formats))}): deploy the stack again."
            )
        return formats.pop()

    def _known(self, table: Table) -> Hours:
        is_over = partial(self._deployment.retention.is_over, table.name, now=self._now())
        hours = Hours(table, self._catalog, self._store, self._log, is_over)
        hours.know_all()
        return hours

    def _show_unseen(self, hours: Hours) -> None:
        """Let the last closing be seen, where whoever wrote it down did not come so far."""
        if not hours.number:
            return
        closing = self._log.read(hours.table.name, hours.number)
        for one in closing.hours:
            known = hours.partitions.get(one.hour)
            if known is not None and number_of(known) < closing.number:
                size = sum(found.size_bytes for found in self._store.list(one.location))
                if size != one.bytes_after:
                    raise CorruptObjectError(
                        f'"{one.location}" holds {size:,} bytes where {one.bytes_after:,} were written; it is not shown.'
                    )
                hours.swap(closing, one, self._format())

    def _unended(self, found: Found) -> Iterator[Hours]:
        """Yield the tables of which somebody may be writing a closing that holds something of what is to go."""
        numbers: dict[str, int] = {}
        for one in found.objects:
            if one.place.kind == OLD and one.place.table is not None:
                numbers[one.place.table] = max(one.place.number, numbers.get(one.place.table, 0))
        yield from (self._hours[name] for name, number in numbers.items() if number > self._hours[name].number)


def _closed(found: Sequence[FoundObject]) -> Iterator[tuple[str, str, list[FoundObject]]]:
    """Yield table, day and objects of closed hours that readers see."""

    def day(one: FoundObject) -> tuple[str, str]:
        return one.place.table or "", one.place.hour.date if one.place.hour else ""

    wanted = sorted((one for one in found if one.place.kind == CLOSED_HOUR), key=lambda one: (*day(one), one.version.key))
    for (name, date), some in groupby(wanted, key=day):
        yield name, date, list(some)
