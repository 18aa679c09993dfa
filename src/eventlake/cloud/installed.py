"""What stands in an account of a lake, whoever made it: found by its stack, or by its Glue database; and what of it has to be mended there.

Asks Glue, not the declarations, which tables there are, so that it serves lakes that were not made by the templates of here. Reads only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.backends.glue_batches import GlueBatches
from eventlake.errors import ConfigurationError, EventlakeError, LakeNotFoundError, ServiceError
from eventlake.lake import Finding
from eventlake.model import PARTITION_KEYS
from eventlake.pipeline.repairing import Described, InGlue
from eventlake.stack_names import STACK

ALIVE = ("python3.11", "python3.12", "python3.13", "python3.14")
"""The runtimes of Python that Lambda supports:
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html"""
_WEEK_YEAR = "timestamp:YYYY"
_PLACE = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<prefix>.+?)/*")


@dataclass(frozen=True, slots=True)
class Installed:
    """A lake as it was found. stack: its stack's name, empty if unknown. others: tables of its databases that hold no hours, by name."""

    stack: str
    databases: tuple[str, ...]
    bucket: str
    tables: tuple[InGlue, ...]
    others: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """Return what a person calls it."""
        return f"{STACK}{self.stack}" if self.stack else ", ".join(self.databases)


def by_stack(named: str, session: Session) -> Installed:
    """Find what the stack `aws:NAME` or `NAME` made. Raises LakeNotFoundError, ServiceError, ConfigurationError."""
    name = named.removeprefix(STACK)
    outputs = _outputs(name, session)
    databases = tuple(sorted({value for key, value in outputs.items() if key.endswith("GlueDatabaseName") and value}))
    if "LogBucket" not in outputs or not databases:
        raise LakeNotFoundError(
            f'The stack "{name}" is no lake, for it has no outputs LogBucket and GlueDatabaseName: '
            "name a database with --database and its bucket with --bucket."
        )
    return _found(name, databases, outputs["LogBucket"], session)


def by_database(database: str, bucket: str, session: Session) -> Installed:
    """Find what has its tables in a database and its objects in a bucket. bucket: empty takes the one that the tables name."""
    return _found("", (database,), bucket.removeprefix("s3://").strip("/"), session)


def examined(lake: Installed, session: Session) -> Iterator[Finding]:
    """Yield what is wrong with streams and functions, each with the exact way out; they belong to a template, and are not changed from here."""
    try:
        resources = _resources(lake, session)
    except ServiceError as error:
        yield Finding("warning", str(error), "Streams and functions were not looked at; name the stack with --lake aws:STACK.")
        return
    yield from _guarded(lambda: _streams(resources.get("AWS::KinesisFirehose::DeliveryStream", []), session))
    yield from _guarded(lambda: _functions(resources.get("AWS::Lambda::Function", []), session))


def _outputs(name: str, session: Session) -> dict[str, str]:
    with failing(f'The stack "{name}" cannot be looked at'):
        try:
            stack = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if code_of(error) != "ValidationError" or "does not exist" not in str(error):
                raise
            raise LakeNotFoundError(
                f'There is no stack "{name}" in {session.region}: name another with --lake aws:NAME, or its region with --region.'
            ) from None
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def _found(stack: str, databases: Sequence[str], bucket: str, session: Session) -> Installed:
    """Find the tables of databases that hold hours of a bucket. Raises LakeNotFoundError if there is none, ConfigurationError."""
    batches = GlueBatches(session.client("glue"))
    described = {(database, table["Name"]): table for database in databases for table in batches.tables(database)}
    tables = [found for (database, _), table in described.items() if (found := in_glue(database, table))]
    buckets = sorted({table.bucket for table in tables})
    if not bucket and len(buckets) > 1:
        raise ConfigurationError(
            f"The tables of {', '.join(databases)} lie in several buckets, {', '.join(buckets)}: name one with --bucket."
        )
    own = bucket or next(iter(buckets), "")
    held = tuple(table for table in tables if table.bucket == own)
    if not held:
        others = f"; those there lie in {', '.join(buckets)}" if buckets else ""
        raise LakeNotFoundError(
            f'No table of {", ".join(databases)} is partitioned by date and hour and lies in a folder of the bucket "{own}"{others}. '
            "Name the right ones with --database and --bucket."
        )
    known = {(table.database, table.name) for table in held}
    return Installed(stack, tuple(databases), own, held, tuple(f"{one}.{name}" for one, name in described if (one, name) not in known))


def in_glue(database: str, described: Described) -> InGlue | None:
    """Return a table of hours as Glue describes it; None for any other, such as a view."""
    keys = tuple((key["Name"], key.get("Type", "")) for key in described.get("PartitionKeys", []))
    place = _PLACE.fullmatch(described.get("StorageDescriptor", {}).get("Location", ""))
    if [name for name, _ in keys] != [name for name, _ in PARTITION_KEYS] or place is None:
        return None
    return InGlue(database, described["Name"], place["bucket"], place["prefix"], described["StorageDescriptor"])


def _resources(lake: Installed, session: Session) -> dict[str, list[tuple[str, str]]]:
    """Return the streams and functions of the stack to which the bucket belongs, by type: what the template calls each, and its name.

    There are none if the bucket belongs to no stack.
    """
    which = {"StackName": lake.stack} if lake.stack else {"PhysicalResourceId": lake.bucket}
    found: dict[str, list[tuple[str, str]]] = {}
    with failing(f"The stack of {lake.named} cannot be looked at"):
        try:
            answer = session.client("cloudformation").describe_stack_resources(**which)
        except ClientError as error:
            if code_of(error) != "ValidationError" or "does not exist" not in str(error):
                raise
            return {}
    for one in answer["StackResources"]:
        found.setdefault(one["ResourceType"], []).append((one["LogicalResourceId"], one.get("PhysicalResourceId", "")))
    return found


def _guarded(look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except EventlakeError as error:
        yield Finding("warning", str(error), "It was not looked at.")


def _streams(known: Sequence[tuple[str, str]], session: Session) -> Iterator[Finding]:
    """Report streams whose failed records go into folders of the year to which a week belongs."""
    found = [(logical, physical) for logical, physical in known if _WEEK_YEAR in _error_prefix(physical, session)]
    if found:
        yield Finding(
            "warning",
            f"Failed records of {_named(found)} go into folders of {{{_WEEK_YEAR}}}, the year of the week: those of the last days of December "
            "lie under the next year.",
            f"In the template, write !{{timestamp:yyyy}} in the ErrorOutputPrefix of {_logical(found)}, and deploy it again.",
        )


def _error_prefix(stream: str, session: Session) -> str:
    """Return where a stream puts its failed records."""
    with failing(f'The delivery stream "{stream}" cannot be looked at'):
        found = session.client("firehose").describe_delivery_stream(DeliveryStreamName=stream)["DeliveryStreamDescription"]
    said = [one.get("ExtendedS3DestinationDescription", {}).get("ErrorOutputPrefix", "") for one in found.get("Destinations", [])]
    return str(next(iter(said), ""))


def _functions(known: Sequence[tuple[str, str]], session: Session) -> Iterator[Finding]:
    """Report functions whose runtime AWS no longer supports."""
    by_runtime: dict[str, list[tuple[str, str]]] = {}
    for one in known:
        by_runtime.setdefault(_runtime(one[1], session), []).append(one)
    for runtime, found in by_runtime.items():
        if runtime.startswith("python") and runtime not in ALIVE:
            now = "; ".join(f"aws lambda update-function-configuration --function-name {one} --runtime {ALIVE[-2]}" for _, one in found)
            yield Finding(
                "error",
                f"{_named(found)} run on {runtime}, which AWS no longer supports: no security patches, and soon neither made nor changed.",
                f"In the template, let the Runtime of {_logical(found)} be {ALIVE[-2]}, and deploy it again; or now: {now}",
            )


def _runtime(function: str, session: Session) -> str:
    with failing(f'The function "{function}" cannot be looked at'):
        return str(session.client("lambda").get_function_configuration(FunctionName=function).get("Runtime", ""))


def _named(found: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f'"{physical}"' for _, physical in found)


def _logical(found: Sequence[tuple[str, str]]) -> str:
    return " and ".join(logical for logical, _ in found)
