"""Closers that are throttled, or two at once: nothing is lost, nothing is there twice, and readers see the old hour or the new one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from aws.closable import TABLE, Closable

pytestmark = pytest.mark.java

CALLS = [
    "athena:GetQueryExecution",
    "athena:GetQueryResults",
    "athena:StartQueryExecution",
    "glue:CreatePartition",
    "glue:GetPartitions",
    "glue:UpdatePartition",
]
"""All that the function asks of Glue and Athena."""


@contextmanager
def throttled(closes: Closable, share: float) -> Iterator[None]:
    """Let a share of the calls of Glue and Athena be refused for a while."""
    throttle(closes, share)
    try:
        yield
    finally:
        throttle(closes, 0.0)


def throttle(closes: Closable, share: float) -> None:
    """Let a share of the calls of Glue and Athena be refused from now on."""
    for action in CALLS:
        data = {"MetricName": "ThrottledShare", "Dimensions": [{"Name": "Action", "Value": action}], "Value": share}
        closes.lake.aws.service("cloudwatch").put_metric_data(Namespace="Emulator", MetricData=[data])


def test_throttled_calls_lose_nothing(closes: Closable) -> None:
    """A tenth of them: days are closed by the very call that is throttled, or the next time; each event is there all the time."""
    days = ["2026-09-02", "2026-09-06", "2026-09-10"]
    for day in days:
        closes.fill(f"{day.replace('-', '/')}/05", closes.seed(3), "a", "b")
    with throttled(closes, 0.1):
        closes.close(table=TABLE)
    assert [closes.counts(day)["05"][1] for day in days] == [3, 3, 3]

    assert closes.close(table=TABLE)["failed"] == []

    assert [closes.counts(day) for day in days] == [{"05": (3, 3)}] * 3


def test_of_two_closers_at_once_one_closes(closes: Closable) -> None:
    """Each time; who came second leaves nothing that readers see, and nothing fails."""
    for number in range(3):
        day = f"2026-11-{2 + 4 * number:02d}"
        closes.fill(f"{day.replace('-', '/')}/05", closes.seed(4), "a", "b")
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: closes.close(table=TABLE), range(2)))

        assert sum(len(answer["closed"]) for answer in answers) == 1
        assert [answer["failed"] for answer in answers] == [[], []]
        assert closes.counts(day) == {"05": (4, 4)}
