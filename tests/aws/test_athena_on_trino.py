"""Athena's API on a real Trino, over what the small stack delivered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from botocore.config import Config

from aws.athena import Athena, QueryFailed
from aws.client import Aws, eventually
from aws.objects import Bucket

pytestmark = pytest.mark.java

BUCKET = "harness-123456789012-us-east-1"


@pytest.fixture(scope="module")
def bucket(small_stack: Aws) -> Bucket:
    """The bucket, with three log lines in a partition."""
    bucket = Bucket(small_stack, BUCKET)
    records = [{"Data": b'{"detail": {"name": "%s", "count": %d}}' % pair} for pair in ((b"a", 1), (b"b", 2), (b"c", 3))]
    small_stack.service("firehose").put_record_batch(DeliveryStreamName="harness-upper", Records=records)
    glue = small_stack.service("glue")
    eventually(lambda: bucket.keys("logs/"))
    eventually(lambda: glue.get_partitions(DatabaseName="harness", TableName="upper")["Partitions"])
    return bucket


@pytest.fixture(scope="module")
def athena(bucket: Bucket, trino: str) -> Athena:
    """Athena on the small stack's table."""
    return Athena(bucket.aws, "primary", "harness", f"s3://{BUCKET}/athena/")


def test_a_query_gives_the_rows_that_were_delivered(athena: Athena) -> None:
    """What went through stream, function, conversion and catalog is answered, its partition found by date and hour."""
    rows = athena.rows("SELECT name, count FROM upper WHERE date >= DATE '2026-01-01' AND hour <= '23' ORDER BY name")
    assert [row for row in rows if row[0] in ("A", "B", "C")] == [("A", "1"), ("B", "2"), ("C", "3")]


@pytest.fixture
def hours(bucket: Bucket) -> Iterator[str]:
    """A day of which 09 holds what is no object of a table, and 10 what does; only who leaves 09 out gets an answer."""
    day, glue = "2020-06-01", bucket.aws.service("glue")
    found = glue.get_partitions(DatabaseName="harness", TableName="upper")["Partitions"][0]["StorageDescriptor"]
    whole = bucket.read(bucket.keys("logs/")[0])
    for hour, content in (("09", b"no Parquet"), ("10", whole)):
        key = f"broken/{day}/{hour}/object"
        bucket.s3.put_object(Bucket=BUCKET, Key=key, Body=content)
        where = {**found, "Location": f"s3://{BUCKET}/{key.removesuffix('object')}"}
        glue.create_partition(DatabaseName="harness", TableName="upper", PartitionInput={"Values": [day, hour], "StorageDescriptor": where})
    yield day
    for hour in ("09", "10"):
        glue.delete_partition(DatabaseName="harness", TableName="upper", PartitionValues=[day, hour])


def test_hours_before_a_moment_are_not_opened(athena: Athena, hours: str) -> None:
    """As detections say from when on is read, of a moment within an hour, and of one that is computed."""
    statement = "SELECT count(*) FROM upper WHERE (date > date({0}) OR date = date({0}) AND hour >= date_format({0}, '%H'))"
    since, whole = f"TIMESTAMP '{hours} 12:59:00'", f"TIMESTAMP '{hours} 09:59:00'"

    assert athena.rows(statement.format(f"date_add('hour', -2, {since})"))[0][0] != "0"
    with pytest.raises(QueryFailed):
        athena.rows(statement.format(whole))


def test_a_query_takes_parameters(athena: Athena) -> None:
    """Each `?` stands for a literal."""
    assert athena.rows("SELECT count FROM awsdatacatalog.harness.upper WHERE name = ?", "'B'") == [("2",)]


def test_values_are_printed_as_athena_prints_them(athena: Athena) -> None:
    """Structures, NULLs, floating point numbers and times."""
    sql = """SELECT CAST(ROW('AWS', NULL) AS ROW(owner varchar, n integer)), ARRAY[1, 2], MAP(ARRAY['k'], ARRAY[true]), NULL, 1e10, 0.5e0,
             TIMESTAMP '2026-11-21 01:02:03.004', DECIMAL '1.50', X'0AFF', ARRAY[CAST(NULL AS double), nan()]"""
    (row,) = athena.rows(sql)
    times, others = row[6], row[:6] + row[7:]
    assert times == "2026-11-21 01:02:03.004"
    assert others == ("{owner=AWS, n=null}", "[1, 2]", "{k=true}", None, "1.0E10", "0.5", "1.50", "0a ff", "[null, NaN]")


def test_a_result_lies_in_the_bucket(athena: Athena, bucket: Bucket) -> None:
    """The CSV has a header, quotes every value and leaves NULL empty; the bytes that were read are told."""
    execution = athena.ended(athena.start("SELECT name, CAST(NULL AS varchar) AS nothing FROM upper WHERE name = 'A'"))
    key = execution["ResultConfiguration"]["OutputLocation"].partition(f"{BUCKET}/")[2]
    assert bucket.read(key) == b'"name","nothing"\n"A",\n'
    assert execution["Statistics"]["DataScannedInBytes"] > 0


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("SELEC 1", "line 1:1: mismatched input 'SELEC'"),
        ("SHOW PARTITIONS upper", "not Hive DDL"),
        ("SELECT '" + "x" * 262144 + "'", "longer than 262144 bytes"),
    ],
)
def test_what_athena_refuses_is_refused_at_once(athena: Athena, sql: str, sentence: str) -> None:
    """Bad syntax, Hive's statements and too long ones are not started."""
    with pytest.raises(athena.client.exceptions.InvalidRequestException, match=sentence):
        athena.start(sql)


def test_a_query_that_fails_says_why(athena: Athena) -> None:
    """The reason is Trino's, with the name of the error."""
    with pytest.raises(QueryFailed, match="COLUMN_NOT_FOUND: line 1:8: Column 'nothing' cannot be resolved"):
        athena.rows("SELECT nothing FROM upper")


def test_a_query_is_stopped_on_request(athena: Athena) -> None:
    """A stopped query is cancelled, in Trino too."""
    query_id = athena.start(
        "SELECT count(*) FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), UNNEST(sequence(1, 1000)) c(z)"
    )
    athena.client.stop_query_execution(QueryExecutionId=query_id)
    assert athena.ended(query_id)["Status"]["State"] == "CANCELLED"


def test_a_query_over_the_scan_limit_is_cut(athena: Athena) -> None:
    """A workgroup's limit cancels what reads more, and its location is the one that counts."""
    configuration = {
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": 10_000_000,
        "ResultConfiguration": {"OutputLocation": f"s3://{BUCKET}/enforced/"},
    }
    athena.client.create_work_group(Name="limited", Configuration=configuration)
    limited = Athena(athena.aws, "limited", "harness", f"s3://{BUCKET}/ignored/")
    execution = limited.ended(limited.start("SELECT 1"))
    assert "/enforced/" in execution["ResultConfiguration"]["OutputLocation"]
    unchecked = Config(parameter_validation=False)  # AWS allows no limit under 10 MB, which no test wants to read
    client = athena.aws.service("athena", unchecked)
    client.update_work_group(WorkGroup="limited", ConfigurationUpdates={"BytesScannedCutoffPerQuery": 10})
    with pytest.raises(QueryFailed, match="Bytes scanned limit was exceeded"):
        limited.rows("SELECT name FROM upper")


def test_unload_writes_objects_and_a_manifest(athena: Athena, bucket: Bucket) -> None:
    """UNLOAD leaves Parquet objects at its location, names them, and refuses a location that holds some."""
    sql = f"UNLOAD (SELECT name, count FROM upper WHERE name IN ('A', 'B')) TO 's3://{BUCKET}/unloaded/' WITH (format = 'PARQUET')"
    execution = athena.ended(athena.start(sql))
    assert execution["Status"]["State"] == "SUCCEEDED", execution["Status"]
    manifest = execution["Statistics"]["DataManifestLocation"].partition(f"{BUCKET}/")[2]
    keys = [line.partition(f"{BUCKET}/")[2] for line in bucket.read(manifest).decode().splitlines()]
    assert sorted(keys) == sorted(bucket.keys("unloaded/"))
    with pytest.raises(QueryFailed):
        athena.rows(sql)
