"""Every statement of `attacks.jsonl` through the product: what a stranger may type.

escape: reads, writes, connects, changes or reveals; exhaust: takes memory or time.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import pytest

from by_day import one_in
from eventlake.errors import CorruptObjectError, QueryError
from query.box.watching import ATTACKS, MEMORY_MB, SECRET, Place

PRIVATE = {SECRET, os.environ.get("PATH", SECRET), socket.gethostname() or SECRET, "root:x:", "duckdb.org", "site-packages"}


def answered(place: Place, sql: str, layers: tuple[str, ...]) -> str:
    """Return what a statement is told, rows or sentence."""
    engine = place.engine(layers)
    try:
        said = str(engine.query(sql).rows)
    except (QueryError, CorruptObjectError) as error:
        said = str(error)
    engine.close()
    return said


@pytest.mark.parametrize("attack", one_in(8, ATTACKS), ids=lambda attack: str(attack["name"]))
def test_an_attack_reaches_nothing_and_ends(place: Place, attack: dict[str, Any]) -> None:
    """Nothing is read, written or revealed, its process stays below its memory and is gone, and after one that exhausts the next query answers."""
    before, known = place.state(), len(place.zygote.workers)
    sql = place.text(attack)

    said = answered(place, sql, place.cell().layers)

    assert place.state() == before
    assert not [word for word in (*PRIVATE, str(place.root)) if word in said and word not in sql]
    for worker in place.zygote.workers[known:]:
        assert worker.end is not None
        assert worker.end.peak_mb < MEMORY_MB
    if attack["kind"] == "escape":
        return
    engine = place.engine(seconds=120)
    assert engine.query("select count(*) from auth0_logs").rows == [(2000,)]
    engine.close()


@pytest.mark.parametrize("attack", one_in(8, (one for one in ATTACKS if one["kind"] == "escape")), ids=lambda attack: str(attack["name"]))
def test_the_translation_alone_lets_nothing_through(place: Place, attack: dict[str, Any]) -> None:
    """With every other layer switched off, a statement still reads and writes nothing outside and reveals nothing."""
    before, sql = place.state(), place.text(attack)

    said = answered(place, sql, ())

    assert place.state() == before
    assert not [word for word in (*PRIVATE, str(place.root)) if word in said and word not in sql]
