"""Hours of one object that is sorted and without duplicates close as they are; everything else is written anew, and nothing is there twice."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from eventlake.layout import is_closed_key
from eventlake.local import crash
from eventlake.local.folder import open_catalog
from eventlake.local.rebuilding import rebuild
from eventlake.pipeline import compaction

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from closing_lake import FIRST, RUNS, SOURCES, close, event, rows, states, store
from oracle import examine


def written_anew(lake: Path) -> dict[str, bool]:
    """Return for each hour whether its object was written by a closing."""
    with closing(open_catalog(lake)) as catalog:
        return {str(one.hour): is_closed_key(one.key) for one in catalog.objects(RUNS)}


def stored(lake: Path, arrivals: list[tuple[float, str]]) -> None:
    """Store events named by letters, so many hours after the first, each group in an object of its own; all happened at the same time."""
    store(lake, [(FIRST + timedelta(hours=hours), [event(one) for one in names]) for hours, names in arrivals])


def test_an_hour_whose_object_is_a_closed_one_already_is_not_written_anew(tmp_path: Path) -> None:
    """The object stays in its place; one whose rows lie in disorder is sorted."""
    stored(tmp_path, [(0, "ab"), (1, "e"), (2, "dc")])

    closed = close(tmp_path)

    assert [(one.generation, one.objects_before, one.rows, one.duplicates, one.problem) for one in closed] == [
        (1, 1, 2, 0, ""),
        (1, 1, 1, 0, ""),
        (1, 1, 2, 0, ""),
    ]
    assert written_anew(tmp_path) == {"2026-12-30T10": False, "2026-12-30T11": False, "2026-12-30T12": True}
    assert [row[0] for row in rows(tmp_path) if row[0] in "cd"] == list("cd")
    assert [state[1] for state in states(tmp_path)] == ["closed"] * 3
    assert close(tmp_path) == []
    assert examine(tmp_path, list("abcde")) is None


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arrivals", "anew"),
    [
        ([(0, "aa"), (1, "b")], [True, False]),
        ([(0, "ab"), (1, "bc"), (2, "d")], [True, True, False]),
        ([(0, "a"), (0.5, "b"), (3, "bc"), (4, "d")], [True, True, False]),
        ([(0, "a"), (47, "ab"), (48, "c")], [True, True, False]),
        ([(1, "a"), (1.5, "b"), (60 * 24, "a"), (60 * 24 + 1, "c")], [True, True, False]),
    ],
)
def test_an_hour_with_a_key_that_is_there_twice_is_written_anew(
    tmp_path: Path, arrivals: list[tuple[float, str]], anew: list[bool]
) -> None:
    """In its object, in another hour of one object, in one of several, two months later; each event is there once, other hours stay."""
    stored(tmp_path, arrivals)

    close(tmp_path, FIRST + timedelta(days=70))

    assert list(written_anew(tmp_path).values()) == anew
    assert Counter(row[0] for row in rows(tmp_path)) == Counter({one for _, names in arrivals for one in names})


@pytest.mark.slow
@pytest.mark.parametrize("together", [1, 500])
def test_an_hour_that_holds_what_a_closed_hour_holds_is_written_anew(
    tmp_path: Path, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many are looked at together, and whether the other one was written anew or stayed."""
    monkeypatch.setattr(compaction, "HOURS_TOGETHER", together)
    stored(tmp_path, [(0, "ab"), (1, "c"), (1.1, "d")])
    close(tmp_path)

    stored(tmp_path, [(20, "bx"), (21, "dy"), (22, "z")])
    close(tmp_path)

    assert list(written_anew(tmp_path).values()) == [False, True, True, True, False]
    assert sorted(row[0] for row in rows(tmp_path)) == list("abcdxyz")
    assert [state[5] for state in states(tmp_path)] == [0, 0, 1, 1, 0]


@pytest.mark.slow
def test_what_comes_late_for_an_hour_that_stayed_makes_its_next_generation(tmp_path: Path) -> None:
    """A catalog that is made anew from the objects calls an hour open that stayed, and closes it again."""
    stored(tmp_path, [(0, "ab"), (1, "c")])
    close(tmp_path)
    stored(tmp_path, [(0.5, "bd")])
    assert [state[1:5] for state in states(tmp_path)] == [("dirty", 1, 2, 4), ("closed", 1, 1, 1)]

    close(tmp_path)

    assert [state[1:] for state in states(tmp_path)] == [("closed", 2, 1, 3, 1), ("closed", 1, 1, 1, 0)]
    rebuild(tmp_path, SOURCES)
    assert [state[1:4] for state in states(tmp_path)] == [("closed", 2, 1), ("open", 0, 1)]
    close(tmp_path)
    assert [state[1:4] for state in states(tmp_path)] == [("closed", 2, 1), ("closed", 1, 1)]
    assert Counter(row[0] for row in rows(tmp_path)) == Counter("abcd")


@pytest.mark.slow
def test_a_damaged_or_missing_object_keeps_only_its_own_hour_open(tmp_path: Path) -> None:
    """The hours beside it are closed, whether they stay as they are or not."""
    stored(tmp_path, [(0, "a"), (1, "b"), (2, "c"), (3, "d"), (3, "e")])
    with closing(open_catalog(tmp_path)) as catalog:
        paths = [tmp_path / "objects" / one.key for one in catalog.objects(RUNS)]
    paths[0].write_bytes(paths[0].read_bytes()[:-9] + b"x" * 9)
    paths[3].unlink()

    problems = [one.problem for one in close(tmp_path)]

    assert [bool(one) for one in problems] == [True, False, False, True]
    assert [state[1] for state in states(tmp_path)] == ["open", "closed", "closed", "open"]


class Stopped(BaseException):
    """The process ends here."""


@pytest.mark.slow
def test_a_crash_after_hours_were_closed_as_they_are_loses_nothing(tmp_path: Path) -> None:
    """They are closed, and the others are closed by the next."""
    stored(tmp_path, [(0, "a"), (1, "b"), (2, "cc")])

    def stop(name: str) -> None:
        if name == "hours adopted":
            raise Stopped

    crash.at_each(stop)
    try:
        with pytest.raises(Stopped):
            close(tmp_path)
    finally:
        crash.at_each()

    assert [state[1] for state in states(tmp_path)] == ["closed", "closed", "open"]
    close(tmp_path)
    assert examine(tmp_path, list("abc")) is None
    assert sorted(row[0] for row in rows(tmp_path)) == list("abc")
