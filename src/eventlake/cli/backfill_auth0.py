"""`backfill auth0`: the tenant log from Auth0's Management API, each entry into the hour in which it happened."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.history import brought_in, stretch
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show
from eventlake.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from eventlake.apis.auth0.access import Access
    from eventlake.apis.auth0.logs import Auth0Logs

_COLUMNS = ("domain", "state", "events", "rows", "failed", "last_log_id")
_FILE = click.Path(path_type=Path)


@click.command(short_help="History from Auth0's Management API.")
@click.option("--domain", required=True, metavar="DOMAIN", help="The tenant's own domain: tenant.eu.auth0.com.")
@click.option("--since", metavar="TIME", help="From when on: YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC; default: all that Auth0 keeps.")
@click.option("--until", metavar="TIME", help="To when, that left out; default: until Auth0 has no more.")
@click.option("--client-id", metavar="ID", help="Id of an application that may read:logs; AUTH0_CLIENT_ID.")
@click.option("--client-secret-file", type=_FILE, metavar="FILE", help="A file that holds its secret; else AUTH0_CLIENT_SECRET.")
@click.option("--token-file", type=_FILE, metavar="FILE", help="A file that holds a token, in place of both; else AUTH0_TOKEN.")
@global_options
def auth0(
    domain: str, since: str | None, until: str | None, client_id: str | None, client_secret_file: Path | None, token_file: Path | None
) -> int:
    """Bring in the log of a tenant from the Management API: each entry becomes a row in the hour in which it happened.

    It goes on until Auth0 has no more, where the log stream goes on. Stopped by Ctrl-C or a kill, the same command goes on where it was; run
    again, it brings in what is new. An entry that the stream brought too is left out when its hour is closed. Ends with 1 if something failed.
    """
    from eventlake.apis.asking import Asker
    from eventlake.apis.auth0.logs import Auth0Logs
    from eventlake.apis.host import Host

    current = settings()
    begin, end = stretch(since, until)
    access = _access(client_id, client_secret_file, token_file)
    logs = Auth0Logs(Asker(Host(domain)), access, begin, end, datetime.now(UTC))
    progress = brought_in(logs, domain, current)
    current.say(_ended(logs, until))
    state = "done" if progress.events else "known"
    show(_COLUMNS, [[domain, state, progress.events, progress.rows, progress.failed, logs.last or None]], current.form)
    return 1 if progress.failed else 0


def _access(client_id: str | None, client_secret_file: Path | None, token_file: Path | None) -> Access:
    """Return what lets one read the log; what the options name comes before the environment. Raises ConfigurationError, UsageError."""
    from eventlake.apis.auth0.access import ClientCredentials, GivenToken

    if token_file and (client_id or client_secret_file):
        raise UsageError("--token-file takes the place of --client-id and --client-secret-file; name one or the others.")
    token = "" if client_id or client_secret_file else _secret(token_file, "AUTH0_TOKEN")
    if token:
        return GivenToken(token)
    named, secret = client_id or os.environ.get("AUTH0_CLIENT_ID", ""), _secret(client_secret_file, "AUTH0_CLIENT_SECRET")
    if not named or not secret:
        raise ConfigurationError(
            "Nothing lets this command read the log: set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET, or AUTH0_TOKEN; "
            "or name files with --client-secret-file or --token-file."
        )
    return ClientCredentials(named, secret)


def _secret(file: Path | None, variable: str) -> str:
    """Return a secret from a file, else from the environment; empty if neither is there. Raises ConfigurationError."""
    from eventlake.apis.auth0.access import is_sendable

    try:
        found = (file.read_text("utf-8") if file else os.environ.get(variable, "")).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f'"{file}" cannot be read: {getattr(error, "strerror", None) or "it is no text"}.') from None
    if (found or file) and not is_sendable(found):
        raise ConfigurationError(f"{file or variable} holds no secret: that is one word of visible ASCII.")
    return found


def _ended(logs: Auth0Logs, until: str | None) -> str:
    """Say on which entry the history ended, and what goes on there."""
    from eventlake.apis.auth0.log_id import moment_of

    if not logs.last:
        return "There is no entry that is not stored yet."
    when = moment_of(logs.last)
    at = f"{logs.last} of {when:%Y-%m-%d %H:%M:%S} UTC" if when else logs.last
    return f"The last entry is {at}{'' if until else '; Auth0 has no newer one, the log stream goes on from there'}."
