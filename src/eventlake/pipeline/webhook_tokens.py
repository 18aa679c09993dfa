"""The tokens that webhooks show, by source: one each, or two while the old one is being replaced.

They are JSON, in a file on one machine and in a secret on AWS: `{"auth0": ["the token", "the next"]}`. What is shown is compared in a time that
tells nothing of them.
"""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping, Sequence

from eventlake.errors import ConfigurationError

AT_ONCE = 2
"""How many tokens a source may have: the one that holds, and the next."""
LEAST = 16
"""How many characters a token has at least; fewer can be guessed."""

_TOKEN = re.compile(rf"[A-Za-z0-9._~+/=-]{{{LEAST},512}}")
_BEARER = re.compile(rb"bearer +", re.IGNORECASE)


class WebhookTokens:
    """The tokens of each source that has some."""

    def __init__(self, by_source: Mapping[str, Sequence[str]]) -> None:
        self._by_source = {source: [token.encode() for token in tokens] for source, tokens in by_source.items()}

    @property
    def sources(self) -> list[str]:
        """Return the names of the sources that are listed, with tokens or without."""
        return sorted(self._by_source)

    def has(self, source: str) -> bool:
        """Return True if a source has a token."""
        return bool(self._by_source.get(source))

    def admit(self, source: str, given: bytes) -> bool:
        """Return True if a header Authorization holds a token of the source: verbatim, as Auth0 sends it, or behind `Bearer`."""
        shown = _BEARER.sub(b"", given, count=1) if _BEARER.match(given) else given
        admitted = False
        for token in self._by_source.get(source, ()):  # all of them, so that the time does not tell which was nearly right
            admitted |= hmac.compare_digest(shown, token)
        return admitted


def read(text: str, where: str) -> WebhookTokens:
    """Read tokens from JSON. where: what holds them, as an error names it. Raises ConfigurationError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(tokens, list) for tokens in found.values()):
        raise ConfigurationError(f'{where} holds no tokens of webhooks: expected JSON such as {{"auth0": ["TOKEN"]}}.')
    return WebhookTokens({source: _checked(source, tokens, where) for source, tokens in found.items()})


def read_pairs(text: str, where: str) -> WebhookTokens:
    """Read tokens from pairs parted by blanks, `auth0=TOKEN auth0=NEXT`. where: as in `read`. Raises ConfigurationError."""
    by_source: dict[str, list[object]] = {}
    for pair in text.split():
        source, is_pair, token = pair.partition("=")
        if not is_pair or not source:
            raise ConfigurationError(f"{where} holds no tokens of webhooks: expected SOURCE=TOKEN, several parted by blanks.")
        by_source.setdefault(source, []).append(token)
    return WebhookTokens({source: _checked(source, tokens, where) for source, tokens in by_source.items()})


def _checked(source: str, tokens: Sequence[object], where: str) -> list[str]:
    """Return the tokens of a source. Raises ConfigurationError, in which none of them stands."""
    if len(tokens) > AT_ONCE:
        raise ConfigurationError(f'{where} gives "{source}" {len(tokens)} tokens: {AT_ONCE} at most, the one that holds and the next.')
    kept = [token for token in tokens if isinstance(token, str) and _TOKEN.fullmatch(token)]
    if len(kept) < len(tokens):
        raise ConfigurationError(
            f'{where} gives "{source}" what is no token: it needs {LEAST} letters, digits or . _ ~ + / = - at least, and no blanks. '
            "Make one with `openssl rand -hex 32`."
        )
    return kept
