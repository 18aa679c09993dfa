"""The transform against the originals' mapping, and the fast codec against the standard library's.

    python benchmarks/transform.py

Firehose's shape: 500 records a batch, base64 in, base64 out, one core. The originals' mapping is restated here: the detail as it is, with
four fields taken from the envelope (CodePipeline), or the log entry with `timestamp` and `details` as JSON text (Auth0). Both run in turns;
medians are compared.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from eventlake.backends.msgspec_codec import FAST
from eventlake.history import demo_history
from eventlake.model import Table
from eventlake.pipeline.codec import STANDARD
from eventlake.pipeline.transform import Transform
from eventlake.sources import load

BATCH = 500
ROUNDS = 60
TABLES = {table.name: table for source in load() for table in source.tables}


def original_codepipeline(data: str) -> str:
    """The first original's mapping of one record."""
    event = json.loads(base64.b64decode(data))
    line = event["detail"]
    line["executionId"] = line.pop("execution-id")
    line["pipelineArn"] = event["resources"][0]
    line["eventVersion"] = event["version"]
    line["timestamp"] = event["time"]
    return base64.b64encode((json.dumps(line) + "\n").encode()).decode()


def original_auth0(data: str) -> str:
    """The second original's mapping of one record."""
    line = json.loads(base64.b64decode(data))["detail"]["data"]
    line["timestamp"] = line.pop("date")
    line["details"] = json.dumps(line["details"])
    return base64.b64encode((json.dumps(line) + "\n").encode()).decode()


def ours(transform: Transform) -> Callable[[str], str]:
    """Our transform of one record."""

    def one(data: str) -> str:
        return b2a_base64(transform(a2b_base64(data)), newline=False).decode()

    return one


def events(detail_type: str) -> list[bytes]:
    """Events of one kind from a month of history; of Auth0 those that the original could transform at all."""
    wanted = []
    for line in demo_history(datetime(2026, 11, 20, tzinfo=UTC)).lines():
        event = json.loads(line)
        if event["detail-type"] == detail_type and (detail_type != "Auth0 log" or {"date", "details"} <= event["detail"]["data"].keys()):
            wanted.append(line)
    return wanted[:BATCH]


def compare(one: Callable[[Any], Any], other: Callable[[Any], Any], batch: list[Any]) -> tuple[float, float]:
    """Median seconds for a batch of each, in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for measured, function in zip(times, (one, other), strict=True):
            begun = time.perf_counter()
            for record in batch:
                function(record)
            measured.append(time.perf_counter() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def throughput(name: str, table: Table, original: Callable[[str], str], lines: list[bytes]) -> None:
    """Print both ratios for one kind of event."""
    records = [base64.b64encode(line).decode() for line in lines]
    before, standard = compare(original, ours(Transform(table, STANDARD)), records)
    slow, fast = compare(Transform(table, STANDARD), Transform(table, FAST), lines)
    print(
        f"{name}: {before / standard:.2f}x the originals ({standard / len(records) * 1e6:.1f} us a record, theirs {before / len(records) * 1e6:.1f})"
    )
    print(f"{name}: fast codec {slow / fast:.2f}x the standard library's ({fast / len(lines) * 1e6:.1f} us a record)")


def imports() -> None:
    """Print how long a fresh interpreter imports the stage, and what the originals imported."""

    def milliseconds(statement: str) -> float:
        code = f"import time; t = time.perf_counter(); {statement}; print((time.perf_counter() - t) * 1000)"
        return statistics.median(
            float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(15)
        )

    theirs, stage = milliseconds("import json, base64, traceback, datetime"), milliseconds("import eventlake.pipeline.transform")
    print(f"import: {stage / theirs:.2f}x the originals' modules ({stage:.1f} ms, theirs {theirs:.1f})")


if __name__ == "__main__":
    throughput(
        "CodePipeline", TABLES["action_execution_state_change"], original_codepipeline, events("CodePipeline Action Execution State Change")
    )
    throughput("Auth0", TABLES["auth0_logs"], original_auth0, events("Auth0 log"))
    imports()
