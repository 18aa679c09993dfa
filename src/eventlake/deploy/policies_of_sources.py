"""Managed policies over the sources of a lake: what a function may do with their tables and their log lines, parted by what a policy holds.

One policy holds many sources, because a role takes ten managed policies of 6,144 characters each; what belongs to no source stands in the
function's own template.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eventlake.deploy.cloudformation import Tagged, Template, attribute, sub, when
from eventlake.deploy.limits import MANAGED_POLICY_CHARACTERS, longest
from eventlake.deploy.partition_policies import MOST_POLICIES
from eventlake.deploy.switches import switch
from eventlake.errors import DeclarationError
from eventlake.layout import CLOSED
from eventlake.model import Source
from eventlake.stack_names import database_name

READ_CATALOG = ("glue:GetDatabase", "glue:GetTable", "glue:GetPartition", "glue:GetPartitions", "glue:BatchGetPartition")
_VERSION = "2012-10-17"
_GLUE = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
_BUCKET = "arn:${AWS::Partition}:s3:::${LogBucketName}"


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of the policies: its id, and what it allows."""

    sid: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What one role may do. name: of its policies. condition: the one under which it is there. role: the stack and the output that gives it.

    lake: what is said of a lake that has too many sources for it. catalog: on the catalog, the databases and their tables. lines: on log lines.
    listing: how they are listed.
    """

    name: str
    condition: str
    description: str
    role: tuple[str, str]
    lake: str
    catalog: Statement
    lines: Statement
    listing: Statement

    def policies(self, sources: Sequence[Source]) -> dict[str, Template]:
        """Describe the policies by their logical ids. Raises DeclarationError for more tables than they can hold."""
        parts = list(self._parts(sources))
        if len(parts) > MOST_POLICIES:
            raise DeclarationError(
                f"{len(sources)} sources are too many for one lake {self.lake}: deploy some of them as a lake of its own."
            )
        return {f"{self.name}{number}": self._policy(part) for number, part in enumerate(parts, 1)}

    def _parts(self, sources: Sequence[Source]) -> Iterator[list[Source]]:
        """Yield the sources of one policy after the other."""
        part: list[Source] = []
        for source in sources:
            if part and len(longest(self._document([*part, source]))) > MANAGED_POLICY_CHARACTERS:
                yield part
                part = []
            part.append(source)
        yield part

    def _policy(self, sources: Sequence[Source]) -> Template:
        stack, output = self.role
        return {
            "Type": "AWS::IAM::ManagedPolicy",
            "Condition": self.condition,
            "Properties": {
                "Description": self.description,
                "Roles": [attribute(stack, f"Outputs.{output}")],
                "PolicyDocument": self._document(sources),
            },
        }

    def _document(self, sources: Sequence[Source]) -> Template:
        """Allow it on the catalog, the databases and all tables in them, which are the sources'; and on their log lines."""
        databases = [(source, f"${{{database_name(source)}}}") for source in sources]
        catalog = [_switched(source, f"{_GLUE}:{kind}") for source, name in databases for kind in (f"database/{name}", f"table/{name}/*")]
        prefixes = [(source, table.prefix) for source in sources for table in source.tables]
        # What is no source's stands first, because a list without any resource is refused where no source is on.
        lines = [sub(f"{_BUCKET}/{CLOSED}*"), *(_switched(source, f"{_BUCKET}/{prefix}/*") for source, prefix in prefixes)]
        listed = [f"{CLOSED}*", *(when(switch(source), f"{prefix}/*") for source, prefix in prefixes)]
        listing = _allow(self.listing, [sub(_BUCKET)])
        statements = [
            _allow(self.catalog, [sub(f"{_GLUE}:catalog"), *catalog]),
            _allow(self.lines, lines),
            {**listing, "Condition": {"StringLike": {"s3:prefix": listed}}},
        ]
        return {"Version": _VERSION, "Statement": statements}


def _switched(source: Source, resource: str) -> Tagged:
    """Return a resource that counts where a source is on."""
    return when(switch(source), sub(resource))


def _allow(statement: Statement, resources: list[Tagged]) -> Template:
    """Describe a statement that allows its actions on resources."""
    return {"Sid": statement.sid, "Effect": "Allow", "Action": list(statement.actions), "Resource": resources}
