"""What the closing function may do for the sources: read what landed, remove it once it is closed, and swap partitions of their tables.

What it writes, and reads of what it wrote, stands in templates/closing.yaml.
"""

from __future__ import annotations

from eventlake.deploy.policies_of_sources import READ_CATALOG, Grant, Statement

CLOSING_STACK = "Compaction"

CLOSING_GRANT = Grant(
    name="ClosingPolicy",
    condition="Closes",
    description="The closing function closes hours of the sources' tables.",
    role=(CLOSING_STACK, "ClosingRoleName"),
    lake="that closes hours",
    catalog=Statement("SwapPartitions", (*READ_CATALOG, "glue:UpdatePartition", "glue:CreatePartition")),
    lines=Statement("ReadLanded", ("s3:GetObject", "s3:DeleteObject")),
    listing=Statement("ListLanded", ("s3:ListBucket",)),
)
