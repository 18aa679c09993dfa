"""S3, Glue, SQS and CloudFormation on this machine: the emulator in a process of its own, for tests that need no stack and no Trino."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from types import TracebackType
from urllib.error import URLError
from urllib.request import Request, urlopen

from eventlake.backends.aws import Session
from eventlake.backends.glue import storage_descriptor
from eventlake.model import PARTITION_KEYS, Table

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""What a client's environment says, and nothing of this machine's."""
_PATIENCE_S = 30.0


class SmallAws:
    """The emulator, for as long as the `with` lasts."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
            "GATEWAY_PORT": str(port),
            "BIND_HOST": "127.0.0.1",
            "IOT_MTLS_ENABLED": "0",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
        }

    def __enter__(self) -> SmallAws:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ministack"], env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + _PATIENCE_S
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                self.__exit__(None, None, None)
                raise AssertionError("The emulator did not start.")
            time.sleep(0.02)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()

    def reset(self) -> None:
        """Forget everything."""
        urlopen(Request(f"{self.url}/_ministack/reset", method="POST"), timeout=10).close()

    def _answers(self) -> bool:
        try:
            urlopen(f"{self.url}/_ministack/health", timeout=5).close()
        except (URLError, OSError):
            return False
        return True


def create_tables(session: Session, tables: Iterable[Table], bucket: str, log_format: str = "parquet") -> None:
    """The tables in Glue, each in its database, as the stack makes them."""
    glue = session.client("glue")
    tables = list(tables)
    for database in dict.fromkeys(table.database for table in tables):
        glue.create_database(DatabaseInput={"Name": database})
    for table in tables:
        glue.create_table(
            DatabaseName=table.database,
            TableInput={
                "Name": table.name,
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "classification": log_format},
                "PartitionKeys": [{"Name": name, "Type": kind} for name, kind in PARTITION_KEYS],
                "StorageDescriptor": storage_descriptor(table, f"s3://{bucket}/{table.prefix}/", log_format),
            },
        )
