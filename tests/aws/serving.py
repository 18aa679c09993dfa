"""Starts the emulator for a session of tests, and ends it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aws.client import ACCOUNT, Aws

TIME_SCALE = 0.02
"""Buffers of 60 s, the smallest that AWS allows, are written after 1.2 s."""

STARTS_WITHIN_S = 60
FOLDER = Path(__file__).resolve().parent / "emulator"


@dataclass(frozen=True)
class Emulator:
    """A running emulator. aws: the CLI as an administrator that is not root."""

    endpoint: str
    aws: Aws
    log: Path


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Emulator]:
    """Serve the emulator on a free port. settings: further environment variables of it."""
    port = free_port()
    log = folder / "emulator.log"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "IOT_MTLS_ENABLED": "0",
        "AUTH": "true",
        "EMULATOR_TIME_SCALE": str(TIME_SCALE),
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, str(FOLDER)], env=environment, stdout=output, stderr=output)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_until_it_answers(endpoint, process, log)
        root = Aws(endpoint, folder / "root", ACCOUNT, "test")
        yield Emulator(endpoint, administrator(root, folder), log)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def wait_until_it_answers(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once the emulator serves. Raises AssertionError with its log if it does not."""
    for _ in range(STARTS_WITHIN_S * 10):
        assert process.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.1)
    raise AssertionError(f"the emulator does not answer; its log:\n{log.read_text()}")


def administrator(root: Aws, folder: Path) -> Aws:
    """A user who may do everything by a policy: nothing is checked for root."""
    root("iam", "create-user", "--user-name", "deployer")
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    root("iam", "put-user-policy", "--user-name", "deployer", "--policy-name", "everything", "--policy-document", policy)
    key = root("iam", "create-access-key", "--user-name", "deployer")["AccessKey"]
    return Aws(root.endpoint, folder / "deployer", key["AccessKeyId"], key["SecretAccessKey"])
