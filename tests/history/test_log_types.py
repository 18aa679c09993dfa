from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from eventlake.history.log_types import log_shape, log_types
from eventlake.history.tenant_log import NOBODY

FACTS: dict[str, dict[str, dict[str, str]]] = json.loads(
    gzip.decompress((Path(__file__).parents[1] / "sources/auth0_log_types.json.gz").read_bytes())
)["types"]
"""For each of Auth0's 166 log types, the JSON types of its fields and of those in details; ! = required."""

NOT_IN_SCHEMAS = {"location_info", "isMobile", "is_mobile"}
"""Fields that real entries have; `stats` too, in the details of logins. No schema names them, or not by this name."""


def _entry(code: str) -> dict[str, Any]:
    """An entry of this type with a value for every hole."""
    numbers = dict.fromkeys(("began", "finished", "elapsed", "logins", "status"), "1")
    values = {**defaultdict(str, NOBODY), **numbers, "suspected": "false", "body": "{}", "answer": "{}", "administrator": ""}
    texts = ("tenant", "source", "hostname", "description", "id", "time", "date", "log_id", "code", "error", "method", "path", "channel")
    values |= dict.fromkeys(texts, "text") | {"organization": '"organization_id":"org","organization_name":"name",'}
    data: dict[str, Any] = json.loads(log_shape(code) % values)["detail"]["data"]
    return data


def test_every_documented_type_is_known() -> None:
    """The table holds the 166 types of Auth0's schemas, each with its event's name."""
    assert log_types().keys() == FACTS.keys()
    assert all(known.event for known in log_types().values())


def test_entry_has_the_fields_of_its_schema() -> None:
    """No field that the schema does not name, and every field that it requires, also in details."""
    assert {code: wrong for code in FACTS if (wrong := _unlike_its_schema(code))} == {}


def _unlike_its_schema(code: str) -> set[str]:
    """Return the fields that an entry of this type has too many, or lacks."""
    data, facts = _entry(code), FACTS[code]
    details, known = data.get("details", {}), facts["details"].keys()
    wrong = (data.keys() - NOT_IN_SCHEMAS - facts["fields"].keys()) | (_required(facts["fields"]) - data.keys())
    if known:
        wrong |= details.keys() - {"stats"} - known
    return wrong | (_required(facts["details"]) - details.keys() if details else set())


def _required(fields: dict[str, str]) -> set[str]:
    return {name for name, kind in fields.items() if kind.endswith("!")}


@pytest.mark.parametrize("code", ["seccft", "limit_wc", "limit_mu", "pwd_leak", "fepft", "signup_pwd_leak"])
def test_some_types_come_without_details(code: str) -> None:
    """As they do from Auth0; the transform must not need them."""
    assert "details" not in _entry(code)
