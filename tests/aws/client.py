"""The real AWS CLI as a process of its own, pointed at an endpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from botocore.config import Config

ACCOUNT = "123456789012"
REGION = "us-east-1"
PATIENCE_S = 120
"""How long something may take to be seen; only a failing test waits that long."""

CALL_ENDS_WITHIN_S = 900
"""As long as a function may run."""

T = TypeVar("T")


class CommandFailed(Exception):
    """The CLI ended with an error; the text is what it said."""


@dataclass(frozen=True)
class Aws:
    """`aws(...)` runs a command and gives its JSON. home: a folder of its own, so that nobody's profile is read."""

    endpoint: str
    home: Path
    access_key: str
    secret_key: str

    def __call__(self, *arguments: str, folder: Path | None = None) -> Any:
        """The JSON that a command prints, None if it prints nothing. Raises CommandFailed."""
        said = self.run(*arguments, "--output", "json", folder=folder)
        return json.loads(said) if said.strip() else None

    def run(self, *arguments: str, folder: Path | None = None) -> str:
        """What a command prints. folder: where it runs. Raises CommandFailed."""
        command = [str(Path(sys.executable).with_name("aws")), *arguments]
        done = subprocess.run(command, cwd=folder, env=self.environment(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise CommandFailed(f"aws {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """What any client of AWS needs to come here."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def service(self, name: str, config: Config | None = None) -> Any:
        """A boto3 client of a service, where a test asks often: a command takes a third of a second.

        It waits longer than the minute after which boto3 would call a function again, beside the call that still runs.
        """
        import boto3
        from botocore.config import Config

        return boto3.client(
            name,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=config or Config(read_timeout=CALL_ENDS_WITHIN_S),
        )


def eventually(look: Callable[[], T | None], *, within_s: float = PATIENCE_S) -> T:
    """What `look` gives once it is true; at most half of the time goes into looking. Raises AssertionError with its last answer."""
    last, pause_s = time.monotonic() + within_s, 0.02
    while True:
        began = time.monotonic()
        seen = look()
        if seen or time.monotonic() > last:
            assert seen, f"after {within_s:.0f} s still {seen!r}"
            return seen
        time.sleep(max(pause_s, time.monotonic() - began))
        pause_s = min(2 * pause_s, 0.1)
