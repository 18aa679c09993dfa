"""What the outermost template says of a lake as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventlake.deploy.cloudformation import Tagged
from eventlake.deploy.root_stack import root_stack
from eventlake.sources import load

OF = {"auth0_logs": 'user_id = "hmac"', "build_state_change": 'initiator = "hmac"', "comment_change": 'caller_user_arn = "hmac"'}


def rule(folder: Path, tables: list[str]) -> Any:
    """The rule about pseudonyms of a lake in which these tables ask for some."""
    (folder / "privacy.toml").write_text("\n".join(f"[{table}]\n{OF[table]}" for table in tables))
    return root_stack(load([folder]))["Rules"].get("PseudonymsWantKeys")


def test_without_pseudonyms_nothing_is_asked_for(tmp_path: Path) -> None:
    """The parameter may stay empty."""
    assert rule(tmp_path, []) is None


@pytest.mark.parametrize("tables", [["auth0_logs"], ["auth0_logs", "build_state_change"], list(OF)])
def test_a_source_with_pseudonyms_is_not_deployed_without_keys(tables: list[str], tmp_path: Path) -> None:
    """CloudFormation says so before it makes anything; sources that are off do not count."""
    found = rule(tmp_path, tables)

    (assertion,) = found["Assertions"]
    assert assertion["Assert"] == Tagged("Not", [Tagged("Equals", [Tagged("Ref", "PseudonymKeysSecretArn"), ""])])
    assert "Auth0" in assertion["AssertDescription"]
    assert str(found["RuleCondition"]).count("'Or'") == len(tables)  # Auth0 is on by its bus or by its webhook
