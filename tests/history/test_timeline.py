from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from eventlake.history.timeline import FOREVER, Story, Timeline, datetime_of, iso, iso_second, moment_of

MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  the strategy adds the zone


def _says(timeline: Timeline, name: str, *pauses: int) -> Story:
    timeline.say(name)
    for pause in pauses:
        yield pause
        timeline.say(name)


@given(st.lists(st.lists(st.integers(0, 50), max_size=6), min_size=1, max_size=6))
def test_stories_take_turns_in_the_order_of_time(pauses: list[list[int]]) -> None:
    """Whatever stories pause, what they say comes in order, each as often as it speaks before the end."""
    timeline = Timeline(0, 100)
    for number, story in enumerate(pauses):
        timeline.begin(_says(timeline, str(number), *story))
    said = list(timeline.run())
    assert [at for at, _ in said] == sorted(at for at, _ in said)
    for number, story in enumerate(pauses):
        moments = [sum(story[:count]) for count in range(len(story) + 1)]
        assert [at for at, text in said if text == str(number)] == [at for at in moments if at <= 100]


def test_story_that_waits_for_ever_goes_on_when_begun_again() -> None:
    """A parked story costs nothing until somebody wakes it."""
    timeline = Timeline(0, 1000)
    sleeper = _says(timeline, "sleeper", FOREVER)

    def waker() -> Story:
        yield 30
        timeline.begin(sleeper)

    timeline.begin(sleeper)
    timeline.begin(waker())
    assert list(timeline.run()) == [(0, "sleeper"), (30, "sleeper")]


def test_closed_story_says_nothing_more() -> None:
    """What was interrupted does not wake up."""
    timeline = Timeline(0, 1000)
    story = _says(timeline, "interrupted", 10, 10)
    timeline.begin(story)
    told = timeline.run()
    assert next(told) == (0, "interrupted")
    story.close()
    assert list(told) == []


@given(MOMENTS)
def test_moments_are_written_as_utc(when: datetime) -> None:
    """A moment goes to text and back, to the millisecond; EventBridge's text cuts to the second."""
    moment = moment_of(when)
    assert moment_of(datetime.fromisoformat(iso(moment))) == moment
    assert moment_of(datetime.fromisoformat(iso_second(moment))) == moment // 1000 * 1000
    assert abs(datetime_of(moment) - when).total_seconds() <= 0.001
