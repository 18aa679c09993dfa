"""What a crash left, and what a restored copy of a lake does not know: registered or put aside, never destroyed."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.local.delivery.recovery import Recovered, recover
from eventlake.local.delivery.strays import Adopter, strays
from eventlake.local.folder import open_catalog
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from oracle import examine

SOURCES = load()
TABLE = "pipeline_execution_state_change"


def event(identity: str, kind: str = "Pipeline") -> Item:
    """A pipeline event; of the kind "Other" no rule wants it."""
    envelope = {"id": identity, "detail-type": f"CodePipeline {kind} Execution State Change", "source": "aws.codepipeline"}
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED"}}).encode())


def send(lake: Path, *identities: str, log_format: str | None = None) -> None:
    """Store events and a failure, each in an object of its own."""
    with Importer(lake, SOURCES, log_format=log_format) as importer:
        importer.accept([event(identity) for identity in identities])
        importer.accept([event(f"{identity}-other", "Other") for identity in identities])
        importer.deliver()


def objects_of(lake: Path) -> set[str]:
    """The keys of the files below the folder of objects, those put aside left out."""
    return {one.key for one in DirectoryStore(lake / "objects").list("")}


def as_before_registering(lake: Path, earlier: Path) -> None:
    """Give the lake the catalog of an earlier copy, which intends every object that came since."""
    came = objects_of(lake) - objects_of(earlier)
    shutil.copy(earlier / "catalog.db", lake / "catalog.db")
    catalog = SqliteCatalog(lake / "catalog.db")
    catalog.intend(sorted(came))
    catalog.close()


@pytest.fixture(params=["json", "parquet"])
def lakes(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, Path]:
    """A lake with two objects of lines and two of failures, and the copy from before the second of each."""
    lake, earlier = tmp_path / "lake", tmp_path / "earlier"
    send(lake, "a", "b", log_format=request.param)
    shutil.copytree(lake, earlier)
    send(lake, "c", log_format=request.param)
    return lake, earlier


def test_a_whole_object_is_registered(lakes: tuple[Path, Path]) -> None:
    """A backup of the catalog between the note of an object and its registration: the object is found, and what it holds counts as delivered."""
    lake, earlier = lakes
    as_before_registering(lake, earlier)
    before = objects_of(lake)

    catalog = SqliteCatalog(lake / "catalog.db")
    assert recover(DirectoryStore(lake / "objects"), catalog) == Recovered(2, 0)
    catalog.close()

    send(lake, "d")
    assert before < objects_of(lake)
    assert examine(lake, [f"{name}{other}" for name in "abcd" for other in ("", "-other")]) is None
    assert open_catalog(lake).failed_count() == 4


def test_what_is_registered_is_never_put_aside(lakes: tuple[Path, Path]) -> None:
    """Whatever is noted as intended."""
    lake, _ = lakes
    catalog = SqliteCatalog(lake / "catalog.db")
    catalog.intend(sorted(objects_of(lake)))

    before = objects_of(lake)

    assert recover(DirectoryStore(lake / "objects"), catalog) == Recovered(0, 0)
    assert objects_of(lake) == before


def test_a_cut_object_is_put_aside_and_delivered_again(lakes: tuple[Path, Path]) -> None:
    """The trash keeps it for a day."""
    lake, earlier = lakes
    for key in objects_of(lake) - objects_of(earlier):
        path = lake / "objects" / key
        path.write_bytes(path.read_bytes()[:-20])
    as_before_registering(lake, earlier)

    send(lake, "d")

    assert examine(lake, [f"{name}{other}" for name in "abcd" for other in ("", "-other")]) is None
    assert len([path for path in (lake / "objects" / ".trash").rglob("*") if path.is_file()]) == 2


def test_the_trash_is_emptied_after_its_grace(tmp_path: Path) -> None:
    """What was put aside later stays."""
    store = DirectoryStore(tmp_path)
    now = datetime.now(UTC)
    for key, moment in {"a/old": now - timedelta(hours=25), "a/new": now - timedelta(hours=23)}.items():
        store.put(key, b"x")
        store.put_aside(key, moment)

    assert store.empty_trash(now - timedelta(hours=24)) == 1
    assert [path.name for path in (tmp_path / ".trash").rglob("*") if path.is_file()] == ["new"]


def test_strays_are_adopted_once(lakes: tuple[Path, Path]) -> None:
    """What a catalog from an old copy does not know, without any note of it; what other objects hold is left alone."""
    lake, earlier = lakes
    came = objects_of(lake) - objects_of(earlier)
    shutil.copy(earlier / "catalog.db", lake / "catalog.db")
    store, catalog = DirectoryStore(lake / "objects"), SqliteCatalog(lake / "catalog.db")
    found = strays(store, came)

    assert [Adopter(catalog).adopt(stray) for stray in found] == [None, None]
    assert [Adopter(catalog).adopt(stray) for stray in found] == ["holds only what other objects hold"] * 2
    catalog.close()
    assert examine(lake, [f"{name}{other}" for name in "abc" for other in ("", "-other")]) is None


def test_a_stray_of_another_lake_is_not_adopted(lakes: tuple[Path, Path], tmp_path: Path) -> None:
    """However it came here."""
    lake, _ = lakes
    send(tmp_path / "other", "x")
    for key in objects_of(tmp_path / "other"):
        (stray,) = strays(DirectoryStore(tmp_path / "other" / "objects"), [key])
        assert Adopter(SqliteCatalog(lake / "catalog.db")).adopt(stray) == "belongs to another lake"
