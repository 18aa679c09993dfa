"""Each detection has a page: when it fired, of whom it told, what it finds, and its SQL; the page of alerts leads there and asks none of it."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from eventlake.detections.alerts import Subject, body_of, event_of
from eventlake.detections.detection import load_detections
from eventlake.detections.states import OPENED, RESOLVED, State, Telling
from eventlake.history import Truth
from eventlake.sources import load
from local.detecting.alerting import ORDERS, shop_with_a_wrong_query
from web.conftest import END, MARK, Browser, filled

NAME = "credential_stuffing"
WINDOW = {"from": "-2d", "tz": "UTC"}
DETECTIONS = load_detections(load())


def _alert(key: str, minutes: int, kind: str, told: str) -> bytes:
    """An alert of so long ago."""
    at = END - timedelta(minutes=minutes)
    state = State(key, at, at, at, 12, 12, 1, at, kind == OPENED, {"users_entered": "0"})
    one = DETECTIONS[NAME]
    return body_of(event_of(Subject(one.name, one.title, one.severity), Telling(told, kind, key, state), at, "1", "here"))


def _failure(number: int) -> bytes:
    """Somebody else who failed to log in from one address a moment ago."""
    at = f"{END - timedelta(minutes=5):%Y-%m-%dT%H:%M:%S.000Z}"
    data = {"date": at, "type": "fp", "ip": "198.51.100.7", "user_name": f"user{number}@example.com", "log_id": f"l{number}"}
    envelope = {"id": f"e{number}", "source": "aws.partner/auth0.com/x/auth0.logs", "detail-type": "Auth0 log", "time": at}
    return json.dumps({**envelope, "detail": {"log_id": f"l{number}", "data": data}}).encode()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Two alerts of a detection, one of them resolved and one of a stranger's key, and eleven users tried just now."""
    folder = tmp_path_factory.mktemp("alerts")
    alerts = [
        _alert("192.0.2.1", 600, OPENED, "t1"),
        _alert("192.0.2.1", 600, OPENED, "t1"),
        _alert("192.0.2.1", 200, RESOLVED, "t2"),
        _alert(MARK, 90, OPENED, "t3"),
    ]
    return Browser(folder, filled(folder, [*alerts, *map(_failure, range(11))]), Truth(0))


def test_page_shows_when_it_fired_and_of_whom_it_told(browser: Browser) -> None:
    """What was delivered twice counts once; a key is text, whoever chose it."""
    fired = browser.get(f"/tiles/{NAME}-fired.json", WINDOW).rows()
    assert [row["alerts"] for row in fired] == [1, 1]
    told = browser.get(f"/tiles/{NAME}-told.json", WINDOW).rows()
    assert [(row["key"], row["resolved"] is None, row["events"]) for row in told] == [(MARK, True, 12), ("192.0.2.1", False, 12)]
    page = browser.get(f"/detection/{NAME}", WINDOW)
    assert page.status == 200
    assert "Many users tried from one address" in page.text
    assert "Block the address" in page.text
    assert MARK not in page.text


@pytest.mark.slow
def test_page_shows_what_it_finds_at_the_windows_end(browser: Browser) -> None:
    """With other thresholds, if the address says some."""
    rows = browser.get(f"/tiles/{NAME}-found.json", WINDOW).rows()
    assert [(row["key"], row["events"]) for row in rows] == [("198.51.100.7", 11)]
    assert browser.get(f"/tiles/{NAME}-found.json", {**WINDOW, "users": "12"}).rows() == []


@pytest.mark.parametrize(("since", "bar"), [("-30d", "a day"), ("-7d", "an hour"), ("-6h", "a quarter of an hour")])
def test_page_says_what_a_bar_is(browser: Browser, since: str, bar: str) -> None:
    """Which is chosen by how long the window is."""
    page = browser.get(f"/tiles/{NAME}-fired", {**WINDOW, "from": since}).text
    assert f"Alerts that opened. Each bar is {bar}." in page


def test_page_of_alerts_leads_to_every_detection_and_asks_none(browser: Browser) -> None:
    """Nothing is asked of the tables of logins until a detection is looked at."""
    page = browser.get("/alerts", WINDOW).text
    assert all(f'href="/detection/{name}' in page for name in DETECTIONS)
    assert "auth0_logs" not in page
    assert browser.get("/detection/credential_stufing").status == 404


def test_its_sql_is_a_form_on_the_page_for_sql(browser: Browser) -> None:
    """With a field for each threshold."""
    page = browser.get("/sql", {"query": f"detections/{NAME}", "show": "1"}).text
    assert 'name="users"' in page
    assert "Many users tried from one address" in page


def test_what_cannot_be_read_is_left_out_and_named_beside_the_list(tmp_path: Path) -> None:
    """A detection and a saved query; the pages are there, with the others and the sentence."""
    shop = shop_with_a_wrong_query(tmp_path / "own")
    (shop / "detections" / "urgent.sql").write_text(ORDERS.replace("severity high", "severity urgent"), "utf-8")
    browser = Browser(tmp_path / "lake", filled(tmp_path / "lake", [], [tmp_path / "own"]), Truth(0))
    query, detection = "shop/queries/first.sql: the parameter", "shop/detections/urgent.sql: "

    shown = {path: browser.get(path) for path in ("/sql", "/source/shop", "/alerts", "/source/auth0")}
    assert {got.status for got in shown.values()} == {200}
    said = {path: [where for where in (query, detection) if where in got.text] for path, got in shown.items()}
    assert said == {"/sql": [query, detection], "/source/shop": [query], "/alerts": [detection], "/source/auth0": []}
    assert all("second" in shown[path].text for path in ("/sql", "/source/shop"))
    assert "credential_stuffing" in shown["/alerts"].text
