"""One lake with a secret beside it for all tests of the query box: none may change it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from query.box.watching import Place, make_place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The lake, and a zygote with a secret in its owner's environment."""
    made = make_place(tmp_path_factory.mktemp("box").resolve())
    yield made
    made.zygote.close()
    del os.environ["EVENTLAKE_TEST_SECRET"]
