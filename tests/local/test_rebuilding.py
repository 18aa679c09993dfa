"""Lakes restored from copies: the catalog is made from the objects, or refused; nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import itertools
import json
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from eventlake.cli import run
from eventlake.errors import ConfigurationError
from eventlake.local.documents import Item
from eventlake.local.examine import check_lake
from eventlake.local.failed_records import LocalFailedRecords
from eventlake.local.folder import open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.local.rebuilding import rebuild
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracle import examine

SOURCES = load()
TABLE = "pipeline_execution_state_change"
KINDS = ("Pipeline", "Stage", "Other")


def event(identity: str, kind: str = "Pipeline") -> Item:
    """A pipeline event; of the kind "Other" no rule wants it."""
    envelope = {"id": identity, "detail-type": f"CodePipeline {kind} Execution State Change", "source": "aws.codepipeline"}
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED"}}).encode())


def busy(lake: Path, log_format: str, between: Callable[[list[str]], None]) -> list[str]:
    """Store 24 groups of events of three kinds, deliver now and then; `between` is called after each step, with what is acknowledged."""
    acknowledged: list[str] = []
    for turn in range(4):
        with Importer(lake, SOURCES, log_format=log_format) as importer:
            for group in range(6):
                identities = [f"{turn}-{group}-{number}" for number in range(3)]
                importer.accept([event(identity, KINDS[number]) for number, identity in enumerate(identities)])
                acknowledged += identities
                between(acknowledged)
                if group % 2:
                    importer.deliver()
                    between(acknowledged)
    return acknowledged


def copy_of(lake: Path, part: str, target: Path) -> None:
    """Copy a part of a lake as a backup does: the catalog by SQLite's own backup, folders file by file."""
    if part != "catalog.db":
        shutil.copytree(lake / part, target / part) if (lake / part).is_dir() else (target / part).mkdir()
        return
    with closing(sqlite3.connect(lake / part)) as source, closing(sqlite3.connect(target / part)) as copy:
        source.backup(copy)


def drained(lake: Path) -> None:
    """Go the way that doctor and a refusal name, then deliver what the spool holds."""
    if any("--rebuild" in finding.remedy for finding in check_lake(lake)):
        rebuild(lake, SOURCES)
    try:
        deliver(lake)
    except ConfigurationError as error:
        assert "--rebuild" in str(error)  # noqa: PT017  a refusal is one of two right answers
        rebuild(lake, SOURCES)
        deliver(lake)


def deliver(lake: Path, *items: Item, log_format: str | None = None) -> None:
    """Accept events, and deliver everything that the spool holds."""
    with Importer(lake, SOURCES, log_format=log_format) as importer:
        if items:
            importer.accept(items)
        importer.deliver()


def lost_and_twice(lake: Path, acknowledged: list[str]) -> tuple[set[str], list[str]]:
    """What a reader does not find of these events, and what it finds twice; failed records count as found."""
    opened = open_lake(lake, SOURCES)
    found = [
        row[0] for table in (TABLE, "stage_execution_state_change") for row in opened.engine.query(f"select event_id from {table}").rows
    ]
    failed = [json.loads(raw)["id"] for raw in raws(lake)]
    everything = found + failed
    return set(acknowledged) - set(everything), sorted({one for one in everything if everything.count(one) > 1})


def raws(lake: Path) -> Iterator[bytes]:
    """The original bytes of every failed record."""
    failed = LocalFailedRecords(lake)
    for entry in failed.newest(10_000)[0]:
        yield failed.original(entry)


@pytest.mark.parametrize("order", list(itertools.permutations(("catalog.db", "objects", "spool"))), ids="-".join)
def test_a_copy_taken_in_any_order_of_a_busy_lake_holds_what_was_acknowledged(tmp_path: Path, order: tuple[str, ...]) -> None:
    """Each part at another instant: the lake that is put together from them has every event that was acknowledged when the copy began, once."""
    chance = random.Random(str(order))
    steps = sorted(chance.sample(range(34), 3))
    copy, seen, step = tmp_path / "copy", [], itertools.count()
    copy.mkdir()

    def between(acknowledged: list[str]) -> None:
        now = next(step)
        for part, at in zip(order, steps, strict=True):
            if at == now:
                if part == order[0]:
                    seen.extend(acknowledged)
                copy_of(tmp_path / "lake", part, copy)

    busy(tmp_path / "lake", chance.choice(("json", "parquet")), between)
    drained(copy)

    assert lost_and_twice(copy, seen) == (set(), [])


@pytest.fixture(params=["json", "parquet"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, list[str]]:
    """A lake of a few objects in each stream, and what is stored in it."""
    return tmp_path / "lake", busy(tmp_path / "lake", request.param, lambda acknowledged: None)


def test_the_catalog_is_made_from_the_objects(lake: tuple[Path, list[str]]) -> None:
    """Rows, failed records, hours and sums are those of the old one, which is kept; the lake goes on."""
    folder, stored = lake
    with closing(open_catalog(folder)) as catalog:
        before = catalog.contents(TABLE).hours, catalog.lake_id, catalog.end(), sorted(one.id for one in catalog.failed())

    taken = rebuild(folder, SOURCES)

    with closing(open_catalog(folder)) as catalog:
        assert (catalog.contents(TABLE).hours, catalog.lake_id, catalog.end(), sorted(one.id for one in catalog.failed())) == before
    assert taken.left == ()
    assert len(list(folder.glob("catalog-before-*.db"))) == 1
    deliver(folder, event("new"))
    assert examine(folder, [*stored, "new"]) is None


@pytest.mark.parametrize("without", [("catalog.db",), ("catalog.db", "spool")])
def test_a_lake_without_its_catalog_is_not_begun_anew(lake: tuple[Path, list[str]], without: tuple[str, ...]) -> None:
    """It is refused with the way out, which brings everything back."""
    folder, stored = lake
    for part in without:
        for path in folder.glob(f"{part}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(ConfigurationError, match=r"no catalog\.db: restore it from a copy, or .*`eventlake doctor --rebuild"):
        Importer(folder, SOURCES)

    assert run(["doctor", "--rebuild", "--lake", str(folder), "--quiet"]) == 0
    deliver(folder, event("new"))
    assert examine(folder, [*stored, "new"]) is None


def test_an_old_catalog_without_a_spool_is_refused(tmp_path: Path) -> None:
    """It would give positions again that objects hold already."""
    folder, kept = tmp_path / "lake", tmp_path / "kept"
    kept.mkdir()

    def between(acknowledged: list[str]) -> None:
        if len(acknowledged) == 36:
            copy_of(folder, "catalog.db", kept)

    stored = busy(folder, "json", between)
    for path in folder.glob("catalog.db*"):
        path.unlink()
    shutil.copy(kept / "catalog.db", folder / "catalog.db")
    shutil.rmtree(folder / "spool")

    with pytest.raises(ConfigurationError, match="is an older copy: it does not know"):
        Importer(folder, SOURCES)
    rebuild(folder, SOURCES)
    deliver(folder)
    assert examine(folder, stored) is None


def test_adopting_takes_what_an_old_catalog_does_not_know(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Doctor names the way; afterwards it finds nothing."""
    folder = tmp_path / "lake"
    deliver(folder, event("a"), log_format="json")
    (tmp_path / "old").mkdir()
    copy_of(folder, "catalog.db", tmp_path / "old")
    deliver(folder, event("b"), event("c", "Other"))
    for path in folder.glob("catalog.db*"):
        path.unlink()
    shutil.copy(tmp_path / "old" / "catalog.db", folder / "catalog.db")

    assert {one.remedy for one in check_lake(folder) if "not in the catalog" in one.sentence} == {"Run `eventlake doctor --adopt`."}
    assert run(["doctor", "--adopt", "--lake", str(folder)]) == 0
    assert "2 objects registered." in capfd.readouterr().err
    deliver(folder)
    assert examine(folder, ["a", "b", "c"]) is None
    assert check_lake(folder) == []


def test_what_cannot_be_adopted_is_told_with_its_reason(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A copy of an object under another name, a damaged one, one that says nothing."""
    folder = tmp_path / "lake"
    deliver(folder, event("a"), log_format="parquet")
    (known,) = open_catalog(folder).objects(TABLE)
    path = folder / "objects" / known.key
    path.with_name("twice.parquet").write_bytes(path.read_bytes())
    path.with_name("broken.parquet").write_bytes(path.read_bytes()[:-9])
    duckdb.execute(f"copy (select 1 a) to '{path.with_name('foreign.parquet')}'")

    assert run(["doctor", "--adopt", "--lake", str(folder), "--output", "jsonl"]) == 1

    reasons = {one["object"].rpartition("/")[2]: one["why_it_is_not"] for one in map(json.loads, capfd.readouterr().out.splitlines())}
    assert reasons == {
        "twice.parquet": "holds only what other objects hold",
        "broken.parquet": "does not say what it holds: an earlier version wrote it, or it is damaged",
        "foreign.parquet": "does not say what it holds: an earlier version wrote it, or it is damaged",
    }
    assert all("emove" not in one.remedy for one in check_lake(folder))


def test_doctor_finds_rows_that_hold_the_name_of_a_folder(tmp_path: Path) -> None:
    """As an earlier version stored them below a folder `column=value`."""
    folder = tmp_path / "state=prod" / "lake"
    deliver(folder, event("a"), log_format="parquet")
    (known,) = open_catalog(folder).objects(TABLE)
    assert not [one for one in check_lake(folder) if "folder above" in one.sentence]

    path = folder / "objects" / known.key
    duckdb.execute(
        f"copy (select * replace ('prod' as state) from read_parquet('{path}', hive_partitioning = false)) to '{path}.new' (format parquet)"
    )
    Path(f"{path}.new").replace(path)

    (finding,) = [one for one in check_lake(folder) if "folder above" in one.sentence]
    assert f'"{known.key}" holds "prod" in every row of the column "state"' in finding.sentence
