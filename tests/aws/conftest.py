"""What is deployed on the emulator, which tests/conftest.py starts.

Everything lasts a session, because a deployment takes its time; tests that change something of it put it back.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from aws.client import Aws, CommandFailed
from aws.closable import Closable, closable_lake
from aws.deploying import deploy
from aws.lake import AUTH0_BUS, EVERY_SOURCE, Lake, deployed

HERE = Path(__file__).resolve().parent


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
