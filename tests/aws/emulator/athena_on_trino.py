"""Athena's API, answered by a real Trino over the emulator's Glue and S3: boto3, the AWS CLI and PyAthena talk to it unmodified.

    StartQueryExecution  bad syntax is refused at once (MALFORMED_QUERY); `?` with ExecutionParameters; ClientRequestToken; a workgroup's
                         result location, whether it is enforced, and BytesScannedCutoffPerQuery
    GetQueryExecution    the states (StopQueryExecution cancels in Trino); Trino's `ERROR_NAME: message` as StateChangeReason;
                         DataScannedInBytes are the bytes that Trino read from S3
    GetQueryResults      a header row for SELECT, types, pages
    results              OutputLocation/<id>.csv, every value quoted, NULL left empty; after UNLOAD <id>-manifest.csv, the files written

Not there: Hive DDL (refused with a sentence: use Glue's API), prepared statements, result reuse, Iceberg, Lake Formation, prices; DESCRIBE and
SHOW answer in Trino's columns. Trino 476 is newer than Athena engine version 3.
https://docs.aws.amazon.com/athena/latest/APIReference/API_StartQueryExecution.html
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import re
import threading
import time
from typing import Any

import ministack.services.athena as athena
import ministack.services.glue as glue
from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.core.router import extract_access_key_id

from aws.emulator import athena_permissions, athena_values, control, trino
from aws.emulator.athena_statement import Statement, is_hive_ddl, translated
from aws.emulator.firehose import put_object
from aws.emulator.permissions import AccessDenied
from aws.emulator.trino import Cancelled, TrinoError

LONGEST_QUERY_BYTES = 262_144
PAGE = 1000
Answer = Any
"""ministack's answer: status, headers, body."""
Execution = dict[str, Any]
"""A QueryExecution, with the result under `_table`, `_columns` and `_updates`, and who asked under `_caller`."""

_tokens: dict[str, str] = {}


class Refused(Exception):
    """InvalidRequestException with this sentence. code: its AthenaErrorCode."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


def install() -> None:
    """Take the place of ministack's engine; the other actions stay its own."""
    answer_other = athena.handle_request
    own = {"StartQueryExecution": start, "GetQueryResults": results}

    async def answer(method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]) -> Answer:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if control.is_throttled(f"athena:{action}"):
            return error_response_json("TooManyRequestsException", "Rate exceeded", 400)
        if action not in own:
            return await answer_other(method, path, headers, body, query)
        try:
            asked = {**json.loads(body), "_caller": extract_access_key_id(headers, query)}
            return await asyncio.to_thread(own[action], asked)  # Trino calls back into this process meanwhile
        except Refused as refused:
            extra = {"AthenaErrorCode": refused.code} if refused.code else None
            return error_response_json("InvalidRequestException", str(refused), 400, extra=extra)
        except AccessDenied as denied:
            return error_response_json("AccessDeniedException", str(denied), 400)

    athena.handle_request = answer


def start(asked: dict[str, Any]) -> Answer:
    """StartQueryExecution. Raises Refused."""
    athena._ensure_default_workgroup()
    name = asked.get("WorkGroup") or "primary"
    if name not in athena._workgroups:
        raise Refused(f"WorkGroup {name} is not found.")
    token = asked.get("ClientRequestToken")
    if token in _tokens:
        return json_response({"QueryExecutionId": _tokens[token]})
    workgroup = athena._workgroups[name].get("Configuration") or {}
    location, enforced = result_location(name, workgroup, asked)
    query_id = new_uuid()
    statement = checked(asked, enforced, query_id)
    execution = athena._executions[query_id] = new_execution(asked, name, location, statement, query_id)
    _tokens[token or query_id] = query_id
    job = contextvars.copy_context().run, execute, execution, statement, workgroup.get("BytesScannedCutoffPerQuery")
    threading.Thread(target=job[0], args=job[1:], daemon=True).start()
    return json_response({"QueryExecutionId": query_id})


def result_location(name: str, workgroup: dict[str, Any], asked: dict[str, Any]) -> tuple[str, bool]:
    """(where results go, whether the workgroup decides it). Raises Refused if nobody says where."""
    own = (workgroup.get("ResultConfiguration") or {}).get("OutputLocation")
    wanted = (asked.get("ResultConfiguration") or {}).get("OutputLocation")
    enforced = bool(own) and athena_is_true(workgroup.get("EnforceWorkGroupConfiguration", name != "primary"))
    location = own if enforced else wanted or own
    if not location:
        raise Refused(
            "No output location provided. An output location is required either through the Workgroup result configuration setting or as an API input."
        )
    return location, enforced


def athena_is_true(value: Any) -> bool:
    """Whether a setting is on; CloudFormation may have it as text."""
    return str(value).lower() == "true"


def checked(asked: dict[str, Any], enforced: bool, query_id: str) -> Statement:
    """The statement for Trino. Raises Refused for what Athena refuses at once."""
    sql = asked.get("QueryString", "").strip().rstrip(";")
    if len(sql.encode()) > LONGEST_QUERY_BYTES:
        raise Refused(f"The query is longer than {LONGEST_QUERY_BYTES} bytes.")
    if is_hive_ddl(sql):
        raise Refused(f"The emulator runs queries, CTAS, INSERT and UNLOAD, not Hive DDL; use Glue's API instead of: {sql[:80]}")
    statement = translated(sql, query_id)
    if statement.names_its_location and enforced:
        raise Refused("The workgroup enforces its own result location: a CTAS statement may not set external_location.", "MALFORMED_QUERY")
    try:
        trino.run(f"PREPARE checked FROM\n{statement.sql}")  # parses only: no table is looked at
    except TrinoError as error:
        one_line_up = re.sub(r"^SYNTAX_ERROR: line (\d+)", lambda match: f"line {int(match[1]) - 1}", str(error))
        raise Refused(one_line_up, "MALFORMED_QUERY") from error
    return statement.with_parameters(asked.get("ExecutionParameters") or [])


def new_execution(asked: dict[str, Any], workgroup: str, location: str, statement: Statement, query_id: str) -> Execution:
    """What is known of a query before it runs."""
    suffix = "" if statement.unload_table else ".csv"
    return {
        "QueryExecutionId": query_id,
        "Query": asked["QueryString"],
        "StatementType": statement.type,
        "SubstatementType": statement.kind,
        "WorkGroup": workgroup,
        "ExecutionParameters": asked.get("ExecutionParameters") or [],
        "QueryExecutionContext": {
            "Catalog": "AwsDataCatalog",
            "Database": ((asked.get("QueryExecutionContext") or {}).get("Database") or "default").lower(),
        },
        "ResultConfiguration": {"OutputLocation": f"{location.rstrip('/')}/{query_id}{suffix}"},
        "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": "Athena engine version 3"},
        "Status": {"State": "QUEUED", "SubmissionDateTime": time.time()},
        "Statistics": {"DataScannedInBytes": 0},
        "_table": [],
        "_columns": [],
        "_updates": 0,
        "_caller": asked["_caller"],
    }


def execute(execution: Execution, statement: Statement, cutoff_bytes: int | None) -> None:
    """Run a query to its end, whatever that is."""
    status, statistics, started = execution["Status"], execution["Statistics"], time.time()
    outcome, reason = "SUCCEEDED", None
    try:
        require(execution, statement)
        result = trino.run(statement.sql, execution["QueryExecutionContext"]["Database"], statement.session, watch(execution, cutoff_bytes))
        keep(execution, statement, result)
    except Cancelled as cancelled:
        outcome, reason = "CANCELLED", str(cancelled)
    except Exception as error:  # a defect here must not leave the query RUNNING for ever
        outcome, reason = "FAILED", str(error) if isinstance(error, TrinoError) else f"INTERNAL_ERROR in the emulator: {error!r}"
        category = error.category if isinstance(error, TrinoError) else trino.SYSTEM_ERROR
        status["AthenaError"] = {"ErrorCategory": category, "Retryable": False, "ErrorMessage": reason}
    took_ms = int((time.time() - started) * 1000)
    statistics.update(EngineExecutionTimeInMillis=took_ms, TotalExecutionTimeInMillis=took_ms)
    status["CompletionDateTime"] = time.time()
    if reason:
        status["StateChangeReason"] = reason
    status["State"] = outcome  # last: whoever sees the end sees the rest


def require(execution: Execution, statement: Statement) -> None:
    """Raise TrinoError unless the caller may do what the statement needs."""
    result = execution["ResultConfiguration"]["OutputLocation"]
    wanted = athena_permissions.to_run(execution["Query"], result, statement.unloads_to, glue._tables)
    try:
        athena_permissions.require(execution["_caller"], wanted)
    except AccessDenied as denied:
        raise TrinoError("PERMISSION_DENIED", str(denied), trino.USER_ERROR) from denied


def watch(execution: Execution, cutoff_bytes: int | None) -> Any:
    """What follows a query page by page, and stops it where somebody or the scan limit wants it."""

    def look(statistics: dict[str, Any]) -> None:
        status, scanned = execution["Status"], statistics.get("physicalInputBytes", 0)
        execution["Statistics"]["DataScannedInBytes"] = scanned
        if status["State"] == "CANCELLED":
            raise Cancelled("Query cancelled by user")
        status["State"] = "QUEUED" if statistics["state"] in ("QUEUED", "WAITING_FOR_RESOURCES") else "RUNNING"
        if cutoff_bytes and scanned > int(cutoff_bytes):
            raise Cancelled("Bytes scanned limit was exceeded")

    return look


def keep(execution: Execution, statement: Statement, result: trino.Result) -> None:
    """Keep a result where the API and the bucket give it."""
    bucket, _, key = execution["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    execution["_updates"] = result.update_count
    if statement.unload_table:
        schema = execution["QueryExecutionContext"]["Database"]
        lines = [str(path) for (path,) in trino.run(f'SELECT DISTINCT "$path" FROM {statement.unload_table} ORDER BY 1', schema).rows]
        trino.run(f"DROP TABLE {statement.unload_table}", schema)  # an external table: the objects stay
        key += "-manifest.csv"
        execution["Statistics"]["DataManifestLocation"] = f"s3://{bucket}/{key}"
    else:
        execution["_columns"], execution["_table"] = table_of(execution, result)
        lines = [",".join(csv_field(value) for value in row) for row in execution["_table"]]
    status = put_object(bucket, key, "".join(f"{line}\n" for line in lines).encode())
    if status >= 300:
        raise TrinoError("PERMISSION_DENIED", f"Unable to write the result to s3://{bucket}/{key}: S3 answered {status}.", trino.USER_ERROR)


def table_of(execution: Execution, result: trino.Result) -> tuple[list[dict[str, Any]], list[list[str | None]]]:
    """(columns, rows) as GetQueryResults gives them; the first row of a query is its header."""
    if result.update_type:
        return [], []
    header: list[list[str | None]] = [[column["name"] for column in result.columns]] if execution["StatementType"] == "DML" else []
    rows = [athena_values.row(values, result.columns) for values in result.rows]
    return [athena_values.column_info(column) for column in result.columns], header + rows


def csv_field(value: str | None) -> str:
    """A value in the CSV of a result."""
    return "" if value is None else '"' + value.replace('"', '""') + '"'


def results(asked: dict[str, Any]) -> Answer:
    """GetQueryResults. Raises Refused and AccessDenied."""
    execution = athena._executions.get(asked.get("QueryExecutionId"))
    if not execution:
        raise Refused(f"QueryExecution {asked.get('QueryExecutionId')} was not found")
    state = execution["Status"]["State"]
    if state in ("QUEUED", "RUNNING"):
        raise Refused(f"Query has not yet finished. Current state: {state}")
    if state != "SUCCEEDED":
        raise Refused(f"Query did not finish successfully. Final query state: {state}")
    start, count = int(asked.get("NextToken") or 0), int(asked.get("MaxResults") or PAGE)
    athena_permissions.require(asked["_caller"], athena_permissions.to_read_result(execution["ResultConfiguration"]["OutputLocation"]))
    table = execution["_table"]
    rows = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in table[start : start + count]]
    more = {"NextToken": str(start + count)} if start + count < len(table) else {}
    answer = {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": execution["_columns"]}}
    return json_response({"ResultSet": answer, "UpdateCount": execution["_updates"], **more})
