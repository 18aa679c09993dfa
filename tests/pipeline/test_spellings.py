"""However a person is spelled, the pattern finds it, and nobody else."""

from __future__ import annotations

import base64
import json
import re
from urllib.parse import quote

import duckdb
import pytest

from eventlake.errors import UsageError
from eventlake.pipeline.spellings import pattern_of

WHO = ("auth0|5f7c8e", "Zoë.O'Brien+x@example.org")


def spellings(identifier: str) -> list[str]:
    """Texts that name the identifier."""
    cases = [identifier, identifier.upper(), identifier.lower()]
    texts = [*cases, *(quote(one, safe="") for one in cases), quote(quote(identifier, safe=""), safe=""), json.dumps(identifier)]
    texts += [
        f"\n{identifier}",
        json.dumps(f"\n{identifier}"),
        json.dumps(json.dumps({"id": f"/{identifier}/"})),
        f"id%3D{quote(identifier)}&b",
    ]
    for one in cases:
        for before in ("", "a", "ab", "id="):
            data = f"{before}{one} and more".encode()
            texts += [base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()]
    return texts


@pytest.mark.parametrize("identifier", WHO)
def test_every_spelling_is_found_by_python_and_by_duckdb(identifier: str) -> None:
    """Text and bytes alike."""
    pattern = pattern_of(WHO)
    for text in spellings(identifier):
        assert re.search(pattern, text), text
        assert re.search(pattern.encode(), text.encode()), text
        assert duckdb.execute("SELECT regexp_matches(?, ?)", [text, pattern]).fetchone() == (True,), text


@pytest.mark.parametrize("text", ["auth0|5f7c8e1", "auth0|5f7c8", "xauth0|5f7c8e", "auth0-5f7c8e", "", "brien+x@example.org"])
def test_somebody_else_is_not_found(text: str) -> None:
    """An id that only begins or ends like the person's is another's."""
    assert not re.search(pattern_of(WHO), text)


@pytest.mark.parametrize("text", ["maria.anna@example.org", "MARIA-Anna@example.org", "x_anna@example.org", "zo\u00eb.anna@example.org"])
def test_an_address_that_ends_like_the_persons_is_not_found(text: str) -> None:
    """By Python in text and bytes, and by DuckDB; as JSON too."""
    pattern = pattern_of(["anna@example.org", "other@example.org", "auth0|5f7c8e"])
    for one in (text, json.dumps(text), f"<{text}>"):
        assert not re.search(pattern, one)
        assert not re.search(pattern.encode(), one.encode())
        assert duckdb.execute("SELECT regexp_matches(?, ?)", [one, pattern]).fetchone() == (False,)


@pytest.mark.parametrize("before", ["", ".", "-", "_", "x:", " -", "|", "=", "\n-", "x%2E", "..", "mailto:", "waad|corp|"])
def test_an_address_is_found_behind_what_is_no_part_of_one(before: str) -> None:
    """A blank, a sign, or nothing before a dot."""
    pattern = pattern_of(["anna@example.org"])
    for one in (f"{before}anna@example.org", json.dumps(f"{before}anna@example.org")):
        assert re.search(pattern, one)
        assert re.search(pattern.encode(), one.encode())
        assert duckdb.execute("SELECT regexp_matches(?, ?)", [one, pattern]).fetchone() == (True,)


def test_what_is_found_everywhere_is_refused() -> None:
    """Four characters are too few."""
    with pytest.raises(UsageError, match='"anna" is too short'):
        pattern_of(["auth0|5f7c8e", " anna "])
