"""However often and late events arrive, closed hours hold each once; what has no key stays as often as it came."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent.parent))
from late_many import run

pytestmark = pytest.mark.slow


def test_each_key_is_there_once_and_what_has_none_as_often_as_it_came(tmp_path: Path) -> None:
    """Three times, late, over New Year, closed while more arrives; `python tests/late_many.py` does it with a hundred thousand."""
    assert run(tmp_path, 20, 1) == (60, 36, [])
