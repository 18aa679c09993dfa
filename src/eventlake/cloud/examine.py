"""Examines a lake on AWS: stack, bucket, workgroup, tables, partitions against objects, queues, failed records, how events come; every finding with its remedy.

Reads only. What may not be looked at is a finding too, and hides nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.secret_tokens import is_parameter, read_tokens
from eventlake.cloud.arriving import check_arriving
from eventlake.cloud.deployment import Deployment, open_catalog, open_store
from eventlake.cloud.failed_records import FailedRecords
from eventlake.cloud.registering import unregistered
from eventlake.errors import EventlakeError
from eventlake.interfaces import Partition, Store
from eventlake.lake import Finding
from eventlake.layout import Hour, partition_location
from eventlake.model import Table
from eventlake.pipeline.retention import Retention

GRACE = timedelta(minutes=15)
"""How old an object without a partition must be before it is a finding: notification and function take seconds, their retries minutes."""
LATE = timedelta(days=2)
"""How long after its time an hour may be there: its function comes once a day."""
SHOWN = 5
"""How many of one kind of finding are told one by one."""
_DEAD_LETTERS = {
    "objects-dead": (
        "notifications of objects whose partition could not be made",
        "Read why in the partition function's log, mend the cause, then move them back: aws sqs start-message-move-task --source-arn {arn}",
    ),
    "undelivered": (
        "events that EventBridge could not put into a delivery stream",
        "`eventlake failed` lists them with their reasons; mend the cause, then `eventlake failed redrive` sends them.",
    ),
    "functions-dead": (
        "calls of functions that failed to the end",
        "Each message says what was asked and what failed; mend the cause, then call the function with it again.",
    ),
}
"""The queues of dead letters by what follows the lake's name: what is in them, and the remedy."""


def check_lake(deployment: Deployment, session: Session, now: datetime) -> Iterator[Finding]:
    """Examine a lake that was found on AWS, and yield what is wrong. now: the moment, aware."""
    store, catalog = open_store(deployment, session), open_catalog(deployment, session)
    yield from _stack(deployment)
    yield from _guarded(lambda: _workgroups(deployment, session))
    yield from _guarded(lambda: _tables(deployment, catalog))
    for table in deployment.tables:
        yield from _guarded(lambda table=table: _partitions(table, catalog, store, deployment.retention, now))  # type: ignore[misc]  # the loop's own table
    yield from _guarded(lambda: _queues(deployment, session))
    yield from _guarded(lambda: check_arriving(session))
    yield from _guarded(lambda: _failures(store))
    for source, secret in deployment.token_secrets:
        yield from _guarded(lambda source=source, secret=secret: _webhook(source, secret, session))  # type: ignore[misc]  # the loop's own


def _guarded(examine: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield the findings of one kind; what AWS does not answer becomes a finding too."""
    try:
        yield from examine()
    except EventlakeError as error:
        yield Finding("error", str(error), "Do as the sentence says, then run `eventlake doctor` again.")


def _stack(deployment: Deployment) -> Iterator[Finding]:
    status = deployment.status
    if status.endswith("_IN_PROGRESS"):
        yield Finding("warning", f'The stack "{deployment.name}" is being changed ({status}).', "Wait until it is done, then look again.")
    elif "FAILED" in status or "ROLLBACK" in status:
        yield Finding(
            "error",
            f'The last change of the stack "{deployment.name}" failed ({status}).',
            f"Read why with `aws cloudformation describe-stack-events --stack-name {deployment.name}`, then deploy again.",
        )
    if not deployment.sources:
        yield Finding(
            "error",
            f'"{deployment.named}" has no source that is declared here.',
            "Name your declarations with --sources, or deploy a source; a lake that others installed is examined by "
            f"`eventlake doctor --repair --dry-run --lake {deployment.named}`.",
        )


def _webhook(source: str, secret: str, session: Session) -> Iterator[Finding]:
    """Report a webhook that is closed because it has no token."""
    if not read_tokens(session.client, secret).has(source):
        of_secret = f"aws secretsmanager put-secret-value --secret-id {secret} --secret-string ..."
        of_parameter = f"aws ssm put-parameter --overwrite --name {secret} --value ..."
        put = of_parameter if is_parameter(secret) else of_secret
        remedy = f"Make one with `openssl rand -hex 32`, and put it there: {put}"
        yield Finding("error", f'The webhook of "{source}" has no token, and so is closed.', remedy)


def _workgroups(deployment: Deployment, session: Session) -> Iterator[Finding]:
    """Report what is wrong with the lake's workgroup and, where it is known which sources are switched on, with theirs."""
    names = [deployment.workgroup] if deployment.workgroup else []
    for name in [*names, *(deployment.workgroups.values() if deployment.status else ())]:
        yield from _workgroup(name, session)


def _workgroup(name: str, session: Session) -> Iterator[Finding]:
    with failing(f'The Athena workgroup "{name}" cannot be looked at'):
        try:
            found = session.client("athena").get_work_group(WorkGroup=name)["WorkGroup"]
        except ClientError as error:
            if code_of(error) != "InvalidRequestException":
                raise
            yield Finding("error", f'There is no Athena workgroup "{name}".', "Deploy the stack again, or query with --workgroup.")
            return
    if found.get("State", "ENABLED") != "ENABLED":
        yield Finding("error", f'The Athena workgroup "{name}" is switched off.', "Enable it in its settings.")
    if not found.get("Configuration", {}).get("ResultConfiguration", {}).get("OutputLocation"):
        yield Finding(
            "warning",
            f'The Athena workgroup "{name}" names no place for results.',
            "Give it one in its settings, or deploy the stack again.",
        )


def _tables(deployment: Deployment, catalog: GlueCatalog) -> Iterator[Finding]:
    """Report tables and columns that are declared and not in Glue."""
    known = {table.name: table for table in catalog.tables()}
    yield from _told("warning", map(str, catalog.denied), "What may not be looked at is not examined.")
    if not known:
        yield Finding(
            "error", "Glue has no table that is declared here.", "Name the right lake, region and declarations, or deploy the stack again."
        )
    # A lake that was found by its bucket does not say which sources are switched on: those of which Glue has anything.
    deployed = {table.database for table in known.values()} if not deployment.status else {table.database for table in deployment.tables}
    for table in deployment.tables:
        if table.database not in deployed:
            continue
        if table.name not in known:
            yield Finding("error", f"The table {table.database}.{table.name} is not in Glue.", "Deploy the stack again.")
            continue
        for column in table.columns:
            there = known[table.name].column(column.name)
            if there is None or there.type != column.type:
                is_so = "is not in Glue" if there is None else f"is {there.type} in Glue and declared as {column.type}"
                yield Finding("warning", f'The column "{column.stored_name}" of {table.name} {is_so}.', "Deploy the stack again.")


def _partitions(table: Table, catalog: GlueCatalog, store: Store, retention: Retention, now: datetime) -> Iterator[Finding]:
    """Report partitions that lie elsewhere than their hour, and objects in no partition."""
    partitions = catalog.partitions(table.name)
    yield from _told(
        "error",
        (sentence for one in partitions for sentence in _misplaced(table, one)),
        "Delete the partition in Glue; the next object of its hour makes it anew.",
    )
    formats = Counter(one.format for one in partitions)
    if len(formats) > 1:
        described = " and ".join(f"{count:,} in {name}" for name, count in formats.items())
        yield Finding(
            "error", f"{table.name} has partitions of several formats, {described}; Athena reads one.", "Keep one format in a lake."
        )
    yield from _format(table, catalog, set(formats))
    missing, foreign = unregistered(table, catalog, store, retention, now - GRACE)
    yield from _told(
        "error",
        (
            f"{table.name} has no partition for {hour}, where {count:,} object{'s lie' if count > 1 else ' lies'}."
            for hour, count in missing.items()
        ),
        f"Athena does not see them: run `eventlake partitions {table.name} --register`.",
    )
    yield from _late(table, partitions, retention, now)
    yield from _told("warning", foreign, "Remove it, or move it out of the lake.")
    yield from _hidden(table, partitions, store)


def _late(table: Table, partitions: Iterable[Partition], retention: Retention, now: datetime) -> Iterator[Finding]:
    """Report hours that are there long after their time: nobody removes them, or a hold keeps them."""
    over = [one.hour for one in partitions if _exists(one.hour) and retention.is_over(table.name, one.hour, now - LATE)]
    if over:
        yield Finding(
            "warning",
            f"{len(over):,} hours of {table.name} are there two days and more after their time, such as {over[0]}.",
            "`eventlake retain --dry-run` says whether a legal hold keeps them; else read the log of the retention function.",
        )


def _hidden(table: Table, partitions: Iterable[Partition], store: Store) -> Iterator[Finding]:
    """Report hours that were taken over from an older lake, and hold objects here too, which nobody reads."""
    for one in partitions:
        own = partition_location(table.prefix, one.hour)
        count = sum(1 for _ in store.list(own)) if one.is_elsewhere else 0
        if count:
            yield Finding(
                "error",
                f"{table.name} reads {one.hour} in {one.location}, so that its {count:,} object{'s' if count > 1 else ''} in {own} are not seen.",
                f"Copy them there, `aws s3 cp --recursive s3://LAKE/{own} {one.location}`, and remove them here.",
            )


def _format(table: Table, catalog: GlueCatalog, of_partitions: set[str]) -> Iterator[Finding]:
    """Report a table whose own format, which new objects have, is not that of its partitions: LogFormat was changed."""
    own = catalog.log_format(table.name) if len(of_partitions) == 1 else ""
    for other in of_partitions - {own} if own else ():
        yield Finding(
            "error",
            f"New objects of {table.name} are {own} and its partitions are {other}; Athena reads one format of a table.",
            f"Deploy the stack again with LogFormat={other}.",
        )


def _misplaced(table: Table, partition: Partition) -> Iterator[str]:
    """Say what is wrong with a partition."""
    hour = partition.hour
    if not _exists(hour):
        yield f"{table.name} has a partition that is no hour, date={hour.date}/hour={hour.hour}; it fails every query of the table."
    elif partition.is_elsewhere and partition.location.endswith(f"/{hour.path}/"):
        return  # taken over from an older lake
    elif partition.location != partition_location(table.prefix, hour) and not partition.location.startswith(table.closed_prefix):
        yield f'The partition {hour} of {table.name} lies in "{partition.location}", which is not its own hour.'


def _exists(hour: Hour) -> bool:
    try:
        date.fromisoformat(hour.date)
    except ValueError:
        return False
    return hour.hour in {f"{number:02d}" for number in range(24)}


def _queues(deployment: Deployment, session: Session) -> Iterator[Finding]:
    """Report messages in the queues of dead letters."""
    if not deployment.name:
        return
    client = session.client("sqs")
    for suffix, (meaning, remedy) in _DEAD_LETTERS.items():
        name = f"{deployment.name}-{suffix}"
        with failing(f'The queue "{name}" cannot be looked at'):
            try:
                url = client.get_queue_url(QueueName=name)["QueueUrl"]
                attributes = client.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", "QueueArn"])[
                    "Attributes"
                ]
            except ClientError as error:
                if "NonExistentQueue" not in code_of(error):
                    raise
                yield Finding("error", f'There is no queue "{name}".', "Deploy the stack again.")
                continue
        count = int(attributes["ApproximateNumberOfMessages"])
        if count:
            yield Finding(
                "error",
                f'The queue "{name}" holds {count:,} message{"s" if count > 1 else ""}: {meaning}.',
                remedy.format(arn=attributes["QueueArn"]),
            )


def _failures(store: Store) -> Iterator[Finding]:
    objects = FailedRecords(store).objects()
    if objects:
        counts = Counter(one.key.split("/")[1] for one in objects)
        described = ", ".join(f"{count:,} of {name}" for name, count in sorted(counts.items()))
        yield Finding(
            "warning",
            f"{len(objects):,} object{'s' if len(objects) > 1 else ''} of failed records lie{'' if len(objects) > 1 else 's'} under error/: {described}.",
            "`eventlake failed` shows them with their reasons.",
        )


def _told(severity: str, sentences: Iterable[str], remedy: str) -> Iterator[Finding]:
    """Make a finding of each sentence, and one of the rest where there are many."""
    known = list(sentences)
    for sentence in known[:SHOWN]:
        yield Finding(severity, sentence, remedy)
    if len(known) > SHOWN:
        yield Finding(severity, f"{len(known) - SHOWN:,} more like: {known[SHOWN]}", remedy)
