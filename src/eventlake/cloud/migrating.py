"""Takes over what an older lake left in S3: its hours become partitions of our tables where they lie, its failed records become ours.

Athena reads one format of a table, so both must be of JSON lines, as the two public projects wrote them, or both of Parquet.
https://docs.aws.amazon.com/athena/latest/ug/updates-and-partitions.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.backends.glue_batches import GlueBatches
from eventlake.backends.s3 import S3Store
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.installed import Installed, in_glue
from eventlake.cloud.repairing import Found, held_in
from eventlake.errors import ConfigurationError
from eventlake.layout import CLOSED
from eventlake.model import STORAGE_FORMATS
from eventlake.pipeline.repairing import InGlue, Plan, location, named_hour
from eventlake.pipeline.taking_over import TakingOver, failed_key, missing_columns, take_over

FAILED = "error/"
_FORMATS = {library: log_format for log_format, (*_, library) in STORAGE_FORMATS.items()}


def pairs(old: Installed, new: Deployment, session: Session) -> list[tuple[InGlue, InGlue]]:
    """Return the tables that both lakes have, the old one and ours. Raises ConfigurationError where one cannot come into the other."""
    batches = GlueBatches(session.client("glue"))
    ours = {
        described["Name"]: own
        for database in sorted({table.database for table in new.tables})
        for described in batches.tables(database)
        if (own := in_glue(database, described)) and own.bucket == new.bucket
    }
    found = [(table, ours[table.name]) for table in old.tables if table.name in ours]
    if not found:
        raise ConfigurationError(
            f"{old.named} and {new.named} have no table of the same name: there {_names(old.tables)}, here {_names(ours.values())}."
        )
    for table, fitting in found:
        _require_fitting(table, fitting)
    return found


def planned(old: InGlue, own: InGlue, session: Session) -> TakingOver:
    """Plan what of an old table is registered in ours. Raises StorageServiceError, ConfigurationError if hours of the old one were closed."""
    batches = GlueBatches(session.client("glue"))
    _require_open(old, map(location, batches.partitions(old.database, old.name)))
    held = held_in(old, session, Found(Plan(old)))
    places = {hour: location(one) for one in batches.partitions(own.database, own.name) if (hour := named_hour(tuple(one["Values"])))}
    return take_over(old, held, own, places)


def failed_objects(old: Installed, new: Deployment, tables: Mapping[str, str], session: Session) -> dict[str, str]:
    """Return the objects of failed records that are not here yet: the key there, and the key here. tables: old names and ours."""
    client = session.client("s3")
    here = {one.key for one in S3Store(client, new.bucket).list(FAILED)}
    there = {one.key: failed_key(one.key, tables) for one in S3Store(client, old.bucket).list(FAILED) if one.size_bytes}
    return {key: target for key, target in there.items() if target is not None and target not in here}


def copy_failed(old: Installed, new: Deployment, objects: Mapping[str, str], session: Session) -> Iterator[str]:
    """Copy objects of failed records, inside S3; yield the key of each that is here now. Raises StorageServiceError."""
    client = session.client("s3")
    for key, target in objects.items():
        with failing(f'"s3://{old.bucket}/{key}" cannot be copied to the bucket "{new.bucket}"', storage=True):
            try:
                client.copy_object(Bucket=new.bucket, Key=target, CopySource={"Bucket": old.bucket, "Key": key})
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise
                continue  # somebody removed it since it was listed
        yield target


def _require_fitting(old: InGlue, own: InGlue) -> None:
    """Raise ConfigurationError unless objects of the old table can be read as ours."""
    there, here = map(_format, (old, own))
    if there is None or there != here:
        deploy = f"deploy eventlake with LogFormat={there}, or " if there else ""
        raise ConfigurationError(
            f"{old.database}.{old.name} is of {there or 'an unknown format'}, {own.database}.{own.name} of {here or 'an unknown format'}, and Athena "
            f"reads one format of a table: {deploy}have the rows written anew, `eventlake backfill files {old.root} --lake LAKE`."
        )
    missing = missing_columns(old, own)
    if missing:
        raise ConfigurationError(
            f"{old.database}.{old.name} has columns that {own.database}.{own.name} has not, or with another type: {', '.join(missing)}. "
            "Declare them with --sources, and deploy again."
        )


def _format(table: InGlue) -> str | None:
    """Return the format of a table's objects, None if it is none of ours."""
    return _FORMATS.get(table.descriptor.get("SerdeInfo", {}).get("SerializationLibrary", ""))


def _require_open(old: InGlue, places: Iterable[str]) -> None:
    """Raise ConfigurationError if hours of the old table were closed: what lies in their folders is not what they hold."""
    closed = [place for place in places if place.startswith(f"s3://{old.bucket}/{CLOSED}")]
    if closed:
        raise ConfigurationError(
            f"{len(closed):,} hours of {old.database}.{old.name} were closed and lie elsewhere, such as {closed[0]}, and taking over reads the folders of "
            f"the hours: have the rows written anew, `eventlake backfill files s3://{old.bucket}/{CLOSED} --lake LAKE`, and those of {old.root} "
            "that were not closed."
        )


def _names(tables: Iterable[InGlue]) -> str:
    return ", ".join(sorted(table.name for table in tables)) or "none"
