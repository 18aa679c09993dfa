"""Erases a person from the lake in a folder, which this process has taken: tombstones first, then every object and file, then the proof.

What is killed on the way leaves each object either as it was or without the person, and the next erasure finishes: it finds what still names
them. So there is no plan that would have to be kept, and nothing that would name the person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import StorageError, UsageError
from eventlake.local.crash import crash_point
from eventlake.local.erasing.certificate import Certificate
from eventlake.local.erasing.files import erase_from, wipe_databases
from eventlake.local.erasing.finding import Finder, Found, kept_by
from eventlake.local.erasing.rewriting import ObjectRewriter
from eventlake.local.folder import CATALOG, OBJECTS, SPOOL
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.spool.segments import drop_delivered, segments_of
from eventlake.local.tombstones import add_tombstones
from eventlake.pipeline.delivery import LOW_WATER
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.folding import folded


class Eraser:
    """Erases one person. identifiers: as they were given; person: with the pseudonyms of them. now: the moment, aware."""

    def __init__(
        self,
        folder: Path,
        catalog: SqliteCatalog,
        person: Person,
        identifiers: tuple[str, ...],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder = folder
        self._catalog = catalog
        self._person = person
        self._identifiers = identifiers
        self._now = now
        self._finder = Finder(folder, catalog, person)

    def find(self, told: Callable[[int], None] = lambda _count: None) -> Found:
        """Find everything that names the person, and apart from it what a bus takes meanwhile, which the tombstones keep out of the lake.

        told: is given how many files were found so far. Raises StorageError.
        """
        found = self._finder.find(told)
        delivered = self._catalog.checkpoints().get(LOW_WATER, 0)
        coming = {path for begins, path in segments_of(self._folder / SPOOL) if begins >= delivered}
        found.coming = [path for path in found.spool if path in coming]
        found.spool = [path for path in found.spool if path not in coming]
        return found

    def erase(self, found: Found, told: Callable[[int], None] = lambda _count: None) -> tuple[Certificate, Path]:
        """Remove the person from what was found; return the certificate, and where it lies. told: is given how many objects are done.

        Raises UsageError where a legal hold keeps something of it: then nothing is changed. StorageError where something cannot be erased: then
        what was erased is, and the next erasure goes on.
        """
        with HoldsFile(self._folder).settled() as holds:
            for name, table, hour in kept_by(found, holds):
                raise UsageError(f'The hold "{name}" keeps {table} {hour}, so nobody is erased from it: release the hold first, or wait.')
            certificate = Certificate(self._now())
            stones = add_tombstones(self._folder, self._identifiers, certificate.at, certificate.name)
            certificate.tombstones = [stones.key.mac(folded(one)) for one in self._identifiers]
            crash_point("tombstones written")
            self._erase(found, certificate, told)
        return certificate, certificate.write(self._folder)

    def _erase(self, found: Found, certificate: Certificate, told: Callable[[int], None]) -> None:
        with ObjectRewriter(self._catalog, self._folder / OBJECTS, self._person, self._now) as rewriter:
            rewriter.tidy()
            rewriter.remove(found.old)
            certificate.old_objects = len(found.old) + len(found.aside)
            for count, one in enumerate(found.objects, 1):
                certificate.objects.append(rewriter.rewrite(one))
                told(count)
            certificate.failed = sum(rewriter.rewrite_failures(one) for one in found.failures)
        for path in found.aside:
            path.unlink(missing_ok=True)
        if found.spool:
            delivered = self._catalog.checkpoints().get(LOW_WATER, 0)
            certificate.segments = drop_delivered(self._folder / SPOOL, delivered)
        self._catalog.wipe()
        certificate.places |= wipe_databases(self._folder, self._person)
        for other in found.others:
            if other.path.partition("-")[0] not in {CATALOG, *certificate.places}:
                certificate.places[other.path] = erase_from(self._folder / other.path, self._person)

    def require_gone(self) -> bool:
        """Look through everything once more; whether nothing at all names the person, not even what a bus took meanwhile.

        Raises StorageError, naming the files, if anything else does.
        """
        left = self.find()
        names = [
            *(one.object.key for one in left.objects),
            *(one.object.key for one in left.failures),
            *left.old,
            *(str(path.relative_to(self._folder)) for path in (*left.aside, *left.spool)),
            *(one.path for one in left.others),
        ]
        if names:
            shown = ", ".join(f'"{name}"' for name in names[:3])
            more = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
            raise StorageError(
                f"The person is still named in {shown}{more}: run the command once more, or look at them with `eventlake mentions`."
            )
        return not left.coming
