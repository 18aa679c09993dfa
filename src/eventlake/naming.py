"""Names that people give: the sentence that leads from an unknown one to the one that was meant, and one that stands twice.

Called wherever a person names something: a column, a table, a parameter, a key of a declaration, a command.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Iterable

_LIKENESS = 0.6
"""How like two names must be, from 0 to 1, before one is taken for the other: https://docs.python.org/3/library/difflib.html"""


def alike(name: str, known: Iterable[str], most: int = 1) -> list[str]:
    """Return the known names that are like this one, the most like it first; case does not count."""
    from difflib import get_close_matches  # needed by those who mistype, and not cheap to import

    spelled = {candidate.lower(): candidate for candidate in known}
    return [spelled[match] for match in get_close_matches(name.lower(), spelled, n=most, cutoff=_LIKENESS)]


def repeated(names: Iterable[str], *, ignore_case: bool = False) -> str | None:
    """Return the first name that stood before; None if all differ."""
    seen: set[str] = set()
    for name in names:
        known = name.lower() if ignore_case else name
        if known in seen:
            return name
        seen.add(known)
    return None


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ` Did you mean "x"?` for the known name most like this one, or nothing if none is; case does not count."""
    match = alike(name, known)
    return f' Did you mean "{match[0]}"?' if match else ""


def nearest_or_all(name: str, known: Iterable[str]) -> str:
    """Return what `nearest` does, or ` There is a, b.` if no known name is like this one."""
    names = list(known)
    return nearest(name, names) or (f" There is {', '.join(names)}." if names else " There is none.")
