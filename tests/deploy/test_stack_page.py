from __future__ import annotations

from typing import Any

import pytest

from eventlake.deploy.cloudformation import read_template, statements
from eventlake.deploy.derived import ACCOUNTS, TEMPLATES, clone_folder
from eventlake.deploy.stack_page import REASONS, stack_page


def _templates() -> dict[str, Any]:
    """Those of a lake, which the templates for other accounts are no part of."""
    folder, accounts = clone_folder() / TEMPLATES, clone_folder() / ACCOUNTS
    files = [path for path in sorted(folder.rglob("*.yaml")) if accounts not in path.parents]
    return {path.relative_to(folder).as_posix(): read_template(path.read_text()) for path in files}


def test_every_permission_stands_on_the_page_with_its_reason() -> None:
    """A statement without a reason has no row, and a reason without a statement is left over."""
    used = {statement["Sid"] for statement in statements(_templates()) if statement["Action"] != "sts:AssumeRole"}
    assert used == set(REASONS)


@pytest.mark.slow
def test_a_permission_that_is_taken_away_changes_the_page() -> None:
    """So a change of any action or resource is a change that a review sees."""
    templates = _templates()
    page = stack_page(templates)
    assert "| `PartitionPolicy1` | The partition function adds partitions to the tables of the sources that are on" in page
    statement = templates["sources.yaml"]["Resources"]["PartitionPolicy1"]["Properties"]["PolicyDocument"]["Statement"][0]
    statement["Resource"].pop()
    assert stack_page(templates) != page
