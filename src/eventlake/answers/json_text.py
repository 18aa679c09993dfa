"""An answer as JSON, or as one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from eventlake.answers.values import Rows, plain


def as_json(columns: Sequence[str], rows: Rows) -> str:
    """Write a list of objects, one for each row."""
    return json.dumps([_record(columns, row) for row in rows], ensure_ascii=False, indent=1)


def as_json_lines(columns: Sequence[str], rows: Rows) -> str:
    """Write one object a line."""
    return "\n".join(json.dumps(_record(columns, row), ensure_ascii=False) for row in rows)


def _record(columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(columns, map(plain, row), strict=True))
