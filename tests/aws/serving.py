"""Starts the emulator and Trino for a session of tests, and ends them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from aws.client import ACCOUNT, Aws
from eventlake.backends.trino import TrinoEngine
from eventlake.errors import ServiceError

TIME_SCALE = 0.02
"""Buffers of 60 s, the smallest that AWS allows, are written after 1.2 s."""

STARTS_WITHIN_S = 600
"""The first start of Trino fetches 821 MB."""

TRINO_SERVER = Path.home() / ".cache" / "eventlake" / "trino"
FOLDER = Path(__file__).resolve().parent / "emulator"


@dataclass(frozen=True)
class Emulator:
    """A running emulator. aws: the CLI as an administrator that is not root. trino_port: where its Athena looks for Trino."""

    endpoint: str
    aws: Aws
    log: Path
    trino_port: int


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Emulator]:
    """Serve the emulator on a free port. settings: further environment variables of it."""
    with kept_port() as port, kept_port() as trino_port, serving_at(port, trino_port, folder, settings) as emulator:
        yield emulator


@contextmanager
def serving_at(port: int, trino_port: int, folder: Path, settings: Mapping[str, str]) -> Iterator[Emulator]:
    """Serve the emulator on a port, and let it look for Trino on another."""
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
        "TRINO_URL": f"http://127.0.0.1:{trino_port}",
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, str(FOLDER)], env=environment, stdout=output, stderr=output)
    try:
        endpoint = f"http://127.0.0.1:{port}"
        wait_until(lambda: answer(f"{endpoint}/_ministack/health") is not None, process, log)
        root = Aws(endpoint, folder / "root", ACCOUNT, "test")
        yield Emulator(endpoint, administrator(root, folder), log, trino_port)
    finally:
        process.terminate()
        process.wait(120)


@contextmanager
def kept_port() -> Iterator[int]:
    """A port for a server that starts meanwhile: nobody else is given it, neither to listen at nor to call from."""
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do, so that one may listen where it is only bound
        keeper.bind(("127.0.0.1", 0))
        yield int(keeper.getsockname()[1])


def wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once a server is ready. Raises AssertionError with its log if it ends or does not get ready."""
    last = time.monotonic() + STARTS_WITHIN_S
    while not ready():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < last, log.read_text()
        time.sleep(0.1)


def answer(url: str) -> bytes | None:
    """What is served at an address, None if nothing is."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answered:
            body: bytes = answered.read()
            return body
    except OSError:
        return None


def administrator(root: Aws, folder: Path) -> Aws:
    """A user who may do everything by a policy: nothing is checked for root."""
    iam = root.service("iam")
    iam.create_user(UserName="deployer")
    policy = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    iam.put_user_policy(UserName="deployer", PolicyName="everything", PolicyDocument=policy)
    key = iam.create_access_key(UserName="deployer")["AccessKey"]
    return Aws(root.endpoint, folder / "deployer", key["AccessKeyId"], key["SecretAccessKey"])


@contextmanager
def serving_trino(emulator: Emulator, folder: Path) -> Iterator[str]:
    """Serve Trino over the emulator's Glue and S3; its address."""
    log, url = folder / "trino.log", f"http://127.0.0.1:{emulator.trino_port}"
    command = [str(FOLDER.parent / "start_trino.sh"), str(TRINO_SERVER), str(folder), emulator.endpoint, str(emulator.trino_port)]
    environment = {**os.environ, **emulator.aws.environment(), "HOME": os.environ["HOME"]}
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        wait_until(lambda: reads(url), process, log)
        yield url
    finally:
        process.terminate()
        process.wait(60)


def reads(url: str) -> bool:
    """Whether Trino reads its catalog: for a moment after it says that it has started, it has no node to read with."""
    if b'"starting":false' not in (answer(f"{url}/v1/info") or b""):
        return False
    try:
        return bool(TrinoEngine(url, "lake").query("SELECT count(*) FROM information_schema.schemata").rows)
    except ServiceError:
        return False
