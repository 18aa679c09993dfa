"""Random ids, of requests and of events."""

from __future__ import annotations

import os


def new_ids(count: int) -> list[str]:
    """Return random UUIDs (version 4), with one call to the system for all of them."""
    digits = os.urandom(16 * count).hex()
    return [f"{d[:8]}-{d[8:12]}-4{d[13:16]}-a{d[17:20]}-{d[20:]}" for d in (digits[at : at + 32] for at in range(0, len(digits), 32))]
