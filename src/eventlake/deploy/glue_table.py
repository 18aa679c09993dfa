"""The Glue table of a declared table: its columns, its partition keys, its format.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-glue-table.html
"""

from __future__ import annotations

from eventlake.deploy.cloudformation import Template, cut, ref, sub, when
from eventlake.model import PARTITION_DOCS, PARTITION_KEYS, STORAGE_FORMATS, Table

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


def _storage_descriptor(table: Table) -> Template:
    parquet, json = STORAGE_FORMATS["parquet"], STORAGE_FORMATS["json"]
    return {
        "Location": sub(f"s3://${{LogBucketName}}/{table.prefix}/"),
        "Columns": [{"Name": column.stored_name, "Type": column.type, "Comment": column.doc} for column in table.columns],
        "InputFormat": when("IsParquet", parquet[0], json[0]),
        "OutputFormat": when("IsParquet", parquet[1], json[1]),
        "SerdeInfo": {
            "SerializationLibrary": when("IsParquet", parquet[2], json[2]),
            "Parameters": {"serialization.format": "1"},
        },
        "Compressed": when("IsParquet", False, True),
    }
