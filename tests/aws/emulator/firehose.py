"""Delivery streams as Firehose runs them: a buffer by size and time, one batch at a time through the function, the conversion, and S3.

ministack writes each record at once. Here records wait in their stream's buffer, which is written when it is full or its interval is over
(`settings.TIME_SCALE`). What cannot be written to S3 is tried again until it can, as Firehose does for 24 hours.
https://docs.aws.amazon.com/firehose/latest/dev/basic-deliver.html
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ministack.services.firehose as firehose
import ministack.services.s3 as s3
from ministack.core.responses import get_account_id, get_region, new_uuid, set_request_account_id, set_request_region

from aws.emulator import control, firehose_conversion, metrics, permissions, settings
from aws.emulator.firehose_processing import SERVICE, Failure, Record, process
from aws.emulator.firehose_settings import (
    Configuration,
    backup,
    buffer_bytes,
    buffer_s,
    conversion,
    needed_to_read_schema,
    needed_to_write,
    processor,
    refusal,
    schema_table,
)

RETRY_AFTER_S = 60.0
"""How long a failed write to S3 waits for the next attempt; the service's own figure is not documented."""
LOOKS_AGAIN_S = 0.1
"""After how long a buffer that is held looks whether it still is."""

log = logging.getLogger(__name__)
Key = tuple[str, str, str, str]
"""Account, region, stream, destination."""


@dataclass
class Buffer:
    """Records that wait for their delivery. since_s: when the first came."""

    stream: dict[str, Any]
    configuration: Configuration
    since_s: float
    records: list[Record] = field(default_factory=list)
    size_bytes: int = 0


@dataclass(frozen=True)
class Object:
    """What is to be written. target: the configuration that names the bucket and its encryption."""

    target: Configuration
    key: str
    data: bytes


_lock = threading.RLock()
_buffers: dict[Key, Buffer] = {}
_unwritten: dict[str, tuple[Buffer, list[Object]]] = {}


def install() -> None:
    """Take the place of ministack's delivery, refuse what AWS refuses, and measure how fresh each stream is."""
    validate = firehose._validate_s3_destination_config

    def validate_as_aws(kind: str, configuration: Configuration) -> Any:
        refused = refusal(configuration)
        return firehose._invalid(refused) if refused else validate(kind, configuration)

    firehose._validate_s3_destination_config, firehose._deliver_records_to_s3 = validate_as_aws, accept
    put_all = firehose._put_record_batch
    firehose._HANDLERS["PutRecordBatch"] = lambda asked: put_some(asked, put_all)
    metrics.gauges.append(measure_freshness)


def put_some(asked: dict[str, Any], put_all: Any) -> Any:
    """Put a batch of which Firehose takes only a share: the others are answered with its error for a busy moment, each in its place."""
    records = asked.get("Records", [])
    taken = [not control.is_throttled("firehose:PutRecordBatch") for _ in records]
    if all(taken):
        return put_all(asked)
    status, headers, body = put_all({**asked, "Records": [one for one, is_taken in zip(records, taken, strict=True) if is_taken]})
    answer = json.loads(body) if any(taken) else {"RequestResponses": []}
    if "RequestResponses" not in answer:
        return status, headers, body
    answers = iter(answer["RequestResponses"])
    busy = {"ErrorCode": "ServiceUnavailableException", "ErrorMessage": "Slow down."}
    merged = [next(answers) if is_taken else busy for is_taken in taken]
    failed = sum("ErrorCode" in one for one in merged)
    return firehose.json_response({"FailedPutCount": failed, "Encrypted": False, "RequestResponses": merged})


def accept(stream: dict[str, Any], destination: dict[str, Any], records: Iterable[tuple[str, bytes]]) -> None:
    """Take records, (id, data), into the stream's buffer."""
    destination["records"].clear()  # ministack keeps them for its other destinations
    key = (get_account_id(), get_region(), stream["name"], destination["id"])
    with _lock:
        buffer = _buffers.get(key) or begin(key, stream, destination["config"])
        for record_id, data in records:
            buffer.records.append(Record(record_id, data, int(time.time() * 1000)))
            buffer.size_bytes += len(data)
            metrics.publish("AWS/Firehose", "IncomingRecords", 1, DeliveryStreamName=stream["name"])
            metrics.publish("AWS/Firehose", "IncomingBytes", len(data), DeliveryStreamName=stream["name"])
        full = buffer.size_bytes >= buffer_bytes(buffer.configuration)
    if full:
        start(0, flush, key)


def begin(key: Key, stream: dict[str, Any], configuration: Configuration) -> Buffer:
    """A new buffer, which is written when its time is over."""
    buffer = _buffers[key] = Buffer(stream, configuration, time.time())
    start(buffer_s(configuration) * settings.TIME_SCALE, flush, key, buffer)
    return buffer


def start(after_s: float, function: Any, *arguments: Any) -> None:
    """Call a function in a thread of its own, later."""
    timer = threading.Timer(after_s, function, arguments)
    timer.daemon = True
    timer.start()


def flush(key: Key, expected: Buffer | None = None) -> None:
    """Deliver a buffer; nothing if the expected one was delivered before, because it was full, and later if buffers are held."""
    if expected and control.are_buffers_held():
        start(LOOKS_AGAIN_S, flush, key, expected)
        return
    with _lock:
        if key not in _buffers or (expected and _buffers[key] is not expected):
            return
        buffer = _buffers.pop(key)
    set_request_account_id(key[0])
    set_request_region(key[1])
    write(buffer, objects_of(buffer))


def objects_of(buffer: Buffer) -> list[Object]:
    """Everything that a buffer becomes: the backup, the log object, the failed records."""
    stream, configuration = buffer.stream, buffer.configuration
    good, failed = process(stream, configuration, buffer.records)
    objects = [*backed_up(buffer), *processing_failures(buffer, failed)]
    if good and conversion(configuration):
        objects += converted(buffer, good)
    elif good:
        delimiter = (processor(configuration, "AppendDelimiterToRecord") or {}).get("Delimiter", "").replace("\\n", "\n").encode()
        objects.append(named(buffer, configuration, b"".join(record.data + delimiter for record in good)))
    log.warning("Stream %s: %d records, %d failed, %d objects.", stream["name"], len(buffer.records), len(failed), len(objects))
    return objects


def backed_up(buffer: Buffer) -> list[Object]:
    """The records as they came, nothing between them, if a backup is asked for."""
    target = backup(buffer.configuration)
    return [named(buffer, target, b"".join(record.data for record in buffer.records))] if target else []


def processing_failures(buffer: Buffer, failed: list[Failure]) -> list[Object]:
    """The object with the records that the function did not process, if there are any."""
    arn = (processor(buffer.configuration, "Lambda") or {}).get("LambdaArn")
    lines = [
        {**error_line(failure.record, failure.attempts), "errorCode": failure.code, "errorMessage": failure.message, "lambdaArn": arn}
        for failure in failed
    ]
    return failures(buffer, "processing-failed", lines)


def converted(buffer: Buffer, good: list[Record]) -> list[Object]:
    """The Parquet object of a batch, and the object with the records that do not fit."""
    declared = conversion(buffer.configuration) or {}
    schema = declared.get("SchemaConfiguration") or {}
    body, unfit = convert(buffer, good, declared, schema)
    table = {
        "catalogId": schema.get("CatalogId") or get_account_id(),
        "databaseName": schema.get("DatabaseName"),
        "tableName": schema.get("TableName"),
        "region": schema.get("Region") or get_region(),
        "versionId": schema.get("VersionId", "LATEST"),
    }
    lines = [
        {**error_line(good[n], 1), "lastErrorCode": error.code, "lastErrorMessage": error.message, "dataCatalogTable": table}
        for n, error in unfit
    ]
    name = buffer.stream["name"]
    metrics.publish("AWS/Firehose", "SucceedConversion.Records", len(good) - len(unfit), DeliveryStreamName=name)
    metrics.publish("AWS/Firehose", "FailedConversion.Records", len(unfit), DeliveryStreamName=name)
    parquet = [named(buffer, buffer.configuration, body, ".parquet")] if body else []
    return parquet + failures(buffer, "format-conversion-failed", lines)


def convert(
    buffer: Buffer, good: list[Record], declared: dict[str, Any], schema: dict[str, Any]
) -> tuple[bytes | None, list[tuple[int, firehose_conversion.Unfit]]]:
    """(Parquet, [(number of the record, why it does not fit)]); without a readable table nothing fits."""
    role, table = schema.get("RoleARN") or buffer.configuration["RoleARN"], schema_table(declared)
    try:
        permissions.require(role, SERVICE, buffer.stream["arn"], needed_to_read_schema(schema, get_region(), get_account_id()))
    except permissions.AccessDenied as denied:
        everything = firehose_conversion.Unfit("DataFormatConversion.AccessDenied", str(denied))
        return None, [(n, everything) for n in range(len(good))]
    if table is None:
        everything = firehose_conversion.Unfit("DataFormatConversion.EntityNotFound", f"Table {schema.get('TableName')} was not found.")
        return None, [(n, everything) for n in range(len(good))]
    return firehose_conversion.convert([record.data for record in good], declared, table["StorageDescriptor"]["Columns"])


def error_line(record: Record, attempts: int) -> dict[str, Any]:
    """What every line under the error prefix says."""
    return {
        "attemptsMade": attempts,
        "arrivalTimestamp": record.arrival_ms,
        "attemptEndingTimestamp": int(time.time() * 1000),
        "rawData": base64.b64encode(record.data).decode(),
    }


def failures(buffer: Buffer, kind: str, lines: list[dict[str, Any]]) -> list[Object]:
    """The object under the error prefix for failures of one kind, none without failures."""
    if not lines:
        return []
    configuration = buffer.configuration
    prefix = configuration.get("ErrorOutputPrefix") or f"{configuration.get('Prefix', '')}{kind}/"
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return [named(buffer, {**configuration, "Prefix": prefix}, data, error_type=kind)]


def named(buffer: Buffer, target: Configuration, data: bytes, extension: str = "", error_type: str | None = None) -> Object:
    """An object under its target's prefix, for the hour in which the buffer's first record came."""
    when = time.gmtime(buffer.since_s)
    zipped = (target.get("CompressionFormat") or "UNCOMPRESSED").upper() == "GZIP"
    prefix = firehose._evaluate_prefix(target.get("Prefix", ""), when, error_type=error_type)
    stem = f"{buffer.stream['name']}-{buffer.stream['version']}-{time.strftime('%Y-%m-%d-%H-%M-%S', when)}-{new_uuid()}"
    extension = target.get("FileExtension") or extension or (".gz" if zipped else "")
    return Object(target, prefix + stem + extension, gzip.compress(data) if zipped else data)


def write(buffer: Buffer, objects: list[Object]) -> None:
    """Put the objects; those that S3 does not take are tried again later."""
    left = [each for each in objects if not is_written(buffer, each)]
    name = buffer.stream["name"]
    age_s = time.time() - buffer.since_s
    metrics.publish("AWS/Firehose", "DeliveryToS3.Success", int(not left), DeliveryStreamName=name)
    metrics.publish("AWS/Firehose", "DeliveryToS3.DataFreshness", age_s, DeliveryStreamName=name)
    if left:
        ticket = new_uuid()
        _unwritten[ticket] = (buffer, left)
        start(RETRY_AFTER_S * settings.TIME_SCALE, write_again, ticket, get_account_id(), get_region())
    else:
        metrics.publish("AWS/Firehose", "DeliveryToS3.ObjectCount", len(objects), DeliveryStreamName=name)
        metrics.publish("AWS/Firehose", "DeliveryToS3.Records", len(buffer.records), DeliveryStreamName=name)


def write_again(ticket: str, account: str, region: str) -> None:
    """Try again what was not written."""
    set_request_account_id(account)
    set_request_region(region)
    write(*_unwritten.pop(ticket))


def is_written(buffer: Buffer, wanted: Object) -> bool:
    """Put an object, under the stream's role; whether S3 took it."""
    role = wanted.target.get("RoleARN") or buffer.configuration["RoleARN"]
    try:
        permissions.require(role, SERVICE, buffer.stream["arn"], needed_to_write(wanted.target, wanted.key))
    except permissions.AccessDenied as denied:
        log.warning("Stream %s: %s", buffer.stream["name"], denied)
        return False
    status = put_object(firehose._s3_bucket_from_arn(wanted.target["BucketARN"]), wanted.key, wanted.data)
    if status >= 300:
        log.warning("Stream %s: S3 answered %d for %s.", buffer.stream["name"], status, wanted.key)
    return status < 300


def put_object(bucket: str, key: str, data: bytes) -> int:
    """Put an object as a service does, notifications included; the status of S3. Call it where no event loop runs."""
    headers = {"content-type": "application/octet-stream", "content-length": str(len(data)), "host": "s3.localhost"}
    status: int = asyncio.run(s3.handle_request("PUT", f"/{bucket}/{key}", headers, data, {}, internal=True))[0]
    return status


def measure_freshness() -> None:
    """Publish the age of the oldest record that waits in each stream.

    By the tester's clock, and not in the emulator's time: a machine that is slow for half a minute is no stream that stands still for half an hour.
    """
    waiting: dict[str, float] = {}
    with _lock:
        buffers = [*_buffers.values(), *(buffer for buffer, _ in _unwritten.values())]
    for buffer in buffers:
        name = buffer.stream["name"]
        waiting[name] = min(buffer.since_s, waiting.get(name, buffer.since_s))
    for name, since_s in waiting.items():
        age_s = control.now() - since_s
        metrics.observe("AWS/Firehose", "DeliveryToS3.DataFreshness", age_s, alone=False, DeliveryStreamName=name)
