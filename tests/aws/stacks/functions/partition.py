"""A function for a queue of the tests: answers with the messages whose log object has `fail` in its key."""

from __future__ import annotations

import json
from typing import Any

HIVE = "org.apache.hadoop.hive.ql.io.parquet"
PARQUET = {
    "Columns": [{"Name": "name", "Type": "string"}, {"Name": "count", "Type": "int"}],
    "InputFormat": f"{HIVE}.MapredParquetInputFormat",
    "OutputFormat": f"{HIVE}.MapredParquetOutputFormat",
    "SerdeInfo": {"SerializationLibrary": f"{HIVE}.serde.ParquetHiveSerDe"},
}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Make a partition for each object, through Glue."""
    failures = [{"itemIdentifier": record["messageId"]} for record in event["Records"] if not is_done(json.loads(record["body"]))]
    return {"batchItemFailures": failures}


def is_done(message: dict[str, Any]) -> bool:
    """Whether every object of a notification has its partition now."""
    import boto3

    for record in message.get("Records", []):
        bucket, key = record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]
        if key.startswith("logs/"):
            if "fail" in key:
                return False
            _, year, month, day, hour, _ = key.split("/", 5)
            location = f"s3://{bucket}/logs/{year}/{month}/{day}/{hour}/"
            wanted = {"Values": [f"{year}-{month}-{day}", hour], "StorageDescriptor": {**PARQUET, "Location": location}}
            glue = boto3.client("glue")
            try:
                glue.create_partition(DatabaseName="harness", TableName="upper", PartitionInput=wanted)
            except glue.exceptions.AlreadyExistsException:
                continue
    return True
