"""What the partition function may do for the sources: create partitions of their tables, and nothing else.

One policy holds many sources, because a role takes ten managed policies of 6,144 characters each:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.deploy.cloudformation import Tagged, Template, ref, sub, when
from eventlake.deploy.limits import MANAGED_POLICY_CHARACTERS, longest
from eventlake.deploy.switches import switch
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.stack_names import database_name

MOST_POLICIES = 10
_VERSION = "2012-10-17"
_GLUE = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
_SPARE = 300
"""Characters of a policy beside the resources of its sources."""


def partition_policies(sources: Sequence[Source]) -> dict[str, Template]:
    """Describe the policies by their logical ids. Raises DeclarationError for more tables than they can hold."""
    parts = list(_parts(sources))
    if len(parts) > MOST_POLICIES:
        count = sum(len(source.tables) for source in sources)
        raise DeclarationError(
            f"{len(sources)} sources with {count} tables are too many for one lake: deploy some of them as a lake of its own."
        )
    return {f"PartitionPolicy{number}": _policy(part) for number, part in enumerate(parts, 1)}


def _parts(sources: Sequence[Source]) -> Iterator[list[Tagged]]:
    """Yield the resources of one policy after the other; those of a source stay together."""
    part: list[Tagged] = []
    for source in sources:
        own = _resources(source)
        if part and len(longest([*part, *own])) > MANAGED_POLICY_CHARACTERS - _SPARE:
            yield part
            part = []
        part += own
    yield part


def _resources(source: Source) -> list[Tagged]:
    """Name a source's database and tables, where it is switched on."""
    name = f"${{{database_name(source)}}}"
    below = [f"database/{name}", *(f"table/{name}/{table.name}" for table in source.tables)]
    return [when(switch(source), sub(f"{_GLUE}:{one}")) for one in below]


def _policy(resources: list[Tagged]) -> Template:
    """Allow it on the catalog, the databases and the tables: Glue wants all three."""
    statement = {
        "Sid": "CreatePartitions",
        "Effect": "Allow",
        "Action": ["glue:CreatePartition"],
        "Resource": [sub(f"{_GLUE}:catalog"), *resources],
    }
    return {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {
            "Description": "The partition function creates partitions of the sources' tables.",
            "Roles": [ref("PartitionRoleName")],
            "PolicyDocument": {"Version": _VERSION, "Statement": [statement]},
        },
    }
