"""The nouns of a declaration: Source, Table, Column, and what else a source.toml says.

Frozen, and of the standard library only: the same objects serve the Lambda functions, the local flow and the templates.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PARTITION_KEYS: tuple[tuple[str, str], ...] = (("date", "date"), ("hour", "string"))
"""Names and Glue types of the partition keys: the UTC date and hour (`00` to `23`) of arrival."""
PARTITION_DOCS: dict[str, str] = {"date": "Day of arrival in S3, in UTC.", "hour": "Hour of arrival in S3, 00 to 23, in UTC."}
"""What the catalog says of them."""

EVENT_TIME = "event_time"
"""The column that says when an event happened, of which a catalog knows the first and the last of each object."""
Times = tuple[int, int]
"""A first and a last moment, in microseconds since 1970."""

_HIVE = "org.apache.hadoop.hive.ql.io"
STORAGE_FORMATS: dict[str, tuple[str, str, str]] = {
    "parquet": (
        f"{_HIVE}.parquet.MapredParquetInputFormat",
        f"{_HIVE}.parquet.MapredParquetOutputFormat",
        f"{_HIVE}.parquet.serde.ParquetHiveSerDe",
    ),
    "json": (
        "org.apache.hadoop.mapred.TextInputFormat",
        f"{_HIVE}.HiveIgnoreKeyTextOutputFormat",
        "org.openx.data.jsonserde.JsonSerDe",
    ),
}
"""Format of log lines -> input format, output format and SerDe in Glue; those of a table are those of all its partitions.

https://docs.aws.amazon.com/athena/latest/ug/supported-serdes.html
"""
LINES_FORMAT = (*STORAGE_FORMATS["json"][:2], "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe")
"""The same for JSON lines that are read as texts, each whole."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    name: as the provider's documentation spells it; Glue and Parquet store it in lower case.
    type: a Glue type: string, boolean, int, bigint, double, timestamp, date, array<T>, map<string,T>, struct<name:T,...>.
    paths: EventBridge input paths (`$.detail.execution-id`, `$.resources[0]`); the first that is present gives the value.
    converter: how the value becomes the column's type; see `eventlake.pipeline.convert`.
    earlier: the types that it was declared with before, as the catalog of a lake remembers them.
    """

    name: str
    type: str
    paths: tuple[str, ...]
    converter: str
    doc: str
    earlier: tuple[str, ...] = ()

    @property
    def stored_name(self) -> str:
        """Return the name in Glue and Parquet, in lower case."""
        return self.name.lower()


HOW_KEPT = ("keep", "mask", "hmac", "drop", "network")
"""What may become of personal data: nothing, `***`, a pseudonym under a key of the lake's, NULL, the network of an address."""
EVERY = ""
"""The step of a path that stands for each element of an array."""


@dataclass(frozen=True, slots=True)
class Personal:
    """A place of a table's events that holds personal data, and what becomes of it: one of `HOW_KEPT`.

    path: from the event inwards, as a column's; `[]` stands for each element of an array (`$.detail.people[].email`).
    """

    path: str
    how: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the lake: what an event rule selects, as log lines with these columns.

    prefix: first part of its keys, without slashes at the ends. pattern: an EventBridge event pattern.
    root: the path under which undeclared fields are collected into `extra` by their bare name.
    key: the column that tells duplicates apart; NULL is never a duplicate. sort: the columns by which the rows of a closed hour are sorted.
    personal: where its events hold personal data. retention_days: how long its hours are kept, None for ever.
    """

    name: str
    database: str
    source: str
    doc: str
    prefix: str
    pattern: dict[str, Any]  # JSON as EventBridge defines it
    root: str
    key: str
    columns: tuple[Column, ...]
    sort: tuple[str, ...] = ()
    personal: tuple[Personal, ...] = ()
    retention_days: int | None = None

    @property
    def stream(self) -> str:
        """Return the name of its delivery stream, with which Firehose begins its objects' names."""
        return self.name.replace("_", "-")

    @property
    def closed_prefix(self) -> str:
        """Return where its closed hours lie on AWS, with a slash at the end; what a source has there lies together."""
        return f"closed/{self.source}/{self.prefix}/"

    @property
    def error_prefix(self) -> str:
        """Return where its failed records go, without a slash at the end."""
        return f"error/{self.name}"

    @property
    def order(self) -> tuple[str, ...]:
        """Return the columns that sort a closed hour, as they are stored."""
        return tuple(dict.fromkeys(one.stored_name if (one := self.column(name)) else name for name in (*self.sort, self.key)))

    def column(self, name: str) -> Column | None:
        """Return the column of that name, without regard to case."""
        return next((column for column in self.columns if column.stored_name == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Bare:
    """How objects of a source are recognised that come without EventBridge's envelope, and where they go in it.

    pattern: an event pattern over the object itself. into: the path the object is put at (`$.detail.data`).
    envelope: the fields of the envelope; a value that begins with `$.` is a path in the object.
    rename: keys of the object and what the source's events call them; an empty name leaves out what the envelope has.
    json: keys of the object whose text is the JSON of what the source's events have there.
    """

    pattern: dict[str, Any]  # JSON as EventBridge defines it
    into: str
    envelope: dict[str, str]
    rename: dict[str, str] = field(default_factory=dict)
    json: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Events of a provider that the source knows and does not store, with the reason a person reads."""

    name: str
    pattern: dict[str, Any]  # JSON as EventBridge defines it
    reason: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """That a provider posts the source's objects itself, in one of its bare forms, and how each becomes an event.

    id: paths in the envelope; the first that is present tells one object from another, however often it is posted. origin: what `event_origin`
    says of such events.
    """

    id: tuple[str, ...]
    origin: str


@dataclass(frozen=True, slots=True)
class Stack:
    """What a source's CloudFormation stack is given by the declaration.

    deployed: whether it is part of a deployment unless its parameter says otherwise. event_bus_parameter: the parameter that names its event
    bus, where that is not the default bus. table_outputs: table -> the output that gives its name.
    """

    deployed: bool = True
    event_bus_parameter: str = ""
    table_outputs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """A log source: one folder with a declaration, samples and saved queries."""

    name: str
    title: str
    doc: str
    reference: str
    database: str
    bus: str
    tables: tuple[Table, ...]
    bare: tuple[Bare, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    webhook: Webhook | None = None
    stack: Stack = Stack()
    folder: str = field(default="", compare=False)
    """Where the declaration was read from; its `samples/` and `queries/` lie beside it."""
