"""AWS on this machine for what reads a lake there: the emulator with IAM enforced, once for the session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aws.client import Aws
from aws.serving import serving
from aws_lake import client_environment


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """AWS, as a user who may do everything."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator.aws


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The same, and every client of this process comes there."""
    for name, value in client_environment(aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return aws
