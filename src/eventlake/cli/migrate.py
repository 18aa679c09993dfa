"""`migrate`: the hours that an older lake left in S3 become hours of this one where they lie, its failed records failed records of this one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.repair import Repair, carried_out, many, require_yes
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import UsageError
from eventlake.stack_names import STACK

if TYPE_CHECKING:
    from eventlake.backends.aws import Session
    from eventlake.cloud.deployment import Deployment
    from eventlake.cloud.installed import Installed
    from eventlake.pipeline.taking_over import TakingOver

_COLUMNS = ("table", "hours", "objects", "bytes", "taken_before", "kept_own")


@click.command(short_help="Take over what an older lake left in S3, without copying it.")
@click.option("--from", "old", required=True, metavar="aws:STACK|DATABASE", help="The older lake: its stack, or its Glue database.")
@click.option("--bucket", default="", metavar="NAME", help="With a database: the bucket of its objects.")
@click.option("--dry-run", is_flag=True, help="Show what would be taken over, and change nothing.")
@click.option("--yes", is_flag=True, help="Do it without a question.")
@click.option(
    "--undo", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where to write what `doctor --undo` puts back."
)
@global_options
def migrate(old: str, bucket: str, dry_run: bool, yes: bool, undo: Path | None) -> int:
    """Register the hours of aws-codepipeline-event-logs or auth0-s3-logs in the tables of this lake, where their objects lie.

    Nothing is copied but objects of failed records, which `failed redrive` then sends again. An hour that holds events here already stays as it
    is. Both lakes are of one format, because Athena reads one of a table; into any other lake, `backfill files` writes the rows anew.
    """
    current = settings()
    return _migrated(old, Repair(old, bucket, dry_run, yes, rows=False, undo=undo), current)


def _migrated(old: str, asked: Repair, current: Settings) -> int:
    """Plan, show, and take over unless it is a dry run."""
    from eventlake.cli.opening import noting_on_aws
    from eventlake.cloud.migrating import failed_objects, pairs, planned

    lake, new, session = _both(old, asked, current)
    matched = pairs(lake, new, session)
    found = [planned(one, own, session) for one, own in matched]
    failed = failed_objects(lake, new, {one.name: own.name for one, own in matched}, session)
    show(_COLUMNS, [_row(one) for one in found], current.form)
    current.say(_rights(lake))
    for one in found:
        if one.own:
            current.say(_own(one, lake))
    hours = sum(len(one.new) for one in found)
    if not hours and not failed:
        current.say(f"Nothing to take over: every hour of {lake.named} is in {new.named}, and every failed record.")
        return 0
    if asked.dry_run:
        current.say(f"{many(hours, 'hour')} and {many(len(failed), 'object')} of failed records would be taken over; nothing was changed.")
        return 0
    require_yes(asked, f"Take over {many(hours, 'hour')} and {many(len(failed), 'object')} of failed records?")
    with noting_on_aws(new, session, current):
        code = _registered([one for one in found if one.new], asked, lake, session, current)
        return max(code, _failed_too(lake, new, failed, session, current))


def _both(old: str, asked: Repair, current: Settings) -> tuple[Installed, Deployment, Session]:
    """Find both lakes. Raises UsageError if the new one lies in a folder."""
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud.installed import by_database, by_stack

    if not current.is_on_aws:
        raise UsageError(
            "migrate takes over into a lake on AWS, named with --lake aws:STACK; into a folder, `eventlake backfill files s3://OLD_BUCKET/PREFIX/ "
            "--lake DIR` writes the rows anew."
        )
    new, session = open_deployment(current)
    lake = by_stack(old, session) if old.startswith(STACK) else by_database(old, asked.bucket, session)
    if lake.bucket == new.bucket:
        raise UsageError(f"{old} and {new.named} are the same lake, in the bucket {new.bucket}: name the older one with --from.")
    return lake, new, session


def _row(one: TakingOver) -> list[object]:
    objects, size = sum(held.objects for held in one.new.values()), sum(held.size_bytes for held in one.new.values())
    return [f"{one.table.database}.{one.table.name}", len(one.new), objects, size, one.already, len(one.own)]


def _rights(lake: Installed) -> str:
    """Say who needs which rights on the older bucket."""
    return (
        f"Whoever asks Athena needs s3:GetObject on arn:aws:s3:::{lake.bucket}/* and s3:ListBucket and s3:GetBucketLocation on "
        f"arn:aws:s3:::{lake.bucket}; keep that bucket."
    )


def _own(one: TakingOver, lake: Installed) -> str:
    """Say which hours stay as they are, and how to see what only the older lake holds of the first of them."""
    first = next(iter(one.own))
    return (
        f"{one.table.name}: {many(len(one.own), 'hour')} from {first} hold events here already, and stay; events of before this lake began, in "
        f"its first hour, are in s3://{lake.bucket} alone: compare that hour."
    )


def _registered(found: list[TakingOver], asked: Repair, lake: Installed, session: Session, current: Settings) -> int:
    """Register the hours, after what undoes it was written down."""
    from eventlake.backends.glue_batches import GlueBatches
    from eventlake.cloud import undo_file

    if not found:
        return 0
    file = asked.undo or Path(f"eventlake-undo-migrate-{lake.stack or lake.databases[0]}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    changes = [one.changes for one in found]
    undo_file.write(file, changes, lake.named, datetime.now(UTC))
    current.say(f'What is registered can be put back: eventlake doctor --undo "{file}"')
    return carried_out(changes, GlueBatches(session.client("glue")), sum(len(one.changes) for one in changes), "taken over", current)


def _failed_too(lake: Installed, new: Deployment, failed: dict[str, str], session: Session, current: Settings) -> int:
    """Copy the failed records, and say how they become rows."""
    from eventlake.cloud.migrating import copy_failed

    if failed:
        count = sum(1 for _ in copy_failed(lake, new, failed, session))
        current.say(f"{many(count, 'object')} of failed records copied: `eventlake failed redrive --lake {new.named}` makes rows of them.")
    return 0
