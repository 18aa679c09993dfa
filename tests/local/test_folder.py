"""Lakes in folders whose names DuckDB could read as something else: a Hive partition, a pattern, a text's end."""

import json
from pathlib import Path

import duckdb
import pytest

from by_day import one_in
from eventlake.cli import run
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

SOURCES = load()
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
TABLE = "pipeline_execution_state_change"
FOLDERS = ["state=prod/hour=99/date=x", "pipeline=/event_id=1", "$path=a", "all*of[it]?{a,b}", 'it\'s "quoted"; --', "50%25 ümlaut"]


def make_lake(folder: Path, log_format: str = "parquet") -> Path:
    """Return a lake in the folder, which holds the event."""
    with Importer(folder, SOURCES, log_format=log_format) as lake:
        lake.accept([Item(1, json.dumps(EVENT).encode())])
        lake.deliver()
    return folder


@pytest.mark.parametrize("log_format", ["parquet", pytest.param("json", marks=pytest.mark.slow)])
@pytest.mark.parametrize("folder", one_in(3, FOLDERS))
def test_a_folder_says_nothing_about_the_rows_below_it(tmp_path: Path, folder: str, log_format: str) -> None:
    """Rows, partition keys and paths are those of the event; a column is never filled from the lake's folder."""
    lake = make_lake(tmp_path / folder / "lake", log_format)

    engine = open_lake(lake, SOURCES).engine
    rows = engine.query(f"select pipeline, state, event_id, cast(date as varchar), hour from {TABLE} where state = 'FAILED'").rows

    (stored,) = (path for path in (lake / "objects").rglob("*") if path.is_file())
    *_, year, month, day, hour, _ = stored.parts
    assert rows == [("web", "FAILED", "e-1", f"{year}-{month}-{day}", hour)]
    assert engine.query(f'select "$path" from {TABLE}').rows == [(str(stored.relative_to(lake)),)]


@pytest.mark.parametrize("folder", one_in(3, FOLDERS))
def test_an_answer_in_a_file_holds_what_was_asked(tmp_path: Path, folder: str) -> None:
    """The folder of the file says nothing about its columns either."""
    lake = make_lake(tmp_path / "lake")
    target = tmp_path / folder / "answer.parquet"
    target.parent.mkdir(parents=True)

    code = run(["query", "--lake", str(lake), "select 'dev' state, '01' hour", "--to", str(target), "--quiet"])

    assert code == 0
    copy = target.rename(tmp_path / "answer.parquet")
    assert duckdb.execute(f"select * from read_parquet('{copy}')").fetchall() == [("dev", "01")]
