"""Partitions of any table in Glue, changed a hundred at a call: made, changed, removed, each by its values.

What a call refuses of a batch because Glue is busy is sent again, and nothing else; what is so already is no refusal.
https://docs.aws.amazon.com/glue/latest/webapi/API_BatchUpdatePartition.html
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import code_of, failing
from eventlake.errors import NameNotFoundError, StorageServiceError
from eventlake.naming import nearest
from eventlake.pipeline.repairing import Described

MOST_CHANGED, MOST_REMOVED = 100, 25
"""How many partitions a call makes or changes, and how many it removes."""
_TRIES = 6
_FIRST_PAUSE_S = 0.5
_BUSY = {
    "InternalServiceException",
    "OperationTimeoutException",
    "ResourceNotReadyException",
    "ThrottlingException",
    "ConcurrentModificationException",
}
_TAKEN_OF_PARTITION = ("Values", "LastAccessTime", "StorageDescriptor", "Parameters", "LastAnalyzedTime")
"""What Glue takes of a partition, of what it gives."""

Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call, with its further tries: about how many partitions it was, and what Glue refused, with the reasons."""

    asked: int
    refused: Mapping[Values, str]


class GlueBatches:
    """The tables and partitions of Glue's databases. client: boto3's. wait: pauses for so many seconds."""

    def __init__(self, client: Any, wait: Callable[[float], None] = time.sleep) -> None:  # boto3's client has no types
        self._client = client
        self._wait = wait

    def tables(self, database: str) -> list[Described]:
        """Return the tables of a database. Raises NameNotFoundError if there is none of that name, StorageServiceError."""
        with failing(f"The tables of {database} cannot be listed", storage=True):
            try:
                pages = self._client.get_paginator("get_tables").paginate(DatabaseName=database)
                found = [table for page in pages for table in page["TableList"]]
                if not found:
                    self._client.get_database(Name=database)
            except ClientError as error:
                if code_of(error) != "EntityNotFoundException":
                    raise
                found = None
        if found is None:
            raise NameNotFoundError(f'There is no database "{database}" in Glue here.{self._others(database)}')
        return found

    def partitions(self, database: str, table: str) -> list[dict[str, Any]]:  # Glue's PartitionInput
        """Return the partitions of a table, each as Glue would take it. Raises StorageServiceError."""
        with failing(f"The partitions of {database}.{table} cannot be listed", storage=True):
            pages = self._client.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
            return [_taken(one) for page in pages for one in page["Partitions"]]

    def make(self, database: str, table: str, partitions: Sequence[Described]) -> Iterator[Answer]:
        """Make partitions, those that are there already excepted; yield what came of each call."""
        for some in _some(partitions, MOST_CHANGED):
            yield self._tried(
                f"Partitions of {database}.{table} cannot be made",
                {tuple(one["Values"]): one for one in some},
                lambda left: self._client.batch_create_partition(DatabaseName=database, TableName=table, PartitionInputList=left),
                so_already="AlreadyExistsException",
            )

    def change(self, database: str, table: str, partitions: Sequence[Described]) -> Iterator[Answer]:
        """Change partitions into these; yield what came of each call."""
        for some in _some(partitions, MOST_CHANGED):
            yield self._tried(
                f"Partitions of {database}.{table} cannot be changed",
                {tuple(one["Values"]): {"PartitionValueList": one["Values"], "PartitionInput": one} for one in some},
                lambda left: self._client.batch_update_partition(DatabaseName=database, TableName=table, Entries=left),
            )

    def remove(self, database: str, table: str, values: Sequence[Values]) -> Iterator[Answer]:
        """Remove partitions; yield what came of each call."""
        for some in _some(values, MOST_REMOVED):
            yield self._tried(
                f"Partitions of {database}.{table} cannot be removed",
                {one: {"Values": list(one)} for one in some},
                lambda left: self._client.batch_delete_partition(DatabaseName=database, TableName=table, PartitionsToDelete=left),
                so_already="EntityNotFoundException",
            )

    def _tried(self, what: str, asked: dict[Values, Any], call: Callable[[list[Any]], Any], so_already: str = "") -> Answer:
        """Make a call, and again for what was refused because Glue is busy; return what came of it."""
        refused: dict[Values, str] = {}
        left = asked
        for attempt in range(_TRIES):
            if attempt:
                self._wait(_FIRST_PAUSE_S * 2.0 ** (attempt - 1) * random.uniform(0.6, 1.0))
            with failing(what, storage=True):
                errors = call(list(left.values())).get("Errors") or []
            told = {tuple(one.get("PartitionValues") or one.get("PartitionValueList") or ()): one["ErrorDetail"] for one in errors}
            refused |= {values: _reason(error) for values, error in told.items() if error.get("ErrorCode") not in _BUSY | {so_already}}
            left = {values: left[values] for values, error in told.items() if error.get("ErrorCode") in _BUSY}
            if not left:
                return Answer(len(asked), refused)
        return Answer(len(asked), refused | dict.fromkeys(left, "Glue was too busy to the end."))

    def _others(self, database: str) -> str:
        """Name the databases that there are; nothing if this user may not list them."""
        try:
            with failing("The databases cannot be listed", storage=True):
                pages = self._client.get_paginator("get_databases").paginate()
                names = [one["Name"] for page in pages for one in page["DatabaseList"]]
        except StorageServiceError:
            return " See that name, --region and --profile are right."
        return nearest(database, names) or (f" There are: {', '.join(sorted(names)[:20])}." if names else " There is none in this region.")


def _some(items: Sequence[Any], most: int) -> Iterator[Sequence[Any]]:
    for at in range(0, len(items), most):
        yield items[at : at + most]


def _taken(described: Described) -> dict[str, Any]:  # Glue's PartitionInput
    """Return what Glue would take of a partition that it gave."""
    return {name: described[name] for name in _TAKEN_OF_PARTITION if name in described}


def _reason(error: Mapping[str, str]) -> str:
    return f"{error.get('ErrorCode', '')}: {error.get('ErrorMessage', '')}".strip(": ")
