"""Values as a person reads them: moments in the page's zone, numbers with separators, long texts cut."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from eventlake.answers.values import as_text
from eventlake.web.elements import shown
from eventlake.web.window import Window

_SLIM, _BROAD, _STOUT = frozenset("fijlrt.,:;|!'()[]/ -"), frozenset("w<>=+~^#&CDGHNOQU"), frozenset("mMW@%…")
_LATIN, _SIGNS = 0x24F, 0x1F000
"""The last of the Latin letters, and where pictures begin that stand as letters."""
_UNITS = {"minutes": (timedelta(minutes=1), "min"), "seconds": (timedelta(seconds=1), "s")}
_WORDS = {"executionid": "execution", "re_opened": "re-opened"}
LONGEST = 300
"""How many characters of a text a page shows; the whole one is in the tile's .json."""


def cell(value: Any, window: Window) -> str:  # a value of a row
    """Write a value for a page."""
    if isinstance(value, datetime):
        return f"{window.local(value):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.1f}".removesuffix(".0")
    return cut(as_text(value), LONGEST)


def lasting(time: timedelta) -> str:
    """Return how long something took, in the two largest units: `2 h 5 min`."""
    seconds = int(time.total_seconds())
    for size, unit, smaller_size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if seconds >= size:
            rest = seconds % size // smaller_size
            return f"{seconds // size} {unit} {rest} {smaller}" if rest else f"{seconds // size} {unit}"
    return f"{seconds} s"


def duration(value: float, unit: str) -> str:
    """Write a number of minutes or seconds as how long that is: `1 h 20 min`, and what is less than one of the unit as that number of it."""
    size, name = _UNITS[unit]
    return lasting(value * size) if value >= 1 else f"{value:.1f} {name}".replace(".0 ", " ")


def cut(text: str, length: int) -> str:
    """Return a text that is at most so long, with an ellipsis where something was left out."""
    return text if len(text) <= length else f"{text[: length - 1]}…"


def named(value: Any) -> str:  # a value of a row
    """Return a value as the name of a mark: NULL and a text without letters are two different things, each said in words."""
    return "none" if value is None else as_text(value) or "empty text"


def fitted(text: str, wide: float) -> str:
    """Return the beginning of a text that fits into so many pixels at 12 a letter's height, with an ellipsis where something was left out.

    Reckoned for a broad font, as nothing here knows which one a browser takes.
    """
    whole = shown(text)  # what turns a text is written as an escape, which is longer
    room = accumulate(map(_width, whole), initial=_width("…"))
    kept = sum(so_far <= wide for so_far in room) - 1
    return whole if sum(map(_width, whole)) <= wide else cut(whole, kept + 1)


def _width(letter: str) -> float:
    if letter in _SLIM:
        return 4.2
    if letter in _STOUT or ord(letter) > _LATIN:
        return 16.0 if ord(letter) >= _SIGNS else 12.0
    return 10.1 if letter in _BROAD else 8.6 if letter.isupper() else 7.7


def counted(number: int, thing: str) -> str:
    """Return how many there are of a thing: `1 row`, `1,200 rows`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def heading(column: str) -> str:
    """Return the name of a column as words."""
    return _WORDS.get(column) or column.replace("_", " ")


def number(value: Any) -> float:  # a value of a row
    """Return a value as a number; NULL counts nothing."""
    return 0.0 if value is None else float(value)
