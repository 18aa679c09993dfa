"""A connection to tables in memory, and a lake in a folder."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import eventlake
from eventlake.cli import run

FIXTURE: dict[str, Any] = {
    "runs": {
        "columns": [
            {"name": "id", "type": "bigint"},
            {"name": "pipeline", "type": "varchar"},
            {"name": "took", "type": "decimal(5,2)"},
            {"name": "share", "type": "double"},
            {"name": "failed", "type": "boolean"},
            {"name": "tags", "type": "array(varchar)"},
            {"name": "counts", "type": "map(varchar, integer)"},
            {"name": "type", "type": "row(owner varchar, rank integer)"},
            {"name": "body", "type": "varbinary"},
            {"name": "started", "type": "timestamp(3)"},
            {"name": "date", "type": "date"},
            {"name": "hour", "type": "varchar"},
        ],
        "rows": [
            [1, "web", "1.50", 0.25, False, ["a", None], {"x": 1}, ["AWS", 2], "6162", "2026-11-07T10:00:00.125", "2026-11-07", "10"],
            [2, "o'hara 100%", "2.25", None, True, [], {}, ["you", None], "", "2026-11-07T11:00:00", "2026-11-07", "11"],
            [3, None, None, None, None, None, None, None, None, None, "2026-11-08", "00"],
        ],
    }
}
EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "account": "123456789012",
    "time": "2026-11-20T10:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:web"],
    "detail": {"pipeline": "web", "execution-id": "x-1", "state": "FAILED", "version": 6.0},
}


@pytest.fixture
def tables() -> dict[str, Any]:
    """The tables in memory, as JSON."""
    return FIXTURE


@pytest.fixture
def connection() -> Iterator[eventlake.Connection]:
    """A connection to the tables of FIXTURE."""
    with eventlake.connect(fixture=FIXTURE) as connection:
        yield connection


@pytest.fixture
def cursor(connection: eventlake.Connection) -> eventlake.Cursor:
    """A cursor of that connection."""
    return connection.cursor()


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake in a folder, with two events of one pipeline."""
    folder = tmp_path_factory.mktemp("dbapi")
    (folder / "events.jsonl").write_text("\n".join(json.dumps({**EVENT, "id": f"e-{number}"}) for number in (1, 2)))
    assert run(["send", str(folder / "events.jsonl"), "--lake", str(folder / "lake"), "--quiet"]) == 0
    return folder / "lake"
