"""One person is erased: from every byte of the lake's folder, and nobody else with them."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import duckdb
import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import UsageError
from eventlake.local.auditing.journal import Journal
from eventlake.local.crash import CRASHED, end_at
from eventlake.local.erasing.eraser import Eraser
from eventlake.local.examine import check_lake
from eventlake.local.folder import CATALOG, open_catalog
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.rebuilding import rebuild
from eventlake.local.retaining.holds import HoldsFile
from eventlake.local.tombstones import read_tombstones
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.holds import Hold

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import PAST, SOURCES, close, event, rows, states, store

ANNA, MAIL = "auth0|5f7c8e", "Anna@Example.org"
BOTH = (ANNA, MAIL)
LATER = datetime(2026, 6, 30, 12, 5, tzinfo=UTC)


def told(log_format: str | None, lake: Path) -> None:
    """Fill a lake: rows of Anna's own, rows that name her in every spelling, rows of others, and what fails."""
    own = [event("a", PAST, **{"execution-id": ANNA}), event("b", PAST, **{"execution-id": ANNA.upper()})]
    named = [
        event("c", PAST, trigger={"detail": f"{ANNA},{ANNA} and {MAIL.lower()}"}),
        event("d", PAST, other=[{"by": f"https://x/?u={quote(ANNA, safe='')}&m={quote(MAIL, safe='')}"}]),
        event("e", PAST, other={"packed": base64.b64encode(f"{{{ANNA}}}".encode()).decode(), MAIL: 1}),
    ]
    others = [event("f", PAST, trigger={"detail": f"{ANNA}99"}), event("g", PAST)]
    failed = [Item(1, b'{"who": "Auth0|5F7c8E", this is no JSON'), Item(2, b"{this neither")]
    store(lake, [(PAST, [*own, *named]), (PAST, [*others, *failed])], log_format)
    close(lake)
    store(lake, [(LATER, [event("h", PAST, **{"execution-id": ANNA}), event("i", PAST)])])


def erase(lake: Path) -> Path:
    """Erase her; the certificate."""
    with Importer(lake, SOURCES) as importer:
        importer.deliver()
        eraser = Eraser(lake, importer.catalog, Person(BOTH), BOTH)
        _, path = eraser.erase(eraser.find())
        eraser.require_gone()
    return path


def decompressed(lake: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte of a folder, and what is packed in it."""
    for path in sorted(path for path in lake.rglob("*") if path.is_file()):
        yield str(path), path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(path.read_bytes())
            yield str(path), data
            for line in data.splitlines():
                if b'"rawData"' in line:
                    yield str(path), base64.b64decode(json.loads(line)["rawData"])
        if path.suffix == ".parquet":
            yield str(path), repr(duckdb.execute("select * from read_parquet(?)", [str(path)]).fetchall()).encode()


def hits(lake: Path) -> list[str]:
    """The files in which an independent search finds her."""
    wanted = set()
    for one in BOTH:
        for spelled in (one, one.lower(), one.upper(), quote(one, safe=""), quote(one.lower(), safe=""), quote(one, safe="").lower()):
            wanted.add(spelled.encode())
            wanted |= {base64.b64encode(b"x" * at + spelled.encode())[-(-at * 8 // 6) : (at + len(spelled)) * 8 // 6] for at in range(3)}
    return [
        path for path, data in decompressed(lake) if any(one in data.replace(b"5f7c8e99", b"").replace(b"5F7C8E99", b"") for one in wanted)
    ]


@pytest.mark.parametrize("log_format", ["parquet", "json"])
def test_nothing_is_left_of_the_person_in_any_byte_and_all_of_everybody_else(tmp_path: Path, log_format: str) -> None:
    """Of closed, open and replaced objects, failed records, and the spool; their own rows go, other rows stay without the name."""
    told(log_format, tmp_path)
    assert hits(tmp_path)

    path = erase(tmp_path)

    assert hits(tmp_path) == []
    assert sorted(one for (one,) in rows(tmp_path)) == ["c", "d", "e", "f", "g", "i"]
    assert [(state, left) for _, state, _, _, left, _ in states(tmp_path)] == [("closed", 5), ("open", 1)]
    with closing(open_catalog(tmp_path)) as catalog:
        assert [entry.code for entry in catalog.failed()] == ["NotJson"]
    said = json.loads(path.read_text("utf-8"))
    assert (said["rows_erased"], said["rows_edited"], said["failed_records_erased"]) == (3, 3, 1)
    assert not [finding for finding in check_lake(tmp_path, SOURCES) if finding.severity == "error"]


def test_a_mention_becomes_a_mark_and_the_json_around_it_stays(tmp_path: Path) -> None:
    """A row that only speaks of the person is somebody else's too."""
    told(None, tmp_path)
    erase(tmp_path)

    found = dict(rows(tmp_path, "event_id, cast(extra as varchar)"))
    assert all(json.loads(text) for text in found.values() if text)
    assert json.loads(found["e"])["other"]["[erased]"] == 1
    assert "[erased],[erased] and [erased]" in str(rows(tmp_path, "*"))


def test_the_second_time_nothing_is_found_and_the_lake_can_be_made_anew_from_its_objects(tmp_path: Path) -> None:
    """What each object says of itself is true after it was rewritten."""
    told(None, tmp_path)
    erase(tmp_path)
    before = sorted(rows(tmp_path))
    with closing(SqliteCatalog(tmp_path / CATALOG)) as catalog:
        assert not Eraser(tmp_path, catalog, Person(BOTH), BOTH).find().is_any

    (tmp_path / CATALOG).unlink()
    rebuild(tmp_path, SOURCES)

    assert sorted(rows(tmp_path)) == before


def test_tombstones_stand_before_anything_is_rewritten_and_the_certificate_names_nobody(tmp_path: Path) -> None:
    """It tells by which HMACs the person is known again."""
    told(None, tmp_path)
    path = erase(tmp_path)

    stones = read_tombstones(tmp_path)
    assert stones is not None
    assert stones.forgets(ANNA.upper())
    assert json.loads(path.read_text("utf-8"))["tombstones"] == [stone.mac for stone in stones.stones]


def test_a_legal_hold_keeps_everything(tmp_path: Path) -> None:
    """It is named, and nothing is changed."""
    told(None, tmp_path)
    HoldsFile(tmp_path).place(Hold("case 17"))
    before = sorted(rows(tmp_path))

    with pytest.raises(UsageError, match='The hold "case 17" keeps'):
        erase(tmp_path)

    assert sorted(rows(tmp_path)) == before
    assert read_tombstones(tmp_path) is None


def test_other_files_lose_the_person_too(tmp_path: Path) -> None:
    """The journal of the audit is edited, rows of other databases are removed with their bytes, and older catalogs go."""
    told(None, tmp_path)
    (tmp_path / "audit").mkdir()
    (tmp_path / "audit" / "2026-06.jsonl").write_text(json.dumps({"detail": {"statement": f"where user_id = '{ANNA}'"}}) + "\n", "utf-8")
    with closing(sqlite3.connect(tmp_path / "detections.db")) as state, state:
        state.execute("create table state (detection, key)")
        state.executemany("insert into state values ('x', ?)", [(ANNA,), ("auth0|other",)])
    (tmp_path / "catalog-schema-3.db").write_text(MAIL)

    erase(tmp_path)

    assert hits(tmp_path) == []
    assert [one["detail"]["statement"] for one in Journal(tmp_path).newest(5)] == ["where user_id = '[erased]'"]
    with closing(sqlite3.connect(tmp_path / "detections.db")) as state:
        assert state.execute("select key from state").fetchall() == [("auth0|other",)]


@pytest.mark.slow
def test_an_erasure_that_is_killed_at_any_step_is_finished_by_the_next(tmp_path: Path) -> None:
    """Until then each object is as it was or without the person."""
    whole = tmp_path / "whole"
    told(None, whole)
    for number in range(1, 100):
        lake = tmp_path / str(number)
        subprocess.run(["cp", "-a", whole, lake], check=True)
        script = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); from test_eraser import *; end_at({number}); erase(Path({str(lake)!r}))"
        code = subprocess.run([sys.executable, "-c", script], check=False).returncode
        if code == 0:
            break
        assert code == CRASHED
        assert {"c", "d", "e", "f", "g", "i"} <= {one for (one,) in rows(lake)} <= set("abcdefghi")
        store(lake, [])
        erase(lake)
        assert hits(lake) == [], number
        assert sorted(one for (one,) in rows(lake)) == ["c", "d", "e", "f", "g", "i"], number
    assert number > 8
    assert end_at is not None
