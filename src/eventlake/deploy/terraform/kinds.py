"""The table of the translation: each type of resource of CloudFormation, its properties, and their arguments in Terraform's AWS provider.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs
"""

from __future__ import annotations

from eventlake.deploy.terraform.arguments import Apart, Arguments, Block, Document, Inline, Kind, Only, Pairs
from eventlake.deploy.terraform.delivery import DELIVERY
from eventlake.deploy.terraform.storage import STORAGE

LONGEST_PREFIX_OF_ROLES = 38
LONGEST_PREFIX_OF_POLICIES = 102
LONGEST_PREFIX_OF_LOG_GROUPS = 64
"""Characters that the provider takes of a `name_prefix`, for a log group fewer than it takes."""

_RETRIES = Block(
    "retry_policy", {"MaximumEventAgeInSeconds": "maximum_event_age_in_seconds", "MaximumRetryAttempts": "maximum_retry_attempts"}
)
_TARGET: Arguments = {
    "Id": "target_id",
    "Arn": "arn",
    "RoleArn": "role_arn",
    "DeadLetterConfig": Block("dead_letter_config", {"Arn": "arn"}),
    "RetryPolicy": _RETRIES,
    "InputTransformer": Block("input_transformer", {"InputPathsMap": "input_paths", "InputTemplate": "input_template"}),
}
EVENTS = {
    "AWS::Events::Rule": Kind(
        "aws_cloudwatch_event_rule",
        "name",
        {
            "Name": "name",
            "Description": "description",
            "EventBusName": "event_bus_name",
            "EventPattern": Document("event_pattern"),
            "State": "state",
            "Targets": Apart("aws_cloudwatch_event_target", {"rule": "name", "event_bus_name": "event_bus_name"}, _TARGET, suffix="Id"),
        },
        {"Arn": "arn"},
    ),
    "AWS::Events::Archive": Kind(
        "aws_cloudwatch_event_archive",
        "name",
        {
            "ArchiveName": "name",
            "Description": "description",
            "SourceArn": "event_source_arn",
            "EventPattern": Document("event_pattern"),
            "RetentionDays": "retention_days",
            "KmsKeyIdentifier": "kms_key_identifier",
        },
        {"Arn": "arn"},
    ),
    "AWS::Events::Connection": Kind(
        "aws_cloudwatch_event_connection",
        "name",
        {
            "Name": "name",
            "Description": "description",
            "AuthorizationType": "authorization_type",
            "AuthParameters": Block(
                "auth_parameters", {"ApiKeyAuthParameters": Block("api_key", {"ApiKeyName": "key", "ApiKeyValue": "value"})}
            ),
        },
        {"Arn": "arn"},
    ),
    "AWS::Events::ApiDestination": Kind(
        "aws_cloudwatch_event_api_destination",
        "name",
        {
            "Name": "name",
            "Description": "description",
            "ConnectionArn": "connection_arn",
            "InvocationEndpoint": "invocation_endpoint",
            "HttpMethod": "http_method",
            "InvocationRateLimitPerSecond": "invocation_rate_limit_per_second",
        },
        {"Arn": "arn"},
    ),
    "AWS::Scheduler::Schedule": Kind(
        "aws_scheduler_schedule",
        "name",
        {
            "Name": "name",
            "Description": "description",
            "ScheduleExpression": "schedule_expression",
            "ScheduleExpressionTimezone": "schedule_expression_timezone",
            "FlexibleTimeWindow": Block("flexible_time_window", {"Mode": "mode"}),
            "Target": Block("target", {"Arn": "arn", "RoleArn": "role_arn", "Input": "input", "RetryPolicy": _RETRIES}),
        },
        {"Arn": "arn"},
    ),
}

_COLUMN: Arguments = {"Name": "name", "Type": "type", "Comment": "comment"}
_STORED: Arguments = {
    "Location": "location",
    "Columns": Block("columns", _COLUMN),
    "Compressed": "compressed",
    "InputFormat": "input_format",
    "OutputFormat": "output_format",
    "SerdeInfo": Block("ser_de_info", {"SerializationLibrary": "serialization_library", "Parameters": "parameters"}),
}
_TABLE: Arguments = {
    "Name": "name",
    "Description": "description",
    "TableType": "table_type",
    "Parameters": "parameters",
    "PartitionKeys": Block("partition_keys", _COLUMN),
    "StorageDescriptor": Block("storage_descriptor", _STORED),
}
_RESULTS: Arguments = {
    "OutputLocation": "output_location",
    "ExpectedBucketOwner": "expected_bucket_owner",
    "EncryptionConfiguration": Block("encryption_configuration", {"EncryptionOption": "encryption_option", "KmsKey": "kms_key_arn"}),
}
_WORK_GROUP: Arguments = {
    "EnforceWorkGroupConfiguration": "enforce_workgroup_configuration",
    "PublishCloudWatchMetricsEnabled": "publish_cloudwatch_metrics_enabled",
    "BytesScannedCutoffPerQuery": "bytes_scanned_cutoff_per_query",
    "EngineVersion": Block("engine_version", {"SelectedEngineVersion": "selected_engine_version"}),
    "ResultConfiguration": Block("result_configuration", _RESULTS),
}
QUERIES = {
    "AWS::Glue::Database": Kind(
        "aws_glue_catalog_database",
        "name",
        {"CatalogId": "catalog_id", "DatabaseInput": Inline({"Name": "name", "Description": "description"})},
    ),
    "AWS::Glue::Table": Kind(
        "aws_glue_catalog_table", "name", {"CatalogId": "catalog_id", "DatabaseName": "database_name", "TableInput": Inline(_TABLE)}
    ),
    "AWS::Athena::WorkGroup": Kind(
        "aws_athena_workgroup",
        "name",
        {
            "Name": "name",
            "Description": "description",
            "State": "state",
            "RecursiveDeleteOption": "force_destroy",
            "WorkGroupConfiguration": Block("configuration", _WORK_GROUP),
        },
    ),
    "AWS::Athena::NamedQuery": Kind(
        "aws_athena_named_query",
        "id",
        {"Name": "name", "Description": "description", "Database": "database", "WorkGroup": "workgroup", "QueryString": "query"},
    ),
}

_FUNCTION: Arguments = {
    "FunctionName": "function_name",
    "Description": "description",
    "Runtime": "runtime",
    "Architectures": "architectures",
    "Handler": "handler",
    "Code": Only("../src/"),
    "Role": "role",
    "MemorySize": "memory_size",
    "Timeout": "timeout",
    "KmsKeyArn": "kms_key_arn",
    "DeadLetterConfig": Block("dead_letter_config", {"TargetArn": "target_arn"}),
    "TracingConfig": Block("tracing_config", {"Mode": "mode"}),
    "LoggingConfig": Block(
        "logging_config",
        {
            "LogGroup": "log_group",
            "LogFormat": "log_format",
            "ApplicationLogLevel": "application_log_level",
            "SystemLogLevel": "system_log_level",
        },
    ),
    "Environment": Block("environment", {"Variables": "variables"}),
}
FUNCTIONS = {
    "AWS::Lambda::Function": Kind(
        "aws_lambda_function",
        "function_name",
        _FUNCTION,
        {"Arn": "arn"},
        {"filename": "${var.code}", "source_code_hash": "${filebase64sha256(var.code)}"},
    ),
    "AWS::Lambda::EventSourceMapping": Kind(
        "aws_lambda_event_source_mapping",
        "id",
        {
            "EventSourceArn": "event_source_arn",
            "FunctionName": "function_name",
            "BatchSize": "batch_size",
            "MaximumBatchingWindowInSeconds": "maximum_batching_window_in_seconds",
            "FunctionResponseTypes": "function_response_types",
            "ScalingConfig": Block("scaling_config", {"MaximumConcurrency": "maximum_concurrency"}),
        },
    ),
    "AWS::Lambda::Url": Kind(
        "aws_lambda_function_url",
        "function_name",
        {"TargetFunctionArn": "function_name", "AuthType": "authorization_type", "InvokeMode": "invoke_mode"},
        {"FunctionUrl": "function_url"},
    ),
    "AWS::Lambda::Permission": Kind(
        "aws_lambda_permission",
        "id",
        {
            "FunctionName": "function_name",
            "Action": "action",
            "Principal": "principal",
            "SourceAccount": "source_account",
            "SourceArn": "source_arn",
            "FunctionUrlAuthType": "function_url_auth_type",
            "InvokedViaFunctionUrl": "invoked_via_function_url",
        },
    ),
    "AWS::Lambda::EventInvokeConfig": Kind(
        "aws_lambda_function_event_invoke_config",
        "id",
        {"FunctionName": "function_name", "Qualifier": "qualifier", "MaximumRetryAttempts": "maximum_retry_attempts"},
    ),
}

_IN_ROLE: Arguments = {"PolicyName": "name", "PolicyDocument": Document("policy")}
RIGHTS = {
    "AWS::IAM::Role": Kind(
        "aws_iam_role",
        "name",
        {
            "RoleName": "name",
            "Description": "description",
            "AssumeRolePolicyDocument": Document("assume_role_policy"),
            "PermissionsBoundary": "permissions_boundary",
            "Policies": Apart("aws_iam_role_policy", {"role": "id"}, _IN_ROLE, suffix="PolicyName", before=True),
        },
        {"Arn": "arn"},
        unnamed=("name_prefix", LONGEST_PREFIX_OF_ROLES),
    ),
    "AWS::IAM::Policy": Kind("aws_iam_role_policy", "id", _IN_ROLE, repeated=("Roles", "role")),
    "AWS::IAM::ManagedPolicy": Kind(
        "aws_iam_policy",
        "arn",
        {
            "ManagedPolicyName": "name",
            "Description": "description",
            "PolicyDocument": Document("policy"),
            "Roles": Apart("aws_iam_role_policy_attachment", {"policy_arn": "arn"}, {"Ref": "role"}),
        },
        unnamed=("name_prefix", LONGEST_PREFIX_OF_POLICIES),
    ),
}

QUEUES = {
    "AWS::SQS::Queue": Kind(
        "aws_sqs_queue",
        "url",
        {
            "QueueName": "name",
            "SqsManagedSseEnabled": "sqs_managed_sse_enabled",
            "KmsMasterKeyId": "kms_master_key_id",
            "MessageRetentionPeriod": "message_retention_seconds",
            "VisibilityTimeout": "visibility_timeout_seconds",
            "RedrivePolicy": Document("redrive_policy"),
            "RedriveAllowPolicy": Document("redrive_allow_policy"),
        },
        {"Arn": "arn", "QueueName": "name"},
    ),
    "AWS::SQS::QueuePolicy": Kind("aws_sqs_queue_policy", "id", {"PolicyDocument": Document("policy")}, repeated=("Queues", "queue_url")),
    "AWS::SNS::Topic": Kind("aws_sns_topic", "arn", {"TopicName": "name", "KmsMasterKeyId": "kms_master_key_id"}),
    "AWS::SNS::TopicPolicy": Kind("aws_sns_topic_policy", "id", {"PolicyDocument": Document("policy")}, repeated=("Topics", "arn")),
}

WATCHING = {
    "AWS::CloudWatch::Alarm": Kind(
        "aws_cloudwatch_metric_alarm",
        "alarm_name",
        {
            "AlarmName": "alarm_name",
            "AlarmDescription": "alarm_description",
            "Namespace": "namespace",
            "MetricName": "metric_name",
            "Dimensions": Pairs("dimensions"),
            "Statistic": "statistic",
            "Period": "period",
            "EvaluationPeriods": "evaluation_periods",
            "ComparisonOperator": "comparison_operator",
            "Threshold": "threshold",
            "TreatMissingData": "treat_missing_data",
            "AlarmActions": "alarm_actions",
            "OKActions": "ok_actions",
        },
    ),
    "AWS::Logs::LogGroup": Kind(
        "aws_cloudwatch_log_group",
        "name",
        {"LogGroupName": "name", "RetentionInDays": "retention_in_days", "KmsKeyId": "kms_key_id"},
        {"Arn": "{}:*"},
        unnamed=("name_prefix", LONGEST_PREFIX_OF_LOG_GROUPS),
    ),
    "AWS::Logs::LogStream": Kind("aws_cloudwatch_log_stream", "name", {"LogGroupName": "log_group_name", "LogStreamName": "name"}),
}

KINDS: dict[str, Kind] = {**STORAGE, **EVENTS, **DELIVERY, **QUERIES, **FUNCTIONS, **RIGHTS, **QUEUES, **WATCHING}
"""By their types in CloudFormation."""
