"""Hours that Athena closes together: how they are parted, and what the statements say; they run on a real Trino in tests/aws."""

from __future__ import annotations

from datetime import UTC, datetime

from eventlake.interfaces import StoredObject
from eventlake.layout import Hour
from eventlake.pipeline.batch import MOST_OBJECTS, Batch, Own, batches, surveying, unloading
from eventlake.sources import load

LOGS = next(table for source in load() for table in source.tables if table.name == "auth0_logs")
DAY = "2026-12-31"


def own(hour: str, objects: int = 1, day: str = DAY, generation: int = 0) -> Own:
    """An hour with so many objects where they land."""
    place = f"logs/{day.replace('-', '/')}/{hour}/"
    found = tuple(StoredObject(f"{place}{number:04d}", 10, datetime(2026, 12, 31, tzinfo=UTC)) for number in range(objects))
    return Own(Hour(day, hour), place, generation, found)


def made(*hours: Own, is_lines: bool = False) -> list[Batch]:
    """The batches of these hours."""
    return list(batches(LOGS, "bucket", hours, is_lines=is_lines))


def test_hours_of_one_day_are_closed_together() -> None:
    """A day is a batch, also over New Year."""
    found = made(own("22"), own("23"), own("00", day="2027-01-01"))

    assert [(batch.day, [one.hour.hour for one in batch.hours]) for batch in found] == [(DAY, ["22", "23"]), ("2027-01-01", ["00"])]


def test_a_day_with_very_many_objects_is_parted() -> None:
    """Each part has as many as a statement takes; an hour is in one part."""
    found = made(own("01", MOST_OBJECTS - 1), own("02", 1), own("03", 1))

    assert [[one.hour.hour for one in batch.hours] for batch in found] == [["01", "02"], ["03"]]
    assert [[one.hour.hour for one in part.hours] for part in found[0].parts()] == [["01"], ["02"]]


def test_the_statements_stay_below_what_athena_takes() -> None:
    """With as many objects as a batch has, their keys as long as Firehose's, and two days of other hours."""
    name = "eventlake-pipeline-execution-state-change-1-2026-11-28-13-15-43-74271f8f-175f-498e-a080-6855497054ad.parquet"
    objects = tuple(
        StoredObject(f"pipeline_execution_state_change/2026/12/31/01/{number:04d}{name}", 1, datetime(2026, 12, 31, tzinfo=UTC))
        for number in range(MOST_OBJECTS)
    )
    batch = Batch(LOGS, "eventlake-123456789012-ap-southeast-2", False, (Own(Hour(DAY, "01"), "x/", 0, objects),))
    others = [Hour(f"2026-12-{day:02d}", f"{hour:02d}") for day in (29, 30) for hour in range(24)]

    assert max(len(surveying(batch, others)), len(unloading(batch, others, "closed/logs/2026/12/31/1-a/"))) < 262_144


def test_every_object_is_named_and_so_is_its_hour() -> None:
    """One that lands while the statement runs is not read; of two rows with one key, that of the earlier hour stays."""
    (batch,) = made(own("22"), own("23"))

    sql = unloading(batch, [], "closed/logs/2026/12/31/7-a/")

    assert "place IN ('logs/2026/12/31/22', 'logs/2026/12/31/23')" in sql
    assert "\"$path\" IN ('s3://bucket/logs/2026/12/31/22/0000', 's3://bucket/logs/2026/12/31/23/0000')" in sql
    assert "CASE place WHEN 'logs/2026/12/31/22' THEN '22' WHEN 'logs/2026/12/31/23' THEN '23' END AS el_hour" in sql
    assert "row_number() OVER (PARTITION BY el_key ORDER BY el_hour, el_sort_0, el_sort_1, el_path)" in sql
    assert sql.endswith("WITH (format = 'PARQUET', compression = 'ZSTD', partitioned_by = ARRAY['hour'])")


def test_lines_are_kept_whole() -> None:
    """Key and order are looked for in the JSON by the names that columns have there."""
    (batch,) = made(own("22"), is_lines=True)

    sql = unloading(batch, [Hour(DAY, "21")], "closed/logs/2026/12/31/7-a/")

    assert sql.startswith("UNLOAD (SELECT line, el_hour AS hour FROM")
    assert """TRY_CAST(json_extract_scalar(line, '$["log_id"]') AS varchar) AS el_key""" in sql
    assert 'el_key NOT IN (SELECT "log_id" FROM' in sql
    assert "format = 'TEXTFILE', compression = 'GZIP'" in sql


def test_counting_asks_in_another_way() -> None:
    """Distinct keys are counted, where the other statement numbers rows."""
    (batch,) = made(own("22"))

    sql = surveying(batch, [Hour(DAY, "21")])

    assert "count_if(el_key IS NULL) + count(DISTINCT CASE WHEN el_key IS NOT NULL AND el_key NOT IN (SELECT" in sql
    assert "row_number" not in sql
