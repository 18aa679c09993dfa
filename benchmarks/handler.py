"""The Lambda function that transforms, against the originals': cold import, and 500 records a batch.

    python benchmarks/handler.py

Cold import: a fresh interpreter for each measurement, with the originals' modules (json, base64, traceback, datetime) and with the handler's
and a table's mapping, without .pyc files of ours, because Lambda's code folder has none, and with them. Processor time, medians of runs in turns.
Batches: the whole handler, Firehose's envelope in and out, against the originals' handlers restated here; medians of runs in turns.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventlake.functions.transform import handler
from eventlake.history import demo_history

ROOT = Path(__file__).parent.parent
BATCH = 500
ROUNDS = 80
STARTS = 21

ORIGINALS = "import json, base64, traceback, datetime"
TABLES = ("auth0_logs", "action_execution_state_change", "deployment_state_change")
HANDLER = "import eventlake.functions.transform as function"

Handler = Callable[[Any, object], Any]


def original(mapping: Callable[[Any], Any]) -> Handler:
    """An original's handler: each record decoded, mapped, encoded; one that fails is given back."""

    def handle(event: Any, context: object) -> Any:
        answers = []
        for record in event["records"]:
            try:
                line = mapping(json.loads(base64.b64decode(record["data"])))
                data = base64.b64encode((json.dumps(line) + "\n").encode()).decode()
                answers.append({"recordId": record["recordId"], "result": "Ok", "data": data})
            except Exception:
                traceback.print_exc()
                answers.append({"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]})
        return {"records": answers}

    return handle


def codepipeline(event: Any) -> Any:
    """The first original's mapping: the detail, with four fields of the envelope."""
    line = event["detail"]
    line["executionId"] = line.pop("execution-id")
    line["pipelineArn"] = event["resources"][0]
    line["eventVersion"] = event["version"]
    line["timestamp"] = event["time"]
    return line


def auth0(event: Any) -> Any:
    """The second original's mapping: the entry, with `timestamp` and `details` as JSON text."""
    line = event["detail"]["data"]
    line["timestamp"] = line.pop("date")
    line["details"] = json.dumps(line["details"])
    return line


def batch(table: str, detail_type: str) -> Any:
    """Firehose's envelope with events of one kind from a month of history; of Auth0 those that the original could transform at all."""
    records = []
    for line in demo_history(datetime(2026, 11, 20, tzinfo=UTC)).lines():
        event = json.loads(line)
        if event["detail-type"] == detail_type and (detail_type != "Auth0 log" or {"date", "details"} <= event["detail"]["data"].keys()):
            data = base64.b64encode(line.rstrip()).decode()  # EventBridge sends no line break
            records.append({"recordId": f"{len(records):056}", "approximateArrivalTimestamp": int(time.time() * 1000), "data": data})
    arn = f"arn:aws:firehose:eu-central-1:123456789012:deliverystream/eventlake-{table.replace('_', '-')}"
    return {"invocationId": "bench", "deliveryStreamArn": arn, "region": "eu-central-1", "records": records[:BATCH]}


def compare(one: Handler, other: Handler, event: Any) -> tuple[float, float]:
    """Median seconds for a batch of each, in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        for measured, function in zip(times, (one, other), strict=True):
            begun = time.process_time()
            function(event, None)
            measured.append(time.process_time() - begun)
    return statistics.median(times[0]), statistics.median(times[1])


def throughput() -> None:
    """Print for each kind of event what a batch takes, and the ratio."""
    for table, detail_type, mapping in (
        ("action_execution_state_change", "CodePipeline Action Execution State Change", codepipeline),
        ("auth0_logs", "Auth0 log", auth0),
    ):
        event = batch(table, detail_type)
        with contextlib.redirect_stdout(io.StringIO()):
            assert all(record["result"] == "Ok" for record in handler(event, None)["records"])
            theirs, ours = compare(original(mapping), handler, event)
        print(
            f"{table}: {ours / theirs:.2f}x the time of the originals' ({ours * 1000:.2f} ms for {BATCH} records, theirs {theirs * 1000:.2f})"
        )


@contextlib.contextmanager
def code_folder() -> Iterator[Path]:
    """The code as `aws cloudformation package` uploads it: sources, no .pyc."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "src"
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        yield copy


def milliseconds(statement: str, environment: dict[str, str]) -> float:
    """Processor time of one statement in a fresh interpreter."""
    code = f"import time; begun = time.process_time(); {statement}; print((time.process_time() - begun) * 1000)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment).stdout)


def imports(*, compiled: bool) -> None:
    """Print what a cold import takes, alone and with each table's mapping made ready."""
    statements = [ORIGINALS, HANDLER, *(f"{HANDLER}; function._load('{table}')" for table in TABLES)]
    with code_folder() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {"PYTHONPATH": str(folder)}
        environment |= {} if compiled else {"PYTHONDONTWRITEBYTECODE": "1"}
        taken: dict[str, list[float]] = {statement: [] for statement in statements}
        for _ in range(STARTS):
            for statement in statements:
                taken[statement].append(milliseconds(statement, environment))
    theirs = statistics.median(taken[ORIGINALS])
    print(f"import {'with' if compiled else 'without'} .pyc of ours; the originals' modules {theirs:.1f} ms")
    for statement, what in zip(statements[1:], ("handler alone", *TABLES), strict=True):
        ours = statistics.median(taken[statement])
        print(f"  {what}: {ours / theirs:.2f}x ({ours:.1f} ms)")


if __name__ == "__main__":
    throughput()
    imports(compiled=False)
    imports(compiled=True)
