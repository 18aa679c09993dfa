"""What a declaration and `privacy.toml` say of personal data."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventlake.deploy.declared import declared_module
from eventlake.errors import DeclarationError
from eventlake.model import Personal, Table
from eventlake.sources import load
from eventlake.sources.declaration import parse_source

SHOP = """
name = "shop"
title = "Shop"
doc = "Orders."
reference = "https://example.com/events"
database = "shop_event_logs"

[[table]]
name = "orders"
doc = "One log line for each order."
pattern = { source = ["com.example.shop"], detail-type = ["Order"] }
columns = [
  { name = "buyer", type = "string", from = ["$.detail.buyer", "$.detail.customer"], personal = "hmac", doc = "Who bought." },
  { name = "total", type = "double", from = "$.detail.total", doc = "Price." },
  { name = "address", type = "string", as = "json", from = "$.detail.address", doc = "Where to." },
]

[table.personal]
"address.lines[].name" = "mask"
"extra.phone" = "drop"
"""


def logs(folder: Path, privacy: str) -> Table:
    """The table of Auth0 with this `privacy.toml`."""
    (folder / "privacy.toml").write_text(privacy)
    return next(table for source in load([folder]) for table in source.tables if table.name == "auth0_logs")


def test_a_declaration_says_it_of_columns_and_of_their_parts() -> None:
    """Every path of a column counts; a field without column lies under the table's root."""
    assert parse_source(SHOP).tables[0].personal == (
        Personal("$.detail.buyer", "hmac"),
        Personal("$.detail.customer", "hmac"),
        Personal("$.detail.address.lines[].name", "mask"),
        Personal("$.detail.phone", "drop"),
    )


def test_a_file_of_the_users_says_it_of_built_in_sources(tmp_path: Path) -> None:
    """What it does not name is as declared."""
    before = {place.path: place.how for place in logs(tmp_path, "").personal}

    after = {place.path: place.how for place in logs(tmp_path, '[auth0_logs]\nIP = "network"\n"$.detail.data.country" = "drop"').personal}

    assert after == before | {"$.detail.data.ip": "network", "$.detail.data.country": "drop"}
    assert set(before.values()) == {"keep"}


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ('user_nam = "hmac"', '"user_nam" names no column. Did you mean "user_name"?'),
        ('user_name = "hmca"', 'is to be kept as "hmca". Did you mean "hmac"?'),
        ("user_name = 1", '"user_name" is to be kept as 1. Allowed: keep, mask, hmac, drop, network.'),
        ('event_time = "drop"', '"event_time" tells events apart'),
        ('log_id = "mask"', '"log_id" tells duplicates apart'),
        ('is_mobile = "mask"', '"is_mobile" is of type boolean'),
        ('extra = "drop"', 'name a field of it, such as "extra.email"'),
        ('"details.a..b" = "drop"', '"details.a..b" leads nowhere'),
        ('"$.source" = "mask"', "without which an event finds no table"),
        ('details = "drop"\n"details.email" = "mask"', "lies in $.detail.data.details, which is masked as a whole"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, said: str, sentence: str) -> None:
    """With the file, the table and the way out."""
    with pytest.raises(DeclarationError) as told:
        logs(tmp_path, f"[auth0_logs]\n{said}\n")

    assert f'{tmp_path}/privacy.toml, table "auth0_logs": ' in str(told.value)
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[auth0_log]\nip = "drop"', 'there is no table "auth0_log". Did you mean "auth0_logs"?'),
        ('auth0_logs = "drop"', "expected a TOML table such as [auth0_logs]"),
        ("[auth0_logs", "is not TOML"),
    ],
)
def test_a_file_that_says_nothing_of_a_table_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    """By its name."""
    with pytest.raises(DeclarationError) as told:
        logs(tmp_path, text)

    assert sentence in str(told.value)


def test_the_function_on_aws_masks_the_same_places(tmp_path: Path) -> None:
    """With pseudonyms, it is told where an event says when it happened too: its day tells the key."""
    assert "PERSONAL" not in declared_module(logs(tmp_path, ""))
    assert 'PERSONAL = [("$.detail.data.ip", "network")]\n' in declared_module(logs(tmp_path, '[auth0_logs]\nip = "network"'))
    masked = declared_module(logs(tmp_path, '[auth0_logs]\nip = "hmac"'))
    assert 'PERSONAL = [("$.detail.data.ip", "hmac")]\nTIMES = ["$.detail.data.date", "$.time"]\n' in masked
