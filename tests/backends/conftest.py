"""AWS on this machine for the contracts of the adapters: the emulator with IAM enforced, and a real Trino, each once for the session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from aws.client import Aws
from aws.serving import Emulator, serving, serving_trino


@dataclass(frozen=True)
class RealTrino:
    """A Trino over the Glue and S3 of the emulator, whose Athena it answers too."""

    aws: Aws
    url: str
    catalog: str = "lake"


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """A running emulator."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> Aws:
    """AWS, as a user who may do everything."""
    return emulator.aws


@pytest.fixture(scope="session")
def real_trino(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealTrino]:
    """A running Trino."""
    with serving_trino(emulator, tmp_path_factory.mktemp("trino")) as url:
        yield RealTrino(emulator.aws, url)
