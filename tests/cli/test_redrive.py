"""`failed redrive`: what could not be stored is tried again, shown before it is done, and counted so that it adds up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventlake.cli import run
from eventlake.local.lock import LakeLock

DECLARATION = """
name = "shop"
title = "The shop"
doc = "Orders."
reference = "https://example.com/orders"
database = "shop_event_logs"

[[table]]
name = "order_placed"
doc = "One log line for each order."
pattern = { source = ["shop.orders"], detail-type = ["Order Placed"] }
columns = [{ name = "amount", type = "bigint", from = "$.detail.amount", doc = "In cents." }]
"""


def order(identity: str, kind: str) -> str:
    """An event of the shop."""
    return json.dumps(
        {"id": identity, "source": "shop.orders", "detail-type": kind, "time": "2026-10-03T22:00:00Z", "detail": {"amount": 7}}
    )


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Path:
    """A lake with two orders that no rule wanted, another event of the shop and something that is no event; its source is declared since."""
    monkeypatch.chdir(tmp_path)
    events = [order("a", "Order Placed"), order("b", "Order Placed"), order("c", "Order Lost"), "no event"]
    (tmp_path / "events.jsonl").write_text("\n".join(events))
    run(["send", "events.jsonl", "--lake", "lake"])
    (tmp_path / "sources/shop").mkdir(parents=True)
    (tmp_path / "sources/shop/source.toml").write_text(DECLARATION)
    monkeypatch.setenv("EVENTLAKE_SOURCES", "sources")
    monkeypatch.setenv("EVENTLAKE_LAKE", "lake")
    capfd.readouterr()
    return tmp_path / "lake"


def answer(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """The rows of the last command."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_a_dry_run_shows_the_row_that_each_kind_becomes_and_changes_nothing(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Beside the reason that it has."""
    with_lock = LakeLock(lake)
    assert run(["failed", "redrive", "--dry-run"]) == 0
    shown = {row["shape"]: row for row in answer(capfd)}
    with_lock.release()

    orders = shown["shop.orders: Order Placed"]
    assert (orders["events"], orders["becomes"], orders["code"]) == (2, "order_placed", "NoRuleMatched")
    assert json.loads(str(orders["row"]))["amount"] == 7
    assert (shown["shop.orders: Order Lost"]["becomes"], shown["not JSON"]["becomes"]) == ("NoRuleMatched", "NotJson")
    run(["failed"])
    assert len(answer(capfd)) == 4


def test_the_counts_add_up(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By table and reason, and in a sentence; that one still fails is the exit code."""
    assert run(["failed", "redrive", "--stream", "unmatched"]) == 1
    captured = capfd.readouterr()

    (counted,) = [json.loads(line) for line in captured.out.splitlines()]
    assert (counted["failed"], counted["redriven"], counted["still_failing"], counted["into"]) == (3, 2, 1, "order_placed")
    assert "3 failed = 2 redriven + 1 still failing." in captured.err
    run(["failed"])
    assert len(answer(capfd)) == 2
    run(["failed", "--all"])
    assert sorted(str(row["into"]) for row in answer(capfd)) == ["None", "None", "order_placed", "order_placed"]
    run(["query", "select event_id, amount from order_placed order by 1"])
    assert answer(capfd) == [{"event_id": "a", "amount": 7}, {"event_id": "b", "amount": 7}]


def test_a_record_that_was_redriven_says_so(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Where it is shown, and where it is named again."""
    run(["failed"])
    identity = next(str(row["id"]) for row in answer(capfd) if "Order Placed" in str(row["reason"]))
    assert run(["failed", "redrive", identity[:12]]) == 0
    capfd.readouterr()

    assert run(["failed", "redrive", identity]) == 252
    assert capfd.readouterr().err == f'"{identity}" was redriven into order_placed already.\n'
    run(["failed", "show", identity])
    (shown,) = answer(capfd)
    assert shown["into"] == "order_placed"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--since", "yesterday"], '"yesterday" is no time: write YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC.'),
        (["zzz"], '"zzz" is no failed event; `eventlake failed` lists them.'),
        (["--stream", "unmached"], 'There is no table "unmached". Did you mean "unmatched"? `eventlake tables` lists them.'),
        (
            ["--dry-run", "--table", "orders_placed"],
            'There is no table "orders_placed". Did you mean "order_placed"? `eventlake tables` lists them.',
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(lake: Path, words: list[str], says: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A time that is none, an id that is none, a table that is none."""
    assert run(["failed", "redrive", *words]) == 252
    assert capfd.readouterr().err == f"{says}\n"


def test_a_lake_that_a_bus_writes_is_refused(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The sentence names who writes it."""
    lock = LakeLock(lake)
    code = run(["failed", "redrive"])
    lock.release()

    assert code != 0
    assert "lake" in capfd.readouterr().err
