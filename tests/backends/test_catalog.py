"""Catalogs: Glue's nouns in SQLite and in Glue; in SQLite one transaction for what becomes visible, and readers that are never in the way."""

from __future__ import annotations

import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from aws.client import Aws
from aws_lake import create_tables, new_bucket, nobody, user
from eventlake.backends.catalog.entries import FailedEntry, NewFailedObject, NewObject
from eventlake.backends.catalog_schema import STEPS
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.s3 import S3Store
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import (
    ConfigurationError,
    GenerationConflictError,
    LakeTakenError,
    NameNotFoundError,
    StorageError,
    StorageServiceError,
)
from eventlake.interfaces import Catalog, Contents, HourContents, Partition
from eventlake.layout import Hour
from eventlake.model import Personal
from eventlake.sources import load

TABLES = [table for source in load() if source.name in {"auth0", "codepipeline"} for table in source.tables]
"""Of two databases, one of which has several: each test makes them anew."""
AUTH0 = next(table for table in TABLES if table.name == "auth0_logs")
HOUR = Hour("2026-11-20", "10")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PARTITION = Partition("auth0_logs", HOUR, "logs/2026/11/20/10/", "parquet")


def log_object(key: str, hour: Hour = HOUR) -> NewObject:
    """An object of ten rows."""
    return NewObject(key, "auth0_logs", hour, "parquet", 1000, 10, 7)


def test_an_object_tells_which_of_its_columns_are_json_of_our_own(catalog: SqliteCatalog) -> None:
    """To readers and to who rewrites it; what cannot be read of it is not taken for granted."""
    ours = replace(log_object("logs/2026/11/20/10/a"), strict=frozenset({"details", "extra"}))
    catalog.register([ours, log_object("logs/2026/11/20/10/b")], [PARTITION], [], {})
    assert [one.strict for one in catalog.objects("auth0_logs")] == [{"details", "extra"}, set()]
    assert catalog.held("auth0_logs", HOUR)[0] == ours

    for damaged in ('["details"', "5", "{}"):
        catalog._file.connection.execute("update object set strict = ? where strict is not null", (damaged,))
        assert [one.strict for one in catalog.objects("auth0_logs")] == [set(), set()]


def test_an_object_tells_when_its_events_happened(catalog: SqliteCatalog) -> None:
    """To readers and to who rewrites it; what cannot be is not taken for granted."""
    ours = replace(log_object("logs/2026/11/20/10/a"), times=(5, 7))
    catalog.register([ours, log_object("logs/2026/11/20/10/b")], [PARTITION], [], {})
    assert [one.times for one in catalog.objects("auth0_logs")] == [(5, 7), None]
    assert catalog.held("auth0_logs", HOUR)[0] == ours

    for damaged in ("first_us = 8", "first_us = 'x'", "last_us = null"):
        catalog._file.connection.execute(f"update object set {damaged}")
        assert [one.times for one in catalog.objects("auth0_logs")] == [None, None]


def states(catalog: SqliteCatalog) -> list[tuple[str, int]]:
    """State and generation of each hour of the log."""
    return catalog._rows('select state, generation from partition where "table" = \'auth0_logs\' order by "date", hour')


@pytest.fixture
def catalog(tmp_path: Path) -> SqliteCatalog:
    """A catalog with every table."""
    catalog = SqliteCatalog(tmp_path / "catalog.db")
    catalog.register_tables(TABLES, "parquet")
    return catalog


class SqliteLake:
    """A catalog in SQLite, and ways to put something into it."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "catalog.db"
        self.catalog = SqliteCatalog(self._file)
        self.catalog.register_tables(TABLES, "parquet")

    def again(self) -> Catalog:
        """Another connection."""
        return SqliteCatalog(self._file, epoch=self.catalog.epoch)

    def place(self, name: str, hour: Hour) -> None:
        """An object of the log, with its partition."""
        key = f"logs/{hour.path}/{name}"
        self.catalog.register([log_object(key, hour)], [replace(PARTITION, hour=hour, location=f"logs/{hour.path}/")], [], {})


class GlueLake:
    """A catalog in Glue and its bucket, and ways to put something into them."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.bucket = new_bucket(aws)
        unique = self.bucket.replace("-", "_")
        self.tables = [replace(table, database=f"{table.database}_{unique}") for table in TABLES]
        create_tables(aws, self.tables, self.bucket)
        self.store = S3Store(aws.service("s3"), self.bucket)
        self.catalog = self.again()

    def again(self, aws: Aws | None = None) -> GlueCatalog:
        """Another client, perhaps of another user."""
        return GlueCatalog((aws or self.aws).service("glue"), self.tables, self.bucket, self.store)

    def place(self, name: str, hour: Hour) -> None:
        """An object of the log, with its partition."""
        self.store.put(f"logs/{hour.path}/{name}", bytes(1000))
        self.catalog.add_partition(replace(PARTITION, hour=hour, location=f"logs/{hour.path}/"))


@pytest.fixture
def glue(aws: Aws) -> GlueLake:
    """A catalog in Glue with every table."""
    return GlueLake(aws)


@pytest.fixture(params=["sqlite", "glue"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> SqliteLake | GlueLake:
    """A catalog of either kind with every table."""
    return SqliteLake(tmp_path) if request.param == "sqlite" else GlueLake(request.getfixturevalue("aws"))


# what both hold


def test_tables_come_back_with_their_columns(lake: SqliteLake | GlueLake) -> None:
    """As declared, by database and name."""
    known = lake.catalog.tables()

    assert [table.name for table in known] == [table.name for table in sorted(TABLES, key=lambda table: (table.database, table.name))]
    assert {table.name: table.columns for table in known} == {table.name: table.columns for table in TABLES}


def test_a_partition_is_created_once(lake: SqliteLake | GlueLake) -> None:
    """Sixteen race; one of them creates it."""
    created: list[bool] = []
    catalogs = [lake.again() for _ in range(16)]
    threads = [threading.Thread(target=lambda catalog=catalog: created.append(catalog.add_partition(PARTITION))) for catalog in catalogs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(created) == [False] * 15 + [True]
    assert list(lake.catalog.partitions("AUTH0_LOGS")) == [PARTITION]


def test_partitions_come_by_hour(lake: SqliteLake | GlueLake) -> None:
    """Whatever the order they were made in."""
    hours = [Hour("2026-11-21", "00"), Hour("2026-11-20", "23"), Hour("2026-11-20", "09")]
    for hour in hours:
        lake.catalog.add_partition(replace(PARTITION, hour=hour, location=f"logs/{hour.path}/"))

    assert [one.hour for one in lake.catalog.partitions("auth0_logs")] == sorted(hours)


def test_objects_are_found_by_hour(lake: SqliteLake | GlueLake) -> None:
    """Of all hours, of some, of none; the table's name without regard to case."""
    hours = [Hour("2026-11-20", "23"), Hour("2026-11-21", "00"), Hour("2026-11-22", "00")]
    for number, hour in enumerate(hours):
        lake.place(f"{number}.parquet", hour)

    def names(found: Any) -> list[str]:
        return [one.key.rpartition("/")[2] for one in found]

    everything = lake.catalog.objects("AUTH0_LOGS")
    assert names(everything) == ["0.parquet", "1.parquet", "2.parquet"]
    assert [(one.hour, one.format, one.size_bytes) for one in everything] == [(hour, "parquet", 1000) for hour in hours]
    assert names(lake.catalog.objects("auth0_logs", [hours[2], hours[0]])) == ["0.parquet", "2.parquet"]
    assert list(lake.catalog.objects("auth0_logs", [])) == []


# what Glue holds


Answer = Callable[..., AWSResponse | None]


def answering(catalog: GlueCatalog, operation: str, answer: Answer) -> None:
    """Let `answer` stand between the client and Glue for one operation; None lets the call through."""
    catalog._client.meta.events.register(f"before-send.glue.{operation}", answer)


def error_answer(code: str, message: str, status: int = 400) -> AWSResponse:
    """An error as Glue sends it."""

    class Raw:
        def stream(self, **_: Any) -> Any:
            yield f'{{"__type": "{code}", "Message": "{message}"}}'.encode()

    return AWSResponse("https://glue.example.com", status, {"content-type": "application/x-amz-json-1.1"}, Raw())


def test_a_table_that_is_not_there_is_an_error(glue: GlueLake) -> None:
    """Nothing is swallowed: the code is Glue's, so that the notification is tried again and ends among the dead letters."""
    glue.aws.service("glue").delete_table(DatabaseName=glue.catalog._declared["auth0_logs"].database, Name="auth0_logs")

    with pytest.raises(StorageServiceError, match=r"2026-11-20T10 of .*auth0_logs cannot be created") as error:
        glue.catalog.add_partition(PARTITION)
    assert error.value.code == "EntityNotFoundException"


def test_a_missing_permission_is_named_with_its_action(glue: GlueLake) -> None:
    """As IAM spells it."""
    with pytest.raises(StorageServiceError, match="the permission glue:CreatePartition") as error:
        glue.again(nobody(glue.aws)).add_partition(PARTITION)
    assert error.value.code == "AccessDeniedException"


def test_databases_that_may_not_be_looked_into_are_left_out_with_the_reason(glue: GlueLake) -> None:
    """An analyst of one source sees its tables; who may see none is told so."""
    auth0 = next(table for table in glue.tables if table.name == "auth0_logs")
    analyst = user(glue.aws, f"analyst-{glue.bucket}", ["glue:GetTables"], [f"arn:aws:glue:us-east-1:123456789012:*{auth0.database}*"])
    catalog = glue.again(analyst)

    assert [table.name for table in catalog.tables()] == ["auth0_logs"]
    assert len(catalog.denied) == len({table.database for table in glue.tables}) - 1
    assert all("the permission glue:GetTables" in str(error) for error in catalog.denied)
    with pytest.raises(StorageServiceError, match="the permission glue:GetTables"):
        glue.again(nobody(glue.aws)).tables()


def test_a_throttled_call_is_tried_again(glue: GlueLake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three calls of ten are throttled, and every partition is made."""
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between two tries
    dice, throttled = random.Random(7), []

    def throttle(**_: Any) -> AWSResponse | None:
        throttled.append(dice.random() < 0.3)
        return error_answer("ThrottlingException", "Rate exceeded") if throttled[-1] else None

    answering(glue.catalog, "CreatePartition", throttle)
    for number in range(24):
        hour = Hour("2026-11-20", f"{number:02d}")
        assert glue.catalog.add_partition(replace(PARTITION, hour=hour, location=f"logs/{hour.path}/"))

    assert any(throttled)
    assert len(glue.catalog.partitions("auth0_logs")) == 24


def test_what_glue_refuses_carries_its_words(glue: GlueLake) -> None:
    """With the code, for the log."""
    answering(glue.catalog, "GetTables", lambda **_: error_answer("ConcurrentModificationException", "Busy"))
    with pytest.raises(StorageServiceError, match="ConcurrentModificationException: Busy") as error:
        glue.catalog.tables()
    assert error.value.code == "ConcurrentModificationException"


def test_one_call_makes_a_partition(glue: GlueLake) -> None:
    """No look before: the function needs one permission, and an hour costs one call."""
    asked: list[bytes] = []
    glue.catalog._client.meta.events.register("before-send.glue.*", lambda request, **_: asked.append(request.headers["X-Amz-Target"]))
    glue.catalog.add_partition(PARTITION)

    assert asked == [b"AWSGlue.CreatePartition"]


@pytest.mark.parametrize("log_format", ["parquet", "json"])
def test_a_partition_is_described_as_its_table_is(glue: GlueLake, log_format: str) -> None:
    """The columns are the declaration's, the location is its own hour, the SerDe that of the format."""
    glue.catalog.add_partition(replace(PARTITION, format=log_format))

    database = glue.catalog._declared["auth0_logs"].database
    client = glue.aws.service("glue")
    described = client.get_partition(DatabaseName=database, TableName="auth0_logs", PartitionValues=["2026-11-20", "10"])["Partition"][
        "StorageDescriptor"
    ]
    assert described["Location"] == f"s3://{glue.bucket}/logs/2026/11/20/10/"
    assert [(one["Name"], one["Type"]) for one in described["Columns"]] == [(one.stored_name, one.type) for one in AUTH0.columns]
    assert glue.catalog.partitions("auth0_logs")[0].format == log_format


def test_objects_that_readers_do_not_see_are_left_out(glue: GlueLake) -> None:
    """Hidden names, folders below, an hour without partition, another prefix."""
    glue.place("a.parquet", HOUR)
    for key in ("logs/2026/11/20/10/_hidden", "logs/2026/11/20/10/below/b", "logs/2026/11/20/11/c", "logsx/2026/11/20/10/d"):
        glue.store.put(key, b"x")

    assert [one.key for one in glue.catalog.objects("auth0_logs")] == ["logs/2026/11/20/10/a.parquet"]


def test_a_partition_that_lies_elsewhere_shows_it(glue: GlueLake) -> None:
    """Its objects are those of that place; one in another bucket keeps its whole address."""
    glue.catalog.add_partition(replace(PARTITION, location="closed/2026-11-20/10/"))
    glue.store.put("closed/2026-11-20/10/part-0.parquet", b"x")
    elsewhere = GlueCatalog(glue.aws.service("glue"), glue.tables, "another-bucket", glue.store)
    elsewhere.add_partition(replace(PARTITION, hour=Hour("2026-11-20", "11"), location="logs/2026/11/20/11/"))

    assert [one.location for one in glue.catalog.partitions("auth0_logs")] == [
        "closed/2026-11-20/10/",
        "s3://another-bucket/logs/2026/11/20/11/",
    ]
    assert [one.key for one in glue.catalog.objects("auth0_logs")] == ["closed/2026-11-20/10/part-0.parquet"]


def test_partitions_go_on_over_the_pages(glue: GlueLake) -> None:
    """A table of six weeks has more than one page."""
    hours = [Hour(f"2026-{month:02d}-{day:02d}", f"{hour:02d}") for month in (10, 11) for day in range(1, 22) for hour in range(24)]
    database = glue.catalog._declared["auth0_logs"].database
    for begin in range(0, len(hours), 100):
        wanted = [
            {"Values": hour.values, "StorageDescriptor": {"Location": f"s3://{glue.bucket}/logs/{hour.path}"}}
            for hour in hours[begin : begin + 100]
        ]
        glue.aws.service("glue").batch_create_partition(DatabaseName=database, TableName="auth0_logs", PartitionInputList=wanted)

    assert [one.hour for one in glue.catalog.partitions("auth0_logs")] == hours
    assert glue.catalog.partitions("auth0_logs")[0].location == "logs/2026/10/01/00/"


def test_a_column_that_only_glue_has_is_there(glue: GlueLake) -> None:
    """Glue says what can be queried; the declaration is what should be."""
    table = glue.catalog._declared["auth0_logs"]
    described = glue.aws.service("glue").get_table(DatabaseName=table.database, Name=table.name)["Table"]
    columns = [*described["StorageDescriptor"]["Columns"][1:], {"Name": "old", "Type": "bigint", "Comment": "An old one."}]
    wanted = {name: described[name] for name in ("Name", "PartitionKeys", "TableType")}
    glue.aws.service("glue").update_table(DatabaseName=table.database, TableInput={**wanted, "StorageDescriptor": {"Columns": columns}})

    found = next(one for one in glue.catalog.tables() if one.name == "auth0_logs")
    assert [one.name for one in found.columns] == [one.name for one in table.columns[1:]] + ["old"]
    assert (found.columns[-1].type, found.columns[-1].doc) == ("bigint", "An old one.")


def test_tables_belong_to_the_stack(glue: GlueLake) -> None:
    """They are not made from here, and the sentence says where."""
    with pytest.raises(ConfigurationError, match="eventlake templates"):
        glue.catalog.register_tables(TABLES, "parquet")


def test_a_table_that_is_not_declared_is_named(glue: GlueLake) -> None:
    """It is not asked for."""
    with pytest.raises(NameNotFoundError, match='"nothing"'):
        glue.catalog.partitions("nothing")


def test_databases_that_are_not_deployed_have_no_tables(aws: Aws) -> None:
    """A source that is switched off is no error."""
    absent = [replace(table, database="switched_off") for table in TABLES]

    assert list(GlueCatalog(aws.service("glue"), absent, "bucket").tables()) == []
    assert list(GlueCatalog(aws.service("glue"), absent, "bucket").partitions("auth0_logs")) == []


# what SQLite holds


def test_registering_is_all_or_nothing(catalog: SqliteCatalog) -> None:
    """If one of two objects cannot be registered, neither is visible, no partition is made, and the checkpoint stays."""
    catalog.register([log_object("a")], [PARTITION], [], {"auth0_logs": 5})

    with pytest.raises(StorageError):
        catalog.register(
            [log_object("b"), replace(log_object("a"), crc32=8)], [replace(PARTITION, hour=Hour("2026-11-20", "11"))], [], {"auth0_logs": 9}
        )

    assert [one.key for one in catalog.objects("auth0_logs")] == ["a"]
    assert len(catalog.partitions("auth0_logs")) == 1
    assert catalog.checkpoints() == {"auth0_logs": 5}


def test_registering_an_object_again_changes_nothing(catalog: SqliteCatalog) -> None:
    """Its hour counts it once; with other bytes it is refused by name."""
    catalog.register([log_object("a")], [PARTITION], [], {})
    catalog.register([log_object("a")], [PARTITION], [], {})

    assert catalog.contents("auth0_logs").hours == [HourContents(HOUR, 1, 10, 1000)]
    with pytest.raises(StorageError, match='"a" is registered with other bytes'):
        catalog.register([replace(log_object("a"), size_bytes=7)], [], [], {})


def test_an_hour_counts_its_objects(catalog: SqliteCatalog) -> None:
    """Those that readers see, however they came and went."""
    eleven = Hour("2026-11-20", "11")
    catalog.register([log_object("a"), log_object("b"), log_object("c", eleven)], [PARTITION], [], {})
    catalog.replace(HOUR, "auth0_logs", 0, ["a", "b"], replace(log_object("closed"), rows=15, size_bytes=500), 5, NOW)

    contents = catalog.contents("AUTH0_LOGS")
    assert contents.hours == [HourContents(HOUR, 1, 15, 500, "closed", 1, 5), HourContents(eleven, 1, 10, 1000)]
    assert (contents.count, contents.size_bytes) == (2, 1500)
    assert [one.key for one in contents.objects([HOUR])] == ["closed"]
    assert [one.key for one in contents.objects(None)] == ["closed", "c"]
    assert [(one.state, one.generation, one.duplicates) for one in contents.hours] == [("closed", 1, 5), ("open", 0, 0)]


def test_contents_in_parts_are_those_of_all(catalog: SqliteCatalog) -> None:
    """The hours of some days, those that are open, and what all hold together, of hours that lie within months."""
    hours = [Hour(f"2026-{month}-{day}", hour) for month in ("10", "11") for day in ("03", "20") for hour in ("23", "00", "07")]
    catalog.register([log_object(f"{hour}", hour) for hour in hours], [replace(PARTITION, hour=hour) for hour in hours], [], {})
    catalog.replace(hours[0], "auth0_logs", 0, [f"{hours[0]}"], log_object("closed", hours[0]), 0, NOW)

    found, all_of_it = catalog.contents("auth0_logs"), Contents.of(catalog.objects("auth0_logs"))

    assert found.days == all_of_it.days == {hour.date: ["00", "07", "23"] for hour in hours}
    assert (found.count, found.size_bytes) == (all_of_it.count, all_of_it.size_bytes)
    assert list(found.open_hours) == sorted(hours[1:])
    some = {"2026-10-03": ["00", "23"], "2026-11-03": ["07", "08"], "2026-12-01": ["00"]}
    assert [one.hour for one in found.hours_in(some)] == [one.hour for one in all_of_it.hours_in(some)]
    assert [one.hour for one in found.hours_in(some)] == [Hour("2026-10-03", "00"), Hour("2026-10-03", "23"), Hour("2026-11-03", "07")]
    assert list(found.hours_in({})) == []


def test_contents_are_kept_until_somebody_changes_the_catalog(tmp_path: Path) -> None:
    """Whoever changes it, this catalog or another process, and when the file is replaced by another one."""
    path, eleven = tmp_path / "catalog.db", Hour("2026-11-20", "11")

    def made(at: Path) -> SqliteCatalog:
        found = SqliteCatalog(at)
        found.register_tables(TABLES, "parquet")
        found.register([log_object("a")], [PARTITION], [], {})
        return found

    with closing(made(path)) as writer, closing(SqliteCatalog(path, read_only=True)) as reader:
        for known in (writer, reader):
            before = known.contents("auth0_logs")
            assert len(before.objects(None)) == before.count
            assert known.contents("AUTH0_LOGS") is before
            writer.register([log_object(f"b{id(known)}", eleven)], [replace(PARTITION, hour=eleven)], [], {})
            assert known.contents("auth0_logs").count == before.count + 1
            assert len(known.contents("auth0_logs").objects(None)) == before.count + 1
    made(tmp_path / "other.db").close()
    with closing(SqliteCatalog(path, read_only=True)) as reader:
        assert reader.contents("auth0_logs").count == 3
        (tmp_path / "other.db").replace(path)
        assert reader.contents("auth0_logs").count == 1


def test_what_is_not_committed_is_not_kept(catalog: SqliteCatalog) -> None:
    """Who looks in the middle of a transaction that is undone sees what there was before it, from then on."""
    catalog.register([log_object("a")], [PARTITION], [], {})
    with suppress(ZeroDivisionError), catalog._transaction() as run:
        run("update partition set objects = 7")
        assert catalog.contents("auth0_logs").count == 7
        raise ZeroDivisionError

    assert catalog.contents("auth0_logs").count == 1


def test_an_older_file_copied_over_the_catalog_is_seen(tmp_path: Path) -> None:
    """As who restores a copy does it, while somebody reads; the copy's own WAL and memory are gone then."""
    path, copy, eleven = tmp_path / "catalog.db", tmp_path / "copy.db", Hour("2026-11-20", "11")
    with closing(SqliteCatalog(path)) as writer:
        writer.register_tables(TABLES, "parquet")
        writer.register([log_object("a")], [PARTITION], [], {})
        writer._file.connection.execute("vacuum into ?", (str(copy),))
        with closing(SqliteCatalog(path, read_only=True)) as reader:
            writer.register([log_object("b", eleven)], [replace(PARTITION, hour=eleven)], [], {})
            assert [one.key for one in reader.contents("auth0_logs").objects(None)] == ["a", "b"]
            writer.close()
            shutil.copyfile(copy, path)
            for suffix in ("-wal", "-shm"):
                Path(f"{path}{suffix}").unlink(missing_ok=True)
            assert [one.key for one in reader.contents("auth0_logs").objects(None)] == ["a"]
            with closing(SqliteCatalog(path)) as later:
                later.register([log_object("c", eleven)], [replace(PARTITION, hour=eleven)], [], {})
            assert [one.key for one in reader.contents("auth0_logs").objects(None)] == ["a", "c"]


def test_threads_share_a_reader_while_the_file_is_replaced(tmp_path: Path) -> None:
    """Each sees the old file or the new one, and none a connection that another has closed."""
    path, made = tmp_path / "catalog.db", []
    for number in range(40):
        made.append(tmp_path / f"{number}.db")
        with closing(SqliteCatalog(made[-1])) as writer:
            writer.register_tables(TABLES[:1], "parquet")
            writer.register([log_object("a")], [PARTITION], [], {})
    made.pop().replace(path)
    seen, wrong, ended = set[int](), list[Exception](), threading.Event()
    with closing(SqliteCatalog(path, read_only=True)) as reader:

        def look() -> None:
            while not ended.is_set():
                try:
                    seen.add(reader.contents("auth0_logs").count)
                except Exception as error:
                    wrong.append(error)
                    return

        threads = [threading.Thread(target=look) for _ in range(4)]
        for thread in threads:
            thread.start()
        for one in made:
            one.replace(path)
            assert reader.contents("auth0_logs").count == 1
        ended.set()
        for thread in threads:
            thread.join()

    assert (seen, wrong) == ({1}, [])


def test_a_swap_takes_what_it_read_and_no_more(catalog: SqliteCatalog) -> None:
    """What arrived meanwhile stays, and the hour is dirty until it is swapped too."""
    catalog.register([log_object("a"), log_object("late")], [PARTITION], [], {})

    catalog.replace(HOUR, "auth0_logs", 0, ["a"], log_object("closed"), 5, NOW)
    assert [one.key for one in catalog.objects("auth0_logs")] == ["closed", "late"]
    assert states(catalog) == [("dirty", 1)]
    catalog.replace(HOUR, "auth0_logs", 1, ["closed", "late"], log_object("closed-again"), 5, NOW)
    assert states(catalog) == [("closed", 2)]
    catalog.register([log_object("later")], [PARTITION], [], {})
    assert states(catalog) == [("dirty", 2)]


def test_an_object_that_is_ready_becomes_the_closed_one_of_its_hour(catalog: SqliteCatalog) -> None:
    """What arrived beside it leaves the hour dirty; of a closed hour, or one that is not there, nothing changes."""
    catalog.register([log_object("a"), log_object("late")], [PARTITION], [], {})

    catalog.adopt("auth0_logs", [log_object("a")])

    assert states(catalog) == [("dirty", 1)]
    for key in ("late", "unknown"):
        with pytest.raises(GenerationConflictError):
            catalog.adopt("auth0_logs", [log_object(key)])
    assert [one.generation for one in catalog.held("auth0_logs", HOUR)] == [1, 0]


@pytest.mark.parametrize(("generation", "remove"), [(1, ["a"]), (0, ["a", "unknown"]), (0, ["a", "a"])])
def test_a_swap_of_what_has_changed_changes_nothing(catalog: SqliteCatalog, generation: int, remove: list[str]) -> None:
    """Another generation, or an object that is not there to be replaced."""
    catalog.register([log_object("a")], [PARTITION], [], {})

    with pytest.raises(GenerationConflictError):
        catalog.replace(HOUR, "auth0_logs", generation, remove, log_object("closed"), 5, NOW)

    assert [one.key for one in catalog.objects("auth0_logs")] == ["a"]
    assert states(catalog) == [("open", 0)]


def test_who_has_lost_the_lake_writes_nothing(catalog: SqliteCatalog) -> None:
    """Every transaction of theirs fails from then on; who shares the epoch of the new one writes."""
    other = SqliteCatalog(catalog._file.path)
    third = SqliteCatalog(catalog._file.path, epoch=other.epoch)

    with pytest.raises(LakeTakenError, match="Another process has taken the lake"):
        catalog.register([log_object("a")], [PARTITION], [], {})

    third.register([log_object("b")], [PARTITION], [], {})
    assert [one.key for one in other.objects("auth0_logs")] == ["b"]


def test_what_objects_hold_of_the_spool_is_known(catalog: SqliteCatalog) -> None:
    """Stretch by stretch, of lines and of failed records, beyond a position."""
    lines = [
        replace(log_object(key), position_from=start, position_to=end) for key, start, end in [("b", 50, 90), ("a", 0, 50), ("c", 95, 99)]
    ]
    failures = NewFailedObject("error/x", "auth0_logs", 10, 1, 7, 60, 70)
    catalog.register([*lines, log_object("unknown")], [PARTITION], [(failures, [])], {})

    assert catalog.covered(50) == {"auth0_logs": [(50, 90), (95, 99)], "error/auth0_logs": [(60, 70)]}


def first_version(file: Path) -> None:
    """A catalog as the first version wrote it: two objects of an hour, one of them without its partition, and a checkpoint."""
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(f"{STEPS[0]}; pragma user_version = 1; insert into setting values ('log_format', 'parquet');")
        rows = [(f"logs/{hour.path}/{key}", "auth0_logs", *hour.values, "parquet", 1000, 10, 7) for key, hour in FIRST_OBJECTS]
        connection.executemany("insert into object values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
        connection.execute("insert into partition values ('auth0_logs', '2026-11-20', '10', 'logs/2026/11/20/10/', 'parquet')")
        connection.execute("insert into checkpoint values ('auth0_logs', 77)")
        connection.commit()


FIRST_OBJECTS = [("a", HOUR), ("b", HOUR), ("c", Hour("2026-11-20", "11"))]


def test_the_first_version_is_read_as_it_is(tmp_path: Path) -> None:
    """A reader sees hours and sums, and does not touch the file."""
    first_version(tmp_path / "catalog.db")
    before = (tmp_path / "catalog.db").read_bytes()

    reader = SqliteCatalog(tmp_path / "catalog.db", read_only=True)

    assert reader.contents("auth0_logs").hours == [HourContents(HOUR, 2, 20, 2000)]
    assert [one.key for one in reader.objects("auth0_logs", [HOUR])] == ["logs/2026/11/20/10/a", "logs/2026/11/20/10/b"]
    assert reader.failed_objects() == []
    assert (tmp_path / "catalog.db").read_bytes() == before


def test_the_first_version_is_brought_up_to_date_beside_a_copy(tmp_path: Path) -> None:
    """Who opens it to write has all of it, and the older version can still open the copy."""
    first_version(tmp_path / "catalog.db")

    catalog = SqliteCatalog(tmp_path / "catalog.db")

    assert [(one.hour, one.objects, one.rows) for one in catalog.contents("auth0_logs").hours] == [
        (HOUR, 2, 20),
        (Hour("2026-11-20", "11"), 1, 10),
    ]
    assert catalog.partitions("auth0_logs")[1].location == "logs/2026/11/20/11/"
    assert catalog.checkpoints() == {"auth0_logs": 77}
    assert len(catalog.lake_id) == 32
    copy = SqliteCatalog(tmp_path / "catalog-schema-1.db", read_only=True)
    assert len(copy.objects("auth0_logs")) == 3


def test_a_replaced_file_is_noticed_by_its_readers(catalog: SqliteCatalog, tmp_path: Path) -> None:
    """They answer from the file that lies there now."""
    reader = SqliteCatalog(catalog._file.path, read_only=True)
    assert list(reader.objects("auth0_logs")) == []
    other = SqliteCatalog(tmp_path / "other.db")
    other.register([log_object("a")], [PARTITION], [], {})
    other.close()
    catalog.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{catalog._file.path}{suffix}").unlink(missing_ok=True)
    (tmp_path / "other.db").replace(catalog._file.path)

    assert [one.key for one in reader.objects("auth0_logs")] == ["a"]


def test_a_copy_with_its_wal_is_read_whole_where_nothing_can_be_written(catalog: SqliteCatalog, tmp_path: Path) -> None:
    """What was committed and not yet moved into the file counts; what is committed later is seen later."""
    catalog.register([log_object("a")], [PARTITION], [], {})
    folder = tmp_path / "copy"
    folder.mkdir()

    def copy() -> None:
        folder.chmod(0o755)
        for suffix in ("", "-wal"):
            (folder / f"catalog.db{suffix}").write_bytes(Path(f"{catalog._file.path}{suffix}").read_bytes())
        folder.chmod(0o555)

    copy()
    with without_rights([sys.executable, "-c", READER, str(folder / "catalog.db")]) as reader:
        assert told(reader) == ["a"]
        catalog.register([log_object("b")], [PARTITION], [], {})
        copy()
        assert told(reader) == ["a", "b"]
    folder.chmod(0o755)


READER = """
import json, sys
from pathlib import Path
from eventlake.backends.sqlite_catalog import SqliteCatalog

reader = SqliteCatalog(Path(sys.argv[1]), read_only=True)
for _ in sys.stdin:
    print(json.dumps([one.key for one in reader.objects("auth0_logs")]), flush=True)
"""


def without_rights(command: list[str]) -> subprocess.Popen[str]:
    """Start a process that may write only where the modes of files say so, also if this one is root's."""
    dropping = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return subprocess.Popen([*dropping, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(reader: subprocess.Popen[str]) -> Any:
    """What the reader answers when it is asked once."""
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write("\n")
    reader.stdin.flush()
    return json.loads(reader.stdout.readline())


def test_the_format_is_one_choice_for_a_lake(catalog: SqliteCatalog) -> None:
    """Another is refused with the way out."""
    with pytest.raises(ConfigurationError, match="another folder"):
        catalog.register_tables(TABLES, "json")


def test_a_column_is_never_dropped(catalog: SqliteCatalog) -> None:
    """A declaration without it keeps it, behind the declared ones."""
    fewer = replace(AUTH0, columns=tuple(column for column in AUTH0.columns if column.name != "ja3"))
    catalog.register_tables([fewer], "parquet")

    columns = [column.name for column in next(table for table in catalog.tables() if table.name == "auth0_logs").columns]
    assert columns == [column.name for column in fewer.columns] + ["ja3"]


def test_tables_that_are_known_are_not_written_again(catalog: SqliteCatalog) -> None:
    """So that a lake can be opened where the disk is full; what they say of personal data comes back too."""
    kept = replace(AUTH0, personal=(Personal("$.detail.data.ip", "mask"),), retention_days=30)
    catalog.register_tables([kept], "parquet")
    written = catalog._file.connection.total_changes

    catalog.register_tables([kept], "parquet")

    assert catalog._file.connection.total_changes == written
    assert kept in catalog.tables()


def test_readers_see_the_last_transaction_while_another_is_under_way(catalog: SqliteCatalog) -> None:
    """They neither wait nor see half of it."""
    catalog.register([log_object("a")], [], [], {})
    reader = SqliteCatalog(catalog._file.path, read_only=True)
    with catalog._transaction() as run:
        run("delete from object")
        assert [one.key for one in reader.objects("auth0_logs")] == ["a"]
    assert list(reader.objects("auth0_logs")) == []


def test_a_read_only_folder_can_be_read(catalog: SqliteCatalog, tmp_path: Path) -> None:
    """A copy of the file alone, where nothing can be written."""
    catalog.close()
    copy = tmp_path / "copy" / "catalog.db"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "catalog.db").read_bytes())
    copy.chmod(0o444)
    copy.parent.chmod(0o555)

    assert len(SqliteCatalog(copy, read_only=True).tables()) == len(TABLES)
    copy.parent.chmod(0o755)


def test_a_newer_file_is_refused_in_words(catalog: SqliteCatalog, tmp_path: Path) -> None:
    """It is not touched."""
    with sqlite3.connect(tmp_path / "catalog.db") as connection:
        connection.execute("pragma user_version = 99")
    with pytest.raises(ConfigurationError, match="newer eventlake"):
        SqliteCatalog(tmp_path / "catalog.db")


def test_a_file_that_is_no_catalog_is_named(tmp_path: Path) -> None:
    """In words."""
    (tmp_path / "catalog.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(StorageError, match=r"catalog\.db.* is no catalog"):
        SqliteCatalog(tmp_path / "catalog.db")


def test_a_full_disk_is_told_and_passes(catalog: SqliteCatalog) -> None:
    """SQLite's own limit of pages stands for the disk: the transaction fails whole, and works when there is room."""
    catalog._file.connection.execute("pragma max_page_count = 1")
    with pytest.raises(StorageError, match="disk is full"):
        catalog.register([log_object(f"{number:03d}" * 300) for number in range(1000)], [], [], {"auth0_logs": 1})
    assert catalog.checkpoints() == {}
    catalog._file.connection.execute("pragma max_page_count = 100000")
    catalog.register([log_object("a")], [], [], {"auth0_logs": 1})
    assert catalog.checkpoints() == {"auth0_logs": 1}


def test_no_failed_record_is_dropped_for_another_of_its_id(catalog: SqliteCatalog) -> None:
    """The same record is there once; one that differs gets its line behind the id, and the beginning finds both."""
    one = FailedEntry("0123456789", "rejected", "NotJson", "why", NOW, 10, "first", 0)
    for key, entries in {
        "first": [one],
        "again": [replace(one, key="again", line=3)],
        "other": [replace(one, key="other", line=4, size_bytes=11), replace(one, key="other", line=5, size_bytes=12)],
    }.items():
        catalog.register([], [], [(NewFailedObject(key, "rejected", 1, len(entries), 7), entries)], {})

    assert {entry.id: (entry.key, entry.size_bytes) for entry in catalog.find_failed("01234")} == {
        "0123456789": ("first", 10),
        "0123456789-4": ("other", 11),
        "0123456789-5": ("other", 12),
    }


def test_a_swap_of_a_partition_that_is_made_meanwhile_wins(glue: GlueLake) -> None:
    """The partition function makes it for an object that came, between the two calls of the swap."""
    client, hour = glue.aws.service("glue"), PARTITION.hour
    arrived, closed = (replace(PARTITION, location=place) for place in (f"logs/{hour.path}/", f"closed/{hour.path}/1/"))
    client.meta.events.register("before-call.glue.CreatePartition", lambda **_: glue.catalog.add_partition(arrived) and None)

    GlueCatalog(client, glue.tables, glue.bucket, glue.store).swap(closed)

    assert [one.location for one in glue.catalog.partitions(PARTITION.table)] == [closed.location]
