"""`keys`: the keys under which personal data becomes pseudonyms."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from eventlake.cli.group import Suggesting
from eventlake.cli.opening import noting
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show
from eventlake.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from eventlake.pipeline.pseudonyms import KeyRing


@click.group(cls=Suggesting, invoke_without_command=True, short_help="The keys of pseudonyms: all, a new one, into a secret.")
@global_options
@click.pass_context
def keys(context: click.Context) -> None:
    """List the keys of the lake's pseudonyms: name, the day of events from which it holds, and a fingerprint. No key is shown.

    Those of a lake on AWS are read from the secret that its stack names.
    """
    if context.invoked_subcommand is not None:
        return
    current = settings()
    if current.is_on_aws:
        from eventlake.cli.opening import open_deployment
        from eventlake.cloud.deployment import open_keys

        _show(open_keys(*open_deployment(current)).read())
        return
    from eventlake.local.keys import read_keys

    _show(read_keys(current.lake_folder))


@keys.command(short_help="Make a key.")
@click.option("--since", metavar="DAY", help="The first day of the events it is for, YYYY-MM-DD in UTC; default: today.")
@global_options
def new(since: str | None) -> None:
    """Make a key: events from that day on have new pseudonyms, earlier ones keep theirs.

    The file is pseudonyms.json in the lake's folder. Copy it apart from the lake: without it nobody joins old events with new ones, and who
    has both can find a person again.
    """
    from eventlake.local.keys import add_key

    current = settings()
    folder = current.lake_folder
    folder.mkdir(parents=True, exist_ok=True)
    with noting(current):
        ring = add_key(folder, _day(since))
    _show(ring)
    current.say(f"Keep {folder}/pseudonyms.json safe, and apart from copies of the lake.")


@keys.command(short_help="Put the keys into a secret, for a lake on AWS.")
@click.argument("secret", metavar="SECRET")
@click.option(
    "--forget", is_flag=True, help="Let keys go that the secret holds and the file does not: nobody joins their pseudonyms any more."
)
@global_options
def push(secret: str, forget: bool) -> None:
    """Put the keys of the lake in a folder into SECRET of AWS Secrets Manager: the ARN or name of one that is there, or the name of a new one.

    A lake on AWS whose parameter PseudonymKeysSecretArn names it makes the same pseudonyms; its function sees new keys within five minutes.
    """
    from eventlake.backends.aws import Session
    from eventlake.backends.secret_keys import SecretKeys
    from eventlake.local.keys import KEYS, read_keys

    current = settings()
    ring = read_keys(current.lake_folder)
    if ring is None:
        raise ConfigurationError(
            f'"{current.lake_folder}" holds no {KEYS}: make a key with `eventlake keys new --lake {current.lake_folder}`.'
        )
    session = Session(current.profile, current.region, current.endpoint_url)
    with noting(current, "keys push --forget" if forget else "keys push"):
        arn = SecretKeys(session.client("secretsmanager"), secret).push(ring, forget=forget)
    _show(ring)
    current.say(f"Deploy the lake with PseudonymKeysSecretArn={arn}.")


def _day(since: str | None) -> str:
    """Return a day as YYYY-MM-DD. Raises UsageError."""
    if since is None:
        return f"{datetime.now(UTC):%Y-%m-%d}"
    try:
        return f"{datetime.strptime(since, '%Y-%m-%d').replace(tzinfo=UTC):%Y-%m-%d}"
    except ValueError:
        raise UsageError(f'--since is "{since}", expected a day such as 2026-11-29.') from None


def _show(ring: KeyRing | None) -> None:
    if ring is None:
        settings().say("There is no key of pseudonyms; `eventlake keys new` makes one.")
    rows = [] if ring is None else [[key.name, key.since, key.fingerprint] for key in ring.keys]
    show(("name", "since", "fingerprint"), rows, settings().form)
