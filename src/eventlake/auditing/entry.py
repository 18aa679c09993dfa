"""One line of an audit: who did what, when, and what came of it. Rows of answers never stand in it."""

from __future__ import annotations

import json
import os
import pwd
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

SOURCE, DETAIL_TYPE = "eventlake", "eventlake Audit"
ANSWERED, FAILED = "ok", "failed"
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done. action: `query`, or the command. via: `cli`, `python`, `page` or `serve`. statement: as it was asked, or the address of a page."""

    action: str
    via: str
    statement: str = ""
    tables: tuple[str, ...] = ()
    rows: int | None = None
    bytes_read: int | None = None
    outcome: str = ANSWERED
    problem: str = ""

    def detail(self, who: str) -> dict[str, Any]:
        """Return what the event says of it. who: did it."""
        return {
            "action": self.action,
            "via": self.via,
            "who": who,
            "process": os.getpid(),
            "statement": self.statement,
            "tables": list(self.tables),
            "rows": self.rows,
            "bytes": self.bytes_read,
            "outcome": self.outcome,
            "problem": self.problem,
        }

    def line(self, now: datetime) -> bytes:
        """Return it as an event of EventBridge's form, on one line. now: aware."""
        envelope = {"version": "0", "id": str(uuid.uuid4()), "detail-type": DETAIL_TYPE, "source": SOURCE, "account": "", "region": ""}
        time = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
        event: dict[str, Any] = {**envelope, "time": time, "resources": [], "detail": self.detail(user())}
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def user() -> str:
    """Return the name of the user that the process runs as, as the system knows it, whatever the environment says."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def named_in(statement: str, tables: Iterable[str]) -> tuple[str, ...]:
    """Return the tables whose names stand in a statement."""
    words = {word.lower() for word in _WORD.findall(statement)}
    return tuple(sorted(name for name in tables if name.lower() in words))
