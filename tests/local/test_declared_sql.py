"""What `sources check` finds in the detections and saved queries of a source."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventlake.local.declared_sql import wrongs_in
from eventlake.sources import load
from local.detecting.alerting import ORDERS, SHOP

QUERY = "-- Orders\n-- param n int = 3  how many\nselect who from orders limit :n\n"


def _wrongs(folder: Path, files: dict[str, str | bytes]) -> list[str]:
    """What is wrong with a shop that has these files."""
    for name, content in {"source.toml": SHOP, **files}.items():
        path = folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    sources = load([folder])
    found = wrongs_in([source for source in sources if source.name == "shop"], sources)
    assert {one.source for one in found} <= {"shop"}
    return [str(one) for one in found]


def test_a_source_with_right_detections_and_queries_has_nothing_wrong(tmp_path: Path) -> None:
    """Also with a byte order mark before them, and where a parameter has no value unless it is given."""
    wants = "-- Of whom\n-- param who string  of whom\nselect nonsense from orders where who = :who\n"
    files: dict[str, str | bytes] = {
        "detections/many.sql": b"\xef\xbb\xbf" + ORDERS.encode(),
        "queries/all.sql": b"\xef\xbb\xbf" + QUERY.encode(),
        "queries/of.sql": wants,
    }
    assert _wrongs(tmp_path, files) == []


def test_a_source_without_any_has_nothing_wrong(tmp_path: Path) -> None:
    """No lake is made for it."""
    assert _wrongs(tmp_path, {}) == []


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        (
            "detections/many.sql",
            ORDERS.replace("severity high", "severity urgent"),
            'shop/detections/many.sql: "-- severity urgent" is no severity.',
        ),
        (
            "detections/many.sql",
            ORDERS.replace("Many", "Männer").encode("latin-1"),
            "shop/detections/many.sql: is not UTF-8: byte 4 is 0xe4.",
        ),
        ("detections/many.sql", ORDERS.replace("select who", "select whom"), 'shop/detections/many.sql: There is no column "whom"'),
        ("detections/many.sql", ORDERS.replace("select who", "selekt who"), "shop/detections/many.sql: "),
        (
            "detections/many.sql",
            ORDERS.replace("as last_event", "as last"),
            'shop/detections/many.sql: The detection "many" has no column "last_event"',
        ),
        ("detections/rollback.sql", ORDERS, 'shop/detections/rollback.sql: a detection of codepipeline is named "rollback" already'),
        (
            "queries/all.sql",
            QUERY.replace("= 3", "= abc"),
            'shop/queries/all.sql: the parameter "n" is a whole number of 19 digits at most, not "abc".',
        ),
        ("queries/all.sql", QUERY.replace("Orders", "Aufträge").encode("latin-1"), "shop/queries/all.sql: is not UTF-8: byte 8 is 0xe4."),
        ("queries/all.sql", QUERY.replace("from orders", "from ordered"), 'shop/queries/all.sql: There is no table "ordered"'),
        ("queries/rollbacks.sql", QUERY.replace("who", "whom"), 'shop/queries/rollbacks.sql: There is no column "whom"'),
    ],
)
def test_what_is_wrong_names_the_file(tmp_path: Path, file: str, content: str | bytes, sentence: str) -> None:
    """One sentence each, of what is read and of what the statement asks."""
    [found] = _wrongs(tmp_path, {file: content})
    assert found.startswith(sentence)


def test_a_file_that_cannot_be_opened_is_said(tmp_path: Path) -> None:
    """Such as a folder with the name of one."""
    (tmp_path / "shop/queries/all.sql").mkdir(parents=True)
    assert _wrongs(tmp_path, {}) == ["shop/queries/all.sql: cannot be read: Is a directory."]


def test_the_tests_of_a_detection_are_read_too(tmp_path: Path) -> None:
    """A case without events would be refused before anything is tried."""
    cases = json.dumps({"cases": [{"case": "many", "finds": {}}]})
    [found] = _wrongs(tmp_path, {"detections/many.sql": ORDERS, "detections/many.test.json": cases})
    assert found == 'shop/detections/many.test.json, case 1 "many": says no "events".'
