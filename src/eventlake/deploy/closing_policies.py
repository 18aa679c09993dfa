"""What the closing function may do for the sources: read what landed, remove it once it is closed, and swap partitions of their tables.

What it writes, and reads of what it wrote, stands in templates/closing.yaml. Parted as the policies of the partition function are, for the
same limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.deploy.cloudformation import Tagged, Template, attribute, sub, when
from eventlake.deploy.limits import MANAGED_POLICY_CHARACTERS, longest
from eventlake.deploy.partition_policies import MOST_POLICIES
from eventlake.deploy.switches import switch
from eventlake.errors import DeclarationError
from eventlake.layout import CLOSED
from eventlake.model import Source
from eventlake.stack_names import database_name

CLOSING_STACK = "Compaction"
_VERSION = "2012-10-17"
_GLUE = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
_BUCKET = "arn:${AWS::Partition}:s3:::${LogBucketName}"
READ_CATALOG = ["glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition"]


def closing_policies(sources: Sequence[Source]) -> dict[str, Template]:
    """Describe the policies by their logical ids. Raises DeclarationError for more tables than they can hold."""
    parts = list(_parts(sources))
    if len(parts) > MOST_POLICIES:
        raise DeclarationError(
            f"{len(sources)} sources are too many for one lake that closes hours: deploy some of them as a lake of its own."
        )
    return {f"ClosingPolicy{number}": _policy(part) for number, part in enumerate(parts, 1)}


def _parts(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Yield the sources of one policy after the other."""
    part: list[Source] = []
    for source in sources:
        if part and len(longest(_document([*part, source]))) > MANAGED_POLICY_CHARACTERS:
            yield part
            part = []
        part.append(source)
    yield part


def _policy(sources: Sequence[Source]) -> Template:
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Condition": "Closes",
        "Properties": {
            "Description": "The closing function closes hours of the sources' tables.",
            "Roles": [attribute(CLOSING_STACK, "Outputs.ClosingRoleName")],
            "PolicyDocument": _document(sources),
        },
    }


def _document(sources: Sequence[Source]) -> Template:
    """Allow it on the catalog, the databases and all tables in them, which are the sources'; and on what landed for them."""
    databases = [(source, f"${{{database_name(source)}}}") for source in sources]
    catalog = [switched(source, f"{_GLUE}:{kind}") for source, name in databases for kind in (f"database/{name}", f"table/{name}/*")]
    prefixes = [(source, table.prefix) for source in sources for table in source.tables]
    # What it may anyway stands first, because a list without any resource is refused where no source is on.
    landed = [sub(f"{_BUCKET}/{CLOSED}*"), *(switched(source, f"{_BUCKET}/{prefix}/*") for source, prefix in prefixes)]
    listed = [f"{CLOSED}*", *(when(switch(source), f"{prefix}/*") for source, prefix in prefixes)]
    statements = [
        allow("SwapPartitions", [*READ_CATALOG, "glue:UpdatePartition", "glue:CreatePartition"], [sub(f"{_GLUE}:catalog"), *catalog]),
        allow("ReadLanded", ["s3:GetObject", "s3:DeleteObject"], landed),
        {**allow("ListLanded", ["s3:ListBucket"], [sub(_BUCKET)]), "Condition": {"StringLike": {"s3:prefix": listed}}},
    ]
    return {"Version": _VERSION, "Statement": statements}


def switched(source: Source, resource: str) -> Tagged:
    """Return a resource that counts where a source is on."""
    return when(switch(source), sub(resource))


def allow(sid: str, actions: list[str], resources: list[Tagged]) -> Template:
    """Describe a statement that allows actions on resources."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
