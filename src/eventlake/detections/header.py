"""The lines at the top of a detection's file that say how it runs, as words of one kind each: lengths of time, severities, names.

-- severity high
-- every 5m
-- window 1h
-- history 30d
-- briefly 1d
-- lateness 15m
-- quiet 6h
-- key the address
-- per ip
-- do Block the address.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from eventlake.errors import DeclarationError
from eventlake.naming import nearest, nearest_or_all

SEVERITIES = ("information", "low", "medium", "high", "critical")
SINKS_FROM = "low"
"""Who is told of alerts is told from this severity on, if nothing else is said: what is information is looked up."""

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_LONGEST = timedelta(days=400)
_LENGTH = re.compile(r"([1-9]\d{0,4})([mhd])")
_NEARLY = re.compile(r"([A-Za-z]+)\s*([:=]?)\s*(.+)")
_NEARLY_LENGTH = re.compile(r"\d+\s*[A-Za-z]*")


def settings_in(lines: list[str], where: str) -> tuple[dict[str, Any], list[str]]:  # values of the kinds that `_READERS` gives
    """Split the lines of a header into what they set, by name, and the others. Raises DeclarationError for a value that is wrong.

    where: the file as sentences name it.
    """
    found: dict[str, Any] = {}
    others = []
    for line in lines:
        name, _, value = line.partition(" ")
        if name not in _READERS:
            _refuse_nearly(line, where)
            others.append(line)
        elif name == "do":
            found[name] = "\n".join(filter(None, [found.get(name, ""), value.strip()]))
        elif name in found:
            raise DeclarationError(f'{where}: "-- {name}" is said twice; keep one.')
        else:
            found[name] = _READERS[name](value.strip(), f'{where}: "-- {line}"')
    return {**DEFAULTS, **found}, others


def _refuse_nearly(line: str, where: str) -> None:
    """Raise DeclarationError for a line that nearly sets something, and would be taken for prose.

    A line of prose may begin with any word, so what stands behind it must look like the value; of words that is a colon.
    """
    match = _NEARLY.fullmatch(line)
    if match is None:
        return
    word, mark, value = match.groups()
    name = word.lower()
    likely = [one for one in _READERS if (one == name and mark) or _looks_like_value(one, value, mark)]
    if name in likely:
        raise DeclarationError(f'{where}: "-- {line}" is no setting: write -- {name} {value.rstrip(".")}.')
    if said := nearest(word, [one for one in likely if one not in _OF_WORDS]):
        raise DeclarationError(f'{where}: "-- {line}" is no setting.{said}')


def _looks_like_value(name: str, text: str, mark: str) -> bool:
    if _READERS[name] is length:
        return bool(_NEARLY_LENGTH.fullmatch(text))
    return name == "severity" and (text.lower() in SEVERITIES or (bool(mark) and text.isalpha()))


def length(text: str, subject: str) -> timedelta:
    """Read a length of time, as `15m`, `6h` or `30d`. subject: how a sentence about it begins. Raises DeclarationError."""
    match = _LENGTH.fullmatch(text)
    found = int(match[1]) * _UNITS[match[2]] if match else timedelta(0)
    if not timedelta(0) < found <= _LONGEST:
        raise DeclarationError(f"{subject} names no length of time: write 15m, 6h or 30d, at most {_LONGEST.days} days.")
    return found


def length_text(value: timedelta) -> str:
    """Write a length of time as a header has it, in the largest unit that says it whole."""
    unit, one = next(((unit, one) for unit, one in reversed(_UNITS.items()) if value % one == timedelta(0)), ("s", timedelta(seconds=1)))
    return f"{value / one:g}{unit}"


def require_all(found: Mapping[str, Any], where: str) -> None:  # values of any kind
    """Raise DeclarationError unless the header sets what has no default."""
    missing = [name for name in _READERS if name not in found]
    if missing:
        raise DeclarationError(f'{where}: the header does not say "{missing[0]}": add -- {missing[0]} {_EXAMPLES[missing[0]]}.')


def _severity(text: str, subject: str) -> str:
    if text not in SEVERITIES:
        raise DeclarationError(f"{subject} is no severity.{nearest_or_all(text, SEVERITIES)}")
    return text


def _words(text: str, subject: str) -> str:
    if not text:
        raise DeclarationError(f"{subject} says nothing: write what it is behind it.")
    return text


_READERS: dict[str, Callable[[str, str], Any]] = {
    "severity": _severity,
    "every": length,
    "window": length,
    "history": length,
    "briefly": length,
    "lateness": length,
    "quiet": length,
    "key": _words,
    "per": _words,
    "do": _words,
}
_OF_WORDS = frozenset(name for name, read in _READERS.items() if read is _words)
DEFAULTS: Mapping[str, Any] = {
    "history": timedelta(0),
    "briefly": timedelta(0),
    "per": "",
    "lateness": timedelta(minutes=15),
    "quiet": timedelta(hours=6),
}
"""What holds where the header says nothing: the buffers of Firehose are far below a quarter of an hour, and a shift is six hours."""

_EXAMPLES = {"severity": "high", "every": "5m", "window": "1h", "key": "ip", "do": "what to do about it"}
