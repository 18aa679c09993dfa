"""What is deployed on an emulator, which has AWS for itself: other tests make resources under some of the same names.

Everything lasts a session, because a deployment takes its time; tests that change something of it put it back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from aws.client import Aws, CommandFailed
from aws.closable import Closable, closable_lake
from aws.deploying import deploy
from aws.lake import AUTH0_BUS, EVERY_SOURCE, Lake, deployed
from aws.serving import Emulator, serving, serving_trino

HERE = Path(__file__).resolve().parent


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
def trino(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Trino over the emulator's Glue and S3, which answers Athena's API from then on."""
    with serving_trino(emulator, tmp_path_factory.mktemp("trino")) as url:
        yield url


@pytest.fixture(scope="session")
def small_stack(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    """The AWS CLI, with stacks/stream.yaml deployed."""
    exported = tmp_path_factory.mktemp("stack") / "exported.yaml"
    deploy(aws, HERE / "stacks" / "stream.yaml", "harness", exported, capability="CAPABILITY_NAMED_IAM")
    return aws


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
