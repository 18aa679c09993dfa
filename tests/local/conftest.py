from __future__ import annotations

from collections.abc import Iterator

import pytest

from ended import Ended, ended_in


@pytest.fixture(scope="module")
def ended(request: pytest.FixtureRequest) -> Iterator[Ended]:
    """Calls functions of the test's own file, in processes that end at a step."""
    with ended_in(str(request.path)) as ended:
        yield ended
