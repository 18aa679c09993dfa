"""A flipped bit of spool, catalog or objects costs what it hits at most, and is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent))
from flip_many import run


@pytest.mark.slow
def test_nothing_intact_is_lost_to_a_flipped_bit() -> None:
    """Every part of a lake in both formats; `python tests/flip_many.py` flips a thousand."""
    assert run(60, 1) == []
