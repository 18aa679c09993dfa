"""What Athena would charge for a query, from a dated price list.

Prices: https://aws.amazon.com/athena/pricing/ (SQL queries, us-east-1, read on 2026-11-20). Bytes are those Athena would read of S3.
"""

from __future__ import annotations

from dataclasses import dataclass

PRICE_DATE = "2026-11-20"
"""The day the price list was read."""
PRICE_SOURCE = "https://aws.amazon.com/athena/pricing/"
"""Where the prices stand."""
DOLLARS_PER_TERABYTE = 5.00
"""Per terabyte scanned, 2 ** 40 bytes."""
MINIMUM_BYTES = 10 * 1024 * 1024
"""What each query is charged at least, unless it reads nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Bytes scanned, bytes charged and US dollars of one query."""

    bytes_scanned: int
    bytes_charged: int
    dollars: float

    def __str__(self) -> str:
        return f"${self.dollars:.6f} on Athena ({self.bytes_scanned:,} bytes scanned, prices of {PRICE_DATE})"


def athena_cost(bytes_scanned: int) -> Cost:
    """Return what Athena would charge for a query that scans so many bytes: rounded up to a megabyte, 10 MB at least."""
    megabyte = 1024 * 1024
    charged = max(-(-bytes_scanned // megabyte) * megabyte, MINIMUM_BYTES) if bytes_scanned else 0
    return Cost(bytes_scanned, charged, charged / 2**40 * DOLLARS_PER_TERABYTE)
