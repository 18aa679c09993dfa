"""AWS on this machine for the tests: the emulator, the real AWS CLI, and what is deployed with it.

Everything lasts a session, because a deployment takes its time; tests that change something of it put it back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from aws.client import Aws, CommandFailed  # noqa: E402  this folder is not importable before
from aws.closable import Closable, closable_lake  # noqa: E402
from aws.deploying import deploy  # noqa: E402
from aws.lake import AUTH0_BUS, EVERY_SOURCE, Lake, deployed  # noqa: E402
from aws.serving import Emulator, serving, serving_trino  # noqa: E402


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """AWS, with IAM enforced and buffers that wait a fiftieth of their time."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> Aws:
    """The real AWS CLI, as an IAM user of the emulator."""
    return emulator.aws


@pytest.fixture(scope="session")
def small_stack(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    """The AWS CLI, with stacks/stream.yaml deployed."""
    exported = tmp_path_factory.mktemp("stack") / "exported.yaml"
    deploy(aws, HERE / "stacks" / "stream.yaml", "harness", exported, capability="CAPABILITY_NAMED_IAM")
    return aws


@pytest.fixture(scope="session")
def trino(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Trino over the emulator's Glue and S3, which answers Athena's API from then on."""
    with serving_trino(emulator, tmp_path_factory.mktemp("trino")) as url:
        yield url


@pytest.fixture(scope="session")
def auth0_bus(aws: Aws) -> str:
    """The bus that Auth0's events come over."""
    with suppress(CommandFailed):  # another module made it
        aws("events", "create-event-bus", "--name", AUTH0_BUS)
    return AUTH0_BUS


@pytest.fixture(scope="session")
def lake(aws: Aws, auth0_bus: str, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake with every source, Parquet, and the events kept as they came too."""
    return deployed(
        aws,
        "eventlake",
        tmp_path_factory.mktemp("lake"),
        {**EVERY_SOURCE, "EventBusName": auth0_bus, "KeepRawEvents": "yes", "ArchiveDays": "7"},
    )


@pytest.fixture(scope="session")
def closes(aws: Aws, trino: str, tmp_path_factory: pytest.TempPathFactory) -> Closable:
    """A lake of Parquet whose hours can be closed, and a real Trino for its Athena."""
    return closable_lake(aws, "closes", tmp_path_factory.mktemp("closes"))
