"""An answer as JSON, or as one JSON object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from eventlake.answers.values import STEERING, Rows, plain


def as_json(columns: Sequence[str], rows: Rows) -> str:
    """Write a list of objects, one for each row."""
    return _printable(json.dumps([_record(columns, row) for row in rows], ensure_ascii=False, indent=1))


def as_json_lines(columns: Sequence[str], rows: Rows) -> str:
    """Write one object a line."""
    return _printable("\n".join(json.dumps(_record(columns, row), ensure_ascii=False) for row in rows))


def _record(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, map(plain, row), strict=True))


_STEERING = re.compile(f"[{STEERING}]")


def _printable(text: str) -> str:
    """Write what steers a terminal as JSON's own escapes: whoever reads the JSON finds the same values."""
    return text if text.isascii() and "\x7f" not in text else _STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)
