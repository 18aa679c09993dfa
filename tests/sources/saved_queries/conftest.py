"""Two lakes filled with invented history through the whole flow, with the truth about it, for the tests of the saved queries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any

import pytest

from eventlake.history import History, Truth
from eventlake.history.history import SYSTEMS
from eventlake.history.timeline import DAY, moment_of
from eventlake.history.truth import Execution
from eventlake.lake import Lake
from eventlake.local.folder import open_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.query.saved import load_saved, render
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
"""The moment at which the questions are asked: the end of the history, in the middle of an hour."""

SOURCES = load()
SAVED = load_saved(SOURCES)


class _Fixed:
    """A clock that stands still."""

    def now(self) -> datetime:
        """The end of the history."""
        return END


class World:
    """A lake, the truth about what is in it, and the words in which tests compare both."""

    def __init__(self, lake: Lake, truth: Truth) -> None:
        self.lake = lake
        self.truth = truth
        self.end = moment_of(END)

    def ask(self, name: str, **parameters: int | str) -> list[dict[str, Any]]:
        """The answer of a saved query, a dict for each row."""
        result = self.lake.engine.query(render(SAVED[name], parameters))
        return [dict(zip(result.columns, row, strict=True)) for row in result.rows]

    def since(self, days: int) -> int:
        """The first moment that a question about the last days sees."""
        return self.end - days * DAY

    def executions(self, days: int, pipeline: str = "") -> Iterator[tuple[Execution, list[tuple[str, int]]]]:
        """Executions of a pipeline, or of all, with the states they reached in the last days."""
        for execution in self.truth.executions:
            states = [(state, at) for state, at in execution.states if at >= self.since(days)]
            if states and pipeline in {"", execution.pipeline}:
                yield execution, states

    @staticmethod
    def time(moment: int | None) -> datetime | None:
        """A moment as answers show it."""
        return None if moment is None else datetime(1970, 1, 1) + timedelta(milliseconds=moment)  # noqa: DTZ001  Athena's timestamp has no zone

    @staticmethod
    def minutes(start: int, end: int) -> int:
        """Whole minutes between two moments."""
        return (end - start) // 60_000

    @staticmethod
    def rounded(value: float, digits: int = 1) -> Any:  # pytest's approx has no public type
        """What equals a value that was rounded to so many digits."""
        return pytest.approx(value, abs=0.5 * 10**-digits + 1e-9)

    @staticmethod
    def is_percentile(answer: float, values: Iterable[float], share: float) -> bool:
        """Whether an answer is a value at this percentile, or next to it: Athena's percentiles are approximate."""
        ordered = sorted(values)
        place = ceil(share * len(ordered)) - 1
        return ordered[max(place - 1, 0)] <= answer <= ordered[min(place + 1, len(ordered) - 1)]


def _fill(folder: Path, history: Iterable[tuple[datetime, bytes]], log_format: str) -> Lake:
    """Bring events into a lake, three days' events at a time."""
    arrival = [END]
    with Importer(folder, SOURCES, now=lambda: arrival[0], log_format=log_format) as importer:
        for _, told in groupby(history, key=_days):
            events: Sequence[tuple[datetime, bytes]] = list(told)
            arrival[0] = events[-1][0]
            assert all(outcome.code is None for outcome in importer.accept([Item(1, body) for _, body in events]))
            importer.deliver_due()
        importer.deliver()
    return open_lake(folder, SOURCES, _Fixed())


def _days(told: tuple[datetime, bytes]) -> int:
    return told[0].toordinal() // 3


@pytest.fixture(
    scope="session",
    params=[(1, 0.2, "parquet"), pytest.param((2, 0.4, "json"), marks=pytest.mark.slow)],
    ids=["seed 1, parquet", "seed 2, json"],
)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    """24 days of history, in which some events are delivered twice; a second, larger one where tests may be slow."""
    seed, scale, log_format = request.param
    history = History(seed, END - timedelta(days=24), END, scale, users=120, duplicates=0.15)
    lake = _fill(tmp_path_factory.mktemp("lake"), history, log_format)
    return World(lake, history.truth)


@pytest.fixture(scope="session")
def plain_and_repeated(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, World]:
    """A history of every source, and the same one sent three times with a copy of a year before beside it."""
    events = [(at, json.loads(body)) for at, body in History(3, END - timedelta(days=24), END, 0.2, users=80, duplicates=0.05)]
    events = _as_before_2023([*events, *_samples_of_other_sources()])
    once = [(at, _body(event)) for at, event in events]
    again = [(END, _body(event)) for _, event in reversed(events)]
    of_last_year = [(END, _body(_a_year_older(event))) for _, event in events]
    repeated = [*once, *of_last_year, *again, *((END, body) for _, body in once)]
    plain_lake = _fill(tmp_path_factory.mktemp("plain"), once, "parquet")
    repeated_lake = _fill(tmp_path_factory.mktemp("repeated"), repeated, "parquet")
    return World(plain_lake, Truth(moment_of(END))), World(repeated_lake, Truth(moment_of(END)))


def _as_before_2023(events: Sequence[tuple[datetime, dict[str, Any]]]) -> list[tuple[datetime, dict[str, Any]]]:
    """Take the ids of runs from a third of the actions, and of some entries of Auth0 the id of the log."""
    made = []
    for number, (at, event) in enumerate(events):
        detail = dict(event["detail"])
        if sum(detail.get("execution-id", "0").encode()) % 3 == 0:
            detail = {key: value for key, value in detail.items() if key not in {"action-execution-id", "start-time"}}
        if "data" in detail and number % 50 == 0:
            detail = {"data": {key: value for key, value in detail["data"].items() if key not in {"log_id", "_id"}}}
        made.append((at, {"id": f"{number:032x}", **event, "detail": detail}))
    return made


def _samples_of_other_sources() -> list[tuple[datetime, dict[str, Any]]]:
    """Return the samples that the generator does not tell of, a minute apart in the last hours, each as two events of one second."""
    others = [source for source in SOURCES if source.name not in SYSTEMS]
    found = [read_sample(source, name) for source in others for name in names(source)]
    moved = [json.loads(sample.event) for sample in found if sample.lines]
    times = [END - timedelta(hours=3) + timedelta(minutes=number) for number in range(len(moved))]
    return [
        (at, {**event, "id": f"{number} at {at}", "time": f"{at:%Y-%m-%dT%H:%M:%SZ}"})
        for at, event in zip(times, moved, strict=True)
        for number in range(2)
    ]


def _a_year_older(event: dict[str, Any]) -> dict[str, Any]:
    """Return the event with its ids, a year before: what a replayed archive or a late export brings."""
    older = {**event, "time": event["time"].replace("2026-", "2025-")}
    if "data" in event["detail"]:
        older["detail"] = {
            **event["detail"],
            "data": {**event["detail"]["data"], "date": event["detail"]["data"]["date"].replace("2026-", "2025-")},
        }
    return older


def _body(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


@pytest.fixture
def world_of(tmp_path: Path) -> Callable[[Iterable[tuple[float, dict[str, Any]]]], World]:
    """Makes a world of a few events, each with how many hours ago it came; nothing is known about them."""

    def make(events: Iterable[tuple[float, dict[str, Any]]]) -> World:
        told = [(END - timedelta(hours=hours), event) for hours, event in events]
        bodies = [
            (at, json.dumps({"time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "id": str(number), **event}).encode())
            for number, (at, event) in enumerate(told)
        ]
        return World(_fill(tmp_path, bodies, "json"), Truth(moment_of(END)))

    return make
