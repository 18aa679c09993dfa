"""One person is erased: from every byte of the lake's folder, and nobody else with them."""

from __future__ import annotations

import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import StorageError, UsageError
from eventlake.local.crash import CRASHED
from eventlake.local.erasing.eraser import Eraser
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, open_catalog
from eventlake.local.importing import Importer
from eventlake.local.journal import Journal
from eventlake.local.rebuilding import rebuild
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.tombstones import read_tombstones
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.holds import Hold

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import SOURCES, copied, rows, states, store
from ended import Ended
from erased_lake import ANNA, BOTH, MAIL, hits, told


def erase(lake: Path) -> Path:
    """Erase her; the certificate."""
    with Importer(lake, SOURCES) as importer:
        importer.deliver()
        eraser = Eraser(lake, importer.catalog, Person(BOTH), BOTH)
        _, path = eraser.erase(eraser.find())
        eraser.require_gone()
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake that names her, as it was before; tests take copies."""
    lake = tmp_path_factory.mktemp("whole") / "lake"
    told(None, lake)
    return lake


@pytest.fixture
def named(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copied(whole, tmp_path / "named")


@pytest.fixture(scope="module")
def erased(whole: Path) -> tuple[Path, Path]:
    """A copy from which she was erased, with the certificate, for tests that only look."""
    lake = copied(whole, whole.with_name("erased"))
    return lake, erase(lake)


def test_nothing_is_left_of_the_person_in_any_byte_and_all_of_everybody_else(whole: Path, erased: tuple[Path, Path]) -> None:
    """Of closed, open and replaced objects, failed records, and the spool; their own rows go, other rows stay without the name."""
    assert hits(whole)
    assert_erased(*erased)


@pytest.mark.slow
def test_nothing_is_left_of_the_person_in_json_lines(tmp_path: Path) -> None:
    """The same of a lake whose objects hold lines."""
    told("json", tmp_path)
    assert hits(tmp_path)
    assert_erased(tmp_path, erase(tmp_path))


def assert_erased(lake: Path, path: Path) -> None:
    """Nothing names her any more, the rest is there, and the certificate says how much was done."""
    assert hits(lake) == []
    assert sorted(one for (one,) in rows(lake)) == ["c", "d", "e", "f", "g", "i"]
    assert [(state, left) for _, state, _, _, left, _ in states(lake)] == [("closed", 5), ("open", 1)]
    with closing(open_catalog(lake)) as catalog:
        assert [entry.code for entry in catalog.failed()] == ["NotJson"]
    said = json.loads(path.read_text("utf-8"))
    assert (said["rows_erased"], said["rows_edited"], said["failed_records_erased"]) == (3, 3, 1)
    assert not [finding for finding in check_lake(lake, SOURCES) if finding.severity == "error"]


def test_a_mention_becomes_a_mark_and_the_json_around_it_stays(erased: tuple[Path, Path]) -> None:
    """A row that only speaks of the person is somebody else's too. What was edited is no longer taken for JSON of our own without a look."""
    lake, _ = erased

    found = dict(rows(lake, "event_id, cast(extra as varchar)"))
    assert all(json.loads(text) for text in found.values() if text)
    assert json.loads(found["e"])["other"]["[erased]"] == 1
    assert "[erased],[erased] and [erased]" in str(rows(lake, "*"))
    with closing(open_catalog(lake)) as catalog:
        assert [sorted(one.strict) for one in catalog.objects("pipeline_execution_state_change")] == [[], ["executiontrigger", "extra"]]


def test_the_second_time_nothing_is_found_and_the_lake_can_be_made_anew_from_its_objects(erased: tuple[Path, Path], tmp_path: Path) -> None:
    """What each object says of itself is true after it was rewritten."""
    lake = copied(erased[0], tmp_path / "lake")
    before = sorted(rows(lake))
    with closing(SqliteCatalog(lake / CATALOG)) as catalog:
        assert not Eraser(lake, catalog, Person(BOTH), BOTH).find().is_any

    (lake / CATALOG).unlink()
    rebuild(lake, SOURCES)

    assert sorted(rows(lake)) == before


def test_tombstones_stand_before_anything_is_rewritten_and_the_certificate_names_nobody(erased: tuple[Path, Path]) -> None:
    """It tells by which HMACs the person is known again."""
    lake, path = erased

    stones = read_tombstones(lake)
    assert stones is not None
    assert stones.forgets(ANNA.upper())
    assert json.loads(path.read_text("utf-8"))["tombstones"] == [stone.mac for stone in stones.stones]


def test_an_object_that_no_catalog_knows_is_named_with_what_to_do(named: Path) -> None:
    """It may be the only copy of somebody else's rows, so nobody but doctor can say; the objects of the catalog are erased before it."""
    first = next(path for path in map(Path, hits(named)) if path.suffix == ".parquet" and path.parent.name == "10")
    stray = first.with_name("stray.parquet")
    stray.write_bytes(first.read_bytes())

    with pytest.raises(
        StorageError, match=r'stray\.parquet" names the person and is an object that the catalog does not know: do what `eve'
    ):
        erase(named)

    stray.unlink()
    erase(named)
    assert hits(named) == []


def test_a_legal_hold_keeps_everything(named: Path) -> None:
    """It is named, and nothing is changed."""
    HoldsFile(named).place(Hold("case 17"))
    before = sorted(rows(named))

    with pytest.raises(UsageError, match='The hold "case 17" keeps'):
        erase(named)

    assert sorted(rows(named)) == before
    assert read_tombstones(named) is None


def test_other_files_lose_the_person_too(named: Path) -> None:
    """The journal of the audit is edited, rows of other databases are removed with their bytes, and older catalogs go."""
    (named / "audit").mkdir()
    (named / "audit" / "2026-06.jsonl").write_text(json.dumps({"detail": {"statement": f"where user_id = '{ANNA}'"}}) + "\n", "utf-8")
    with closing(sqlite3.connect(named / "detections.db")) as state, state:
        state.execute("create table state (detection, key)")
        state.executemany("insert into state values ('x', ?)", [(ANNA,), ("auth0|other",)])
    (named / "catalog-schema-3.db").write_text(MAIL)

    erase(named)

    assert hits(named) == []
    assert [one["detail"]["statement"] for one in Journal(named).newest(5)] == ["where user_id = '[erased]'"]
    with closing(sqlite3.connect(named / "detections.db")) as state:
        assert state.execute("select key from state").fetchall() == [("auth0|other",)]


@pytest.mark.slow
def test_an_erasure_that_is_killed_at_any_step_is_finished_by_the_next(whole: Path, tmp_path: Path, ended: Ended) -> None:
    """Until then each object is as it was or without the person."""
    for number in range(1, 100):
        lake = copied(whole, tmp_path / str(number))
        code = ended(erase, lake, crash_at=number)
        if code == 0:
            break
        assert code == CRASHED
        assert {"c", "d", "e", "f", "g", "i"} <= {one for (one,) in rows(lake)} <= set("abcdefghi")
        store(lake, [])
        erase(lake)
        assert hits(lake) == [], number
        assert sorted(one for (one,) in rows(lake)) == ["c", "d", "e", "f", "g", "i"], number
    assert number > 8
