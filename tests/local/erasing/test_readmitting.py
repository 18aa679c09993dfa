"""Objects from copies of a lake: who was erased since does not come back with them, and everybody else does."""

from __future__ import annotations

import shutil
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from eventlake.cli import run
from eventlake.errors import ConfigurationError
from eventlake.local.crash import CRASHED
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, open_catalog
from eventlake.local.rebuilding import rebuild
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.tombstones import KEY, add_tombstones, end_tombstones
from eventlake.pipeline.holds import Hold

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import PAST, SOURCES, event, rows, store
from ended import Ended
from erased_lake import ANNA, BOTH, LATER, hits, told

FOREIGN = "holds only what other objects hold"


def from_copy(lake: Path) -> Path:
    """Make of a lake one that was put back from a copy: of before the erasure, with the tombstones of after it, and without its catalog."""
    add_tombstones(lake, BOTH, LATER)
    shutil.rmtree(lake / "spool")
    (lake / CATALOG).unlink()
    return lake


def small(lake: Path, log_format: str | None = None) -> Path:
    """Make a lake with a row of hers, one that names her, and two of others."""
    some = [event("a", PAST, **{"execution-id": ANNA}), event("b", other={"by": f"<{ANNA}>"}), event("c", trigger={"detail": f"{ANNA}99"})]
    store(lake, [(PAST, some), (LATER, [event("d")])], log_format)
    return lake


@pytest.mark.slow
@pytest.mark.parametrize("log_format", ["parquet", "json"])
def test_who_was_erased_does_not_come_back_from_any_object(tmp_path: Path, log_format: str) -> None:
    """Their rows are left out, other mentions marked, their failed records gone; of nobody else anything is lost."""
    told(log_format, tmp_path)
    from_copy(tmp_path)

    taken = rebuild(tmp_path, SOURCES)

    assert taken.rewritten == 3
    assert sorted(one for (one,) in rows(tmp_path)) == ["c", "d", "e", "f", "g", "i"]
    with closing(open_catalog(tmp_path)) as catalog:
        assert [entry.code for entry in catalog.failed()] == ["NotJson"]
    for key, reason in taken.left:  # what the closing had replaced
        assert reason in {FOREIGN, f"{FOREIGN}; it names somebody who was erased: erase that person again, or remove it"}
        (tmp_path / "objects" / key).unlink()
    assert hits(tmp_path) == []
    assert check_lake(tmp_path, SOURCES) == []


@pytest.mark.parametrize("log_format", [pytest.param("parquet", marks=pytest.mark.slow), "json"])
def test_the_command_says_in_how_many_objects_somebody_was(tmp_path: Path, log_format: str, capfd: pytest.CaptureFixture[str]) -> None:
    """Objects that name nobody are taken as they are."""
    from_copy(small(tmp_path, log_format))

    assert run(["doctor", "--rebuild", "--lake", str(tmp_path)]) == 0

    assert "Somebody who was erased was named in 1 of them, and is not any more." in capfd.readouterr().err
    assert sorted(rows(tmp_path)) == [("b",), ("c",), ("d",)]
    assert hits(tmp_path) == []


@pytest.mark.slow
def test_an_object_that_is_adopted_loses_who_was_erased(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As one of a back-up that an older catalog does not know."""
    store(tmp_path, [(LATER, [event("d")])])
    shutil.copy(tmp_path / CATALOG, tmp_path / "older")
    small(tmp_path)
    from_copy(tmp_path)
    (tmp_path / "older").rename(tmp_path / CATALOG)

    assert run(["doctor", "--adopt", "--lake", str(tmp_path)]) == 0

    assert "2 objects registered." in capfd.readouterr().err
    assert sorted(rows(tmp_path)) == [("b",), ("c",), ("d",), ("d",)]
    assert hits(tmp_path) == []


def test_what_a_hold_keeps_does_not_come_back_with_somebody_who_was_erased(tmp_path: Path) -> None:
    """It may not be edited, so it stays outside, and is named."""
    from_copy(small(tmp_path))
    HoldsFile(tmp_path).place(Hold("case 17"))

    taken = rebuild(tmp_path, SOURCES)

    assert [reason for _, reason in taken.left] == [
        'names somebody who was erased, and the hold "case 17" keeps its hour as it is: release the hold first'
    ]
    assert rows(tmp_path) == [("d",)]


def test_without_the_key_of_the_tombstones_nothing_comes_back(tmp_path: Path) -> None:
    """Nobody could tell who was erased."""
    from_copy(small(tmp_path))
    (tmp_path / KEY).unlink()

    with pytest.raises(ConfigurationError, match="nobody can tell who was erased"):
        rebuild(tmp_path, SOURCES)


@pytest.mark.slow
@pytest.mark.parametrize(("from_hour_on", "there"), [(0, ["a", "b", "c", "d"]), (1, ["b", "c", "d"])])
def test_who_may_come_back_comes_back_from_that_hour_on(tmp_path: Path, from_hour_on: int, there: list[str]) -> None:
    """The hour of an object decides."""
    from_copy(small(tmp_path))
    end_tombstones(tmp_path, BOTH, f"{PAST + timedelta(hours=from_hour_on):%Y-%m-%dT%H:00:00Z}")

    rebuild(tmp_path, SOURCES)

    assert sorted(one for (one,) in rows(tmp_path)) == there


@pytest.mark.slow
def test_what_cannot_be_read_is_not_taken(tmp_path: Path) -> None:
    """Nobody knows whom it names."""
    from_copy(small(tmp_path))
    for path in tmp_path.rglob("*.parquet"):
        data = bytearray(path.read_bytes())
        data[4:60] = bytes(56)
        path.write_bytes(data)

    assert {reason[:10] for _, reason in rebuild(tmp_path, SOURCES).left} == {"is damaged"}


@pytest.mark.slow
def test_whoever_is_killed_on_the_way_is_finished_by_the_next(tmp_path: Path, ended: Ended) -> None:
    """At every step; and then nobody came back, and nobody else is missing."""
    whole = tmp_path / "whole"
    from_copy(small(whole))
    for number in range(1, 100):
        lake = tmp_path / str(number)
        shutil.copytree(whole, lake)
        code = ended(_rebuild, lake, crash_at=number)
        rebuild(lake, SOURCES)
        assert sorted(rows(lake)) == [("b",), ("c",), ("d",)], number
        assert hits(lake) == [], number
        if code == 0:
            break
        assert code == CRASHED
    assert number > 1


def _rebuild(lake: Path) -> None:
    rebuild(lake, SOURCES)
