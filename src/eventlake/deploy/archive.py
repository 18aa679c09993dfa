"""The archive of a source: EventBridge keeps its events for some days, and plays them to the source's rules again when it is asked.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-archive.html
"""

from __future__ import annotations

from typing import Any

from eventlake.deploy.cloudformation import Template, ref, sub, when
from eventlake.model import Source
from eventlake.stack_names import archive_name

_ALIKE = ("source", "detail-type")
"""What of the rules' patterns an archive asks for too, where every rule asks for it: it keeps what any of them takes, and seldom more."""


def archive(source: Source) -> Template:
    """Describe the archive of a source's bus."""
    bus = "default" if source.bus == "default" else "${EventBusName}"
    return {
        "Type": "AWS::Events::Archive",
        "Condition": "Archives",
        "Properties": {
            "ArchiveName": sub(archive_name("${LakeName}", source.name)),
            "Description": f"Events of {source.title}, to be played again.",
            "SourceArn": sub(f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:event-bus/{bus}"),
            "EventPattern": pattern(source),
            "RetentionDays": ref("ArchiveDays"),
            "KmsKeyIdentifier": when("HasKey", ref("KmsKeyArn")),
        },
    }


def pattern(source: Source) -> dict[str, Any]:
    """Return a pattern that matches whatever a rule of the source matches."""
    patterns = [table.pattern for table in source.tables]
    return {key: _joined([one[key] for one in patterns]) for key in _ALIKE if all(key in one for one in patterns)}


def _joined(asked: list[list[Any]]) -> list[Any]:
    """Return what any of the lists asks for, each once."""
    every = [one for some in asked for one in some]
    return [one for place, one in enumerate(every) if one not in every[:place]]
