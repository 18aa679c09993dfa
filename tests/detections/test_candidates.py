"""Long windows that are looked at first: nothing is missed by them, and little is left to be asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import chain

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.candidates import SPAN, Candidates, candidates
from eventlake.detections.cases import read_cases
from eventlake.detections.detection import Detection, load_detections
from eventlake.detections.evaluating import evaluate
from eventlake.detections.repeating import LEAST, MOST_LETTERS
from eventlake.detections.sliding import moments_of, slid
from eventlake.errors import QueryLimitError
from eventlake.history import History
from eventlake.interfaces import Result
from eventlake.local.trial import trial_lake
from eventlake.sources import load

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
DETECTIONS = {name: one for name, one in load_detections(load()).items() if one.per}
STUFFING = DETECTIONS["credential_stuffing"]
DAY = moments_of(STUFFING, END - timedelta(days=1), END)


@dataclass
class Finding:
    """An engine that finds these keys in the window whose moments begin then, and keeps what it is asked."""

    keys: Sequence[object]
    at: datetime = DAY[0]
    refusals: int = 0
    asked: list[str] = field(default_factory=list)

    def query(self, sql: str, *, repeats: bool) -> Result:
        """Return a row for each key, and one of nobody."""
        self.asked.append(sql)
        if len(self.asked) <= self.refusals:
            raise QueryLimitError("The query needs more than 1024 MB of memory.")
        return Result(("at", "key"), (), [(self.at.replace(tzinfo=None), key) for key in (*self.keys, None)])


def test_moments_whose_long_window_holds_something_are_left() -> None:
    """All of them, and the keys that it holds."""
    found = candidates(STUFFING, Finding(["b", "a"]), DAY, None)
    assert found == Candidates([moment for moment in DAY if moment < DAY[0] + SPAN], ["a", "b"])
    assert candidates(STUFFING, Finding([]), DAY, None) == Candidates([], [])


@pytest.mark.parametrize("keys", [["a" * (MOST_LETTERS + 1)], [7]], ids=["many", "numbers"])
def test_keys_that_cannot_be_named_leave_everything(keys: list[object]) -> None:
    """Too many, or no texts."""
    assert candidates(STUFFING, Finding(keys), DAY, None) is None


@pytest.mark.parametrize(
    ("detection", "moments"),
    [
        (STUFFING, DAY[:: 12 * 12]),
        (replace(STUFFING, history=SPAN + timedelta(days=1), briefly=timedelta(days=1, minutes=1)), DAY),
    ],
    ids=["few moments", "a history shorter than the window"],
)
def test_where_long_windows_tell_too_little_nothing_is_asked_of_them(detection: Detection, moments: Sequence[datetime]) -> None:
    """It is asked of everything at once."""
    asked = Finding(["a"])
    assert candidates(detection, asked, moments, None) is None
    assert asked.asked == []


def test_long_windows_that_need_too_much_are_asked_in_slices() -> None:
    """As moments are."""
    month = moments_of(STUFFING, END - timedelta(days=30), END)
    asked = Finding([], refusals=1)
    assert candidates(STUFFING, asked, month, None) == Candidates([], [])
    assert len(asked.asked) == 1 + -(-len(month[:: SPAN // STUFFING.every]) // LEAST)


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBEngine]:
    """Ten days with incidents, events that come twice, and what the tests of these detections hold, each in an hour of its own."""
    sources, incidents = load(), ("credential stuffing", "takeover", "impossible travel")
    history = History(1, END - timedelta(days=10), END, 0.05, users=100, incidents=incidents, duplicates=0.05)
    cases = [case for one in DETECTIONS.values() for case in read_cases(one, sources)]
    clocks = [END - timedelta(hours=hours) for hours in range(len(cases))]
    tried = (event.at(at, f"{at} {place}") for at, case in zip(clocks, cases, strict=True) for place, event in enumerate(case.events))
    with trial_lake(sources, chain(history.lines(), tried)) as engine:
        yield engine


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(DETECTIONS))
def test_what_is_found_is_what_each_moment_finds(engine: DuckDBEngine, name: str) -> None:
    """As where all rows are asked for at all moments; and as each of some moments finds alone."""
    detection = DETECTIONS[name]
    moments = moments_of(detection, END - timedelta(days=5), END)
    found = dict(slid(detection, engine, moments))
    assert found == dict(slid(replace(detection, per=""), engine, moments))
    some = [moment for moment in moments if found[moment]][:2]
    assert some
    assert [found[moment] for moment in some] == [list(evaluate(detection, engine, moment)) for moment in some]
