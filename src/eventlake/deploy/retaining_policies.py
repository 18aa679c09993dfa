"""Retention in a deployment: the days that tables are kept, as the functions read them, and what the retention function may do for the sources.

What it keeps of itself, and failed records, stand in templates/retention.yaml.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventlake.deploy.cloudformation import Tagged, equals, ref, when
from eventlake.deploy.policies_of_sources import Grant, Statement
from eventlake.deploy.switches import switch
from eventlake.model import Source

RETENTION_STACK = "Retaining"
RETAINS = Tagged("Not", [equals("Retention", "off")])

RETAINING_GRANT = Grant(
    name="RetainingPolicy",
    condition="Retains",
    description="The retention function removes hours of the sources' tables.",
    role=(RETENTION_STACK, "RetentionRoleName"),
    lake="that removes hours",
    catalog=Statement(
        "RemovePartitions", ("glue:GetPartitions", "glue:BatchGetPartition", "glue:BatchDeletePartition", "glue:CreatePartition")
    ),
    lines=Statement("RemoveLines", ("s3:DeleteObject", "s3:DeleteObjectVersion")),
    listing=Statement("ListLines", ("s3:ListBucketVersions",)),
)


def kept_days(sources: Sequence[Source]) -> Tagged:
    """Write the days of the tables of the sources that are on: as declared, and then as the deployment says, which counts."""
    declared = [when(switch(source), days, "") for source in sources if (days := _declared(source))]
    return Tagged("Join", [" ", [*declared, ref("Retention")]])


def kept_days_if_any(sources: Sequence[Source]) -> Tagged:
    """Write the same for who is there without retention too: nothing if it is off."""
    return when("Retains", kept_days(sources), "")


def declared_days(sources: Sequence[Source]) -> str:
    """Write the days of all tables that are declared with some."""
    return " ".join(days for source in sources if (days := _declared(source)))


def _declared(source: Source) -> str:
    return " ".join(f"{table.name}={table.retention_days}" for table in source.tables if table.retention_days is not None)
