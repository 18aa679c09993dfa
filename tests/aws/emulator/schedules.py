"""EventBridge Scheduler calls a function under the role of its schedule, which is asked here; ministack does it without.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
"""

from __future__ import annotations

import logging
from typing import Any

import ministack.services.eventbridge as eventbridge

from aws.emulator import permissions

SERVICE = "scheduler.amazonaws.com"

log = logging.getLogger(__name__)


def install() -> None:
    """Ask before a schedule's target is called."""
    invoke = eventbridge._invoke_target

    def invoke_allowed(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], *more: Any) -> None:
        if event.get("Source") == "aws.scheduler" and not may(target, rule):
            return
        invoke(target, event, rule, *more)

    eventbridge._invoke_target = invoke_allowed


def may(target: dict[str, Any], schedule: dict[str, Any]) -> bool:
    """Whether the schedule's role trusts the scheduler for the schedule's group, and may call the function."""
    group = str(schedule["Arn"]).replace(":schedule/", ":schedule-group/").rpartition("/")[0]
    try:
        permissions.require(target["RoleArn"], SERVICE, group, [("lambda:InvokeFunction", target["Arn"])])
    except permissions.AccessDenied as denied:
        log.warning("Schedule %s: %s", schedule["Arn"], denied)
        return False
    return True
