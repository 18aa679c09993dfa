"""`python tests/aws/emulator`: serves AWS at BIND_HOST:GATEWAY_PORT until it is ended."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from ministack.app import main  # noqa: E402  this folder is not importable before

from aws.emulator import (  # noqa: E402
    alarms,
    api_destinations,
    archives,
    athena_permissions,
    bucket_properties,
    event_times,
    eventbridge_targets,
    firehose,
    function_properties,
    function_roles,
    glue_partitions,
    metrics,
    named_queries,
    nested_stacks,
    other_buses,
    permissions,
    queues,
    schedules,
    settings,
    stack_waiting,
)

PARTS = (
    permissions,
    athena_permissions,
    bucket_properties,
    function_properties,
    metrics,
    function_roles,
    alarms,
    firehose,
    event_times,
    eventbridge_targets,
    other_buses,
    api_destinations,
    archives,
    glue_partitions,
    named_queries,
    nested_stacks,
    queues,
    schedules,
    stack_waiting,
)
for part in PARTS:
    part.install()
if settings.TRINO_URL:
    from aws.emulator import athena_on_trino

    athena_on_trino.install()
main()
