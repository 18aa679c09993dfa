"""AWS on this machine for the contracts of the adapters: the emulator with IAM enforced, once for the session."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from aws.client import Aws
from aws.serving import serving


@dataclass(frozen=True)
class RealTrino:
    """A Trino over the Glue and S3 of an emulator, whose Athena it answers too."""

    aws: Aws
    url: str
    catalog: str = "lake"


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """AWS, as a user who may do everything."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator.aws


@pytest.fixture(scope="session")
def real_trino(tmp_path_factory: pytest.TempPathFactory) -> RealTrino:
    """The Trino at EVENTLAKE_TEST_TRINO, over the emulator at EVENTLAKE_TEST_AWS."""
    url, endpoint = os.environ.get("EVENTLAKE_TEST_TRINO"), os.environ.get("EVENTLAKE_TEST_AWS")
    if not url or not endpoint:
        pytest.skip("EVENTLAKE_TEST_TRINO and EVENTLAKE_TEST_AWS name no Trino and no emulator")
    return RealTrino(Aws(endpoint, tmp_path_factory.mktemp("trino"), "test", "test"), url)
