"""History that was brought into a lake on AWS, asked about through Athena's API on a real Trino: every event counts once, in its own hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from aws.athena import Athena
from aws.client import eventually
from aws.lake import Lake
from aws.test_backfill import TABLE, history, written
from aws_lake import client_environment
from eventlake.cli import run

pytestmark = pytest.mark.java


@pytest.mark.usefixtures("trino")
def test_history_counts_once_in_its_own_hours(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside a live stream's partitions, and after the same command was given twice."""
    for name, value in client_environment(lake.aws).items():
        monkeypatch.setenv(name, value)
    file = written(history("2019-07-31T22:00", hours=4, each=3), tmp_path / "builds.jsonl")
    for _ in range(2):
        assert run(["backfill", "files", str(file), "--lake", f"aws:{lake.name}"]) == 0
    eventually(lambda: len([one for one in lake.partitions(TABLE) if one["Values"][0].startswith("2019-")]) == 4)
    athena = Athena(lake.aws, f"{lake.name}-codebuild", lake.database(TABLE))
    counted = athena.rows(
        f"SELECT date, hour, count(*), count(DISTINCT event_id) FROM {TABLE} WHERE year(event_time) = 2019 GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert counted == [
        ("2019-07-31", "22", "3", "3"),
        ("2019-07-31", "23", "3", "3"),
        ("2019-08-01", "00", "3", "3"),
        ("2019-08-01", "01", "3", "3"),
    ]
