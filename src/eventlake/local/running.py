"""What the bus of a lake says of itself, where one runs: whether it takes events, writes them, and delivers them."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eventlake.lake import Finding
from eventlake.local.lock import read_holder

_PATIENCE_S = 5.0
_SEVERITIES = {"failing": "error", "busy": "warning"}
_REMEDY = "Read what the bus says where it runs; if it does not go on by itself, end it and start `eventlake serve` again: nothing accepted is lost."
_ASK = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
"""A bus on this machine is reached without a proxy, whatever the environment says."""


def check_bus(folder: Path) -> Iterator[Finding]:
    """Ask the bus that writes a lake how it is; nothing where what writes it is no bus."""
    url = read_holder(folder).get("url")
    if not isinstance(url, str):
        return
    state = _state(url)
    if state is None:
        yield Finding("error", f"The bus at {url} holds the lake and does not answer within {_PATIENCE_S:g} s.", _REMEDY)
    elif (severity := _SEVERITIES.get(str(state.get("status")))) is not None:
        waiting = f"{int(state.get('pending_bytes') or 0):,} bytes of accepted events wait"
        yield Finding(severity, f"The bus at {url} is {state['status']}; {waiting}: {state.get('message')}", _REMEDY)


def _state(url: str) -> dict[str, Any] | None:  # JSON
    """Return what `GET /healthz` answers; None if nothing that it would say."""
    try:
        with _ASK(f"{url}/healthz", timeout=_PATIENCE_S) as answer:
            return _object(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return _object(error.read())
    except (OSError, http.client.HTTPException):
        return None


def _object(body: bytes) -> dict[str, Any] | None:  # JSON
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
