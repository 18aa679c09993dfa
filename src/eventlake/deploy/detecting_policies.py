"""What the function that runs detections may do for the sources: read their tables, as Athena does it in its name.

What it writes stands in templates/detections.yaml. Parted as the policies of the closing function are, for the same limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventlake.deploy.closing_policies import READ_CATALOG, allow, switched
from eventlake.deploy.cloudformation import Template, attribute, sub, when
from eventlake.deploy.limits import MANAGED_POLICY_CHARACTERS, longest
from eventlake.deploy.partition_policies import MOST_POLICIES
from eventlake.deploy.switches import switch
from eventlake.errors import DeclarationError
from eventlake.layout import CLOSED
from eventlake.model import Source
from eventlake.stack_names import database_name

DETECTIONS_STACK = "DetectionsOfSources"
_VERSION = "2012-10-17"
_GLUE = "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}"
_BUCKET = "arn:${AWS::Partition}:s3:::${LogBucketName}"


def detecting_policies(sources: Sequence[Source]) -> dict[str, Template]:
    """Describe the policies by their logical ids. Raises DeclarationError for more tables than they can hold."""
    parts = list(_parts(sources))
    if len(parts) > MOST_POLICIES:
        raise DeclarationError(
            f"{len(sources)} sources are too many for one lake with detections: deploy some of them as a lake of its own."
        )
    return {f"DetectingPolicy{number}": _policy(part) for number, part in enumerate(parts, 1)}


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
        "Condition": "Detects",
        "Properties": {
            "Description": "Athena reads the sources' tables for detections.",
            "Roles": [attribute(DETECTIONS_STACK, "Outputs.DetectionsRoleName")],
            "PolicyDocument": _document(sources),
        },
    }


def _document(sources: Sequence[Source]) -> Template:
    """Allow it on the catalog, the databases and all tables in them, which are the sources'; and on their log lines."""
    databases = [(source, f"${{{database_name(source)}}}") for source in sources]
    catalog = [switched(source, f"{_GLUE}:{kind}") for source, name in databases for kind in (f"database/{name}", f"table/{name}/*")]
    prefixes = [(source, table.prefix) for source in sources for table in source.tables]
    # What is no source's stands first, because a list without any resource is refused where no source is on.
    lines = [sub(f"{_BUCKET}/{CLOSED}*"), *(switched(source, f"{_BUCKET}/{prefix}/*") for source, prefix in prefixes)]
    listed = [f"{CLOSED}*", *(when(switch(source), f"{prefix}/*") for source, prefix in prefixes)]
    statements = [
        allow("ReadCatalogToDetect", READ_CATALOG, [sub(f"{_GLUE}:catalog"), *catalog]),
        allow("ReadLinesToDetect", ["s3:GetObject"], lines),
        {**allow("ListLinesToDetect", ["s3:ListBucket"], [sub(_BUCKET)]), "Condition": {"StringLike": {"s3:prefix": listed}}},
    ]
    return {"Version": _VERSION, "Statement": statements}
