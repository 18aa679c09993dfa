"""Where a lake on AWS names a person: in every version of every object, in its queues, and in the copies of its objects on this machine."""

from __future__ import annotations

import gzip
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from eventlake.backends.parquet_erasing import Named
from eventlake.backends.spotting import Spotter
from eventlake.cloud.cache import OBJECTS, cache_folder
from eventlake.cloud.erasing.places import OLD, Place, Places, place_of_result
from eventlake.cloud.erasing.queues import Message, Queue
from eventlake.cloud.erasing.versions import Version, Versions
from eventlake.errors import CorruptObjectError, StorageServiceError
from eventlake.functions.closing import Hours
from eventlake.layout import Hour
from eventlake.local.erasing.finding import named_in
from eventlake.local.mentions import counted, looked_at
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.holds import Hold, held

_READERS = 16
_AT_ONCE, _AT_ONCE_BYTES = 200, 256 << 20
"""How many versions, and bytes of them, lie on this machine at once."""
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_PLAIN = ".plain.gz"


@dataclass(frozen=True, slots=True)
class FoundObject:
    """An object that names the person. version: the one that readers get, else one of those that go. named: of its rows.

    others: versions of it that go, those that nobody sees any more.
    """

    version: Version
    place: Place
    named: Named
    others: tuple[Version, ...] = ()

    @property
    def going(self) -> tuple[Version, ...]:
        """Return the versions that go once what readers get names nobody."""
        return (self.version, *self.others)


@dataclass(slots=True)
class Found:
    """Everything that names the person. copies: files of this machine's cache. elsewhere: places in other buckets, which were not looked at."""

    objects: list[FoundObject] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    copies: list[Path] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def is_any(self) -> bool:
        """Return True if the person is named anywhere."""
        return any((self.objects, self.messages, self.copies))


class Finder:
    """Looks through a lake. buckets: of the log lines, then of Athena's results, where there is one. hours: of each table, by its name."""

    def __init__(self, buckets: Sequence[Versions], queues: Sequence[Queue], person: Person) -> None:
        self._buckets = buckets
        self._queues = queues
        self._person = person

    def find(self, hours: Mapping[str, Hours], bucket: str, told: Callable[[int], None] = lambda _count: None) -> Found:
        """Find everything. told: is given how many versions were looked at. Raises StorageError for what cannot be read."""
        found = Found(elsewhere=_elsewhere(hours))
        places = Places(hours)
        seen = 0
        with Spotter(self._person.pattern) as spotter, tempfile.TemporaryDirectory(prefix="eventlake-") as folder:
            for number, versions in enumerate(self._buckets):
                for some in _batches(_keys(versions)):
                    named = self._looked_at(versions, [one for key in some for one in key if one.size_bytes], Path(folder), spotter)
                    found.objects += [
                        one
                        for key in some
                        if (one := _found(key, named, places.of(key[0].key) if number == 0 else place_of_result(key[0].key)))
                    ]
                    seen += sum(map(len, some))
                    told(seen)
            found.copies = self._copies(bucket, spotter)
        found.messages = [one for queue in self._queues for one in queue.naming(self._person)]
        return found

    def _looked_at(self, versions: Versions, wanted: list[Version], folder: Path, spotter: Spotter) -> dict[Version, Named]:
        """Return which versions name the person, and how many rows of them do."""
        with ThreadPoolExecutor(_READERS) as pool:
            fetched = pool.map(lambda place: fetched_file(versions, wanted[place], folder / str(place)), range(len(wanted)))
            files = {path: one for path, one in zip(fetched, wanted, strict=True) if path is not None}
        try:
            return dict(self._named(files, spotter))
        finally:
            for path in folder.iterdir():
                path.unlink()

    def _named(self, files: Mapping[Path, Version], spotter: Spotter) -> Iterator[tuple[Version, Named]]:
        with duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False}) as connection:
            for path in looked_at(sorted(files, key=lambda one: one.suffix), spotter):
                try:
                    _, count = counted(path, self._person.pattern, spotter)
                    if count:
                        yield files[path], _rows(path, self._person, connection, count)
                except (CorruptObjectError, duckdb.Error):
                    raise CorruptObjectError(
                        f'"{files[path]}" cannot be looked into, because it is not whole: remove it and its versions, or put a whole one in its place.'
                    ) from None

    def _copies(self, bucket: str, spotter: Spotter) -> list[Path]:
        """Return the copies on this machine that name the person, whose objects may be gone."""
        folder = cache_folder(bucket) / OBJECTS
        paths = sorted(path for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
        return [path for path in looked_at(paths, spotter) if counted(path, self._person.pattern, spotter)[1]]


def fetched_file(versions: Versions, one: Version, path: Path) -> Path | None:
    """Have the bytes of a version in a file whose name says what they are, plain ones packed; None if it is gone. Raises StorageServiceError."""
    if not versions.fetch(one, path):
        return None
    with path.open("rb") as file:
        begin = file.read(4)
    if begin == _PARQUET:
        return path.rename(path.with_suffix(".parquet"))
    if begin.startswith(_GZIP):
        return path.rename(path.with_suffix(".gz"))
    packed = path.with_suffix(_PLAIN)
    with path.open("rb") as file, gzip.open(packed, "wb", compresslevel=1) as target:
        shutil.copyfileobj(file, target)
    path.unlink()
    return packed


def is_plain(path: Path) -> bool:
    """Return True if what was fetched is not packed where it lies."""
    return path.name.endswith(_PLAIN)


def kept_by(objects: Iterable[FoundObject], holds: Iterable[Hold]) -> Iterator[tuple[str, str, Hour]]:
    """Yield the holds that keep something of what was found: name, table, hour."""
    holds = list(holds)
    for one in objects:
        if one.place.hour is not None and (name := held(holds, one.place.table, one.place.hour)) is not None:
            yield name, one.place.table or "?", one.place.hour


def _keys(versions: Versions) -> Iterator[list[Version]]:
    """Yield the versions of each object; nothing if there is no such bucket."""
    try:
        yield from versions.of_each_key()
    except StorageServiceError as error:
        if error.code != "NoSuchBucket":
            raise


def _batches(keys: Iterator[list[Version]]) -> Iterator[list[list[Version]]]:
    """Yield objects together, so many that their versions fit on this machine."""
    batch: list[list[Version]] = []
    count = size = 0
    for versions in keys:
        batch.append(versions)
        count, size = count + len(versions), size + sum(one.size_bytes for one in versions)
        if count >= _AT_ONCE or size >= _AT_ONCE_BYTES:
            yield batch
            batch, count, size = [], 0, 0
    if batch:
        yield batch


def _found(key: Sequence[Version], named: Mapping[Version, Named], place: Place) -> FoundObject | None:
    """Return what is to be done about an object, None if no version of it names the person."""
    naming = [one for one in key if one in named]
    if not naming:
        return None
    seen = next((one for one in naming if one.is_seen), None)
    if seen is not None and place.kind != OLD:
        return FoundObject(seen, place, named[seen], tuple(one for one in naming if one is not seen))
    going = key if seen is not None or all(one in named or one.is_marker for one in key) else naming
    first = seen or naming[0]
    gone = Place(OLD, place.table, place.hour, place.number)
    return FoundObject(first, gone, named[first], tuple(one for one in going if one is not first))


def _rows(path: Path, person: Person, connection: duckdb.DuckDBPyConnection, count: int) -> Named:
    """Count the rows that name the person; of one long line, which is many events, as many as name the person at least."""
    found = named_in(path, person, connection)
    return found if found.is_any else Named(found.rows, 0, count)


def _elsewhere(hours: Mapping[str, Hours]) -> list[str]:
    """Return the places of hours that were taken over where they lie, in other buckets."""
    found = (one.location for known in hours.values() for one in known.partitions.values() if one.is_elsewhere)
    return sorted({"/".join(location.split("/")[:3]) for location in found})
