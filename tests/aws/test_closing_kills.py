"""The closing function ends at any of the steps by which it changes something: the next call finishes, and readers see the old or the new hour."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from aws.closable import PREFIX, TABLE, Closable, of
from aws.killing import Killed, Killing
from aws_lake import client_environment
from eventlake.functions import compaction, deployed

pytestmark = pytest.mark.java


@pytest.fixture
def killing(closes: Closable, monkeypatch: pytest.MonkeyPatch) -> Iterator[Killing]:
    """The function in this process, over the emulator, and what ends it."""
    name = f"{closes.lake.name}-compaction"
    settings = closes.lake.aws.service("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    for key, value in {**client_environment(closes.lake.aws), **settings}.items():
        monkeypatch.setenv(key, value)
    killing, client = Killing(), compaction._client
    monkeypatch.setattr(compaction, "_client", lambda service: killing.watch(client(service), service))
    forget()
    yield killing
    forget()


def forget() -> None:
    """Let the function begin anew, as a container does."""
    compaction._closer.cache_clear()
    deployed.sources.cache_clear()
    deployed.tables.cache_clear()


def killed_at(killing: Killing, step: str, *, is_after: bool) -> None:
    """Run the function until it ends at a step."""
    killing.step, killing.is_after, killing.is_armed, killing.seen = step, is_after, True, []
    with pytest.raises(Killed):
        compaction.handler({"table": TABLE}, None)
    forget()


STEPS = ["StartQueryExecution 1", "StartQueryExecution 2", "PutObject 1", "UpdatePartition 1", "UpdatePartition 1"]
"""Counts, writes, writes down, lets the first hour be seen, and the second: which is then the first that the next attempt shows."""


def test_a_closer_that_ends_anywhere_loses_nothing(closes: Closable, killing: Killing) -> None:
    """Killed before and after each step, one attempt after the other; readers see each event all the time, and the last attempt ends it."""
    closes.close(table=TABLE)
    closes.fill("2025/12/02/05", closes.seed(3), "a", "b")
    closes.fill("2025/12/02/06", closes.seed(2), "a", "b")
    old, new = {"05": (6, 3), "06": (4, 2)}, {"05": (3, 3), "06": (2, 2)}
    swaps = 0
    for step in STEPS:
        for is_after in (False, True):
            killed_at(killing, step, is_after=is_after)
            swaps += step.startswith("Update") and is_after
            shown = ["05", "06"][:swaps]
            assert closes.counts("2025-12-02") == {hour: (new if hour in shown else old)[hour] for hour in old}

    assert of(closes.close(table=TABLE), "hour") == []

    assert closes.counts("2025-12-02") == new
    assert closes.lake.bucket.keys(closes.location("2025/12/02/05")) != []


def test_a_closer_that_ends_between_two_hours_is_finished_by_the_next(closes: Closable, killing: Killing) -> None:
    """One hour is shown, the other is written down: the next call shows it, and closes neither again."""
    closes.fill("2025/12/12/05", closes.seed(3), "a", "b")
    closes.fill("2025/12/12/06", closes.seed(2), "a", "b")
    killed_at(killing, "UpdatePartition 1", is_after=True)
    assert closes.counts("2025-12-12") == {"05": (3, 3), "06": (4, 2)}

    assert of(closes.close(table=TABLE), "hour") == []

    assert closes.counts("2025-12-12") == {"05": (3, 3), "06": (2, 2)}


def test_a_closer_that_ends_while_it_removes_is_finished_by_the_next(closes: Closable, killing: Killing) -> None:
    """What is left of what was replaced goes the next time; nobody reads it meanwhile."""
    closes.fill("2025/12/20/05", closes.seed(3), "a", "b")
    closes.close(table=TABLE)
    closes.age("2025/12/20/05", datetime.now(UTC) - timedelta(days=2))
    for is_after, left in ((False, 2), (True, 1)):
        killed_at(killing, "DeleteObject 1", is_after=is_after)
        assert len(closes.lake.bucket.keys(f"{PREFIX}/2025/12/20/05/")) == left
        assert closes.counts("2025-12-20") == {"05": (3, 3)}

    closes.close(table=TABLE)

    assert closes.lake.bucket.keys(f"{PREFIX}/2025/12/20/05/") == []
    assert closes.counts("2025-12-20") == {"05": (3, 3)}
