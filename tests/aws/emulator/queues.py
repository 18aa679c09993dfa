"""Queues that a function reads: what it fails comes again after the visibility timeout in the emulator's time.

AWS asks for six times the function's timeout, minutes that no test can wait.
"""

from __future__ import annotations

import time
from typing import Any

import ministack.services.sqs as sqs

from aws.emulator.settings import TIME_SCALE


def install() -> None:
    """Shorten the time for which a message handed to a function is invisible."""
    receive = sqs._receive_messages_for_esm

    def receive_scaled(url: str, most: int) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = receive(url, most)
        now_s = time.time()
        for message in messages:
            message["visible_at"] = now_s + (message["visible_at"] - now_s) * TIME_SCALE
        return messages

    sqs._receive_messages_for_esm = receive_scaled
