"""AWS on this machine for the contracts of the adapters: the emulator with IAM enforced, once for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws.client import Aws
from aws.serving import serving


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """AWS, as a user who may do everything."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator.aws
