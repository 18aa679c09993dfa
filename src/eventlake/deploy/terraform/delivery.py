"""Firehose's delivery streams: sizes and seconds of buffers stand beside the rest in Terraform, not below it."""

from __future__ import annotations

from eventlake.deploy.terraform.arguments import Arguments, Block, Inline, Kind, Only

_BUFFERING = Inline({"IntervalInSeconds": "buffering_interval", "SizeInMBs": "buffering_size"})
_LOGGING = Block("cloudwatch_logging_options", {"Enabled": "enabled", "LogGroupName": "log_group_name", "LogStreamName": "log_stream_name"})
_OBJECTS: Arguments = {
    "BucketARN": "bucket_arn",
    "RoleARN": "role_arn",
    "Prefix": "prefix",
    "ErrorOutputPrefix": "error_output_prefix",
    "BufferingHints": _BUFFERING,
    "CompressionFormat": "compression_format",
    "CloudWatchLoggingOptions": _LOGGING,
}
_PROCESSORS = Block(
    "processors",
    {"Type": "type", "Parameters": Block("parameters", {"ParameterName": "parameter_name", "ParameterValue": "parameter_value"})},
)
_CONVERSION: Arguments = {
    "Enabled": "enabled",
    "InputFormatConfiguration": Block(
        "input_format_configuration",
        {"Deserializer": Block("deserializer", {"OpenXJsonSerDe": Block("open_x_json_ser_de", {"CaseInsensitive": "case_insensitive"})})},
    ),
    "OutputFormatConfiguration": Block(
        "output_format_configuration",
        {"Serializer": Block("serializer", {"ParquetSerDe": Block("parquet_ser_de", {"Compression": "compression"})})},
    ),
    "SchemaConfiguration": Block(
        "schema_configuration",
        {
            "CatalogId": "catalog_id",
            "Region": "region",
            "DatabaseName": "database_name",
            "TableName": "table_name",
            "RoleARN": "role_arn",
            "VersionId": "version_id",
        },
    ),
}
_DESTINATION: Arguments = {
    **_OBJECTS,
    "ProcessingConfiguration": Block("processing_configuration", {"Enabled": "enabled", "Processors": _PROCESSORS}),
    "DataFormatConversionConfiguration": Block("data_format_conversion_configuration", _CONVERSION),
    "S3BackupMode": "s3_backup_mode",
    "S3BackupConfiguration": Block("s3_backup_configuration", _OBJECTS),
}
DELIVERY = {
    "AWS::KinesisFirehose::DeliveryStream": Kind(
        "aws_kinesis_firehose_delivery_stream",
        "name",
        {
            "DeliveryStreamName": "name",
            "DeliveryStreamType": Only("DirectPut"),
            "DeliveryStreamEncryptionConfigurationInput": Block(
                "server_side_encryption", {"KeyType": "key_type", "KeyARN": "key_arn"}, {"enabled": True}
            ),
            "ExtendedS3DestinationConfiguration": Block("extended_s3_configuration", _DESTINATION),
        },
        {"Arn": "arn"},
        {"destination": "extended_s3"},
    ),
}
