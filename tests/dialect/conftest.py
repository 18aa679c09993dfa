"""The engine that statements of the dialect are asked of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from eventlake.conformance.fixture import FixtureEngine, load_fixture

FIXTURE = Path(__file__).parents[1] / "conformance" / "golden" / "fixture.json.gz"


@pytest.fixture(scope="module")
def engine() -> Iterator[FixtureEngine]:
    """The fixture's tables."""
    with closing(FixtureEngine(load_fixture(FIXTURE))) as tables:
        yield tables
