"""AWS on this machine for what reads a lake there."""

from __future__ import annotations

import pytest

from aws.client import Aws
from aws_lake import client_environment


@pytest.fixture
def here(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The same, and every client of this process comes there."""
    for name, value in client_environment(aws).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return aws
