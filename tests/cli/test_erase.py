"""`erase`: what is shown, what is asked, and what is refused."""

from __future__ import annotations

import json
import sys
from io import StringIO
from pathlib import Path

import pytest

from eventlake.cli import run
from eventlake.cli.erase_on_aws import coming
from eventlake.local import room
from eventlake.local.lock import LakeLock

sys.path.insert(0, str(Path(__file__).parent.parent))
from closing_lake import PAST, copied, event, rows, store

ANNA = "auth0|5f7c8e"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with a row of hers and one of somebody else's, which tests copy."""
    lake = tmp_path_factory.mktemp("whole") / "lake"
    store(lake, [(PAST, [event("a", PAST, **{"execution-id": ANNA}), event("b", PAST)])])
    return lake


@pytest.fixture
def lake(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return copied(whole, tmp_path / "lake")


def test_a_dry_run_lists_what_would_go_and_changes_nothing(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Objects with the rows in them, and every other file."""
    assert run(("erase", "--user", ANNA, "--dry-run", "--lake", str(lake))) == 0

    first, *others = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["table"], first["own_rows"], first["mentions"]) == ("pipeline_execution_state_change", 1, 0)
    assert [one["file"].split("/")[0] for one in others] == ["spool"]
    assert len(rows(lake)) == 2


def test_it_is_done_with_yes_and_says_what_was(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And where the certificate lies."""
    assert run(("erase", "--user", ANNA, "--yes", "--lake", str(lake))) == 0

    said = capsys.readouterr().err
    assert "1 row erased, 0 rows edited, 0 failed records erased; 1 object rewritten." in said
    assert next(iter((lake / "erasures").iterdir())).name in said
    assert rows(lake) == [("b",)]
    assert run(("erase", "--user", ANNA, "--lake", str(lake))) == 0
    assert "Nothing in the lake names the person" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--user", ANNA), "add --yes"),
        ((), "Say whom to erase"),
        (("--user", "anna", "--yes"), "too short"),
        (("--user", ANNA, "--yes", "--wait", "5"), "--wait is for a lake on AWS"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_sentence(
    lake: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is changed."""
    monkeypatch.setattr("sys.stdin", StringIO())
    assert run(("erase", *words, *(() if "--lake" in words else ("--lake", str(lake))))) != 0
    assert said in capsys.readouterr().err
    assert len(rows(lake)) == 2


def test_beside_a_bus_it_looks_and_asks_before_any_delivery_waits(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run needs no lock, and a question keeps nobody waiting."""
    bus = LakeLock(lake, shares=True)
    try:
        assert run(("erase", "--user", ANNA, "--dry-run", "--lake", str(lake))) == 0
        assert run(("erase", "--user", ANNA, "--lake", str(lake))) == 252
        assert "add --yes" in capsys.readouterr().err
        assert run(("erase", "--user", "auth0|nobody", "--lake", str(lake))) == 0
        assert "Nothing in the lake names the person" in capsys.readouterr().err
    finally:
        bus.release()


def test_where_the_bus_makes_no_room_nothing_is_changed(
    lake: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sentence says what to do."""
    monkeypatch.setattr(room, "PATIENCE_S", 0.0)
    bus = LakeLock(lake, shares=True)
    try:
        assert run(("erase", "--user", ANNA, "--yes", "--lake", str(lake))) == 253
    finally:
        bus.release()
    assert "has not delivered what it accepted within 0 seconds, and nothing is changed" in capsys.readouterr().err
    assert len(rows(lake)) == 2


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        pytest.param({"Tombstones": "on", "KeepRawEvents": "no"}, [], id="neither"),
        pytest.param({"Tombstones": "off"}, ["makes a row again: deploy the lake with Tombstones=on"], id="rows"),
        pytest.param({"Tombstones": "on", "KeepRawEvents": "yes"}, ["below raw/ as they came"], id="raw copies"),
        pytest.param({}, [], id="not known"),
    ],
)
def test_it_says_what_a_lake_on_aws_keeps_of_who_comes_back(parameters: dict[str, str], said: list[str]) -> None:
    """By the parameters of its stack."""
    assert [part in sentence for part, sentence in zip(said, coming(parameters), strict=True)] == [True] * len(said)


def test_tombstones_are_listed_and_end(lake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The list names nobody."""
    assert run(("erase", "--user", ANNA, "--yes", "--lake", str(lake))) == 0
    capsys.readouterr()
    assert run(("tombstones", "--lake", str(lake))) == 0
    (one,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert one["until"] is None
    assert ANNA not in str(one)

    assert run(("tombstones", "remove", "--user", ANNA, "--from", "2027-01-01", "--lake", str(lake))) == 0

    assert "from 2027-01-01T00:00:00Z on is kept again" in capsys.readouterr().err
    assert run(("tombstones", "--lake", str(lake))) == 0
    assert json.loads(capsys.readouterr().out)["until"] == "2027-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Say whose tombstones are to end"),
        (("--user", "auth0|nobody"), "has no tombstone"),
        (("--user", ANNA, "--from", "soon"), "soon"),
    ],
)
def test_no_tombstone_ends_that_is_not_there(lake: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A sentence says why."""
    assert run(("tombstones", "remove", *words, "--lake", str(lake))) == 252
    assert said in capsys.readouterr().err
    assert run(("tombstones", "--lake", str(lake))) == 0
    assert "Nobody was erased from this lake." in capsys.readouterr().err


NESTED = """
name = "shop"
title = "Shop"
doc = "Orders."
reference = "https://example.com/"
database = "shop_event_logs"

[[table]]
name = "orders"
doc = "One log line for each order."
pattern = { source = ["com.shop"] }
columns = [
  { name = "sizes", type = "array<array<int>>", from = "$.detail.sizes", doc = "A list of lists." },
  { name = "names", type = "array<array<string>>", from = "$.detail.names", doc = "A list of lists of texts." },
  { name = "buyer", type = "struct<mail:string>", from = "$.detail.buyer", doc = "A row." },
  { name = "mails", type = "map<string,string>", from = "$.detail.mails", doc = "A map." },
]
"""


@pytest.mark.parametrize("at", ["names", "buyer", "mails"])
def test_a_person_is_erased_from_lists_of_lists_rows_and_maps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], at: str
) -> None:
    """Also where a column beside them is a list of lists."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTLAKE_LAKE", "lake")
    monkeypatch.setenv("EVENTLAKE_SOURCES", "sources")
    Path("sources/shop").mkdir(parents=True)
    Path("sources/shop/source.toml").write_text(NESTED)
    mail = "siobhan.o'neil@example.org"
    value = {"names": [["x", mail]], "buyer": {"mail": mail}, "mails": {"to": mail}}[at]
    detail = {"sizes": [[1, 2], [3]], at: value}
    Path("order.json").write_text(
        json.dumps({"id": "o-1", "source": "com.shop", "detail-type": "Order", "time": "2026-11-20T10:00:00Z", "detail": detail})
    )
    assert run(["send", "order.json"]) == 0
    capfd.readouterr()

    assert run(["mentions", "--email", mail]) == 0
    assert [json.loads(line)["count"] for line in capfd.readouterr().out.splitlines() if '"rows"' in line] == [1]
    assert run(["erase", "--email", mail, "--yes"]) == 0
    capfd.readouterr()
    assert run(["query", "select * from orders"]) == 0
    (row,) = map(json.loads, capfd.readouterr().out.splitlines())
    assert row["sizes"] == [[1, 2], [3]]
    assert "neil" not in json.dumps(row)
    assert "[erased]" in json.dumps(row[at])
