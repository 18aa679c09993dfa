"""Glue's actions about partitions, with the checks, expressions, pages and limits that ministack leaves out.

https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from typing import Any

import ministack.services.glue as glue
from ministack.core.responses import error_response_json, get_account_id, json_response

from aws.emulator import control

MOST_IN_A_BATCH = 100
PAGE = 1000
Answer = Any
"""ministack's answer: status, headers, body."""


def install() -> None:
    """Answer these actions before ministack does."""
    answer_other = glue.handle_request

    async def answer(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        action = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "").rpartition(".")[2]
        if control.is_throttled(f"glue:{action}"):
            return refuse("ThrottlingException", "Rate exceeded")
        if action in ("GetTable", "GetTables"):
            forget_empty_descriptions()
        own = answer_of(action, json.loads(body or b"{}"))
        return own if own is not None else await answer_other(method, path, headers, body, query)

    glue.handle_request = answer


def forget_empty_descriptions() -> None:
    """Leave an absent description out, as Glue does: Trino takes "" for a comment and then does not see its views."""
    for table in list(glue._tables.values()):
        if table.get("Description") == "":
            del table["Description"]


def answer_of(action: str, asked: dict[str, Any]) -> Answer | None:
    """The answer, None where ministack's own is good."""
    answers = {
        "CreatePartition": refusal_of_new,
        "BatchCreatePartition": create_partitions,
        "BatchUpdatePartition": update_partitions,
        "UpdatePartition": update_partition,
        "BatchDeletePartition": delete_partitions,
        "GetPartitions": get_partitions,
    }
    if action not in answers:
        return None
    table = glue._tables.get(table_key(asked))
    if not table:
        return refuse("EntityNotFoundException", f"Table {asked.get('TableName')} not found.")
    return answers[action](asked, table)


def table_key(asked: dict[str, Any]) -> str:
    """The key of a request's table in ministack's stores."""
    return f"{asked.get('DatabaseName')}/{asked.get('TableName')}"


def refuse(code: str, message: str) -> Answer:
    """An error of Glue."""
    return error_response_json(code, message, 400)


def refusal_of_new(asked: dict[str, Any], table: dict[str, Any]) -> Answer | None:
    """Why new partitions are not taken, None if they are."""
    inputs = asked.get("PartitionInputList") or [asked.get("PartitionInput") or {}]
    if len(inputs) > MOST_IN_A_BATCH:
        limit = f"Member must have length less than or equal to {MOST_IN_A_BATCH}"
        return refuse(
            "ValidationException", f"1 validation error detected: Value at 'partitionInputList' failed to satisfy constraint: {limit}"
        )
    if any(len(each.get("Values", [])) != len(table.get("PartitionKeys", [])) for each in inputs):
        return refuse("InvalidInputException", "The number of partition keys do not match the number of partition values")
    return None


def create_partitions(asked: dict[str, Any], table: dict[str, Any]) -> Answer:
    """Make partitions, and name those that are there."""
    refusal = refusal_of_new(asked, table)
    if refusal is not None:
        return refusal
    known = by_values(asked)
    there = [each["Values"] for each in asked["PartitionInputList"] if tuple(each["Values"]) in known]
    glue._batch_create_partition({**asked, "PartitionInputList": []})
    for each in asked["PartitionInputList"]:
        if tuple(each["Values"]) not in known:
            glue._partitions[table_key(asked)].append({**each, **owner(asked), "CreationTime": int(time.time())})
    return json_response(
        {"Errors": [{"PartitionValues": values, "ErrorDetail": detail("AlreadyExists", "already exists")} for values in there]}
    )


def update_partitions(asked: dict[str, Any], table: dict[str, Any]) -> Answer:
    """Replace what is known of partitions, and name those that are not there."""
    if len(asked["Entries"]) > MOST_IN_A_BATCH:
        return refuse("ValidationException", f"Member must have length less than or equal to {MOST_IN_A_BATCH}")
    known, missing = by_values(asked), []
    for each in asked["Entries"]:
        values = each["PartitionValueList"]
        one = known.get(tuple(values))
        if one is None:
            missing.append({"PartitionValueList": values, "ErrorDetail": detail("EntityNotFound", "not found")})
            continue
        made = one["CreationTime"]
        one.clear()
        one.update({**each["PartitionInput"], **owner(asked), "CreationTime": made})
    return json_response({"Errors": missing})


def by_values(asked: dict[str, Any]) -> dict[tuple[str, ...], dict[str, Any]]:
    """The partitions of a request's table by their values: ministack looks through all of them for each."""
    return {tuple(each["Values"]): each for each in glue._partitions.get(table_key(asked), [])}


def owner(asked: dict[str, Any]) -> dict[str, Any]:
    """What Glue says of a partition itself."""
    return {"DatabaseName": asked["DatabaseName"], "TableName": asked["TableName"], "CatalogId": get_account_id()}


def detail(code: str, what: str) -> dict[str, str]:
    """Why a partition of a batch is refused."""
    return {"ErrorCode": f"{code}Exception", "ErrorMessage": f"Partition {what}"}


def update_partition(asked: dict[str, Any], table: dict[str, Any]) -> Answer:
    """Replace what is known of one partition."""
    entry = {"PartitionValueList": asked["PartitionValueList"], "PartitionInput": asked["PartitionInput"]}
    answer = json.loads(glue._batch_update_partition({**asked, "Entries": [entry]})[2])
    return refuse("EntityNotFoundException", "Cannot find partition.") if answer.get("Errors") else json_response({})


def delete_partitions(asked: dict[str, Any], table: dict[str, Any]) -> Answer:
    """Remove partitions, and name those that are not there."""
    errors = []
    for wanted in asked["PartitionsToDelete"]:
        if any(partition.get("Values") == wanted["Values"] for partition in glue._partitions.get(table_key(asked), [])):
            glue._delete_partition({**asked, "PartitionValues": wanted["Values"]})
        else:
            detail = {"ErrorCode": "EntityNotFoundException", "ErrorMessage": "Partition not found"}
            errors.append({"PartitionValues": wanted["Values"], "ErrorDetail": detail})
    return json_response({"Errors": errors})


def get_partitions(asked: dict[str, Any], table: dict[str, Any]) -> Answer:
    """A page of the partitions of one segment that an expression keeps."""
    partitions = glue._partitions.get(table_key(asked), [])
    if asked.get("Expression"):
        try:
            partitions = kept(partitions, [key["Name"] for key in table["PartitionKeys"]], asked["Expression"])
        except sqlite3.Error as error:
            return refuse("InvalidInputException", f"Invalid partition expression: {error}")
    if asked.get("Segment"):
        partitions = [partition for partition in partitions if is_of_segment(partition, asked["Segment"])]
    start, count = int(asked.get("NextToken") or 0), int(asked.get("MaxResults") or PAGE)
    page = partitions[start : start + count]
    if asked.get("ExcludeColumnSchema"):
        page = [without_columns(partition) for partition in page]
    more = {"NextToken": str(start + count)} if len(partitions) > start + count else {}
    return json_response({"Partitions": page, **more})


def kept(partitions: list[dict[str, Any]], names: list[str], expression: str) -> list[dict[str, Any]]:
    """The partitions for which an expression holds, its literals compared as text. Raises sqlite3.Error for what is no expression."""
    columns = ", ".join(f'"{name}" TEXT' for name in names)
    with sqlite3.connect(":memory:") as database:
        database.execute(f"CREATE TABLE known ({columns})")
        database.executemany(f"INSERT INTO known VALUES ({','.join('?' * len(names))})", [each["Values"] for each in partitions])
        numbers = [number for (number,) in database.execute(f"SELECT rowid FROM known WHERE {expression} ORDER BY rowid")]
    database.close()
    return [partitions[number - 1] for number in numbers]


def is_of_segment(partition: dict[str, Any], segment: dict[str, int]) -> bool:
    """Whether a partition belongs to a segment; Trino reads several at once."""
    number = zlib.crc32("/".join(partition["Values"]).encode()) % segment["TotalSegments"]
    return bool(number == segment["SegmentNumber"])


def without_columns(partition: dict[str, Any]) -> dict[str, Any]:
    """A partition as ExcludeColumnSchema asks for it."""
    descriptor = {name: value for name, value in partition.get("StorageDescriptor", {}).items() if name != "Columns"}
    return {**partition, "StorageDescriptor": descriptor}
