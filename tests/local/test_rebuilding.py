"""Lakes restored from copies: the catalog is made from the objects, or refused; nothing that was acknowledged is lost, nothing is there twice."""

from __future__ import annotations

import contextlib
import json
import random
import re
import shutil
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from eventlake.cli import run
from eventlake.errors import ConfigurationError, LakeNotFoundError, StorageError
from eventlake.local.examine import check_lake
from eventlake.local.folder import open_catalog
from eventlake.local.importing import Importer
from eventlake.local.rebuilding import rebuild

sys.path.insert(0, str(Path(__file__).parent.parent))
from oracle import examine
from restore_many import ORDERS, SOURCES, History, busy, chosen, copy_part, deliver, event, tried

TABLE = "pipeline_execution_state_change"


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["json", pytest.param("parquet", marks=pytest.mark.slow)])
def test_a_copy_taken_in_any_order_of_a_busy_lake_holds_what_was_acknowledged(tmp_path: Path, log_format: str) -> None:
    """Each part at another instant: what is put together has every event that was acknowledged when the copy began, once."""
    history = busy(tmp_path, log_format)
    wanted = list(chosen(history, 2, random.Random(3)))

    assert {order for order, _ in wanted} == set(ORDERS)
    assert [found for order, instants in wanted if (found := tried(history, order, instants, tmp_path))] == []


@pytest.fixture(scope="module", params=[pytest.param("json", marks=pytest.mark.slow), "parquet"])
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> History:
    """A lake that was busy, which tests copy."""
    return busy(tmp_path_factory.mktemp(request.param), request.param)


@pytest.fixture
def lake(history: History, tmp_path: Path) -> tuple[Path, list[str]]:
    """A lake of a few objects in each stream, and what is stored in it."""
    shutil.copytree(history.lake, tmp_path / "lake")
    return tmp_path / "lake", history.acknowledged


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
    (waiting,) = [one.sentence for one in check_lake(folder) if "spool" in one.sentence]
    assert waiting.endswith("in the spool are to be looked through: what no object holds of them yet, nothing delivers.")
    deliver(folder, event("new"))
    assert examine(folder, [*stored, "new"]) is None


@pytest.mark.parametrize("without", [("catalog.db",), pytest.param(("catalog.db", "spool"), marks=pytest.mark.slow)])
def test_a_lake_without_its_catalog_is_not_begun_anew(lake: tuple[Path, list[str]], without: tuple[str, ...]) -> None:
    """It is refused with the way out, which brings everything back."""
    folder, stored = lake
    for part in without:
        for path in folder.glob(f"{part}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    with pytest.raises(ConfigurationError, match=r"no catalog\.db: restore it from a copy, or .*`eventlake doctor --rebuild"):
        Importer(folder, SOURCES)
    with pytest.raises(LakeNotFoundError, match=r"no catalog\.db: restore it from a copy, or .*`eventlake doctor --rebuild"):
        open_catalog(folder)

    assert run(["doctor", "--rebuild", "--lake", str(folder), "--quiet"]) == 0
    deliver(folder, event("new"))
    assert examine(folder, [*stored, "new"]) is None


def test_a_folder_without_any_part_of_a_lake_is_not_rebuilt(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A folder mistyped."""
    assert run(["doctor", "--rebuild", "--lake", str(tmp_path / "laek")]) == 253
    assert "There is no part of a lake in" in capfd.readouterr().err
    assert not (tmp_path / "laek").exists()


@pytest.mark.slow
def test_an_old_catalog_without_a_spool_is_refused(tmp_path: Path) -> None:
    """It would give positions again that objects hold already."""
    history = busy(tmp_path, "json")
    folder = history.lake
    for path in folder.glob("catalog.db*"):
        path.unlink()
    copy_part(history.instants[len(history.instants) // 2][0], "catalog.db", folder)
    shutil.rmtree(folder / "spool")

    with pytest.raises(ConfigurationError, match="is an older copy: it does not know"):
        Importer(folder, SOURCES)
    rebuild(folder, SOURCES)
    deliver(folder)
    assert examine(folder, history.acknowledged) is None


def test_a_catalog_that_is_older_than_the_spool_is_refused_each_time(tmp_path: Path) -> None:
    """It does not know what became of what the spool holds; refusing it changes nothing, and the way out brings everything back."""
    folder, kept = tmp_path / "lake", tmp_path / "kept"
    kept.mkdir()
    deliver(folder, event("a"), log_format="json")
    copy_part(folder, "catalog.db", kept)
    for identity in "bcdefg":
        deliver(folder, event(identity))
    for path in folder.glob("catalog.db*"):
        path.unlink()
    shutil.copy(kept / "catalog.db", folder / "catalog.db")

    for _ in range(8):
        with pytest.raises(ConfigurationError, match=r"is an older copy: the spool beside it was written after it.*doctor --rebuild"):
            Importer(folder, SOURCES)
    rebuild(folder, SOURCES)
    deliver(folder, event("h"))
    assert examine(folder, list("abcdefgh")) is None


def test_the_spool_of_another_lake_is_refused(tmp_path: Path) -> None:
    """Its positions mean something else."""
    for name in ("one", "other"):
        deliver(tmp_path / name, event(name), log_format="json")
    shutil.rmtree(tmp_path / "one" / "spool")
    shutil.copytree(tmp_path / "other" / "spool", tmp_path / "one" / "spool")

    with pytest.raises(ConfigurationError, match="holds events of another lake"):
        Importer(tmp_path / "one", SOURCES)


def test_a_spool_that_is_gone_is_begun_anew(tmp_path: Path) -> None:
    """Where the catalog ends; also if nothing is delivered before the next start."""
    folder = tmp_path / "lake"
    deliver(folder, event("a"), log_format="json")
    shutil.rmtree(folder / "spool")
    for identity in "bc":
        with Importer(folder, SOURCES) as importer:
            importer.accept([event(identity)])
    deliver(folder)

    assert examine(folder, list("abc")) is None


def test_adopting_takes_what_an_old_catalog_does_not_know(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Doctor names the way; afterwards it finds nothing."""
    folder = tmp_path / "lake"
    deliver(folder, event("a"), log_format="json")
    (tmp_path / "old").mkdir()
    copy_part(folder, "catalog.db", tmp_path / "old")
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


def test_doctor_finds_a_bit_of_the_catalog_that_hides_objects(tmp_path: Path) -> None:
    """In a row or in an index, where no query notices; made anew from the objects, the catalog has them again."""
    for number in range(6):
        deliver(tmp_path, event(f"e{number}"), log_format="json")
    with closing(open_catalog(tmp_path)) as catalog:
        objects = catalog.objects(TABLE)
    file = tmp_path / "catalog.db"
    whole = file.read_bytes()

    hidden = 0
    for place in [found.start() for found in re.finditer(TABLE.encode(), whole)]:
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        with closing(open_catalog(tmp_path)) as catalog, contextlib.suppress(StorageError):
            if catalog.objects(TABLE) != objects:
                hidden += 1
                assert any("--rebuild" in one.remedy for one in check_lake(tmp_path))
    assert hidden >= 5
    rebuild(tmp_path, SOURCES)
    assert examine(tmp_path, [f"e{number}" for number in range(6)]) is None


def test_doctor_takes_no_type_from_the_name_of_a_folder(tmp_path: Path) -> None:
    """The folder says nothing about the columns below it."""
    deliver(tmp_path / "event_time=6" / "lake", event("a"), log_format="parquet")

    assert check_lake(tmp_path / "event_time=6" / "lake") == []


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


@pytest.mark.slow
@pytest.mark.parametrize("has_spool", [True, False])
@pytest.mark.parametrize("is_empty", [True, False])
def test_the_catalog_of_another_lake_is_refused(tmp_path: Path, has_spool: bool, is_empty: bool) -> None:
    """Also where no segment tells whose lake it is: its objects do; nothing is stored under the other's id."""
    folder, other = tmp_path / "lake", tmp_path / "other"
    deliver(folder, event("a"))
    deliver(other, *([] if is_empty else [event("b")]))
    for path in folder.glob("catalog.db*"):
        path.unlink()
    shutil.copy(other / "catalog.db", folder / "catalog.db")
    if not has_spool:
        shutil.rmtree(folder / "spool")

    with pytest.raises(ConfigurationError, match="another lake"):
        deliver(folder, event("c"))

    rebuild(folder, SOURCES)
    deliver(folder, event("c"))
    assert examine(folder, ["a", "c"]) is None
