"""One event of each of Auth0's 166 log types becomes one log line, and nothing of it is lost.

The facts in auth0_log_types.json.gz (the JSON types of each log type's fields) derive from github.com/auth0/auth0-log-schemas, Apache-2.0.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from eventlake.sources import load
from eventlake.sources.samples import Flow

FACTS: dict[str, dict[str, dict[str, str]]] = json.loads(gzip.decompress(Path(__file__).with_name("auth0_log_types.json.gz").read_bytes()))[
    "types"
]
FLOW = Flow(load())

DETAIL_VALUES: dict[str, Any] = {
    "string": "text",
    "boolean": True,
    "number": 7,
    "object": {"inner": {"name": "value", "empty": None}},
    "array": ["one", {"two": 2}],
    "any": 1.5,
    "null": None,
}
VALUES = DETAIL_VALUES | {"object": {"unheard-of": {"name": "value"}}, "array": ["read:orders", "write:orders"]}


def _event(log_type: str, *, whole: bool, last_kind: bool) -> dict[str, Any]:
    """An event with all fields of its type or the required ones only; of alternative JSON types the first or the last."""
    facts = FACTS[log_type]
    data = {name: _value(VALUES, kind, name, last_kind) for name, kind in facts["fields"].items() if whole or kind.endswith("!")}
    if "details" in data:
        data["details"] = {
            name: _value(DETAIL_VALUES, kind, name, last_kind) for name, kind in facts["details"].items() if whole or kind.endswith("!")
        }
    data |= {"type": log_type, "log_id": f"log-{log_type}"} | ({"date": "2026-07-13T10:20:30.456Z"} if whole else {})
    envelope = {"version": "0", "id": f"event-{log_type}", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com/acorn/auth0.logs"}
    return envelope | {
        "account": "123456789012",
        "time": "2026-07-13T10:20:45Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {"log_id": data["log_id"], "data": data},
    }


def _value(values: dict[str, Any], kind: str, name: str, last_kind: bool) -> Any:
    value = values[kind.rstrip("!").split("|")[-1 if last_kind else 0]]
    return f"{name} of the entry" if value == "text" else value


def test_the_facts_cover_every_log_type() -> None:
    """All 166 types are tried, those that never have details among them."""
    assert len(FACTS) == 166
    assert {name for name, facts in FACTS.items() if "details" not in facts["fields"]} == {
        "feoobft",
        "feotpft",
        "fepft",
        "fepotpft",
        "fercft",
    }


@pytest.mark.parametrize("whole", [False, True], ids=["required fields", "all fields"])
@pytest.mark.parametrize("last_kind", [False, True], ids=["first JSON type", "last JSON type"])
def test_an_entry_becomes_one_log_line_that_holds_all_of_it(last_kind: bool, whole: bool) -> None:
    """One line in auth0_logs for each type; each scalar of the event stands in a column, in details or in extra."""
    time = "2026-07-13 10:20:30.456" if whole else "2026-07-13 10:20:45.000"
    events = {log_type: _event(log_type, whole=whole, last_kind=last_kind) for log_type in FACTS}

    made = {log_type: FLOW.lines(json.dumps(event).encode()) for log_type, event in events.items()}

    assert {log_type: (list(lines), reasons) for log_type, (lines, reasons) in made.items()} == dict.fromkeys(FACTS, (["auth0_logs"], []))
    found = {log_type: lines["auth0_logs"] for log_type, (lines, _) in made.items()}
    assert {log_type: [line[name] for name in ("log_id", "type", "event_id", "event_time")] for log_type, line in found.items()} == {
        log_type: [f"log-{log_type}", log_type, f"event-{log_type}", time] for log_type in FACTS
    }
    lost = {log_type: _lost(event["detail"]["data"], found[log_type]) for log_type, event in events.items()}
    assert {log_type: names for log_type, names in lost.items() if names} == {}


def _lost(data: dict[str, Any], line: dict[str, Any]) -> list[str]:
    """Return the fields of an entry that its line does not hold."""
    details = line.get("details")
    kept = line | json.loads(line.get("extra", "{}"))
    changed = ["details"] if (None if details is None else json.loads(details)) != data.get("details") else []
    return changed + [name for name, value in data.items() if not _is_kept(kept, name, value)]


def _is_kept(kept: dict[str, Any], name: str, value: Any) -> bool:
    if value is None or name in {"date", "details"}:
        return True
    held = kept.get(name)
    if name == "scope" and isinstance(value, list):
        return bool(held == " ".join(value))
    return bool(held == value) or (isinstance(held, str) and isinstance(value, dict | list) and json.loads(held) == value)
