"""The function that Firehose calls for each batch of a buffer: calls, retries, and what each record's answer means.

Firehose calls with at most BufferSizeInMBs of records (1 MB unless said otherwise), four times at most; what is left
then is `processing-failed`. An answer longer than 6 MB is an error of the function, as Lambda makes it.
https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ministack.services.lambda_svc as lambda_svc
from ministack.core.responses import get_region, new_uuid

from aws.emulator import metrics, permissions
from aws.emulator.firehose_settings import Configuration, processor

LONGEST_ANSWER_BYTES = 6_291_556
SERVICE = "firehose.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Record:
    """What was put into a stream. arrival_ms: when, since the epoch."""

    id: str
    data: bytes
    arrival_ms: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A record that was not processed, with Firehose's code and sentence."""

    record: Record
    code: str
    message: str
    attempts: int


@dataclass(frozen=True, slots=True)
class CallFailed(Exception):
    """No call of the function gave an answer."""

    code: str
    message: str
    attempts: int


def process(stream: dict[str, Any], configuration: Configuration, records: list[Record]) -> tuple[list[Record], list[Failure]]:
    """The records as the function answers them, and those that failed; all as they are if there is no function."""
    parameters = processor(configuration, "Lambda")
    if parameters is None:
        return records, []
    good: list[Record] = []
    bad: list[Failure] = []
    for batch in batches(records, int(float(parameters.get("BufferSizeInMBs", 1)) * (1 << 20))):
        try:
            answers, attempts = call(stream, configuration, parameters, batch)
        except CallFailed as failed:
            bad += [Failure(record, failed.code, failed.message, failed.attempts) for record in batch]
            metrics.publish("AWS/Firehose", "ExecuteProcessing.Success", 0, DeliveryStreamName=stream["name"])
            continue
        metrics.publish("AWS/Firehose", "ExecuteProcessing.Success", 1, DeliveryStreamName=stream["name"])
        sort(batch, answers, attempts, good, bad)
    metrics.publish("AWS/Firehose", "SucceedProcessing.Records", len(records) - len(bad), DeliveryStreamName=stream["name"])
    return good, bad


def batches(records: list[Record], size_bytes: int) -> Iterator[list[Record]]:
    """The records in order, in batches of at most this size; a record that is longer goes alone."""
    batch: list[Record] = []
    held = 0
    for record in records:
        if batch and held + len(record.data) > size_bytes:
            yield batch
            batch, held = [], 0
        batch.append(record)
        held += len(record.data)
    if batch:
        yield batch


def call(
    stream: dict[str, Any], configuration: Configuration, parameters: dict[str, str], batch: list[Record]
) -> tuple[dict[str, Any], int]:
    """({record id: answer}, calls made). Raises CallFailed if no call succeeded."""
    arn = parameters["LambdaArn"]
    try:
        wanted = [(action, arn) for action in ("lambda:InvokeFunction", "lambda:GetFunctionConfiguration")]
        permissions.require(parameters.get("RoleArn") or configuration["RoleARN"], SERVICE, stream["arn"], wanted)
    except permissions.AccessDenied as denied:
        raise CallFailed("Lambda.InvokeAccessDenied", str(denied), 1) from denied
    function, _ = lambda_svc._get_func_record_for_qualifier(*lambda_svc._resolve_name_and_qualifier(arn))
    if function is None:
        raise CallFailed("Lambda.ResourceNotFound", f"The function {arn} was not found.", 1)
    attempts = 1 + int(parameters.get("NumberOfRetries", 3))
    for attempt in range(1, attempts + 1):
        result = lambda_svc._execute_function(function, invocation(stream["arn"], batch))
        if not result.get("error") and not result.get("throttle"):
            return answers_of(result.get("body"), attempt), attempt
    raise CallFailed("Lambda.FunctionError", "The Lambda function was successfully invoked but it returned an error result.", attempts)


def invocation(stream_arn: str, batch: list[Record]) -> dict[str, Any]:
    """The event of one call."""
    records = [
        {"recordId": record.id, "approximateArrivalTimestamp": record.arrival_ms, "data": base64.b64encode(record.data).decode()}
        for record in batch
    ]
    return {"invocationId": new_uuid(), "deliveryStreamArn": stream_arn, "region": get_region(), "records": records}


def answers_of(body: Any, attempts: int) -> dict[str, Any]:
    """{record id: answer} of what the function returned. Raises CallFailed for what is no answer."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    if len(text) > LONGEST_ANSWER_BYTES:
        raise CallFailed(
            "Lambda.FunctionError", f"Response payload size exceeded maximum allowed payload size ({LONGEST_ANSWER_BYTES} bytes).", attempts
        )
    try:
        return {answer["recordId"]: answer for answer in json.loads(text)["records"]}
    except (ValueError, KeyError, TypeError) as error:
        raise CallFailed("Lambda.JsonProcessingException", f"The answer of the function could not be read: {error!r}.", attempts) from error


def sort(batch: list[Record], answers: dict[str, Any], attempts: int, good: list[Record], bad: list[Failure]) -> None:
    """Put each record of a batch where its answer says; a dropped one goes nowhere."""
    for record in batch:
        answer = answers.get(record.id)
        if answer is None:
            bad.append(Failure(record, "Lambda.MissingRecordId", "One or more record IDs were missing in the Lambda response.", attempts))
        elif answer["result"] == "Ok":
            good.append(Record(record.id, base64.b64decode(answer["data"]), record.arrival_ms))
        elif answer["result"] != "Dropped":
            bad.append(Failure(record, "Lambda.ProcessingFailedStatus", "ProcessingFailed status set for record", attempts))
