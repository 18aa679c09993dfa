"""What holds for every saved query of every source; what each of them answers is in saved_queries/."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from by_day import one_in
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.query.saved import SavedQuery, load_saved, render
from eventlake.sources import load

SOURCES = load()
SAVED = load_saved(SOURCES)
BUILT_FOR = ("codepipeline", "auth0")


def _values(saved: SavedQuery) -> dict[str, str]:
    """A value for each parameter that has no default."""
    return {parameter.name: "nobody" for parameter in saved.parameters if parameter.default is None}


def test_queries_explain_themselves() -> None:
    """A title, at least a line on what it means, and a meaning for every parameter."""
    for name, saved in SAVED.items():
        title, *meaning = saved.doc.splitlines()
        assert not title.endswith("."), name
        assert all(meaning), name
        assert meaning, name
        assert all(parameter.doc for parameter in saved.parameters), name


def test_queries_of_the_last_days_prune_partitions() -> None:
    """Each time a table is read, its partition key is asked for the last days, so that little is read."""
    tables = "|".join(table.name for source in SOURCES for table in source.tables)
    for name, saved in SAVED.items():
        scans = len(re.findall(rf"\b(?:from|join)\s+(?:\w+\.)?(?:{tables})\b", saved.sql, re.IGNORECASE))
        assert scans >= 1, name
        assert len(re.findall(r"""(?i)"date" >= date_add\('day', -:days""", saved.sql)) == scans, name


def test_queries_reach_as_far_in_time_as_in_partitions() -> None:
    """Partitions are of arrival: beside the partition key the event's own time is asked for the same days."""
    for name, saved in SAVED.items():
        by_partition = re.findall(r"""where "date" >= date_add\('day', (.+?), current_date\)""", saved.sql)
        by_time = re.findall(r"""  and event_time >= date_add\('day', (.+?), localtimestamp\)""", saved.sql)
        assert by_partition, name
        assert by_time[: len(by_partition)] == by_partition, name


@pytest.fixture(scope="module")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake into which nothing has come yet."""
    folder = tmp_path_factory.mktemp("empty")
    Importer(folder, SOURCES).close()
    return folder


class _Clock:
    def now(self) -> datetime:
        return datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)


@pytest.mark.parametrize("saved", one_in(8, SAVED.values()))
def test_query_runs_with_its_defaults_on_an_empty_lake(saved: SavedQuery, empty_lake: Path) -> None:
    """Nothing is found where nothing is, without an error."""
    result = open_lake(empty_lake, SOURCES, _Clock()).engine.query(render(saved, _values(saved)))
    assert result.rows == []
    assert len(set(result.columns)) == len(result.columns)


@pytest.mark.parametrize("source", BUILT_FOR)
def test_each_system_has_at_least_ten_questions(source: str) -> None:
    """People who come with a question should find it asked already."""
    assert sum(saved.source == source for saved in SAVED.values()) >= 10
