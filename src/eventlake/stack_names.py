"""The names by which a lake on AWS is found again: how a person writes it, and a deployment's parameters and outputs, which `deploy` writes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
"""

from __future__ import annotations

import hashlib
import re

from eventlake.model import Source, Table

STACK, BUCKET = "aws:", "s3://"
"""How a person begins the name of a lake on AWS: that of its stack, or that of its bucket."""
_MAKERS = ("AWS ", "Amazon ")
_LONGEST_OF_ARCHIVE = 26
"""What the 48 characters of an archive's name leave beside the lake's 21 and a hyphen:
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateArchive.html"""


def is_on_aws(lake: str) -> bool:
    """Return True if a lake is named as one on AWS, and not as a folder."""
    return lake.startswith((STACK, BUCKET))


def logical_id(*words: str) -> str:
    """Name a resource, parameter or output: `pipeline_execution_state_change` becomes PipelineExecutionStateChange."""
    parts = [part for word in words for part in re.split(r"[^A-Za-z0-9]+", word) if part]
    return "".join(part[0].upper() + part[1:] for part in parts)


def workgroup_name(lake: str, source: str) -> str:
    """Return the name of the Athena workgroup in which people query one source of a lake; the lake's own has the lake's name."""
    return f"{lake}-{source}"


def archive_name(lake: str, source: str) -> str:
    """Return the name of the archive in which EventBridge keeps the events of a source; a long name of a source is cut, and told by its hash."""
    if len(source) > _LONGEST_OF_ARCHIVE:
        told = hashlib.sha256(source.encode()).hexdigest()[:8]
        source = f"{source[: _LONGEST_OF_ARCHIVE - len(told) - 1]}-{told}"
    return f"{lake}-{source}"


def short_title(source: Source) -> str:
    """Return the word that parameters and outputs have for a source: `AWS CodePipeline` is CodePipeline."""
    title = source.title
    for maker in _MAKERS:
        title = title.removeprefix(maker)
    return logical_id(title)


def database_name(source: Source) -> str:
    """Return the name of the parameter that names its database, and of the output."""
    return f"{short_title(source)}GlueDatabaseName"


def webhook_name(source: Source) -> str:
    """Return the name of the parameter that names the secret with the tokens of its webhook, and of the output."""
    return f"{short_title(source)}WebhookTokensSecretArn"


def tombstones_secret(lake: str) -> str:
    """Return the name of the secret with the key of a lake's tombstones, which the first erasure makes."""
    return f"{lake}-tombstones"


def table_output(source: Source, table: Table) -> str:
    """Return the name of the output that gives a table's name."""
    return source.stack.table_outputs.get(table.name, logical_id(table.name, "TableName"))
