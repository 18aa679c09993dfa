"""Failed records on AWS: in every spelling, gzip or plain, found again by their ids."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.directory import DirectoryStore
from eventlake.backends.redriven_log import Mark
from eventlake.cloud.failed_records import FailedRecords
from eventlake.errors import CorruptObjectError
from eventlake.pipeline.failed_records import record_id, told_apart
from eventlake.sources import load

SAMPLES = Path(next(source.folder for source in load() if source.name == "auth0")) / "samples"
EVENT = b'{"id": "e-1", "detail": {}}'


def record(arrival: str = "2026-11-20T10:00:00+00:00", raw: bytes = EVENT, **fields: Any) -> bytes:
    """A line as Firehose writes it."""
    arrived = int(datetime.fromisoformat(arrival).timestamp() * 1000)
    return json.dumps({"attemptsMade": 4, "arrivalTimestamp": arrived, **fields, "rawData": base64.b64encode(raw).decode()}).encode()


def key(name: str, table: str = "auth0_logs", kind: str = "processing-failed", hour: str = "10") -> str:
    """Where such an object lies."""
    return f"error/{table}/{kind}/year=2026/month=11/day=20/hour={hour}/{name}"


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    """A store that stands for the bucket; the contract of stores says that they are the same."""
    return DirectoryStore(tmp_path / "bucket")


SPELLINGS: list[dict[str, Any]] = [
    {"errorCode": "Lambda.FunctionError", "errorMessage": "The function returned an error."},
    {"ErrorCode": "Lambda.FunctionError", "ErrorMessage": "The function returned an error."},
    {"lastErrorCode": "DataFormatConversion.InvalidSchema", "lastErrorMessage": "The schema is invalid."},
]


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("fields", SPELLINGS)
def test_every_spelling_is_read(store: DirectoryStore, fields: dict[str, Any], packed: bool) -> None:
    """Gzip or plain, as the stream's compression has it."""
    line = record(**fields)
    store.put(key("a"), gzip.compress(line) if packed else line)
    failures = FailedRecords(store)

    (entry,), more = failures.newest(10)

    code, message = fields.values()
    assert (entry.stream, entry.code, entry.message) == ("auth0_logs", code, message)
    assert (entry.arrival, entry.size_bytes, more) == (datetime(2026, 11, 20, 10, tzinfo=UTC), len(EVENT), False)
    assert failures.original(entry) == EVENT


REFUSED: dict[str, Any] = {"errorCode": "Lambda.ProcessingFailedStatus", "errorMessage": "ProcessingFailed status set for record"}
REASONS = [
    (b"no json", "NotJson: "),
    (b'{"source": "aws.unknown", "detail": {}}', "NoRuleMatched: No rule matches source"),
    ((SAMPLES / "login.event.json").read_bytes(), "It can be stored now: `eventlake failed redrive` sends it again."),
]


@pytest.mark.parametrize(("raw", "reason"), REASONS)
def test_what_the_transform_refused_gets_its_reason(store: DirectoryStore, raw: bytes, reason: str) -> None:
    """Firehose knows only that it was refused; another declaration may take it by now."""
    store.put(key("a"), record(raw=raw, **REFUSED))
    (entry,), _ = FailedRecords(store, load()).newest(10)
    assert entry.code == "Lambda.ProcessingFailedStatus"
    assert entry.message.startswith(reason)


def test_a_cut_object_is_named(store: DirectoryStore) -> None:
    """It hides nothing by being read as nothing."""
    store.put(key("cut.gz"), gzip.compress(record())[:-9])
    with pytest.raises(CorruptObjectError, match=r"cut\.gz"):
        FailedRecords(store).newest(10)


@pytest.mark.parametrize(
    "line", [b"no json", b"[1]", b'{"rawData": "%%%"}', b'{"arrivalTimestamp": "x", "rawData": 7}', b'{"arrivalTimestamp": 1e300}']
)
def test_a_line_that_is_no_record_is_shown_as_it_is(store: DirectoryStore, line: bytes) -> None:
    """With the hour of its object."""
    store.put(key("odd"), record() + b"\n\n" + line + b"\n")
    failures = FailedRecords(store)

    entries, _ = failures.newest(10)
    odd = next(entry for entry in entries if entry.line == 1)
    assert (odd.code, odd.arrival) == ("Unreadable", datetime(2026, 11, 20, 10, tzinfo=UTC))
    assert failures.original(odd) == line


def test_the_newest_come_first_and_older_hours_stay_unread(store: DirectoryStore) -> None:
    """An object of an older hour would fail here if it were opened."""
    store.put(key("a", hour="11"), b"\n".join(record(f"2026-11-20T11:{minute:02d}:00+00:00") for minute in (1, 3)))
    store.put(key("b", table="stage_execution_state_change", hour="11"), record("2026-11-20T11:02:00+00:00"))
    store.put(key("c", hour="10"), gzip.compress(b"x")[:-4])

    entries, more = FailedRecords(store).newest(2)

    assert [entry.arrival.minute for entry in entries] == [3, 2]
    assert more


def test_a_record_is_found_by_the_beginning_of_its_id(store: DirectoryStore) -> None:
    """The same id each time, because it follows from what the record holds; delivered twice it is one."""
    store.put(key("a"), b"\n".join(record(raw=b"%d" % number) for number in range(12)))
    store.put(key("b", hour="09"), record(raw=b"11"))
    failures = FailedRecords(store)
    entries, _ = failures.newest(100)
    eleventh = next(entry for entry in entries if failures.original(entry) == b"11")

    assert eleventh.id == record_id("auth0_logs", b"11", eleventh.arrival)
    assert failures.find(eleventh.id) == failures.find(eleventh.id[:10].upper()) == [eleventh]
    assert len(failures.find("")) == 12
    assert failures.find("no-such") == []


def test_equal_records_of_an_object_are_each_listed_and_found(store: DirectoryStore) -> None:
    """With the ids that they would have on one machine; the one that was sent again is marked alone."""
    store.put(key("a"), b"\n".join([record(), record(raw=b"other"), record()]))
    alone = record_id("auth0_logs", EVENT, datetime(2026, 11, 20, 10, tzinfo=UTC))
    ids = list(told_apart([alone, alone]))
    failures = FailedRecords(store, marks={alone: Mark(datetime(2026, 11, 20, 11, tzinfo=UTC), "auth0_logs")})

    assert [(one.id, one.line) for one in failures.every() if one.size_bytes == len(EVENT)] == [(ids[0], 0), (ids[1], 2)]
    assert [(one.id, one.redriven is None) for id in ids for one in failures.find(id)] == [(ids[0], False), (ids[1], True)]


def test_the_id_that_an_earlier_version_gave_is_found(store: DirectoryStore) -> None:
    """Ten digits of the object's key, and the line."""
    store.put(key("a"), b"\n".join(record(raw=b"%d" % number) for number in range(12)))
    earlier = hashlib.sha256(key("a").encode()).hexdigest()[:10]

    assert [entry.line for entry in FailedRecords(store).find(f"{earlier}-11")] == [11]
    assert {entry.line for entry in FailedRecords(store).find(f"{earlier}-1")} == {1, 10, 11}


def test_keys_without_an_hour_are_listed_last(store: DirectoryStore) -> None:
    """Somebody else's object, or a day that does not exist."""
    for name in ("error/auth0_logs/x", "error/auth0_logs/processing-failed/year=2026/month=13/day=01/hour=00/y"):
        store.put(name, b"{}")
    store.put(key("a"), record())

    entries, _ = FailedRecords(store).newest(10)
    assert [entry.arrival.year for entry in entries] == [2026, 1970, 1970]
