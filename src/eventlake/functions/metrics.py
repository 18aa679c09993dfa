"""What the functions say: lines of JSON in their log, some of which CloudWatch reads as metrics.

Format: CloudWatch's embedded metric format,
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import sys
from os import environ
from time import time

from eventlake.pipeline.codec import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing costs more than the rest of the module
    from collections.abc import Sequence
    from typing import Any

NAMESPACE = "eventlake"

LAKE = environ.get("LAKE_NAME", "eventlake")
"""The name of the lake, with which the names of its functions and delivery streams begin."""

_UNITS = {"LagSeconds": "Seconds"}


def say(level: str, message: str, **fields: Any) -> None:  # JSON values
    """Write one line: ERROR needs a person, WARNING is unexpected and lost nothing, INFO says that something was finished."""
    line = dumps({"level": level, "message": message, "Lake": LAKE, **fields})
    # Half a character from an event is written as JSON escapes it; UTF-8 has no place for it.
    sys.stdout.write(line.encode("utf-8", "backslashreplace").decode() + "\n")


def embedded_metrics(*metrics: tuple[Sequence[str], Sequence[Sequence[str]]]) -> dict[str, Any]:  # JSON as CloudWatch defines it
    """Build the `_aws` member that makes CloudWatch read a log line as metrics (embedded metric format).

    groups: names of fields that are metrics, each group with its sets of dimensions.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
    """
    directives = [
        {
            "Namespace": NAMESPACE,
            "Dimensions": dimensions,
            "Metrics": [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in names],
        }
        for names, dimensions in metrics
    ]
    return {"Timestamp": int(time() * 1000), "CloudWatchMetrics": directives}
