"""AWS on this machine for the tests: the emulator, the real AWS CLI, and what is deployed with it.

Everything lasts a session, because a deployment takes half a minute; tests that change something of it put it back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from aws.client import Aws
from aws.serving import Emulator, serving


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """AWS, with IAM enforced and buffers that wait a fiftieth of their time."""
    with serving(tmp_path_factory.mktemp("emulator")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def aws(emulator: Emulator) -> Aws:
    """The real AWS CLI, as an IAM user of the emulator."""
    return emulator.aws
