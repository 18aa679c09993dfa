"""The tokens of webhooks: read strictly, compared whole, two at once while one is replaced."""

from __future__ import annotations

import json

import pytest

from eventlake.errors import ConfigurationError
from eventlake.pipeline.webhook_tokens import WebhookTokens, read, read_pairs

OLD, NEW = "0123456789abcdef", "fedcba9876543210"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"auth0": "0123456789abcdef"}',
        '{"auth0": ["short"]}',
        '{"auth0": ["has a blank in its middle"]}',
        '{"auth0": [17]}',
        json.dumps({"auth0": [OLD, NEW, OLD]}),
    ],
)
def test_what_holds_no_tokens_is_refused_without_telling_them(text: str) -> None:
    """In one sentence that names the file."""
    with pytest.raises(ConfigurationError, match=r"^the file .*[.]$") as refused:
        read(text, "the file")

    assert OLD not in str(refused.value)


@pytest.mark.parametrize("text", [OLD, f"={OLD}", "auth0=short", f"auth0={OLD} auth0={NEW} auth0={OLD}"])
def test_pairs_that_are_none_are_refused(text: str) -> None:
    """As strictly as the file."""
    with pytest.raises(ConfigurationError, match="EVENTLAKE"):
        read_pairs(text, "EVENTLAKE_WEBHOOK_TOKENS")


@pytest.mark.parametrize("tokens", [read(json.dumps({"auth0": [OLD, NEW]}), "f"), read_pairs(f"auth0={OLD}  auth0={NEW}\n", "v")])
def test_both_tokens_hold_while_one_is_replaced(tokens: WebhookTokens) -> None:
    """For their own source, verbatim or as bearer."""
    for given in (OLD, NEW, f"Bearer {NEW}", f"bearer  {OLD}"):
        assert tokens.admit("auth0", given.encode())
    for given in ("", "Bearer ", OLD[:-1], OLD + "0", f"Basic {OLD}", OLD + NEW):
        assert not tokens.admit("auth0", given.encode())
    assert not tokens.admit("okta", OLD.encode())


def test_without_a_token_nobody_is_admitted() -> None:
    """Not even who shows nothing."""
    tokens = read('{"auth0": []}', "f")

    assert (tokens.has("auth0"), tokens.admit("auth0", b""), tokens.sources) == (False, False, ["auth0"])


def test_a_token_may_end_in_equals_signs() -> None:
    """As base64 does."""
    assert read_pairs(f"auth0={OLD}==", "v").admit("auth0", f"{OLD}==".encode())
