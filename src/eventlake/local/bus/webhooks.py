"""`POST /webhooks/SOURCE`: who may post there, which is not who may send to the bus, and what makes events of what is posted."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from eventlake.errors import ConfigurationError, StorageError
from eventlake.local.bus.answer import Headers, HttpError
from eventlake.model import Source
from eventlake.pipeline.webhook import PATH, Entries
from eventlake.pipeline.webhook_tokens import WebhookTokens

_RETRY_S = b"60"


class Webhooks:
    """The webhooks of the sources that declare one. tokens: gives those that hold now; raises ConfigurationError, StorageError."""

    def __init__(self, sources: Sequence[Source], tokens: Callable[[], WebhookTokens]) -> None:
        self._entries = {source.name: Entries(source) for source in sources if source.webhook is not None}
        self._tokens = tokens

    def admitted(self, path: str, headers: Headers) -> Entries:
        """Return what takes the entries of the source that a path names. Raises HttpError for who shows none of its tokens."""
        name = path.removeprefix(PATH)
        entries = self._entries.get(name)
        if entries is None:
            raise HttpError(404, f'No source "{name[:60]}" declares a webhook here.')
        try:
            tokens = self._tokens()
        except (ConfigurationError, StorageError):  # its sentence names a file, and is for doctor; the provider tries again meanwhile
            sentence = "The tokens of webhooks cannot be read here just now; `eventlake doctor` says why."
            raise HttpError(503, sentence, [(b"retry-after", _RETRY_S)]) from None
        if not tokens.has(name):
            raise HttpError(404, f'The webhook of "{name}" has no token, and so is closed; docs/webhook.md says how one is set.')
        if not tokens.admit(name, headers.get(b"authorization", b"")):
            raise HttpError(
                401, f'The webhook of "{name}" wants its token in the header Authorization.', [(b"www-authenticate", b"Bearer")]
            )
        return entries
