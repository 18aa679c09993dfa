"""A detection at many moments finds what it finds at each of them, in as many statements as it takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.detection import load_detections
from eventlake.detections.evaluating import COLUMNS, evaluate
from eventlake.detections.repeating import LEAST, MOST_LETTERS, Repeating
from eventlake.detections.sliding import slid
from eventlake.dialect.translate import translate
from eventlake.errors import QueryLimitError
from eventlake.interfaces import Result
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOURCES = load()
DETECTIONS = load_detections(SOURCES)
ROLLBACK, TAKEOVER = DETECTIONS["rollback"], DETECTIONS["takeover_after_failures"]
MOMENTS = [NOW + timedelta(hours=hour) for hour in range(-LEAST, LEAST)]


@dataclass
class Refusing:
    """An engine that says of so many statements first that they need too much."""

    engine: Repeating
    refusals: int
    asked: int = 0

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return the rows, or refuse."""
        self.asked += 1
        if self.asked <= self.refusals:
            raise QueryLimitError("The query needs more than 1024 MB of memory.")
        return self.engine.query(sql, repeats=repeats)


@dataclass
class Asking:
    """An engine that keeps what it is asked, and knows no rows."""

    sql: str = ""

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return no rows."""
        self.sql = sql
        return Result(("until", *COLUMNS), (), [])


@dataclass
class Crowded:
    """An engine that finds these keys at one moment, whatever it is asked, and keeps that."""

    keys: Sequence[str]
    asked: list[str] = field(default_factory=list)

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return a row for each key."""
        self.asked.append(sql)
        moment = MOMENTS[0].replace(tzinfo=None)
        return Result(("until", *COLUMNS), (), [(moment, key, 6, moment, moment) for key in self.keys])


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    """A rollback."""
    folder = tmp_path_factory.mktemp("lake")
    detail = {"pipeline": "web", "execution-id": "1", "state": "STARTED", "execution-trigger": {"trigger-type": "ManualRollback"}}
    event = {"id": "1", "source": "aws.codepipeline", "detail-type": "CodePipeline Pipeline Execution State Change", "detail": detail}
    with Importer(folder, SOURCES, now=lambda: NOW) as importer:
        importer.accept([Item(1, json.dumps({**event, "time": "2026-11-20T11:30:00Z"}).encode())])
        importer.deliver()
    return cast("DuckDBEngine", open_lake(folder, SOURCES).engine)


def test_each_moment_has_what_is_found_then(engine: DuckDBEngine) -> None:
    """As if it had been asked for alone, whatever their order."""
    found = dict(slid(ROLLBACK, engine, [NOW, NOW - timedelta(hours=1)]))
    assert found == {moment: evaluate(ROLLBACK, engine, moment) for moment in (NOW, NOW - timedelta(hours=1))}
    assert [one.key for one in found[NOW]] == ["web"]


def test_what_needs_too_much_at_once_is_asked_in_slices(engine: DuckDBEngine) -> None:
    """With the same answer, in order."""
    whole = list(slid(ROLLBACK, engine, MOMENTS))
    refusing = Refusing(engine, 1)
    assert list(slid(ROLLBACK, refusing, MOMENTS)) == whole
    assert [moment for moment, _ in whole] == MOMENTS
    assert refusing.asked == 3


def test_what_needs_too_much_however_few_is_refused(engine: DuckDBEngine) -> None:
    """With the sentence of the engine, and not for ever."""
    refusing = Refusing(engine, 99)
    with pytest.raises(QueryLimitError, match="memory"):
        list(slid(ROLLBACK, refusing, MOMENTS))
    assert refusing.asked == 2


def test_the_history_is_asked_for_at_moments_at_which_something_is_found_without(engine: DuckDBEngine) -> None:
    """With the answer that it gives at each of them."""
    before = ROLLBACK.sql.replace("event_time >= :since", "event_time >= :before")
    news = replace(ROLLBACK, history=timedelta(days=30), sql=f"{before}\nhaving min(event_time) >= :since")
    refusing, moments = Refusing(engine, 0), [NOW - timedelta(hours=1), NOW, NOW + timedelta(days=3)]

    found = dict(slid(news, refusing, moments))
    assert found == {moment: evaluate(news, engine, moment) for moment in moments}
    assert any(found.values())
    assert refusing.asked == 2


@pytest.mark.parametrize(
    ("name", "is_looked_up"),
    [
        ("credential_stuffing", True),
        ("failing_streak", False),
        ("m2m_from_new_address", True),
        ("pipeline_edited", False),
        ("client_secret_read", True),
    ],
)
def test_rows_of_short_windows_are_looked_up_by_their_hour(name: str, is_looked_up: bool) -> None:
    """Those of windows of days are compared, of which most rows lie in most; where all of the history is asked for later, the window is short."""
    asked = Asking()
    list(slid(DETECTIONS[name], asked, MOMENTS))
    tables = [table for source in SOURCES for table in source.tables]
    made = translate(asked.sql, tables, NOW, repeats=True)
    assert ("el_hours" in made.sql(["logs"] * len(made.scans))) is is_looked_up


@pytest.mark.parametrize(("letters", "are_named"), [(1, True), (MOST_LETTERS, False)], ids=["few", "many"])
def test_the_history_is_asked_of_the_keys_that_were_found_if_a_statement_can_name_them(letters: int, are_named: bool) -> None:
    """Else of all: the statement has an end."""
    crowded = Crowded(["a" * letters, "b"])
    list(slid(TAKEOVER, crowded, MOMENTS))

    assert len(crowded.asked) == 2
    assert ("WHERE \"user_name\" IN ('a', 'b')" in crowded.asked[1]) is are_named
    assert len(crowded.asked[1]) < MOST_LETTERS
