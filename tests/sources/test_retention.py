"""How long tables are kept, as declarations and `retention.toml` beside them say."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.errors import DeclarationError
from eventlake.sources import load
from eventlake.sources.declaration import parse_source

DECLARED = """
name = "shop"
title = "Shop"
doc = "Sales."
reference = "https://example.com"
database = "shop"
[[table]]
name = "sold"
doc = "Sales."
retention_days = DAYS
pattern = { source = ["shop"] }
columns = [{ name = "item", type = "string", from = "$.detail.item", doc = "What." }]
"""


def days(folder: Path) -> dict[str, int | None]:
    """How long each table is kept."""
    return {table.name: table.retention_days for source in load([folder]) for table in source.tables if table.retention_days}


@pytest.mark.parametrize("wrong", ["0", "-1", "36501", '"30"', "true", "30.0", "[30]"])
def test_what_is_no_number_of_days_is_refused(wrong: str) -> None:
    """By a sentence that says what is allowed."""
    with pytest.raises(DeclarationError, match=r'table "sold": "retention_days" is .*from 1 to 36,500; leave it out'):
        parse_source(DECLARED.replace("DAYS", wrong))


def test_a_declaration_says_how_long_its_table_is_kept() -> None:
    """For ever, where it says nothing."""
    assert parse_source(DECLARED.replace("DAYS", "400")).tables[0].retention_days == 400
    assert parse_source(DECLARED.replace("retention_days = DAYS", "")).tables[0].retention_days is None


def test_a_file_beside_declarations_speaks_for_any_table(tmp_path: Path) -> None:
    """Of built-in sources too, and before the declaration; a folder may hold nothing else."""
    (tmp_path / "retention.toml").write_text("[tables]\nauth0_logs = 400\n")
    assert days(tmp_path) == {"auth0_logs": 400}

    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/source.toml").write_text(DECLARED.replace("DAYS", "30"))
    assert days(tmp_path) == {"auth0_logs": 400, "sold": 30}
    (tmp_path / "retention.toml").write_text("[tables]\nsold = 7\n")
    assert days(tmp_path) == {"sold": 7}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("[tables]\nauth0_log = 30", 'no table "auth0_log". Did you mean "auth0_logs"?'),
        ("failed = 30", '"failed" is for the retention.toml in the folder of a lake'),
        ("table = 30", 'unknown key "table"'),
        ("[tables", "is not TOML"),
        ("[tables]\nalerts = 0", "0 is no number of days"),
    ],
)
def test_a_file_that_is_wrong_is_refused(said: str, sentence: str, tmp_path: Path) -> None:
    """With its name, before anything is declared."""
    (tmp_path / "retention.toml").write_text(said)

    with pytest.raises(DeclarationError) as told:
        load([tmp_path])

    assert sentence in str(told.value)
    assert "retention.toml" in str(told.value)
