"""The one owner of `prefix/YYYY/MM/DD/HH/name`: from a key to its hour, and back.

Everything is in UTC and by arrival: when the record reached the delivery stream, not when the event happened.
Format: Firehose's custom prefixes and object names, https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from eventlake.errors import LayoutError

KEY_BYTES = 1024
"""The longest key S3 takes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html"""

CLOSED, CLOSINGS = "closed/", "closing/"
"""Below what closed hours lie, and on AWS what is known of each closing."""
REDRIVEN, BACKFILLED = "redriven/", "backfilled/"
"""Below what is kept on AWS of failed records that were sent again, and of how far histories are read."""
HOLDS, REMOVALS = "retained/holds/", "retained/removals/"
"""Below what lie on AWS the legal holds, and what is known of each hour that is being removed."""
RETAINED = "retained/"
"""Below what all of it lies that retention keeps of itself."""
ERASED = "erased/"
"""Below what is kept on AWS of who was erased: the tombstones, and the certificates."""
TOMBSTONES, CERTIFICATES = f"{ERASED}tombstones.json", f"{ERASED}certificates/"

_MOST_CLOSINGS = 9_999_999_999

_HOUR_OF_KEY = re.compile(
    r"(?P<prefix>.+?)/(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/(?P<hour>\d\d)/(?P<name>[^/]+)", re.ASCII | re.DOTALL
)
_HOUR_OF_ERROR_KEY = re.compile(r"/year=(?P<year>\d{4})/month=(?P<month>\d\d)/day=(?P<day>\d\d)/hour=(?P<hour>\d\d)/[^/]+\Z", re.ASCII)
_CLOSED_ON_AWS = re.compile(r"(?P<year>\d{4})/(?P<month>\d\d)/(?P<day>\d\d)/\d+-[0-9a-f]+/hour=(?P<hour>\d\d)/[^/]+", re.ASCII | re.DOTALL)
_CLOSED_KEY = re.compile(r"closed/.+/\d{4}/\d\d/\d\d/\d\d/\d+-[0-9a-f]{8}/[^/]+", re.ASCII | re.DOTALL)


@dataclass(frozen=True, order=True, slots=True)
class Hour:
    """One hour in UTC, as the partition keys `date` and `hour` name it."""

    date: str
    """`YYYY-MM-DD`"""
    hour: str
    """`00` to `23`"""

    @classmethod
    def of(cls, moment: datetime) -> Hour:
        """Return the hour that an aware moment falls in."""
        utc = moment.astimezone(UTC)
        return cls(utc.date().isoformat(), f"{utc.hour:02d}")

    @classmethod
    def parse(cls, text: str) -> Hour:
        """Read an hour written `YYYY-MM-DDTHH`. Raises LayoutError for anything else."""
        try:
            return cls.of(datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC))
        except ValueError:
            raise LayoutError(f'"{text}" is not an hour: write it as YYYY-MM-DDTHH in UTC, for example 2026-11-20T09.') from None

    @property
    def start(self) -> datetime:
        """Return its first instant, in UTC."""
        return datetime.fromisoformat(f"{self.date}T{self.hour}:00:00+00:00")

    @property
    def end(self) -> datetime:
        """Return the first instant after it, in UTC; of the calendar's last hour the last instant that there is."""
        return moved(self.start, timedelta(hours=1))

    @property
    def values(self) -> list[str]:
        """Return the values of the partition keys `date` and `hour`, in Glue's order."""
        return [self.date, self.hour]

    @property
    def path(self) -> str:
        """Return `YYYY/MM/DD/HH`."""
        return f"{self.date.replace('-', '/')}/{self.hour}"

    def __str__(self) -> str:
        return f"{self.date}T{self.hour}"


def moved(moment: datetime, distance: timedelta) -> datetime:
    """Return the moment so far away from one in UTC; beyond the ends of the calendar the last, or the first, that there is.

    A sender's clock may say any year: Go's zero time is the first hour of all, and 9999-12-31 often stands for never.
    """
    try:
        return moment + distance
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC) if distance < timedelta() else datetime.max.replace(tzinfo=UTC)


Days = dict[str, list[str]]
"""Dates (`YYYY-MM-DD`), each with hours (`00` to `23`)."""


def days_of(hours: Iterable[Hour]) -> Days:
    """Return each hour once, by date, in their order."""
    days: dict[str, dict[str, None]] = {}
    for hour in hours:
        days.setdefault(hour.date, {})[hour.hour] = None
    return {day: list(found) for day, found in days.items()}


def partition_location(prefix: str, hour: Hour) -> str:
    """Return where a partition's objects lie, `prefix/YYYY/MM/DD/HH/`, below the bucket or the folder of objects."""
    return f"{prefix}/{hour.path}/"


def closed_location(prefix: str, hour: Hour, generation: int, attempt: str) -> str:
    """Return where the object of a closed hour lies, `closed/prefix/YYYY/MM/DD/HH/GENERATION-ATTEMPT/`: a fresh place for every attempt."""
    return f"{CLOSED}{prefix}/{hour.path}/{generation}-{attempt}/"


def closing_key(table: str, number: int) -> str:
    """Return the key of what is known of a closing; the newest comes first in a listing."""
    return f"{CLOSINGS}{table}/{_MOST_CLOSINGS - number:010d}"


def closing_number(key: str) -> int:
    """Return the number of the closing that a key tells of; closings are counted from 1."""
    return _MOST_CLOSINGS - int(key.rpartition("/")[2])


def closed_hour(closed_prefix: str, key: str) -> Hour:
    """Return the hour of an object below where the closed hours of a table lie on AWS. Raises LayoutError for one that belongs to none."""
    match = _CLOSED_ON_AWS.fullmatch(key.removeprefix(closed_prefix))
    if match is None or not key.startswith(closed_prefix):
        raise LayoutError(f'"{key[:200]}" is in no closed hour: expected {closed_prefix}YYYY/MM/DD/NUMBER-ATTEMPT/hour=HH/NAME.')
    return _hour(match, key)


def is_closed_key(key: str) -> bool:
    """Return True if an object lies where a closing puts it."""
    return _CLOSED_KEY.fullmatch(key) is not None


def object_key(prefix: str, hour: Hour, name: str) -> str:
    """Return the key of a log object, `prefix/YYYY/MM/DD/HH/name`.

    Raises LayoutError if `name` holds a slash or the key is longer than S3 allows.
    """
    key = partition_location(prefix, hour) + name
    if "/" in name or not name or name in {".", ".."}:
        raise LayoutError(f'"{name}" is no name of an object.')
    if len(key.encode()) > KEY_BYTES:
        raise LayoutError(f'"{key[:60]}...": a key has at most {KEY_BYTES} bytes.')
    return key


def object_name(stream: str, version: int, arrival: datetime, unique: str, extension: str) -> str:
    """Return Firehose's name of an object: `<stream>-<version>-<YYYY-MM-DD-HH-MM-SS>-<uuid><extension>`.

    arrival: of the oldest record in the object; aware. extension: with its dot.
    """
    utc = arrival.astimezone(UTC)
    return f"{stream}-{version}-{utc.date()}-{utc:%H-%M-%S}-{unique}{extension}"  # %Y writes the year 1 with one digit


def error_key(error_prefix: str, kind: str, arrival: datetime, name: str) -> str:
    """Return the key of an object of failed records: `<error prefix>/<kind>/year=YYYY/month=MM/day=DD/hour=HH/name`.

    kind: Firehose's error-output-type, `processing-failed` or `format-conversion-failed`.
    """
    utc = arrival.astimezone(UTC)
    return f"{error_prefix}/{kind}/year={utc.year:04d}/{utc:month=%m/day=%d/hour=%H}/{name}"


def error_hour(key: str) -> Hour:
    """Return the hour in whose folder an object of failed records lies. Raises LayoutError for a key that names none."""
    match = _HOUR_OF_ERROR_KEY.search(key)
    if match is None:
        raise LayoutError(f'"{key[:200]}" is no object of failed records: expected PREFIX/KIND/year=YYYY/month=MM/day=DD/hour=HH/NAME.')
    return _hour(match, key)


def results_prefix(source: str) -> str:
    """Return where in the results' bucket the answers about one source lie; those of the lake's own workgroup lie below `lake/`."""
    return f"athena/{source}/"


def check_key(key: str) -> None:
    """Raise LayoutError for a key that is no path below the bucket or folder: empty, too long, or with a segment that climbs."""
    if not key or "\0" in key or len(key.encode()) > KEY_BYTES or any(segment in {"", ".", ".."} for segment in key.split("/")):
        raise LayoutError(f'"{key[:200]}" is no key of an object.')


def split_key(key: str) -> tuple[str, Hour, str]:
    """Split a log object's key (already URL-decoded) into prefix, hour and name.

    Raises LayoutError for a key of another depth, an hour that does not exist, a segment that climbs, or a name that
    query engines skip (a leading `_` or `.`).
    """
    match = _HOUR_OF_KEY.fullmatch(key)
    if match is None or len(key.encode()) > KEY_BYTES or "\0" in key:
        raise LayoutError(f'"{key[:200]}" is not a log object: expected prefix/YYYY/MM/DD/HH/name.')
    prefix, name = match["prefix"], match["name"]
    if any(segment in {"", ".", ".."} for segment in prefix.split("/")):
        raise LayoutError(f'"{key[:200]}" has a prefix with an empty or climbing segment.')
    if name.startswith(("_", ".")):
        raise LayoutError(f'"{key[:200]}" is hidden from query engines: its name begins with "{name[0]}".')
    return prefix, _hour(match, key), name


def _hour(match: re.Match[str], key: str) -> Hour:
    try:
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
    except ValueError:
        raise LayoutError(f'"{key[:200]}" names a day that does not exist.') from None
    if int(match["hour"]) > 23:
        raise LayoutError(f'"{key[:200]}" names an hour that does not exist: hours are 00 to 23.')
    return Hour(day.isoformat(), match["hour"])
