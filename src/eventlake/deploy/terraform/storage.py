"""Amazon S3's types of resources: Terraform parts a bucket into one resource for each of its settings."""

from __future__ import annotations

from eventlake.deploy.terraform.arguments import Apart, Block, Document, Inside, Kind, Many

_OF_BUCKET = {"bucket": "id"}
_VERSIONING = "aws_s3_bucket_versioning"

_ENCRYPTION = Block(
    "rule",
    {
        "BucketKeyEnabled": "bucket_key_enabled",
        "ServerSideEncryptionByDefault": Block(
            "apply_server_side_encryption_by_default", {"SSEAlgorithm": "sse_algorithm", "KMSMasterKeyID": "kms_master_key_id"}
        ),
    },
)
_LIFECYCLE = Block(
    "rule",
    {
        "Id": "id",
        "Status": "status",
        "ExpirationInDays": Inside("expiration", "days"),
        "NoncurrentVersionExpiration": Block("noncurrent_version_expiration", {"NoncurrentDays": "noncurrent_days"}),
        "AbortIncompleteMultipartUpload": Block("abort_incomplete_multipart_upload", {"DaysAfterInitiation": "days_after_initiation"}),
    },
    {"filter": [{}]},  # of every object
)
_LOCK = Block("rule", {"DefaultRetention": Block("default_retention", {"Mode": "mode", "Days": "days"})})
_PUBLIC_ACCESS = {
    "BlockPublicAcls": "block_public_acls",
    "BlockPublicPolicy": "block_public_policy",
    "IgnorePublicAcls": "ignore_public_acls",
    "RestrictPublicBuckets": "restrict_public_buckets",
}

STORAGE = {
    "AWS::S3::Bucket": Kind(
        "aws_s3_bucket",
        "id",
        {
            "BucketName": "bucket",
            "BucketEncryption": Apart(
                "aws_s3_bucket_server_side_encryption_configuration", _OF_BUCKET, {"ServerSideEncryptionConfiguration": _ENCRYPTION}
            ),
            "PublicAccessBlockConfiguration": Apart("aws_s3_bucket_public_access_block", _OF_BUCKET, _PUBLIC_ACCESS),
            "OwnershipControls": Apart(
                "aws_s3_bucket_ownership_controls", _OF_BUCKET, {"Rules": Block("rule", {"ObjectOwnership": "object_ownership"})}
            ),
            "VersioningConfiguration": Apart(_VERSIONING, _OF_BUCKET, {"Status": Inside("versioning_configuration", "status")}),
            "ObjectLockConfiguration": Apart(
                "aws_s3_bucket_object_lock_configuration",
                _OF_BUCKET,
                {"ObjectLockEnabled": "object_lock_enabled", "Rule": _LOCK},
                after=_VERSIONING,
            ),
            "LoggingConfiguration": Apart(
                "aws_s3_bucket_logging", _OF_BUCKET, {"DestinationBucketName": "target_bucket", "LogFilePrefix": "target_prefix"}
            ),
            "LifecycleConfiguration": Apart("aws_s3_bucket_lifecycle_configuration", _OF_BUCKET, {"Rules": _LIFECYCLE}, after=_VERSIONING),
            "NotificationConfiguration": Apart(
                "aws_s3_bucket_notification",
                _OF_BUCKET,
                {"QueueConfigurations": Block("queue", {"Event": Many("events"), "Queue": "queue_arn"})},
            ),
        },
        {"Arn": "arn"},
    ),
    "AWS::S3::BucketPolicy": Kind("aws_s3_bucket_policy", "id", {"Bucket": "bucket", "PolicyDocument": Document("policy")}),
}
