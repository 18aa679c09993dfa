"""A bus that runs detections: alerts within a minute, none with --no-detections, and an end at once."""

from __future__ import annotations

import fcntl
import json
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alert_kills import alerts_of, made, orders, send, serving, told_in
from eventlake.local.detecting.memory import Memory
from eventlake.local.examine import check_lake
from local.detecting.alerting import ORDERS

pytestmark = pytest.mark.slow

_AT_ONCE_S = 50.0
"""Sooner than a command is ended that hangs for a minute, however slow the machine is."""


def _until(what: Callable[[], bool], patience_s: float = 180.0) -> float:
    """Wait for something, three ticks at most; how long it took."""
    begun = time.monotonic()
    while not what():
        assert time.monotonic() - begun < patience_s
        time.sleep(0.1)
    return time.monotonic() - begun


def _health(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{url}/healthz") as answer:
        return dict(json.loads(answer.read()))


def test_orders_become_an_alert_that_a_sink_is_told_of(tmp_path: Path) -> None:
    """Beside a detection that fails, which is counted and named, and stops no other; SIGTERM ends it all."""
    broken = ORDERS.replace("count(distinct event_id) >= :least", "cast(max(who) as bigint) >= :least")
    lake, sources = made(tmp_path, {"a_broken": broken, "many_orders": ORDERS})
    with serving(lake, sources) as (bus, url):
        send(url, orders("ann", datetime.now(UTC)) * 3)
        _until(lambda: [len(told_in(one)) for one in (lake / "alerts.jsonl", tmp_path / "told")] == [1, 1])
        _until(lambda: _health(url)["detections_failing"] == 1)  # which is said when a look is over
        assert _health(url)["status"] == "ok"
        _until(lambda: len(alerts_of(lake, sources)) == 1)
        bus.send_signal(signal.SIGTERM)
        assert _until(lambda: bus.poll() is not None) < _AT_ONCE_S
        assert bus.returncode == 0
    [(event, key)] = alerts_of(lake, sources)
    assert key == "ann"
    assert told_in(lake / "alerts.jsonl") == told_in(tmp_path / "told") == [(event, "ann")]
    findings = [finding.sentence for finding in check_lake(lake)]
    assert [sentence for sentence in findings if "detection" in sentence] == [
        'The detection "a_broken" cannot run: Not a whole number: ann.'
    ]


def test_a_detection_that_cannot_be_read_keeps_no_bus_down(tmp_path: Path) -> None:
    """It is told once, counted and named, though a sink names it, and the others run."""
    lake, sources = made(tmp_path, {"urgent": ORDERS.replace("severity high", "severity urgent"), "many_orders": ORDERS})
    file = lake / "sinks.toml"
    file.write_text(file.read_text("utf-8").replace('name = "file"', 'name = "file"\ndetections = ["urgent", "many_orders"]'), "utf-8")
    with serving(lake, sources) as (bus, url):
        send(url, orders("ann", datetime.now(UTC)) * 3)
        _until(lambda: len(told_in(lake / "alerts.jsonl")) == 1)
        _until(lambda: _health(url)["detections_failing"] == 1)
        bus.send_signal(signal.SIGTERM)
        _, said = bus.communicate(timeout=60)
    why = 'The detection "urgent" cannot run: shop/detections/urgent.sql: "-- severity urgent" is no severity.'
    assert said.count(why) == 1
    assert next(finding.sentence for finding in check_lake(lake) if "detection" in finding.sentence).startswith(why)


def test_a_sink_that_does_not_answer_holds_up_no_other(tmp_path: Path) -> None:
    """Not even the one after it: here the first waits for what the last is told."""
    lake, sources = made(tmp_path)
    waits = "import os,sys,time\nprint('begun', file=open(sys.argv[2], 'a'))\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.05)"
    argv = json.dumps([sys.executable, "-c", waits, str(lake / "alerts.jsonl"), str(tmp_path / "tries")])
    file = lake / "sinks.toml"
    file.write_text(f'[[sink]]\nname = "waits"\nkind = "command"\nargv = {argv}\n\n{file.read_text("utf-8")}', "utf-8")
    memory = lake / "detections.db"
    with serving(lake, sources) as (_, url):
        send(url, orders("ann", datetime.now(UTC)) * 3)
        _until(lambda: memory.exists() and len(told_in(lake / "alerts.jsonl")) == 1 and not Memory(memory, read_only=True).unaccepted())
        _until(lambda: not Memory(memory, read_only=True).errands("waits", datetime.now(UTC) + timedelta(days=2)))
    assert (tmp_path / "tries").read_text() == "begun\n"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_of_a_sink_ends_with_the_bus(tmp_path: Path, end: signal.Signals) -> None:
    """However the bus ends, and at once: a command that hangs would be there for ever, and another beside it after each start."""
    lake, sources = made(tmp_path)
    held = tmp_path / "held"
    hangs = "import fcntl,sys,time\nfile = open(sys.argv[1], 'w')\nfcntl.flock(file, fcntl.LOCK_EX)\nprint('begun', file=file, flush=True)\ntime.sleep(600)"
    (lake / "sinks.toml").write_text(
        f'[[sink]]\nname = "hangs"\nkind = "command"\nargv = {json.dumps([sys.executable, "-c", hangs, str(held)])}\n', "utf-8"
    )
    with serving(lake, sources) as (bus, url):
        send(url, orders("ann", datetime.now(UTC)) * 3)
        _until(lambda: held.exists() and held.read_text() == "begun\n")
        assert not _is_free(held)
        bus.send_signal(end)
        assert _until(lambda: bus.poll() is not None) < _AT_ONCE_S
        assert _until(lambda: _is_free(held)) < _AT_ONCE_S


def _is_free(held: Path) -> bool:
    with held.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_without_detections_no_process_runs_them(tmp_path: Path) -> None:
    """Nothing is remembered."""
    lake, sources = made(tmp_path)
    with serving(lake, sources, "--no-detections") as (bus, url):
        send(url, orders("ann", datetime.now(UTC)))
        bus.send_signal(signal.SIGTERM)
        assert bus.wait(60) == 0
    assert not (lake / "detections.db").exists()


def test_a_wrong_sink_is_said_before_anything_begins(tmp_path: Path) -> None:
    """In one sentence, without its secret."""
    lake, sources = made(tmp_path)
    (lake / "sinks.toml").write_text('[[sink]]\nname = "x"\nkind = "webhook"\nurl = "http://example.com/s3cr3t"', "utf-8")
    with pytest.raises(SystemExit) as error, serving(lake, sources):
        pass
    assert "begins with https://" in str(error.value)
    assert "s3cr3t" not in str(error.value)
