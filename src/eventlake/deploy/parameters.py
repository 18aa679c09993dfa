"""The parameters that several stacks share: each with its description and constraints.

Names and defaults that the lakes before this one had (GlueDatabaseName, EventBusName, BufferingHints...) are kept.
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Template
from eventlake.model import Source

_LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""What CloudWatch Logs takes: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""

SMALLEST_PARQUET_BUFFER_MB = 64
"""https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html"""

LAKE_NAME: Template = {
    "Type": "String",
    "AllowedPattern": "[a-z][a-z0-9-]{1,20}",
    "ConstraintDescription": "2 to 21 lower-case letters, digits and hyphens, a letter first; it is the name of the outermost stack.",
    "Description": "Name of the lake, with which the names of its resources begin.",
}

SETTINGS: dict[str, Template] = {
    "LogFormat": {
        "Type": "String",
        "Default": "parquet",
        "AllowedValues": ["parquet", "json"],
        "Description": "Format of the log lines: parquet, or json (gzip JSON lines). One for the life of a lake, because Athena wants one for a table.",
    },
    "BufferingHintsSizeInMBs": {
        "Type": "Number",
        "Default": 64,
        "MinValue": 1,
        "MaxValue": 128,
        "Description": "Megabytes after which a delivery stream writes an object. Firehose refuses less than 64 with Parquet; with json 1 and more.",
    },
    "BufferingHintsIntervalInSeconds": {
        "Type": "Number",
        "Default": 300,
        "MinValue": 0,
        "MaxValue": 900,
        "Description": "Seconds after which a delivery stream writes an object, however little is in it. Less is fresher and dearer.",
    },
    "BufferingOf": {
        "Type": "String",
        "Default": "lines",
        "AllowedValues": ["lines", "events"],
        "Description": "What waits that long - lines, behind the transform, or events, before it, which costs less of at most a million a month and table.",
    },
    "KeepRawEvents": {
        "Type": "String",
        "Default": "no",
        "AllowedValues": ["yes", "no"],
        "Description": "Whether every event is also kept as it came, under raw/. Firehose lets it be switched on later, and not off again.",
    },
    "ArchiveDays": {
        "Type": "Number",
        "Default": 0,
        "MinValue": 0,
        "MaxValue": 36500,
        "Description": "Days that EventBridge archives every event, so that `replay --to rules` can play them to the lake again; 0 - none.",
    },
    "Closing": {
        "Type": "String",
        "Default": "off",
        "AllowedValues": ["off", "hourly", "daily"],
        "Description": "How often hours that are over become sorted objects without duplicates. Each time costs Athena's least for each table.",
    },
    "KmsKeyArn": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": r"(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+)?",
        "ConstraintDescription": "The ARN of a KMS key, or nothing.",
        "Description": "KMS key that encrypts buckets, queues, streams, results and logs. Empty - keys of the services.",
    },
    "LogRetentionDays": {
        "Type": "Number",
        "Default": 30,
        "AllowedValues": _LOG_RETENTION_DAYS,
        "Description": "Days that the functions' and delivery streams' own logs are kept. The events are kept for ever, or RetentionDays.",
    },
    "Alarms": {
        "Type": "String",
        "Default": "on",
        "AllowedValues": ["on", "off"],
        "Description": "Whether CloudWatch alarms are made; each costs about $0.10 a month beyond the first ten.",
    },
    "AlarmTopicArn": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": r"(arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+)?",
        "ConstraintDescription": "The ARN of an SNS topic, or nothing.",
        "Description": "SNS topic that hears of every alarm. Empty - alarms are seen in CloudWatch only.",
    },
    "QuietHours": {
        "Type": "Number",
        "Default": 168,
        "MinValue": 0,
        "MaxValue": 168,
        "Description": "Hours without any event of a source after which its NoEvents alarm goes off; 0 - never.",
    },
    "PermissionsBoundaryArn": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": r"(arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+)?",
        "ConstraintDescription": "The ARN of a managed policy, or nothing.",
        "Description": "Managed policy that bounds the permissions of every role. Empty - none.",
    },
}
"""What a deployment may choose for all its sources."""

DETECTING: dict[str, Template] = {
    "Detections": {
        "Type": "String",
        "Default": "off",
        "AllowedValues": ["off", "on"],
        "Description": "Whether detections run. S3 charges for what Athena reads for that, see eventlake cost estimate --detections.",
    },
    "DetectionMinutes": {
        "Type": "Number",
        "Default": 5,
        "AllowedValues": [5, 15],
        "Description": "How often it is looked which detections are due; those that run every five minutes run as often. 15 suits buffers of 900 seconds.",
    },
    "AlertWebhookUrl": {
        "Type": "String",
        "Default": "",
        "NoEcho": True,
        "AllowedPattern": r"(https://[\w.:-]+(/[!-~]*)?)?",
        "ConstraintDescription": "A URL that begins with https://, or nothing.",
        "Description": "URL that alerts are posted to. Empty - none.",
    },
    "AlertWebhookKey": {
        "Type": "String",
        "Default": "none",
        "NoEcho": True,
        "MinLength": 1,
        "MaxLength": 512,
        "Description": "What the header X-Api-Key of these posts says, for a receiver that wants it.",
    },
    "AlertWebhookForm": {
        "Type": "String",
        "Default": "slack",
        "AllowedValues": ["slack", "teams"],
        "Description": "Whose messages these posts are: what Slack's webhooks take, or a card for a workflow of Teams'.",
    },
}
"""What concerns detections, and who is told of alerts."""

_DAYS = r"([1-9]\d{0,3}|[12]\d{4}|3[0-5]\d{3}|36[0-4]\d\d|36500)"

RETAINING: dict[str, Template] = {
    "Retention": {
        "Type": "String",
        "Default": "off",
        "MaxLength": 256,
        "AllowedPattern": rf"off|declared|[a-z0-9_-]+={_DAYS}( [a-z0-9_-]+={_DAYS})*",
        "ConstraintDescription": "off, declared, or TABLE=DAYS with 1 to 36500 days, several parted by blanks; failed-records=DAYS is of failed records.",
        "Description": "Days that tables are kept, such as auth0_logs=400 failed-records=30, beside those declared; declared - those alone; off - for ever.",
    },
}
"""What is not kept for ever."""

LOG_BUCKET_NAME: Template = {
    "Type": "String",
    "Default": "",
    "AllowedPattern": r"([a-z0-9][a-z0-9-]{1,53}[a-z0-9])?",
    "ConstraintDescription": "3 to 55 lower-case letters, digits and hyphens, or nothing.",
    "Description": "Name of the bucket for the log lines. Empty - the stack's name, the account and the region, joined by hyphens.",
}

LAKE_ONLY: dict[str, Template] = {
    "RetentionDays": {
        "Type": "Number",
        "Default": 0,
        "MinValue": 0,
        "MaxValue": 36500,
        "Description": "Days after which the bucket deletes all that lies in it, legal holds too; 0 - never, as Retention wants it.",
    },
    "ObjectLockDays": {
        "Type": "Number",
        "Default": 0,
        "MinValue": 0,
        "MaxValue": 36500,
        "Description": "Days for which no version of a log line can be deleted (S3 Object Lock, governance mode); 0 - never locked.",
    },
    "DeletingRoleArn": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": r"(arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+)?",
        "ConstraintDescription": "The ARN of a role, or nothing.",
        "Description": "Role that alone may delete versions of log lines and change their lifecycle, and so must deploy. Empty - whom IAM lets.",
    },
    "AccessLogBucketName": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": "([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])?",
        "ConstraintDescription": "The name of a bucket, or nothing.",
        "Description": "Bucket that receives the S3 access logs of the lake's buckets. Empty - none are written.",
    },
    "ScanLimitInMBs": {
        "Type": "Number",
        "Default": 102400,
        "MinValue": 10,
        "Description": "Megabytes that one Athena query may read before it is stopped; 102400 are 100 GB, about $0.50.",
    },
}
"""What concerns the buckets and the workgroup alone."""

FUNCTIONS_ONLY: dict[str, Template] = {
    "PseudonymKeysSecretArn": {
        "Type": "String",
        "Default": "",
        "AllowedPattern": r"(arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+)?",
        "ConstraintDescription": "The ARN of a secret of Secrets Manager, or nothing.",
        "Description": "Secret with the keys of pseudonyms, as `eventlake keys push` puts it there. Empty - none, for tables that ask for none.",
    },
    "Tombstones": {
        "Type": "String",
        "Default": "off",
        "AllowedValues": ["on", "off"],
        "Description": "Whether events of people whom `eventlake erase` erased are dropped as they come.",
    },
    "Registering": {
        "Type": "String",
        "Default": "at-once",
        "AllowedValues": ["at-once", "by-minute"],
        "Description": "When a new hour becomes a partition - at-once, or at most a minute later, which spares some $0.15 a month of asking an empty queue.",
    },
}
"""What concerns the functions between buses and bucket alone."""


def database_parameter(source: Source) -> Template:
    """Describe the parameter that names a source's Glue database."""
    return {
        "Type": "String",
        "Default": source.database,
        "AllowedPattern": "[a-z0-9_]{1,255}",
        "ConstraintDescription": "Lower-case letters, digits and _.",
        "Description": f"Glue database of the tables of {source.title}.",
    }


def event_bus_parameter(source: Source, *, optional: bool) -> Template:
    """Describe the parameter that names the event bus of a source whose events do not come over the default bus."""
    otherwise = "not captured" if source.webhook is None else "captured by its webhook, or not"
    absent = f" Empty - {source.title} is {otherwise}." if optional else ""
    return {
        "Type": "String",
        **({"Default": ""} if optional else {}),
        "AllowedPattern": r"[\w./-]{0,256}" if optional else r"[\w./-]{1,256}",
        "ConstraintDescription": "The name of an event bus, such as aws.partner/auth0.com/example-1234/auth0.logs.",
        "Description": f"Event bus that the events of {source.title} come over.{absent}",
    }


def webhook_parameter(source: Source) -> Template:
    """Describe the parameter that says where the tokens of a source's webhook lie."""
    return {
        "Type": "String",
        "Default": "",
        "AllowedPattern": r"(arn:aws[a-z-]*:(ssm:[a-z0-9-]+:\d{12}:parameter/[\w./-]+|secretsmanager:[a-z0-9-]+:\d{12}:secret:[\w/+=.@-]+))?",
        "ConstraintDescription": "The ARN of a parameter of Parameter Store or of a secret of Secrets Manager, or nothing.",
        "Description": f"Parameter or secret with the tokens of the webhook of {source.title}, which it switches on. Empty - no webhook.",
    }
