"""A function for a stream of the tests: log lines in capitals, and every way in which a record can fail."""

from __future__ import annotations

import base64
import json
import time
from typing import Any


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answer each record by what its detail says under `answer`; `raise` fails the batch, `long` answers too much."""
    records = [(record, json.loads(base64.b64decode(record["data"]))) for record in event["records"]]
    for said in ({"records": len(records)},):
        directive = {"Namespace": "harness", "Dimensions": [["Stream"]], "Metrics": [{"Name": "records", "Unit": "Count"}]}
        print(  # noqa: T201  a function's log is its standard output
            json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}, "Stream": "upper", **said})
        )
    return {"records": [answer for record, told in records for answer in answers(record, told["detail"])]}


def answers(record: dict[str, Any], detail: dict[str, Any]) -> list[dict[str, Any]]:
    """The answer to one record, none where it is to be missing."""
    asked = detail.get("answer", "Ok")
    if asked == "raise":
        raise ValueError("the function was asked to fail")
    if asked == "missing":
        return []
    line = {"name": str(detail.get("name", "")).upper(), "count": detail.get("count")}
    if asked == "long":
        line["name"] = "x" * 7_000_000
    data = base64.b64encode((json.dumps(line) + "\n").encode()).decode()
    return [{"recordId": record["recordId"], "result": asked if asked != "long" else "Ok", "data": data}]
