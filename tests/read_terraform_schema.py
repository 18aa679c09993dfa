"""Read the arguments of Terraform's AWS provider from the npm package `@cdktn/provider-aws`, which is generated from the provider's own schema.

    npm pack @cdktn/provider-aws@25.7.0 && tar xzf cdktn-provider-aws-25.7.0.tgz
    python tests/read_terraform_schema.py package > tests/deploy/terraform/schema.json

An argument is written as its type, a `?` behind what may be left out; a block as an object, with `*` before its name if it may come many times.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

_TYPES = """
athena_named_query athena_workgroup cloudformation_stack cloudwatch_event_api_destination cloudwatch_event_archive cloudwatch_event_bus_policy
cloudwatch_event_connection cloudwatch_event_rule cloudwatch_event_target cloudwatch_log_group cloudwatch_log_stream cloudwatch_metric_alarm
glue_catalog_database glue_catalog_table iam_policy iam_role iam_role_policy iam_role_policy_attachment kinesis_firehose_delivery_stream
lambda_event_source_mapping lambda_function lambda_function_event_invoke_config lambda_function_url lambda_permission
s3_bucket s3_bucket_lifecycle_configuration s3_bucket_logging s3_bucket_notification s3_bucket_object_lock_configuration
s3_bucket_ownership_controls s3_bucket_policy s3_bucket_public_access_block s3_bucket_server_side_encryption_configuration
s3_bucket_versioning scheduler_schedule sns_topic sns_topic_policy sqs_queue sqs_queue_policy
"""

LEFT_OUT = {
    "aws_kinesis_firehose_delivery_stream": {
        "elasticsearch_configuration",
        "http_endpoint_configuration",
        "iceberg_configuration",
        "msk_source_configuration",
        "opensearch_configuration",
        "opensearchserverless_configuration",
        "redshift_configuration",
        "snowflake_configuration",
        "splunk_configuration",
    },
}
"""Blocks that would make the file large, and that no lake has."""

_INTERFACE = re.compile(r"^export interface (\w+)[^{]*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(r"/\*\*(?P<comment>.*?)\*/\n *readonly \w+(?P<optional>\??): (?P<type>[^;]+);", re.DOTALL)
_NAME = re.compile(r"#(\w+) ")


def schema(package: Path) -> dict[str, Any]:  # a tree of names
    """Return the arguments of every type of resource."""
    found = {}
    for name in _TYPES.split():
        text = (package / "lib" / name.replace("_", "-") / "index.d.ts").read_text("utf-8")
        interfaces = dict(_INTERFACE.findall(text))
        config = next(key for key in interfaces if key.endswith("Config") and "TerraformMetaArguments" in text.split(key, 1)[1][:60])
        found[f"aws_{name}"] = _arguments(config, interfaces, LEFT_OUT.get(f"aws_{name}", set()))
    return found


def _arguments(interface: str, interfaces: dict[str, str], left_out: set[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for argument in _ARGUMENT.finditer(interfaces[interface]):
        named = _NAME.search(argument["comment"])
        assert named is not None, argument["comment"]
        name, optional = named[1], argument["optional"]
        if name in left_out:
            continue
        inner = argument["type"].split("|")[0].strip()
        if f"{name} block" in argument["comment"]:
            many = "*" if "[]" in inner else ""
            found[f"{many}{name}{optional}"] = _arguments(inner.removesuffix("[]"), interfaces, set())
        else:
            found[name] = f"{'map' if inner.startswith('{') else inner}{optional}"
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(Path(sys.argv[1])), indent=1, sort_keys=True) + "\n")
