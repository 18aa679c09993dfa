"""Who was erased comes back by no way, also where the process is killed at any step; everybody else's events are all there, once."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eventlake.local.backfilling import Backfiller
from eventlake.local.crash import CRASHED
from eventlake.local.folder import open_lake
from eventlake.local.histories import LocalHistories
from eventlake.local.history_files import LocalFile
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.redriving import Redriver, wanted
from eventlake.local.tombstones import add_tombstones, read_forgetting
from eventlake.pipeline.redrive import Filter

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import PAST, SOURCES
from ended import Ended
from erased_lake import ANNA, BOTH, LATER, MAIL, hits

NO_LOGINS = [source for source in SOURCES if source.name != "auth0"]
OTHERS = ["2", "4", "5", "6"]


def login(log_id: str, **data: object) -> bytes:
    """An entry of Auth0's log."""
    entry = {"date": "2026-06-30T10:00:00.000Z", "type": "s", "log_id": log_id, "user_id": "auth0|other"} | data
    detail = {"log_id": log_id, "data": entry}
    named = {"id": f"e{log_id}", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com", "time": "2026-06-30T10:00:00Z"}
    return json.dumps({**named, "detail": detail}).encode()


EVENTS = [
    login("1", user_id=ANNA),
    login("2", description=f"changed {ANNA.upper()}, whose mail is {MAIL}"),
    login("3", user_id="auth0|x", user_name=MAIL.upper()),
    login("4", details={"of": [MAIL, f"a%7c{ANNA}"]}),
    login("5"),
    login("6", user_id=f"{ANNA}99"),
]


def erased(lake: Path) -> None:
    """Make a lake from which she was erased."""
    with Importer(lake, SOURCES) as importer:
        importer.deliver()
    add_tombstones(lake, BOTH, LATER)


def failed(lake: Path) -> None:
    """Make a lake whose failed records name her, as one that was put back from a copy; she was erased since."""
    with Importer(lake, NO_LOGINS, now=lambda: PAST) as importer:
        importer.accept([Item(1, data) for data in EVENTS])
        importer.deliver()
    add_tombstones(lake, BOTH, LATER)


def send(lake: Path) -> None:
    """Send the events, if there are none yet; the spool delivers the rest of who was killed."""
    with Importer(lake, SOURCES, now=lambda: LATER) as importer:
        importer.deliver()
        if not logins(lake):
            importer.accept([Item(1, data) for data in EVENTS])
            importer.deliver()


def backfill(lake: Path) -> None:
    """Bring a file of the events in."""
    file = lake.parent / "history.jsonl"
    file.write_bytes(b"\n".join(EVENTS))
    with Importer(lake, SOURCES) as importer:
        importer.deliver()
        backfiller = Backfiller(LocalHistories(importer.catalog, lake), SOURCES, aside=lake, forgetting=read_forgetting(lake))
        list(backfiller.items(LocalFile(file).history, LocalFile(file).stretches))


def redrive(lake: Path) -> None:
    """Try the failed records again, now that there is a table for them."""
    with Importer(lake, SOURCES) as importer:
        importer.deliver()
        list(Redriver(importer.catalog, lake, SOURCES).redrive(wanted(importer.catalog, Filter())))


def logins(lake: Path) -> list[str]:
    """The ids of the entries that are stored."""
    return sorted(str(one) for (one,) in open_lake(lake, SOURCES).engine.query("select log_id from auth0_logs").rows)


def found(lake: Path) -> list[str]:
    """The files that name her; but the spool, and the failed records of before, hold what came."""
    return [path for path in hits(lake) if "/spool/" not in path and "/error/" not in path]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begun", "way"),
    [pytest.param(erased, send, id="send"), pytest.param(erased, backfill, id="backfill"), pytest.param(failed, redrive, id="redrive")],
)
def test_nobody_comes_back_by_a_way_that_is_killed_at_any_step(
    tmp_path: Path, ended: Ended, begun: Callable[[Path], None], way: Callable[[Path], None]
) -> None:
    """Neither when it is killed, nor when it is done again; the other events are there once."""
    whole = tmp_path / "whole"
    begun(whole)
    for number in range(1, 100):
        lake = tmp_path / f"{number}" / "lake"
        shutil.copytree(whole, lake)
        code = ended(way, lake, crash_at=number)
        assert found(lake) == [], number
        way(lake)
        assert logins(lake) == OTHERS, number
        assert found(lake) == [], number
        if code == 0:
            break
        assert code == CRASHED
    assert number > 2
