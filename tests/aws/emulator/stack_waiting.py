"""CloudFormation answers an order to deploy or delete when it is done, so that clients do not sleep.

The CLI looks first at once and then every 30 seconds; here its first look finds the end. What takes longer is answered as on AWS, in progress.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import parse_qs

import ministack.services.cloudformation as cloudformation

ORDERS = ("ExecuteChangeSet", "CreateStack", "UpdateStack", "DeleteStack")
ANSWERS_WITHIN_S = 45
"""Less than the minute for which clients wait for an answer."""


def install() -> None:
    """Wait for the end of an order before its answer."""
    answer_at_once = cloudformation.handle_request

    async def answer(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Any:
        answered = await answer_at_once(method, path, headers, body, query)
        action = {**query, **parse_qs(body.decode("utf-8", "replace"))}.get("Action", [""])[0]
        last = time.monotonic() + ANSWERS_WITHIN_S
        while action in ORDERS and time.monotonic() < last:
            await asyncio.sleep(0.05)
            if not any(stack["StackStatus"].endswith("_IN_PROGRESS") for stack in cloudformation._stacks.values()):
                break
        return answered

    cloudformation.handle_request = answer
