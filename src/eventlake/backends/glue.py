"""Catalog in AWS Glue: databases, tables and partitions that CloudFormation and the partition function keep.

The function that makes partitions loads this module at each cold start: it needs boto3 and nothing else, and `add_partition` is one call.
Objects are not in Glue; they are listed where the partitions say they lie.
Format: https://docs.aws.amazon.com/glue/latest/dg/aws-glue-api-catalog-partitions.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing, is_denied
from eventlake.errors import ConfigurationError, NameNotFoundError, QueryRefusedError, StorageServiceError
from eventlake.interfaces import BYTES, OBJECTS, Contents, HourContents, LogObject, Partition, Store
from eventlake.layout import Hour
from eventlake.model import STORAGE_FORMATS, Column, Table
from eventlake.pipeline.closings import DUPLICATES, GENERATION, ROWS

_LISTERS = 16
"""How many prefixes of the bucket are listed at once."""


class GlueCatalog:
    """The catalog of a lake on AWS.

    client: boto3's for Glue. tables: the declared ones, each with the database it has on AWS. bucket: where their objects lie.
    store: that bucket, to list objects; who only adds partitions needs none.
    """

    def __init__(self, client: Any, tables: Iterable[Table], bucket: str, store: Store | None = None) -> None:  # boto3's client
        self._client = client
        self._declared = {table.name: table for table in tables}
        self._bucket = bucket
        self._store = store
        self.denied: list[StorageServiceError] = []
        """Why `tables` left databases out: this user may not look into them."""

    def register_tables(self, tables: Iterable[Table], log_format: str) -> None:
        """Refuse to register: on AWS, tables belong to the CloudFormation stack. Raises ConfigurationError that says so."""
        names = ", ".join(table.name for table in tables)
        raise ConfigurationError(
            f"On AWS the tables belong to the stack ({names}, {log_format}): run `eventlake templates`, then deploy the stack again."
        )

    def add_partition(self, partition: Partition) -> bool:
        """Make sure the partition exists, with one call; True if this call created it.

        Raises StorageServiceError, whose `code` is Glue's, for everything but a partition that is there already; ConfigurationError.
        """
        table = self._table(partition.table)
        wanted = self._input(partition, table)
        with failing(f"The partition {partition.hour} of {table.database}.{table.name} cannot be created", storage=True):
            try:
                self._client.create_partition(DatabaseName=table.database, TableName=table.name, PartitionInput=wanted)
            except ClientError as error:
                if code_of(error) == "AlreadyExistsException":
                    return False
                raise
        return True

    def swap(self, partition: Partition) -> None:
        """Let readers of the partition's hour read its location from now on; makes the partition if there is none. Raises StorageServiceError."""
        table = self._table(partition.table)
        wanted = self._input(partition, table)
        name = {"DatabaseName": table.database, "TableName": table.name}
        with failing(f"The partition {partition.hour} of {table.database}.{table.name} cannot be changed", storage=True):
            try:
                self._client.update_partition(**name, PartitionValueList=partition.hour.values, PartitionInput=wanted)
            except ClientError as error:
                if code_of(error) != "EntityNotFoundException":
                    raise
                if not self.add_partition(partition):  # the partition function made it meanwhile, for an object that came
                    self._client.update_partition(**name, PartitionValueList=partition.hour.values, PartitionInput=wanted)

    def _input(self, partition: Partition, table: Table) -> dict[str, Any]:  # JSON as Glue defines it
        location = f"s3://{self._bucket}/{partition.location}"
        said = {"Parameters": dict(partition.parameters)} if partition.parameters else {}
        return {"Values": partition.hour.values, "StorageDescriptor": storage_descriptor(table, location, partition.format), **said}

    def tables(self) -> Sequence[Table]:
        """Return the declared tables that Glue has, with the columns they have there, by database and name.

        A database that this user may not look into is left out, and `denied` says why; raises StorageServiceError if none may be.
        """
        databases = sorted({table.database for table in self._declared.values()})
        found: list[Table] = []
        self.denied = []
        for database in databases:
            try:
                found += sorted(self._tables_of(database), key=lambda table: table.name)
            except StorageServiceError as error:
                if not is_denied(error) or len(self.denied) + 1 == len(databases):
                    raise
                self.denied.append(error)
        return found

    def partitions(self, table: str, first_day: str = "", last_day: str = "") -> Sequence[Partition]:
        """Return every partition of a table, by hour. A location in another bucket keeps its `s3://`.

        first_day, last_day: `YYYY-MM-DD`, from which on and up to which they are wanted.
        """
        known = self._table(table)
        bounds = [f"date {sign} '{day}'" for sign, day in ((">=", first_day), ("<=", last_day)) if day]
        some = {"Expression": " AND ".join(bounds)} if bounds else {}
        pages = self._pages("get_partitions", f"The partitions of {known.database}.{known.name} cannot be listed", known.database)(
            TableName=known.name, ExcludeColumnSchema=True, **some
        )
        found = [self._partition(known, one) for page in pages for one in page["Partitions"]]
        return sorted(found, key=lambda partition: (partition.hour, partition.location))

    def now(self, table: str, hours: Sequence[Hour]) -> dict[Hour, Partition]:
        """Return what there is at this moment of these hours' partitions, which are a hundred at most. Raises StorageServiceError."""
        known, asked = self._table(table), [{"Values": hour.values} for hour in hours]
        with failing(f"Partitions of {known.database}.{known.name} cannot be looked at", storage=True):
            answer = self._client.batch_get_partition(DatabaseName=known.database, TableName=known.name, PartitionsToGet=asked)
        return {one.hour: one for one in (self._partition(known, described) for described in answer.get("Partitions", []))}

    def remove(self, table: str, hours: Sequence[Hour]) -> dict[Hour, str]:
        """Let nobody find these hours any more; return why some could not be taken out. Raises StorageServiceError."""
        from eventlake.backends.glue_batches import GlueBatches  # the function that makes partitions needs nothing of it

        known = self._table(table)
        answers = GlueBatches(self._client).remove(known.database, known.name, [(hour.date, hour.hour) for hour in hours])
        return {Hour(*values): reason for one in answers for values, reason in one.refused.items()}

    def objects(self, table: str, hours: Iterable[Hour] | None = None) -> Sequence[LogObject]:
        """List the objects in the partitions of these hours, or of all, by hour and key. Glue knows no rows and no checksums.

        What lies in no partition is left out, as Athena leaves it out.
        """
        wanted = None if hours is None else set(hours)
        partitions = [one for one in self.partitions(table) if wanted is None or one.hour in wanted]
        by_location = {one.location: one for one in partitions}
        prefixes = _listings(self._table(table), list(by_location), whole=wanted is None)
        with ThreadPoolExecutor(_LISTERS) as pool:
            found = [one for listed in pool.map(lambda prefix: self._listed(prefix, by_location), prefixes) for one in listed]
        return sorted(found, key=lambda one: (one.hour, one.key))

    def contents(self, table: str) -> Contents:
        """List a table once: what lies in each of its partitions. What arrived for a closed hour since is not in it."""
        found, said = Contents.of(self.objects(table)), {one.hour: one for one in self.partitions(table)}
        elsewhere = {hour: one for hour, one in said.items() if one.is_elsewhere}
        hours = [_as_closed(one, said[one.hour]) for one in found.hours] + [_taken_over(one) for one in elsewhere.values()]
        return Contents(sorted(hours, key=lambda one: one.hour), lambda wanted: _own(found, wanted, elsewhere))

    def log_format(self, table: str) -> str:
        """Return how Glue reads the table, `parquet` or `json`. Raises StorageServiceError."""
        known = self._table(table)
        with failing(f"The table {known.database}.{known.name} cannot be looked at", storage=True):
            described = self._client.get_table(DatabaseName=known.database, Name=known.name)["Table"]
        return _format(described.get("StorageDescriptor", {}))

    def _listed(self, prefix: str, by_location: Mapping[str, Partition]) -> list[LogObject]:
        """List the objects below a prefix that lie in one of the partitions."""
        if self._store is None:
            raise ConfigurationError("This catalog was opened without its bucket, so that it cannot list objects.")
        found = []
        for one in self._store.list(prefix):
            folder, _, name = one.key.rpartition("/")
            partition = by_location.get(f"{folder}/")
            if partition is not None and name and not name.startswith(("_", ".")):
                found.append(LogObject(partition.table, partition.hour, one.key, partition.format, one.size_bytes, etag=one.etag))
        return found

    def _table(self, name: str) -> Table:
        if name.lower() not in self._declared:
            raise NameNotFoundError(f'There is no table "{name}" in this lake. `eventlake tables` lists them.')
        return self._declared[name.lower()]

    def _tables_of(self, database: str) -> Iterator[Table]:
        """Yield the declared tables that a database has; none if there is no such database."""
        pages = self._pages("get_tables", f"The tables of {database} cannot be listed", database)()
        for page in pages:
            for described in page["TableList"]:
                declared = self._declared.get(described["Name"])
                if declared is not None and declared.database == database:
                    yield _as_in_glue(declared, described)

    def _pages(self, operation: str, what: str, database: str) -> Callable[..., Iterator[Any]]:  # Glue's answers
        """Yield every page of a call; none if what is asked about does not exist."""

        def pages(**arguments: Any) -> Iterator[Any]:  # boto3's parameters
            with failing(what, storage=True):
                try:
                    yield from self._client.get_paginator(operation).paginate(DatabaseName=database, **arguments)
                except ClientError as error:
                    if code_of(error) != "EntityNotFoundException":
                        raise

        return pages

    def _partition(self, table: Table, described: Mapping[str, Any]) -> Partition:  # Glue's answer
        day, hour = (*described["Values"], "", "")[:2]
        descriptor = described.get("StorageDescriptor", {})
        location = descriptor.get("Location", "").rstrip("/") + "/"
        place, said = location.removeprefix(f"s3://{self._bucket}/"), described.get("Parameters") or {}
        return Partition(table.name, Hour(day, hour), place, _format(descriptor), said)


def storage_descriptor(table: Table, location: str, log_format: str) -> dict[str, Any]:  # JSON as Glue defines it
    """Describe to Glue where a table or a partition lies, and how it is read.

    location: `s3://bucket/prefix/...`. log_format: `parquet` or `json`.
    """
    reads, writes, serde = STORAGE_FORMATS[log_format]
    return {
        "Columns": [{"Name": column.stored_name, "Type": column.type} for column in table.columns],
        "Location": location,
        "InputFormat": reads,
        "OutputFormat": writes,
        "Compressed": log_format == "json",
        "SerdeInfo": {"SerializationLibrary": serde, "Parameters": {"serialization.format": "1"}},
    }


def _format(descriptor: Mapping[str, Any]) -> str:  # Glue's StorageDescriptor
    """Return `parquet` or `json`, or the SerDe's own name for what is neither."""
    serde = str(descriptor.get("SerdeInfo", {}).get("SerializationLibrary", ""))
    return next((name for name, (_, _, library) in STORAGE_FORMATS.items() if library == serde), serde.rpartition(".")[2])


def _as_in_glue(declared: Table, described: Mapping[str, Any]) -> Table:  # Glue's Table
    """Return the declared table with the columns that Glue has, in Glue's order."""
    columns = tuple(_column(declared, one) for one in described.get("StorageDescriptor", {}).get("Columns", []))
    return Table(**{**{name: getattr(declared, name) for name in Table.__dataclass_fields__}, "columns": columns})


def _column(declared: Table, described: Mapping[str, Any]) -> Column:  # Glue's Column
    known = declared.column(described["Name"])
    if known is not None and known.type == described["Type"]:
        return known
    return Column(described["Name"], described["Type"], (), "", described.get("Comment", ""))


def _as_closed(hour: HourContents, partition: Partition) -> HourContents:
    """Return what is read of an hour with what its closing said of it; an open hour as it is."""
    if GENERATION not in partition.parameters:
        return hour
    generation, rows, duplicates = (int(partition.parameters.get(name, "0")) for name in (GENERATION, ROWS, DUPLICATES))
    return replace(hour, state="closed", generation=generation, rows=rows, duplicates=duplicates)


def _taken_over(partition: Partition) -> HourContents:
    """Return what a partition in another bucket says of its hour."""
    objects, size_bytes = (int(partition.parameters.get(name, "0")) for name in (OBJECTS, BYTES))
    return HourContents(partition.hour, objects, None, size_bytes)


def _own(found: Contents, wanted: Iterable[Hour] | None, elsewhere: Mapping[Hour, Partition]) -> Sequence[LogObject]:
    """Return the objects of hours. Raises QueryRefusedError if some lie in another bucket, which only Athena reads."""
    hours = None if wanted is None else set(wanted)
    abroad = sorted(hour for hour in elsewhere if hours is None or hour in hours)
    if abroad:
        first = elsewhere[abroad[0]]
        raise QueryRefusedError(
            f"{len(abroad):,} hours of {first.table} that the query reads, such as {first.hour}, were taken over and lie in another bucket, "
            f"{first.location}: ask Athena for them, with --engine athena, or name later days."
        )
    return found.objects(hours)


def _listings(table: Table, locations: Sequence[str], *, whole: bool) -> list[str]:
    """Return the prefixes whose listings hold every location once: the whole table, open and closed, or its days; others one by one."""
    roots = [f"{table.prefix}/", table.closed_prefix]
    regular = {root: [one for one in locations if one.startswith(root)] for root in roots}
    others = [one for one in locations if not one.startswith(tuple(roots)) and "://" not in one]
    if whole:
        return [*(root for root, found in regular.items() if found), *others]
    days = [root + "/".join(one.removeprefix(root).split("/")[:3]) + "/" for root, found in regular.items() for one in found]
    return [*dict.fromkeys(days), *others]
