"""An answer as JSON, or as one JSON object a line."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from eventlake.answers.values import STEERING, Rows, plain
from eventlake.errors import QueryRefusedError
from eventlake.naming import repeated


def as_json(columns: Sequence[str], rows: Rows) -> str:
    """Write a list of objects, one for each row. Raises QueryRefusedError for two columns of one name."""
    _require_different(columns)
    return _printable(json.dumps([_record(columns, row) for row in rows], ensure_ascii=False, indent=1))


def as_json_lines(columns: Sequence[str], rows: Rows) -> str:
    """Write one object a line. Raises QueryRefusedError for two columns of one name."""
    _require_different(columns)
    return _printable("\n".join(json.dumps(_record(columns, row), ensure_ascii=False) for row in rows))


def _require_different(columns: Sequence[str]) -> None:
    """Refuse columns of which an object would hold only the last."""
    twice = repeated(columns)
    if twice is not None:
        raise QueryRefusedError(f'Two columns are called "{twice}", which JSON cannot hold: tell them apart with AS, or take --output csv.')


def _record(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, map(plain, row), strict=True))


_STEERING = re.compile(f"[{STEERING}]")


def _printable(text: str) -> str:
    """Write what steers a terminal as JSON's own escapes: whoever reads the JSON finds the same values."""
    return text if text.isascii() and "\x7f" not in text else _STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)
