"""Recorded envelopes, as AWS sends them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

EVENTS = Path(__file__).parent / "events"


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Any]:
    """Reads an envelope of `events/`."""
    return lambda name: json.loads((EVENTS / f"{name}.json").read_text())
