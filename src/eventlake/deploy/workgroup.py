"""The Athena workgroup of a source: what one query may read, and where its answers lie, out of reach of who queries other sources.

The workgroup of the whole lake, for queries over several sources, stands in templates/lake.yaml.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-athena-workgroup.html
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Template, ref, sub, when
from eventlake.layout import results_prefix
from eventlake.model import Source
from eventlake.stack_names import workgroup_name

LONGEST_NAME = 128
"""https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html"""


def work_group(source: Source) -> Template:
    """Describe the workgroup of a source. CloudFormation has no arithmetic: the limit in megabytes becomes bytes by six zeros."""
    return {
        "Type": "AWS::Athena::WorkGroup",
        "Properties": {
            "Name": sub(workgroup_name("${LakeName}", source.name)),
            "Description": sub(f"Queries on {source.title} in the lake ${{LakeName}}."),
            "State": "ENABLED",
            "RecursiveDeleteOption": True,
            "WorkGroupConfiguration": {
                "EnforceWorkGroupConfiguration": True,
                "PublishCloudWatchMetricsEnabled": True,
                "BytesScannedCutoffPerQuery": sub("${ScanLimitInMBs}000000"),
                "EngineVersion": {"SelectedEngineVersion": "Athena engine version 3"},
                "ResultConfiguration": _results(source),
            },
        },
    }


def _results(source: Source) -> Template:
    return {
        "OutputLocation": sub(f"s3://${{ResultsBucketName}}/{results_prefix(source.name)}"),
        "ExpectedBucketOwner": ref("AWS::AccountId"),
        "EncryptionConfiguration": {
            "EncryptionOption": when("HasKey", "SSE_KMS", "SSE_S3"),
            "KmsKey": when("HasKey", ref("KmsKeyArn")),
        },
    }
