"""Failed records tried again: what is right now becomes a row in its own hour, once, whatever stops the process in between."""

from __future__ import annotations

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path

import pytest

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import StorageError
from eventlake.local import crash
from eventlake.local.delivery.checked import FORMATS
from eventlake.local.folder import open_catalog, open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.rebuilding import rebuild
from eventlake.local.redriving import Redriver, Tried, tried, wanted
from eventlake.model import Source
from eventlake.pipeline.failed_records import record_id, told_apart
from eventlake.pipeline.redrive import Filter
from eventlake.sources import load

sys.path.insert(0, str(Path(__file__).parent.parent))
from ended import Ended
from oracle import examine

BUILT_IN = load()
MONTH_AGO = datetime(2026, 10, 3, 22, 50, tzinfo=UTC)
EVERYTHING = Filter()
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
columns = [
  { name = "placed_on", type = "timestamp", from = "$.detail.on", doc = "When it was placed." },
]
"""


@pytest.fixture
def shop(tmp_path: Path) -> tuple[Source, ...]:
    """The built-in sources and one that was declared later."""
    (tmp_path / "sources/shop").mkdir(parents=True)
    (tmp_path / "sources/shop/source.toml").write_text(DECLARATION)
    return load([tmp_path / "sources"])


def order(identity: str, kind: str = "Order Placed", **detail: object) -> bytes:
    """An event of the shop."""
    envelope = {"id": identity, "source": "shop.orders", "detail-type": kind, "time": "2026-10-03T22:00:00Z"}
    return json.dumps({**envelope, "detail": detail}).encode()


def fail(lake: Path, arrivals: Iterable[tuple[datetime, Sequence[bytes]]], log_format: str = "parquet") -> None:
    """Send what nobody wants yet."""
    clock = [MONTH_AGO]
    with Importer(lake, BUILT_IN, now=lambda: clock[0], log_format=log_format) as importer:
        for clock[0], items in arrivals:
            importer.accept([Item(number, data, number) for number, data in enumerate(items, 1)])
            importer.deliver()


def fail_equal(lake: Path) -> None:
    """Send three equal events that nobody wants yet."""
    fail(lake, [(MONTH_AGO, [order("a")] * 3)])


def redrive(lake: Path, sources: Sequence[Source], chosen: Filter = EVERYTHING) -> list[Tried]:
    """Redrive what is chosen, as the command does."""
    with Importer(lake, sources) as importer:
        importer.deliver()
        return list(Redriver(importer.catalog, lake, sources).redrive(wanted(importer.catalog, chosen)))


def orders(lake: Path, sources: Sequence[Source]) -> list[tuple[object, ...]]:
    """The stored orders, with the hour in which they lie."""
    answer = open_lake(lake, sources).engine.query('select event_id, "date", hour from order_placed order by 1')
    return [(row[0], str(row[1]), row[2]) for row in answer.rows]


@pytest.mark.parametrize("log_format", FORMATS)
def test_a_source_declared_later_takes_the_events_of_last_month_to_their_own_hours(
    tmp_path: Path, shop: tuple[Source, ...], log_format: str
) -> None:
    """Those that no rule wanted, the hours in which they happened, whenever they arrived; what no rule wants today stays failed."""
    lake = tmp_path / "lake"
    later = MONTH_AGO + timedelta(hours=2)
    fail(lake, [(MONTH_AGO, [order("a"), order("b", "Order Lost")]), (later, [order("c")])], log_format)

    found = redrive(lake, shop)

    assert [(one.entry.code, one.into) for one in found if one.error is None] == [("NoRuleMatched", "order_placed")] * 2
    assert orders(lake, shop) == [("a", "2026-10-03", "22"), ("c", "2026-10-03", "22")]
    assert [one.code for one in open_catalog(lake).failed()] == ["NoRuleMatched"]
    assert Counter(one.into for one in open_catalog(lake).failed(redriven=True) if one.redriven) == {"order_placed": 2}
    assert examine(lake, ["a", "b", "c"], sent_twice=["a", "c"]) is None  # the failed records are kept


def test_redriving_again_makes_no_row(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """What was redriven is not tried again."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a"), order("b")])])

    assert [len(redrive(lake, shop)) for _ in range(3)] == [2, 0, 0]
    assert [row[0] for row in orders(lake, shop)] == ["a", "b"]


def test_equal_events_are_listed_and_redriven_each_by_itself(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """Those of one request, of which two lie in one object and one in the next; redriving again makes no row."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a"), order("a")]), (MONTH_AGO, [order("a"), order("b")])])
    listed = open_catalog(lake).failed()
    assert len({one.id[:10] for one in listed}) == len(listed) == 4

    assert [len(redrive(lake, shop)) for _ in range(2)] == [4, 0]
    assert [row[0] for row in orders(lake, shop)] == ["a", "a", "a", "b"]


def test_equal_events_keep_their_ids_in_a_catalog_that_is_made_anew(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """The first of them has the one that it has alone; each says its own in its object."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a"), order("a")]), (MONTH_AGO, [order("a")])])
    before = [(one.id, one.key, one.line) for one in open_catalog(lake).failed()]
    assert record_id("unmatched", order("a"), MONTH_AGO) in {identity for identity, _, _ in before}

    rebuild(lake, shop)

    assert [(one.id, one.key, one.line) for one in open_catalog(lake).failed()] == before


@pytest.mark.parametrize("step", range(2, 8))
def test_equal_events_whose_delivery_is_killed_are_listed_as_those_of_one_that_went_well(tmp_path: Path, ended: Ended, step: int) -> None:
    """Whether their object is taken in or delivered anew; from the second step on their group is written."""
    lake = tmp_path / "lake"
    ended(fail_equal, lake, crash_at=step)

    fail(lake, [(MONTH_AGO + timedelta(minutes=1), [order("b")])])

    alone = record_id("unmatched", order("a"), MONTH_AGO)
    assert sorted(one.id for one in open_catalog(lake).failed() if one.arrival == MONTH_AGO) == sorted(told_apart([alone] * 3))


def test_what_still_fails_keeps_its_place_and_gets_its_new_reason(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """An event whose source is declared now, and another detail-type than its table wants; and what never was an event."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a", "Order Lost"), b"[1, 2", b"no event"])])
    before = {one.id: (one.key, one.line) for one in open_catalog(lake).failed()}

    redrive(lake, shop)

    after = open_catalog(lake).failed()
    assert {one.id: (one.key, one.line) for one in after} == before
    assert all(one.redriven is None for one in after)


def test_a_record_that_no_file_can_hold_stays_failed_with_that_reason(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """Its neighbours are redriven."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a", on="2026-10-03T22:00:00Z"), order("b", on="99999-01-01T00:00:00Z"), order("c")])])

    redrive(lake, shop)

    stored = {row[0] for row in orders(lake, shop)}
    failing = open_catalog(lake).failed()
    assert {"a", "c"} <= stored
    assert len(stored) + len(failing) == 3


def test_an_object_whose_source_is_declared_later_is_redriven(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """It comes without an envelope, so it is rejected at first."""
    lake = tmp_path / "lake"
    bare = DECLARATION + '\n[[bare]]\npattern = { placed = [{ exists = true }] }\ninto = "$.detail"\n'
    bare += '[bare.envelope]\nsource = "shop.orders"\ndetail-type = "Order Placed"\ntime = "$.at"\n'
    fail(lake, [(MONTH_AGO, [b'{"placed": "a", "at": "2026-10-03T22:00:00Z"}'])])
    (tmp_path / "sources/shop/source.toml").write_text(bare)

    found = redrive(lake, load([tmp_path / "sources"]))

    assert [one.error for one in found] == [None]
    assert [row[1:] for row in orders(lake, shop)] == [("2026-10-03", "22")]


def test_a_filter_chooses_by_reason_stream_time_and_id(tmp_path: Path) -> None:
    """Records that a damaged spool or a killed process left are tried only by name."""
    lake = tmp_path / "lake"
    later = MONTH_AGO + timedelta(days=1)
    fail(lake, [(MONTH_AGO, [order("a"), b"no event"]), (later, [order("b")])])
    catalog = open_catalog(lake)

    def codes(chosen: Filter) -> list[str]:
        return sorted(one.code for one in wanted(catalog, chosen))

    assert codes(Filter()) == ["NoRuleMatched", "NoRuleMatched", "NotJson"]
    assert codes(Filter(reason="norulematched")) == ["NoRuleMatched", "NoRuleMatched"]
    assert codes(Filter(reason="order placed")) == ["NoRuleMatched", "NoRuleMatched"]
    assert codes(Filter(code="NotJson")) == ["NotJson"]
    assert codes(Filter(code="Not")) == codes(Filter(code="notjson")) == []
    assert codes(Filter(stream="rejected")) == ["NotJson"]
    assert codes(Filter(since_us=round(later.timestamp() * 1_000_000))) == ["NoRuleMatched"]
    assert codes(Filter(ids=(catalog.failed()[0].id[:12],))) == [catalog.failed()[0].code]
    assert not Filter().takes("1", "rejected", "DamagedSpool", "", 0)
    assert Filter(ids=("1",)).takes("1", "rejected", "DamagedSpool", "", 0)


def test_trying_changes_nothing(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """It tells each record's lines, or why it still fails."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a"), order("b", "Order Lost")])])
    catalog = open_catalog(lake)
    before = catalog.failed()

    found = list(tried(wanted(catalog, Filter()), lake, shop))

    assert sorted((one.shape, one.into, one.error.code if one.error else "") for one in found) == [
        ("shop.orders: Order Lost", "", "NoRuleMatched"),
        ("shop.orders: Order Placed", "order_placed", ""),
    ]
    assert catalog.failed() == before


def test_an_object_that_is_missing_stops_no_other(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """Its records stay failed, and say why."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a")]), (MONTH_AGO + timedelta(hours=3), [order("b")])])
    missing = min(open_catalog(lake).failed(), key=lambda one: one.arrival)
    (lake / "objects" / missing.key).unlink()

    redrive(lake, shop)

    assert [row[0] for row in orders(lake, shop)] == ["b"]
    assert [(one.id, one.code) for one in open_catalog(lake).failed()] == [(missing.id, "Unreadable")]


@pytest.mark.parametrize(
    ("log_format", "again"),
    [
        pytest.param("parquet", (0,), marks=pytest.mark.slow),
        pytest.param("parquet", (1, 2, 3), marks=pytest.mark.slow),
        pytest.param("json", (0, 1, 2, 3), marks=pytest.mark.slow),
    ],
)
def test_killed_at_every_step_each_event_is_there_once(
    tmp_path: Path, ended: Ended, shop: tuple[Source, ...], log_format: str, again: Sequence[int]
) -> None:
    """again: the steps at which the process that finishes is killed too, in turns."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a"), order("b")]), (MONTH_AGO + timedelta(hours=1), [order("c")])], log_format)
    steps: list[str] = []
    crash.at_each(steps.append)
    redrive(_copy(lake, tmp_path / "counting"), shop)
    crash.at_each()

    for first, second in zip(range(1, len(steps) + 1), cycle(again), strict=False):
        copy = _copy(lake, tmp_path / f"lake-{first}")
        ended(redrive_shop, copy, crash_at=first)
        if second:
            ended(redrive_shop, copy, crash_at=second)
        redrive(copy, shop)
        assert [row[0] for row in orders(copy, shop)] == ["a", "b", "c"], (steps[first - 1], second)
        assert open_catalog(copy).failed() == []
        assert examine(copy, ["a", "b", "c"], sent_twice=["a", "b", "c"]) is None
        shutil.rmtree(copy)
    assert len(steps) >= 4


def test_a_catalog_made_anew_has_the_redriven_rows(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """Their objects say what they hold, though nothing of it came by way of the spool."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a")])])
    redrive(lake, shop)
    fail(lake, [(MONTH_AGO, [order("z", "Order Lost")])])

    taken = rebuild(lake, shop)

    assert taken.left == ()
    assert [row[0] for row in orders(lake, shop)] == ["a"]


def test_a_record_is_marked_once(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """Whoever tries to bring in what another has brought in changes nothing."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a")])])
    with Importer(lake, shop) as importer:
        entries = wanted(importer.catalog, Filter())
        redriver = Redriver(importer.catalog, lake, shop)
        list(redriver.redrive(entries))
        with pytest.raises(StorageError, match="was redriven already"):
            list(redriver.redrive(entries))

    assert [row[0] for row in orders(lake, shop)] == ["a"]


def test_an_older_catalog_is_listed_and_redriven(tmp_path: Path, shop: tuple[Source, ...]) -> None:
    """Its failed records have no place yet for where they went."""
    lake = tmp_path / "lake"
    fail(lake, [(MONTH_AGO, [order("a")])])
    catalog = SqliteCatalog(lake / "catalog.db")
    of_objects, of_hours = ("strict", "first_us", "last_us"), ("problem", "attempts", "retry_us")
    later = [("failed_record", "redriven_into"), *(("object", name) for name in of_objects), *(("partition", name) for name in of_hours)]
    undone = "".join(f"alter table {table} drop column {name}; " for table, name in later)
    catalog._file.connection.executescript(f"{undone}pragma user_version = 2;")
    catalog.close()

    assert [one.into for one in open_catalog(lake).failed()] == [""]
    redrive(lake, shop)
    assert [row[0] for row in orders(lake, shop)] == ["a"]


def _copy(lake: Path, to: Path) -> Path:
    shutil.copytree(lake, to)
    return to


def redrive_shop(lake: Path) -> None:
    """Redrive what became of the shop, whose declaration lies beside the lake."""
    redrive(lake, load([lake.parent / "sources"]))
