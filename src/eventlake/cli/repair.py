"""`doctor --repair` and `doctor --undo`: the partitions of a lake on AWS made right, whoever installed it, and put back as they were."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.settings import Settings
from eventlake.cli.show import show
from eventlake.errors import UsageError
from eventlake.stack_names import STACK

if TYPE_CHECKING:
    from eventlake.backends.aws import Session
    from eventlake.backends.glue_batches import GlueBatches
    from eventlake.cloud.installed import Installed
    from eventlake.cloud.repairing import Found
    from eventlake.lake import Finding
    from eventlake.pipeline.repairing import Changes, Plan

_COLUMNS = (
    "table",
    "whole_day",
    "elsewhere",
    "columns",
    "not_registered",
    "no_hour",
    "partitions",
    "partitions_after",
    "objects_read",
    "objects_read_after",
    "bytes_read",
    "bytes_read_after",
)
_ROWS = ("rows_read", "rows_read_after")


@dataclass(frozen=True, slots=True)
class Repair:
    """What was asked for. undo: the file that puts it back, None for one named after the lake and the moment."""

    database: str
    bucket: str
    dry_run: bool
    yes: bool
    rows: bool
    undo: Path | None


def repair(asked: Repair, current: Settings) -> int:
    """Show what makes the partitions right, and do it unless it is a dry run; 1 if something is found and stays."""
    from eventlake.cloud.installed import examined
    from eventlake.cloud.repairing import survey

    session = _session(current)
    lake = find(asked.database, asked.bucket, current, session)
    current.say(f"Lake {lake.named}: bucket {lake.bucket}, {many(len(lake.tables), 'table')}, region {session.region}")
    found = list(survey(lake, session, rows=asked.rows))
    show(_COLUMNS + (_ROWS if asked.rows else ()), [_row(one.plan, rows=asked.rows) for one in found], current.form)
    remains = [*_left(found), *examined(lake, session), *_failed(lake, session)]
    for finding in remains:
        current.say(f"{finding.severity}: {finding.sentence} {finding.remedy}")
    return max(_mended(asked, found, lake, session, current), int(bool(remains)))


def undo(file: Path, asked: Repair, current: Settings) -> int:
    """Put back what a repair changed, and say what stays because somebody changed it since."""
    from eventlake.backends.glue_batches import GlueBatches
    from eventlake.cloud import undo_file

    batches = GlueBatches(_session(current).client("glue"))
    found = [undo_file.put_back(one, batches.partitions(one.database, one.table)) for one in undo_file.read(file)]
    wanted = [changes for changes, _ in found if changes.changes]
    for changes, others in found:
        for values in others:
            current.say(f"{changes.database}.{changes.table} {'/'.join(values)} was changed by somebody else since, and stays.")
    count = sum(len(changes.changes) for changes in wanted)
    if not count:
        current.say(f'Nothing to put back: the partitions that "{file}" names are as they were before.')
        return 0
    if asked.dry_run:
        current.say(f"{many(count, 'partition')} would be put back; nothing was changed.")
        return 1
    require_yes(asked, f"Put back {many(count, 'partition')}?")
    return carried_out(wanted, batches, count, "put back", current)


def find(database: str, bucket: str, current: Settings, session: Session) -> Installed:
    """Find the lake that is named by its database, or else by its stack. Raises UsageError if neither is named."""
    from eventlake.cloud.installed import by_database, by_stack

    if database:
        return by_database(database, bucket, session)
    if bucket:
        raise UsageError("--bucket goes with --database: name the Glue database whose tables lie in that bucket.")
    if not current.lake_name.startswith(STACK):
        raise UsageError("--repair is for a lake on AWS: name it by its stack, --lake aws:STACK, or by --database NAME and --bucket NAME.")
    return by_stack(current.lake_name, session)


def _session(current: Settings) -> Session:
    from eventlake.backends.aws import Session

    return Session(current.profile, current.region, current.endpoint_url)


def _row(plan: Plan, *, rows: bool) -> list[object]:
    """Return a table's row of the plan: what is wrong with how many partitions, and what a query reads before and after."""
    before, after = plan.read
    counts = [plan.counts[why.replace("_", " ")] for why in _COLUMNS[1:6]]
    sizes = [before.objects, after.objects, before.size_bytes, after.size_bytes]
    return [f"{plan.table.database}.{plan.table.name}", *counts, *plan.partitions, *sizes, *([before.rows, after.rows] if rows else [])]


def _mended(asked: Repair, found: Sequence[Found], lake: Installed, session: Session, current: Settings) -> int:
    """Change what was planned, if anything was, and the person wants it."""
    from eventlake.backends.glue_batches import GlueBatches
    from eventlake.cloud import undo_file

    wanted = [one.plan.wanted for one in found if one.plan.changes]
    count = sum(len(one.changes) for one in wanted)
    if not count:
        partitions, objects = sum(one.plan.partitions[0] for one in found), sum(one.plan.read[0].objects for one in found)
        looked = f"{many(partitions, 'partition')} and their {many(objects, 'object')}"
        is_so = "and each hour is registered once, at its own folder" if partitions else "so that no hour is wrong yet"
        current.say(f"Nothing to repair: {looked} were looked at, {is_so}.")
        return 0
    if asked.dry_run:
        current.say(f"{many(count, 'partition')} would be repaired; nothing was changed.")
        return 1
    require_yes(asked, f"Repair {many(count, 'partition')}?")
    file = asked.undo or Path(f"eventlake-undo-{lake.stack or lake.databases[0]}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.jsonl")
    undo_file.write(file, wanted, lake.named, datetime.now(UTC))
    current.say(f'What is changed can be put back: eventlake doctor --undo "{file}"')
    return carried_out(wanted, GlueBatches(session.client("glue")), count, "repaired", current)


def carried_out(wanted: Sequence[Changes], batches: GlueBatches, count: int, done: str, current: Settings) -> int:
    """Make the changes, and say what became of them; 1 if Glue refused some."""
    from eventlake.cloud.repairing import carry_out

    said = [0]

    def told(so_far: int) -> None:
        said[0] = so_far
        current.progress(f"{so_far:,} of {many(count, 'partition')} {done}", is_done=so_far == count)

    try:
        refused = carry_out(wanted, batches, told)
    except KeyboardInterrupt:
        current.say(f"{said[0]:,} of {many(count, 'partition')} {done}; the same command goes on from here.")
        raise
    for name, reason in refused.items():
        current.say(f"{name} stays as it was: {reason}")
    current.say(f"{many(count - len(refused), 'partition')} {done}.")
    return int(bool(refused))


def require_yes(asked: Repair, question: str) -> None:
    """Ask the person, unless they said yes before. Raises UsageError where nobody can be asked, or the answer is no."""
    if asked.yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("Nothing was changed: nobody can be asked here; --yes does it without a question, --dry-run only shows it.")
    if not click.confirm(question, err=True):
        raise UsageError("Nothing was changed.")


def _left(found: Sequence[Found]) -> list[Finding]:
    """Say what no plan makes right: partitions at foreign places, keys of no hour, rows that could not be counted."""
    from eventlake.lake import Finding

    said = []
    for one in found:
        name = f"{one.plan.table.database}.{one.plan.table.name}"
        for values, place in list(one.plan.left.items())[:1]:
            more = f" and {len(one.plan.left) - 1:,} more" if len(one.plan.left) > 1 else ""
            said.append(
                Finding(
                    "error",
                    f'{name}: the partition {"/".join(values)}{more} lies in "{place}", outside the table.',
                    "Remove it in Glue, or leave it if it is meant.",
                )
            )
        if one.foreign:
            said.append(
                Finding(
                    "warning",
                    f'{name}: {many(len(one.foreign), "object")} of no hour, such as "{one.foreign[0]}".',
                    "Move it out of the table's folder.",
                )
            )
        if one.uncounted:
            said.append(
                Finding(
                    "warning",
                    f'{name}: the rows of {many(len(one.uncounted), "object")} are not counted, such as "{one.uncounted[0]}".',
                    "It is no whole file.",
                )
            )
        if one.plan.counts["whole day"]:
            said.append(
                Finding(
                    "warning",
                    f"{name}: whatever registers its hours puts them at the day's folder, and does so with the next hour again.",
                    "Deploy eventlake beside it and take its objects over (`eventlake migrate`), or repair again each day until then.",
                )
            )
    return said


def _failed(lake: Installed, session: Session) -> list[Finding]:
    """Say how many objects of failed records there are, which no table holds."""
    from eventlake.backends.s3 import S3Store
    from eventlake.lake import Finding

    count = sum(1 for one in S3Store(session.client("s3"), lake.bucket).list("error/") if one.size_bytes)
    if not count:
        return []
    return [
        Finding(
            "warning",
            f"{many(count, 'object')} of failed records below s3://{lake.bucket}/error/ {'is' if count == 1 else 'are'} in no table.",
            f"`eventlake migrate` takes them over; or `eventlake backfill files s3://{lake.bucket}/error/ --lake LAKE` makes rows of them.",
        )
    ]


def many(count: int, what: str) -> str:
    """Return `1 hour`, `8,760 hours`."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"
