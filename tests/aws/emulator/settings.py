"""What the environment says to the emulator, beside ministack's own variables."""

from __future__ import annotations

import os

TIME_SCALE = float(os.environ.get("EMULATOR_TIME_SCALE", "1"))
"""One second of a service's waiting (buffers, retries) takes this many real ones: with 0.02, a buffer of 300 s is written after 6 s."""

TRINO_URL = os.environ.get("TRINO_URL", "").rstrip("/")
"""The Trino that answers Athena's API; empty where ministack's own Athena does."""

TRINO_CATALOG = os.environ.get("TRINO_CATALOG", "lake")
"""Trino's catalog that stands for Athena's AwsDataCatalog."""
