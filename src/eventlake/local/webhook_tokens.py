"""The tokens of webhooks on one machine: of the environment if it has some, else of a file in the lake's folder, as it is at the moment.

So a token is replaced without the bus being begun again: the next beside it, then the provider's setting, then the old one out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from eventlake.errors import ConfigurationError, StorageError
from eventlake.lake import Finding
from eventlake.model import Source
from eventlake.pipeline.webhook_tokens import WebhookTokens, read, read_pairs

TOKENS = "webhooks.json"
VARIABLE = "EVENTLAKE_WEBHOOK_TOKENS"


class TokensOfLake:
    """The tokens that hold now. environment: of the process, which is read once."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._file = folder / TOKENS
        given = environment.get(VARIABLE, "")
        self._fixed = read_pairs(given, VARIABLE) if given.strip() else None
        self._known: tuple[tuple[int, int, int], WebhookTokens] | None = None

    def now(self) -> WebhookTokens:
        """Return the tokens; none where neither has any. Raises ConfigurationError for a file that holds none, StorageError."""
        if self._fixed is not None:
            return self._fixed
        try:
            found = self._file.stat()
            mark = found.st_ino, found.st_mtime_ns, found.st_size
            if self._known is None or self._known[0] != mark:
                self._known = mark, read(self._file.read_text("utf-8"), str(self._file))
        except FileNotFoundError:
            return WebhookTokens({})
        except UnicodeDecodeError:
            raise ConfigurationError(f"{self._file} is not UTF-8, and so holds no tokens of webhooks.") from None
        except OSError as error:
            raise StorageError(f"{self._file}, the tokens of webhooks, cannot be read: {error.strerror}.") from None
        return self._known[1]


def check_webhooks(folder: Path, environment: Mapping[str, str], sources: Sequence[Source]) -> Iterator[Finding]:
    """Tell the webhooks that are closed though somebody opened them, and tokens that others may read. A lake without any has no finding."""
    file = folder / TOKENS
    try:
        tokens = TokensOfLake(folder, environment).now()
    except (ConfigurationError, StorageError) as error:
        yield Finding("error", str(error), "Mend it; until then what is posted to webhooks is answered with 503, and providers try again.")
        return
    declared = {source.name for source in sources if source.webhook is not None}
    for name in tokens.sources:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            yield Finding(
                "warning", f'There are tokens for the webhook of "{name}", and no such source declares one.', f"Sources that do: {known}."
            )
        elif not tokens.has(name):
            remedy = f'Make one with `openssl rand -hex 32`, and write it into "{file}"; the bus reads it at the next request.'
            yield Finding("warning", f'The webhook of "{name}" has no token, and so is closed.', remedy)
    if file.exists() and file.stat().st_mode & 0o077:
        yield Finding("warning", f'"{file}" holds tokens, and other users may read it.', f'chmod 600 "{file}"')
