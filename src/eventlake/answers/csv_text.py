"""An answer as CSV. What a spreadsheet would run as a formula is prefixed: an event's text is a stranger's.

https://www.rfc-editor.org/rfc/rfc4180, https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from eventlake.answers.values import STEERING, Rows, as_text


def as_csv(columns: Sequence[str], rows: Rows) -> str:
    """Write a line of names and a line for each row."""
    lines = [",".join(_cell(value) for value in line) for line in [columns, *rows]]
    return "\n".join(line or _EMPTY for line in lines)


_EMPTY = '""'
"""An empty text; and the line of a single NULL, which readers would skip if it were empty."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets take the wide signs for the others
_QUOTED = frozenset(',;"\t\r\n')
"""What a cell may not hold bare: the separators of spreadsheets in every country, quotes and line breaks."""
_STEERING = re.compile(rf"[{STEERING}]|\r(?!\n)")


def _cell(value: Any) -> str:  # a value of a row
    """Write a cell: NULL is nothing, an empty text `""`, and a text that a spreadsheet would run begins with an apostrophe.

    What steers a terminal is written as an escape; tabs and line breaks stay, within quotes.
    """
    if value is None:
        return ""
    text = as_text(value)
    if isinstance(value, str) and text.startswith(_FORMULA):
        text = f"'{text}"
    if not text.isprintable():
        text = _STEERING.sub(_escape, text)
    if not text or not _QUOTED.isdisjoint(text) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
