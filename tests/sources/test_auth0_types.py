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
@pytest.mark.parametrize("log_type", FACTS)
def test_an_entry_becomes_one_log_line_that_holds_all_of_it(log_type: str, last_kind: bool, whole: bool) -> None:
    """One line in auth0_logs; each scalar of the event stands in a column, in details or in extra."""
    event = _event(log_type, whole=whole, last_kind=last_kind)
    lines, reasons = FLOW.lines(json.dumps(event).encode())
    assert (list(lines), reasons) == (["auth0_logs"], [])
    line = lines["auth0_logs"]
    assert (line["log_id"], line["type"], line["event_id"]) == (f"log-{log_type}", log_type, f"event-{log_type}")
    assert line["event_time"] == ("2026-07-13 10:20:30.456" if whole else "2026-07-13 10:20:45.000")
    data = event["detail"]["data"]
    details = line.get("details")
    assert (None if details is None else json.loads(details)) == data.get("details")
    kept = line | json.loads(line.get("extra", "{}"))
    for name, value in data.items():
        assert _is_kept(kept, name, value), name


def _is_kept(kept: dict[str, Any], name: str, value: Any) -> bool:
    if value is None or name in {"date", "details"}:
        return True
    held = kept.get(name)
    if name == "scope" and isinstance(value, list):
        return bool(held == " ".join(value))
    return bool(held == value) or (isinstance(held, str) and isinstance(value, dict | list) and json.loads(held) == value)
