"""What a browser sends: the body of a form."""

from __future__ import annotations

from eventlake.local.bus.answer import Receive


async def form_of(receive: Receive, longest: int) -> bytes:
    """Read a form's body; what is longer than its form can be is none."""
    body = bytearray()
    while len(body) <= longest:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return bytes(body)
    return b""
