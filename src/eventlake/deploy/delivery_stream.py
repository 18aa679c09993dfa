"""The delivery stream of a table and the rule that feeds it.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-kinesisfirehose-deliverystream.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-rule.html
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Template, attribute, ref, sub, when
from eventlake.model import Source, Table
from eventlake.stack_names import logical_id

ARRIVAL = "!{timestamp:yyyy/MM/dd/HH}"
"""Firehose's expression for the hour of arrival, in UTC. `YYYY` would be the year of the week, wrong in the last days of December."""
ARRIVAL_OF_FAILURES = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}"

BUFFERS_EVENTS = "BuffersEvents"
"""The condition under which events wait for the transform, and log lines hardly for their object; else it is the other way round."""

SHORT_BUFFER_S = 60
"""Seconds of the buffer that is not the long one. Firehose fills one before its transform and then one behind it, so that what comes waits as long
as both together: https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html"""

LONGEST_RETRY_S = 86_400
MOST_RETRIES = 185
"""The longest that EventBridge tries a target: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RetryPolicy.html"""


def stream_name(table: Table) -> str:
    """Return the name of its stream, a text for `!Sub`; rules are named alike."""
    return f"${{LakeName}}-{table.stream}"


def stream_id(table: Table) -> str:
    """Return the logical id of its stream."""
    return logical_id(table.name, "Stream")


def stream_arn(table: Table) -> str:
    """Return the ARN of its stream, a text for `!Sub` that refers to no resource."""
    return f"arn:${{AWS::Partition}}:firehose:${{AWS::Region}}:${{AWS::AccountId}}:deliverystream/{stream_name(table)}"


def rule_arn(source: Source, table: Table) -> str:
    """Return the ARN of its rule, a text for `!Sub` that refers to no resource."""
    bus = "" if source.bus == "default" else "${EventBusName}/"
    return f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{bus}{stream_name(table)}"


def delivery_stream(table: Table) -> Template:
    """Describe the stream of a table: transform, convert, buffer, write."""
    return {
        "Type": "AWS::KinesisFirehose::DeliveryStream",
        "DependsOn": ["DeliveryPolicy"],
        "Properties": {
            "DeliveryStreamName": sub(stream_name(table)),
            "DeliveryStreamType": "DirectPut",
            "DeliveryStreamEncryptionConfigurationInput": {
                "KeyType": when("HasKey", "CUSTOMER_MANAGED_CMK", "AWS_OWNED_CMK"),
                "KeyARN": when("HasKey", ref("KmsKeyArn")),
            },
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": sub("arn:${AWS::Partition}:s3:::${LogBucketName}"),
                "RoleARN": attribute("DeliveryRole", "Arn"),
                "Prefix": f"{table.prefix}/{ARRIVAL}/",
                "ErrorOutputPrefix": f"{table.error_prefix}/!{{firehose:error-output-type}}/{ARRIVAL_OF_FAILURES}/",
                "BufferingHints": {
                    "IntervalInSeconds": when(BUFFERS_EVENTS, SHORT_BUFFER_S, ref("BufferingHintsIntervalInSeconds")),
                    "SizeInMBs": ref("BufferingHintsSizeInMBs"),
                },
                "CompressionFormat": when("IsParquet", "UNCOMPRESSED", "GZIP"),
                "CloudWatchLoggingOptions": _logging(),
                "ProcessingConfiguration": _transform(),
                "DataFormatConversionConfiguration": when("IsParquet", _parquet(table)),
                "S3BackupMode": when("KeepsRawEvents", "Enabled", "Disabled"),
                "S3BackupConfiguration": when("KeepsRawEvents", _raw_events(table)),
            },
        },
    }


def _logging() -> Template:
    return {"Enabled": True, "LogGroupName": ref("DeliveryStreamLogGroup"), "LogStreamName": ref("DeliveryStreamLogStream")}


def _transform() -> Template:
    parameters = {
        "LambdaArn": ref("TransformFunctionArn"),
        "RoleArn": attribute("DeliveryRole", "Arn"),
        "NumberOfRetries": "3",
        "BufferSizeInMBs": "1",
        "BufferIntervalInSeconds": when(BUFFERS_EVENTS, ref("BufferingHintsIntervalInSeconds"), str(SHORT_BUFFER_S)),
    }
    values = [{"ParameterName": name, "ParameterValue": value} for name, value in parameters.items()]
    return {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": values}]}


def _parquet(table: Table) -> Template:
    return {
        "Enabled": True,
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {"CaseInsensitive": True}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}},
        "SchemaConfiguration": {
            "CatalogId": ref("AWS::AccountId"),
            "Region": ref("AWS::Region"),
            "DatabaseName": ref("GlueDatabase"),
            "TableName": ref(logical_id(table.name, "Table")),
            "RoleARN": attribute("DeliveryRole", "Arn"),
            "VersionId": "LATEST",
        },
    }


def _raw_events(table: Table) -> Template:
    return {
        "BucketARN": sub("arn:${AWS::Partition}:s3:::${LogBucketName}"),
        "RoleARN": attribute("DeliveryRole", "Arn"),
        "Prefix": f"raw/{table.name}/{ARRIVAL}/",
        "ErrorOutputPrefix": f"{table.error_prefix}/!{{firehose:error-output-type}}/{ARRIVAL_OF_FAILURES}/",
        "BufferingHints": {"IntervalInSeconds": 900, "SizeInMBs": 64},
        "CompressionFormat": "GZIP",
        "CloudWatchLoggingOptions": _logging(),
    }


HAS_BUS = "HasEventBus"
"""The condition under which the bus of a source is there that may come by its webhook alone."""


def may_lack_bus(source: Source) -> bool:
    """Return True if a source can be on without its event bus."""
    return source.bus != "default" and source.webhook is not None


def rule(source: Source, table: Table) -> Template:
    """Describe the rule of a table: the declared event pattern, and the stream as its target."""
    return {
        "Type": "AWS::Events::Rule",
        **({"Condition": HAS_BUS} if may_lack_bus(source) else {}),
        "Properties": {
            "Name": sub(stream_name(table)),
            "Description": f"Events of {source.title} for the table {table.name}.",
            **({} if source.bus == "default" else {"EventBusName": ref("EventBusName")}),
            "EventPattern": table.pattern,
            "State": "ENABLED",
            "Targets": [
                {
                    "Id": "delivery-stream",
                    "Arn": attribute(stream_id(table), "Arn"),
                    "RoleArn": attribute("EventsRole", "Arn"),
                    "DeadLetterConfig": {"Arn": ref("UndeliveredQueueArn")},
                    "RetryPolicy": {"MaximumEventAgeInSeconds": LONGEST_RETRY_S, "MaximumRetryAttempts": MOST_RETRIES},
                }
            ],
        },
    }
