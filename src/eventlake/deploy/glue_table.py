"""The Glue table of a declared table: its columns, its partition keys, its format.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-glue-table.html
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Tagged, Template, cut, ref, sub, when
from eventlake.model import LINES_FORMAT, PARTITION_DOCS, PARTITION_KEYS, STORAGE_FORMATS, Table
from eventlake.pipeline.batch import LINE, PLACE, places_name

LONGEST_DESCRIPTION = 2_048
"""Bytes: https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html"""


def glue_table(table: Table, database: str) -> Template:
    """Describe a table of the Glue catalog. database: the logical id of its Glue database."""
    return {
        "Type": "AWS::Glue::Table",
        "Properties": {
            "CatalogId": ref("AWS::AccountId"),
            "DatabaseName": ref(database),
            "TableInput": {
                "Name": table.name,
                "Description": cut(table.doc, LONGEST_DESCRIPTION),
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {"EXTERNAL": "TRUE", "classification": ref("LogFormat")},
                "PartitionKeys": [{"Name": name, "Type": kind, "Comment": PARTITION_DOCS[name]} for name, kind in PARTITION_KEYS],
                "StorageDescriptor": _storage_descriptor(table),
            },
        },
    }


def places_table(table: Table, database: str) -> Template:
    """Describe the table by which the closing of hours reads a table's objects wherever they lie, each place by its name.

    JSON lines come whole, so that they stay as they are. A place is given, not listed:
    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html#partition-projection-injected-type
    """
    columns = [{"Name": column.stored_name, "Type": column.type} for column in table.columns]
    parameters = {"EXTERNAL": "TRUE", "projection.enabled": "true", f"projection.{PLACE}.type": "injected"}
    location = Tagged("Join", ["", ["s3://", ref("LogBucketName"), f"/${{{PLACE}}}/"]])
    return {
        "Type": "AWS::Glue::Table",
        "Condition": "Closes",
        "Properties": {
            "CatalogId": ref("AWS::AccountId"),
            "DatabaseName": ref(database),
            "TableInput": {
                "Name": places_name(table),
                "Description": f"For the closing of hours: what {table.name} is made of. Ask {table.name} instead.",
                "TableType": "EXTERNAL_TABLE",
                "Parameters": {**parameters, "storage.location.template": location},
                "PartitionKeys": [{"Name": PLACE, "Type": "string"}],
                "StorageDescriptor": {
                    **_storage(STORAGE_FORMATS["parquet"], LINES_FORMAT),
                    "Location": sub("s3://${LogBucketName}/"),
                    "Columns": when("IsParquet", columns, [{"Name": LINE, "Type": "string"}]),
                },
            },
        },
    }


def _storage_descriptor(table: Table) -> Template:
    return {
        "Location": sub(f"s3://${{LogBucketName}}/{table.prefix}/"),
        "Columns": [{"Name": column.stored_name, "Type": column.type, "Comment": column.doc} for column in table.columns],
        **_storage(STORAGE_FORMATS["parquet"], STORAGE_FORMATS["json"]),
    }


def _storage(parquet: tuple[str, str, str], json: tuple[str, str, str]) -> Template:
    """Describe how objects are read in either format."""
    return {
        "InputFormat": when("IsParquet", parquet[0], json[0]),
        "OutputFormat": when("IsParquet", parquet[1], json[1]),
        "SerdeInfo": {
            "SerializationLibrary": when("IsParquet", parquet[2], json[2]),
            "Parameters": {"serialization.format": "1"},
        },
        "Compressed": when("IsParquet", False, True),
    }
