"""Write the tree of a regular expression as RE2 reads it, and say on which texts RE2 would answer otherwise than Trino's engine.

https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from eventlake.dialect.functions import letters
from eventlake.dialect.functions.letters import Ranges
from eventlake.dialect.functions.regex_tree import Chars, Either, Folded, Group, Mark, Node, Repeat, Sequence, inner, walked

_MARKS = {"^": r"\A", "$": r"\z", "m^": "(?m:^)", "m$": "(?m:$)", "z": r"\z", "b": r"\b", "B": r"\B", "n$": r"\n?\z"}
_WORD = letters.of("0-9A-Z_a-z")


class Writer:
    """Writes one pattern; `groups` says which of RE2's groups each group became, several if it stands in several ways."""

    def __init__(self) -> None:
        self.groups: dict[int, list[int]] = {}
        self._count = 0

    def write(self, node: Node) -> str:
        """Write a part; alternatives without brackets around them."""
        if isinstance(node, Chars):
            return node.written
        if isinstance(node, Mark):
            return _MARKS[node.kind]
        if isinstance(node, Sequence):
            return "".join(self._apart(part) for part in node.parts)
        if isinstance(node, Either):
            return "|".join(self.write(way) for way in node.ways)
        if isinstance(node, Folded):
            return f"(?{'' if node.on else '-'}i:{self.write(node.body)})"
        if isinstance(node, Group):
            self._count += 1
            self.groups.setdefault(node.number, []).append(self._count)
            return f"({self.write(node.body)})"
        assert isinstance(node, Repeat)
        return self._repeated(node)

    def _apart(self, part: Node) -> str:
        made = self.write(part)
        return f"(?:{made})" if isinstance(part, Either) else made

    def _repeated(self, node: Repeat) -> str:
        body = self.write(node.body)
        whole = isinstance(node.body, Chars | Group | Folded)
        return (body if whole else f"(?:{body})") + _times(node) + node.kind


def _times(node: Repeat) -> str:
    if (node.low, node.high) in {(0, None), (1, None), (0, 1)}:
        return {(0, None): "*", (1, None): "+", (0, 1): "?"}[node.low, node.high]
    if node.low == node.high:
        return f"{{{node.low}}}"
    return f"{{{node.low},{'' if node.high is None else node.high}}}"


# texts on which RE2 answers otherwise


def looks_for_line_end(nodes: Iterable[Node]) -> bool:
    """Tell whether a line feed at the end of the text makes a difference."""
    return any(isinstance(part, Mark) and part.kind in {"$", "m^", "m$"} for node in nodes for part in walked(node))


def differs_outside_ascii(nodes: Iterable[Node]) -> bool:
    """Tell whether letters outside ASCII make a difference wherever they stand: classes by name, and words' ends of which nothing is known."""
    return any(isinstance(part, Chars) and part.only_ascii for node in nodes for part in walked(node)) or any(
        _has_word_end(node, ascii_beside=False) for node in nodes
    )


def differs_in_mixed_words(nodes: Iterable[Node]) -> bool:
    """Tell whether a letter outside ASCII makes a difference beside one of ASCII: at ends of words that an ASCII letter stands at."""
    return any(_has_word_end(node, ascii_beside=True) for node in nodes)


def _has_word_end(node: Node, *, ascii_beside: bool) -> bool:
    """Tell whether there is an end of a word beside which a letter of ASCII must stand, or need not."""
    parts = node.parts if isinstance(node, Sequence) else (node,)
    for at, part in enumerate(parts):
        if isinstance(part, Mark) and part.kind in {"b", "B"}:
            known = _is_word(parts[at - 1] if at else None) or _is_word(parts[at + 1] if at + 1 < len(parts) else None)
            if known == ascii_beside:
                return True
        elif part is not node and _has_word_end(part, ascii_beside=ascii_beside):
            return True
    return isinstance(node, Either | Group | Folded | Repeat) and any(
        _has_word_end(part, ascii_beside=ascii_beside) for part in inner(node)
    )


def _is_word(node: Node | None) -> bool:
    """Tell whether a part begins and ends with a letter of a word in ASCII."""
    if isinstance(node, Chars):
        return node.known is not None and bool(node.known) and not letters.both(node.known, letters.others(_WORD))
    if isinstance(node, Repeat):
        return node.low > 0 and _is_word(node.body)
    if isinstance(node, Sequence):
        return bool(node.parts) and _is_word(node.parts[0]) and _is_word(node.parts[-1])
    if isinstance(node, Either):
        return all(_is_word(way) for way in node.ways)
    return isinstance(node, Group | Folded) and _is_word(node.body)


@cache
def _of_several() -> dict[int, str]:
    """Return the letters that stand for several without regard to case, such as the sharp s, and those several."""
    found = {code: chr(code).casefold() for code in range(128, 0x10000) if not 0xD800 <= code < 0xE000}
    return {code: several for code, several in found.items() if len(several) > 1}


def several_for_one(nodes: Iterable[Node]) -> Ranges:
    """Return the letters that Trino takes for several ones that stand behind one another in the pattern, and RE2 does not."""
    runs = [run for node in nodes for run in _runs(node)]
    return letters.listed((code, code) for code, several in _of_several().items() if any(several in run for run in runs))


def _runs(node: Node) -> list[str]:
    """Return the texts in a pattern whose case does not matter; a letter that is repeated stands twice."""
    runs, run = [], ""
    for part in node.parts if isinstance(node, Sequence) else (node,):
        letter = _letter(part.body if isinstance(part, Repeat) else part)
        if letter and isinstance(part, Repeat) and part.high != 1:
            runs.append(run + letter)
            run = letter * 2
        elif letter:
            run += letter
        else:
            runs += [run, *(found for below in inner(part) for found in _runs(below))]
            run = ""
    return [found for found in (*runs, run) if len(found) > 1]


def _letter(node: Node) -> str:
    """Return the one letter of a set without regard to case; nothing if there are more."""
    if not isinstance(node, Chars) or not node.folded or node.ranges is None or len(node.ranges) > 1:
        return ""
    low, high = node.ranges[0] if node.ranges else (0, 1)
    return chr(low).casefold() if low == high else ""


def _few(ranges: Ranges) -> list[int]:
    """Return the letters of ranges that are no larger than an alphabet."""
    return [code for low, high in ranges if high - low < 100 for code in range(low, high + 1)]


def folds_otherwise(nodes: Iterable[Node]) -> bool:
    """Tell whether a pattern without regard to case has letters whose case RE2 sees otherwise: those of several, and of scripts with newer rules."""
    codes = [code for node in nodes for part in walked(node) if isinstance(part, Chars) and part.folded for code in _few(part.ranges or ())]
    return any(
        code in _of_several() or (code > 0x24F and not 0x370 <= code < 0x530 and chr(code).lower() != chr(code).upper()) for code in codes
    )
