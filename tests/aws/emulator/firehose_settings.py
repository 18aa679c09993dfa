"""What a delivery stream's configuration says, and what of it AWS refuses.

https://docs.aws.amazon.com/firehose/latest/APIReference/API_ExtendedS3DestinationConfiguration.html
"""

from __future__ import annotations

from typing import Any

import ministack.services.glue as glue

Configuration = dict[str, Any]
"""An ExtendedS3DestinationConfiguration."""

SMALLEST_WITH_CONVERSION_MB = 64
TABLE_READING = ("glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions")
WRITING = (
    "s3:AbortMultipartUpload",
    "s3:GetBucketLocation",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:ListBucketMultipartUploads",
    "s3:PutObject",
)
"""The actions that AWS's pages ask for, https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html"""


def conversion(configuration: Configuration) -> dict[str, Any] | None:
    """The record format conversion, None if it is off."""
    declared: dict[str, Any] = configuration.get("DataFormatConversionConfiguration") or {}
    return declared if declared and is_true(declared.get("Enabled", True)) else None


def schema_table(declared: dict[str, Any]) -> dict[str, Any] | None:
    """The Glue table that a conversion names, None if there is none."""
    schema = declared.get("SchemaConfiguration") or {}
    table: dict[str, Any] | None = glue._tables.get(f"{schema.get('DatabaseName')}/{schema.get('TableName')}")
    return table


def processor(configuration: Configuration, kind: str) -> dict[str, str] | None:
    """The parameters of the first processor of this type, None if there is none."""
    processing = configuration.get("ProcessingConfiguration") or {}
    for declared in processing.get("Processors") or []:
        if declared["Type"] == kind and is_true(processing.get("Enabled")):
            return {each["ParameterName"]: str(each["ParameterValue"]) for each in declared.get("Parameters") or []}
    return None


def backup(configuration: Configuration) -> Configuration | None:
    """Where untransformed records are kept, None if they are not."""
    if configuration.get("S3BackupMode") != "Enabled":
        return None
    return configuration.get("S3BackupConfiguration") or configuration.get("S3BackupUpdate")


def buffer_bytes(configuration: Configuration) -> int:
    """How much a buffer holds until it is written."""
    default = 128 if conversion(configuration) else 5
    return int(hints(configuration).get("SizeInMBs", default)) << 20


def buffer_s(configuration: Configuration) -> float:
    """How long a buffer waits until it is written."""
    return float(hints(configuration).get("IntervalInSeconds", 300))


def hints(configuration: Configuration) -> dict[str, Any]:
    """The BufferingHints."""
    return configuration.get("BufferingHints") or {}


def is_true(value: Any) -> bool:
    """Whether a property is on; CloudFormation may have it as text."""
    return str(value).lower() == "true"


def refusal(configuration: Configuration) -> str | None:
    """The sentence with which AWS refuses a configuration, None if it takes it."""
    declared = conversion(configuration)
    if not declared:
        return None
    if configuration.get("CompressionFormat", "UNCOMPRESSED") != "UNCOMPRESSED":
        return "CompressionFormat must be UNCOMPRESSED when data format conversion is enabled."
    if int(hints(configuration).get("SizeInMBs", 128)) < SMALLEST_WITH_CONVERSION_MB:
        return f"BufferingHints.SizeInMBs must be at least {SMALLEST_WITH_CONVERSION_MB} when data format conversion is enabled."
    if "SchemaConfiguration" in declared and not schema_table(declared):
        return f"The Glue table of SchemaConfiguration was not found (EntityNotFoundException): {declared['SchemaConfiguration']}"
    return None


def needed_to_write(configuration: Configuration, key: str) -> list[tuple[str, str]]:
    """The (action, resource) that a role needs to write an object."""
    bucket = configuration["BucketARN"]
    of_objects = {"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}
    needed = [(action, f"{bucket}/{key}" if action in of_objects else bucket) for action in WRITING]
    kms = ((configuration.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig") or {}).get("AWSKMSKeyARN")
    return needed + [(action, kms) for action in ("kms:Decrypt", "kms:GenerateDataKey") if kms]


def needed_to_read_schema(schema: dict[str, Any], region: str, account: str) -> list[tuple[str, str]]:
    """The (action, resource) that a role needs to read the table of a conversion."""
    start = f"arn:aws:glue:{schema.get('Region') or region}:{schema.get('CatalogId') or account}"
    database, table = schema["DatabaseName"], schema["TableName"]
    resources = (f"{start}:catalog", f"{start}:database/{database}", f"{start}:table/{database}/{table}")
    return [(action, resource) for action in TABLE_READING for resource in resources]
