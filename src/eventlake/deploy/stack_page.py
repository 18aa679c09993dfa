"""docs/stack.md: parameters, outputs, resources and permissions of a deployment, from its templates.

Every statement of every policy stands there with its reason, so that a security review reads one page, and a change of a permission is seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from eventlake.deploy.cloudformation import Template, statements

REASONS = {
    "PutRecords": "The source's rules put events on its streams; nothing else may.",
    "FindBucket": "Firehose finds the bucket and its own unfinished uploads.",
    "WriteObjects": "Firehose writes log lines and failed records, each below the table's own prefixes.",
    "WriteRawEvents": "Where `KeepRawEvents` is yes: Firehose writes the untouched events.",
    "Transform": "Firehose calls the transform function, and reads its time limit first.",
    "ReadColumns": "Firehose converts to Parquet by the columns of the Glue table.",
    "WriteLog": "A function or stream writes its own log and no other; the log group exists already.",
    "UseKey": "Where `KmsKeyArn` names a key: data in S3 is encrypted with it, and only through S3.",
    "UseKeyOfQueues": "Where `KmsKeyArn` names a key: the queues are encrypted with it, and the key is used only through SQS.",
    "ReadPseudonymKeys": "Where `PseudonymKeysSecretArn` names a secret: the transform function reads the keys of pseudonyms, and no other secret.",
    "UseKeyOfSecrets": "Where both name something: the secret may be encrypted with that key, which is used only through Secrets Manager.",
    "ReadTombstones": "Where `Tombstones` is on: the transform function reads who was erased, and nothing else of the bucket.",
    "FindTombstones": "Where `Tombstones` is on: S3 says that nobody was erased yet, and not that the tombstones might not be read.",
    "ReadKeyOfTombstones": "Where `Tombstones` is on: the transform function reads the key of the tombstones, which the first erasure makes.",
    "UseKeyOfTombstones": "Where `KmsKeyArn` names a key too: the tombstones are encrypted with it, and it is used only through S3.",
    "KeepVersions": "Where `DeletingRoleArn` names a role: nobody else deletes a version of a log line, unlocks one, or lets the bucket do so.",
    "CreatePartitions": "The partition function adds partitions to the tables of the sources that are on; it reads none, the columns are in the declaration.",
    "KeepFailedCalls": "An asynchronous call that failed is kept as a dead letter.",
    "TakeNotifications": "The partition function takes notifications from the one queue and deletes what it has done.",
    "TellOfObjects": "S3 tells of new objects, for the one bucket.",
    "KeepUndelivered": "EventBridge keeps what it could not deliver, for the lake's rules.",
    "TlsOnly": "Nothing is read or written without TLS.",
    "Query": "People run queries and the saved queries in the source's workgroup, and in no other.",
    "ReadCatalog": "Athena reads the tables and partitions of the source on their behalf.",
    "FindBuckets": "Athena finds the buckets on their behalf.",
    "ListObjects": "Athena lists the source's own prefixes.",
    "ReadObjects": "Athena reads the source's log lines, not its failed or raw events.",
    "KeepResults": "Athena keeps the source's results, and reads them again.",
    "AskAthena": "A function runs its statements in a workgroup of its own.",
    "FindBucketsToDetect": "Athena finds the buckets for the function that runs detections.",
    "KeepState": "The function that runs detections keeps what it told in one object, which one call at a time replaces.",
    "SeeThatThereIsNoState": "S3 says that there is no such object yet, and not that it might not be read.",
    "KeepRows": "Athena keeps what detections found, and the function reads it.",
    "TellAlerts": "The function puts alerts on the default event bus, and no other events.",
    "TellOfAlerts": "The rule of alerts, and nobody else of EventBridge, tells the topic of them.",
    "PostAlerts": "EventBridge posts alerts to the webhook.",
    "UseKeyToDetect": "What the function keeps is encrypted with the key.",
    "ReadCatalogToDetect": "Athena reads the catalog of the sources that are on, for the function that runs detections.",
    "ReadLinesToDetect": "Athena reads their log lines.",
    "ListLinesToDetect": "Athena lists their log lines.",
    "FindBucketsToClose": "Athena finds the buckets for the closing function.",
    "WriteClosed": "Athena writes closed hours for the closing function.",
    "WriteClosings": "The closing function writes down each closing, and reads what it holds; none is changed or removed.",
    "ListClosings": "The closing function finds the last closing.",
    "KeepCounts": "Athena keeps what the closing function counts.",
    "UseKeyToClose": "Where `KmsKeyArn` names a key: objects, results and the queue are encrypted with it, and only through S3 and SQS.",
    "SwapPartitions": "The closing function and its Athena read the catalog of the sources that are on, and swap the locations of their hours.",
    "ReadLanded": "Athena reads what landed or was closed; the function removes it a day after it is replaced; the bucket keeps the version for 30 days.",
    "ListLanded": "The closing function sees what landed, and what was closed.",
    "ReadHolds": "Who removes hours, or registers one whose time is over, reads the legal holds first.",
    "ListHolds": "The partition function finds the legal holds, where an object comes for an hour whose time is over.",
    "UseKeyOfHolds": "Where `KmsKeyArn` names a key: legal holds are encrypted with it, which is used only through S3.",
    "WriteDownRemovals": "The retention function writes down what it is about to remove, so that what is killed on the way is finished.",
    "ForgetClosings": "It removes what is known of closings of which no hour is left.",
    "ListWhatIsKept": "It finds the legal holds, what it has written down, and the closings.",
    "RemoveFailed": "It removes failed and raw events that were kept long enough, every version of them, and reads none.",
    "ListFailed": "It sees which there are.",
    "UseKeyToRetain": "Where `KmsKeyArn` names a key: what it writes down is encrypted with it, and only through S3 and SQS.",
    "RemovePartitions": "It takes hours of the sources that are on out of the catalog, and brings back those that a hold keeps.",
    "RemoveLines": "It removes log lines that were kept long enough, every version of them, and reads none.",
    "ListLines": "It sees which there are.",
    "PutPosted": "The function of a webhook puts what is posted on its source's streams, and on no other.",
    "ReadWebhookTokens": "It reads the tokens of webhooks, where they lie, and nothing else that is secret.",
    "UseKeyOfTokens": "Where `KmsKeyArn` names a key: tokens and queue may be encrypted with it, and the key is used only through their services.",
    "CallFunction": "The schedule calls its function.",
    "ListResults": "Athena looks for an earlier result, below the source's own prefix.",
}
"""Sid -> why the statement is there."""


def stack_page(templates: Mapping[str, Template]) -> str:
    """Write the page. templates: by path below templates/, `root.yaml` among them."""
    return "\n".join(_page(templates)).rstrip() + "\n"


def _page(templates: Mapping[str, Template]) -> Iterator[str]:
    root = templates["root.yaml"]
    yield "# The stack"
    yield ""
    yield "Parameters, outputs, resources and permissions of a deployment, derived from `templates/`."
    yield ""
    yield "## Parameters"
    yield ""
    yield "| parameter | default | allowed | meaning |"
    yield "|---|---|---|---|"
    for name, parameter in root["Parameters"].items():
        yield f"| `{name}` | {_code(parameter.get('Default', ''))} | {_allowed(parameter)} | {parameter['Description']} |"
    yield ""
    yield "## Outputs"
    yield ""
    yield "| output | meaning |"
    yield "|---|---|"
    yield from (f"| `{name}` | {output['Description']} |" for name, output in root["Outputs"].items())
    yield ""
    yield "## Resources"
    yield ""
    yield "| template | what it makes |"
    yield "|---|---|"
    for path, template in templates.items():
        kinds = Counter(resource["Type"].removeprefix("AWS::") for resource in template["Resources"].values())
        yield f"| `{path}` | {', '.join(f'{count} {kind}' if count > 1 else kind for kind, count in sorted(kinds.items()))} |"
    yield ""
    yield "## Permissions"
    yield ""
    yield "Every statement of every policy. Services may assume a role only for this account and for the resources named under *for*."
    for path, template in templates.items():
        yield from _permissions(path, template)


def _permissions(path: str, template: Template) -> Iterator[str]:
    holders = {name: resource for name, resource in template["Resources"].items() if statements(resource)}
    if not holders:
        return
    yield ""
    yield f"### `{path}`"
    yield ""
    yield "| resource | who or why | actions | on or for |"
    yield "|---|---|---|---|"
    for name, resource in holders.items():
        for statement in statements(resource):
            yield f"| `{name}` | {_why(statement)} | {_codes(statement['Action'])} | {_scope(statement)} |"


def _why(statement: Template) -> str:
    if statement["Action"] == "sts:AssumeRole":
        return f"`{statement['Principal']['Service']}` assumes it"
    refused = "Refused: " if statement["Effect"] == "Deny" else ""
    return refused + REASONS[statement["Sid"]]


def _scope(statement: Template) -> str:
    if statement["Action"] == "sts:AssumeRole":
        return _codes(statement["Condition"]["ArnLike"]["aws:SourceArn"])
    return _codes(statement["Resource"])


def _allowed(parameter: Template) -> str:
    if "AllowedValues" in parameter:
        return ", ".join(f"`{value}`" for value in parameter["AllowedValues"])
    if "MinValue" in parameter:
        return f"{parameter['MinValue']} to {parameter['MaxValue']}" if "MaxValue" in parameter else f"{parameter['MinValue']} and more"
    return ""


def _codes(values: Any) -> str:  # one value or many, texts or intrinsic functions
    return "<br>".join(_code(_readable(value)) for value in (values if isinstance(values, list) else [values]))


def _code(value: object) -> str:
    return f"`{value}`" if value != "" else ""


def _readable(value: Any) -> str:  # a text or an intrinsic function
    """Write a resource as a person reads it: ARNs without what is the same in all of them."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Ref":
        return f"${{{argument}}}"
    if function == "Fn::GetAtt":
        return f"${{{'.'.join(argument)}}}"
    if function == "Fn::Sub":
        text: str = argument
        return text.replace("${AWS::Partition}", "aws").replace("${AWS::Region}", "REGION").replace("${AWS::AccountId}", "ACCOUNT")
    return json.dumps(value)
