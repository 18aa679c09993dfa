"""A browser that asks a page in this process: what it says, and what it is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

Site = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


def staying(body: bytes = b"") -> Callable[[], Awaitable[Any]]:
    """What a browser says that sends a body, and stays for the answer."""
    given = [{"type": "http.request", "body": body}]

    async def receive() -> Any:
        return given.pop() if given else await asyncio.sleep(60, {"type": "http.disconnect"})

    return receive


def statuses(site: Site, *addresses: str) -> list[int]:
    """The status of each page that a browser fetches."""
    found: list[int] = []

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    for address in addresses:
        path, _, query = address.partition("?")
        scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": []}
        asyncio.run(site(scope, staying(), send))  # type: ignore[arg-type]  # a page is a coroutine
    return found
