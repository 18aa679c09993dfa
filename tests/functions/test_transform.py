"""The transform as Lambda runs it: every record answered, in order, whatever it holds, and within the size that Lambda takes."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.bill.month import LOG_BYTES_A_TRANSFORM
from eventlake.errors import EventError
from eventlake.functions import declared, transform
from eventlake.functions.transform import LOGGED_FAILURES, RESPONSE_LIMIT_BYTES, handler
from eventlake.model import Table
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router
from eventlake.pipeline.transform import Transform
from eventlake.sources import load
from eventlake.sources.samples import names, read_sample
from functions.runtime_api import CODE, Container, running

SOURCES = load()
TABLES = {table.name: table for source in SOURCES for table in source.tables}
AUTH0_TYPES = json.loads(gzip.decompress((Path(__file__).parent.parent / "sources" / "auth0_log_types.json.gz").read_bytes()))["types"]


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    """A container of the function."""
    with running("eventlake.functions.transform.handler", tmp_path_factory.mktemp("log"), {"LAKE_NAME": "eventlake"}) as container:
        yield container


def batch(table: str, events: list[bytes], arrival_ms: int = 1_795_168_800_000) -> dict[str, Any]:
    """Firehose's envelope around events."""
    records = [
        {
            "recordId": f"4966845341612361843{number:037}",
            "approximateArrivalTimestamp": arrival_ms,
            "data": base64.b64encode(event).decode(),
        }
        for number, event in enumerate(events)
    ]
    stream = f"arn:aws:firehose:us-east-1:123456789012:deliverystream/eventlake-{table.replace('_', '-')}"
    return {"invocationId": "i", "deliveryStreamArn": stream, "region": "us-east-1", "records": records}


def line(answer: dict[str, Any]) -> bytes:
    """The log line of an answer that is Ok."""
    assert answer["result"] == "Ok", answer
    return base64.b64decode(answer["data"], validate=True)


def pipeline_event(**detail: Any) -> bytes:
    """An event of a pipeline with this detail."""
    envelope = {"version": "0", "id": "e-1", "detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline"}
    return json.dumps({**envelope, "time": "2026-11-20T10:00:00Z", "resources": [], "detail": detail}).encode()


def deep(levels: int) -> bytes:
    """An event nested so deep."""
    return b'{"detail-type": "d", "detail": ' + b'{"a":' * (levels - 1) + b"1" + b"}" * (levels - 1) + b"}"


POISON = {
    "empty": (b"", "NotJson"),
    "no JSON": (b"{nope}", "NotJson"),
    "two documents": (b'{"detail": {}}{"detail": {}}', "NotJson"),
    "an array": (b"[]", "NotAnEvent"),
    "a scalar": (b"5", "NotAnEvent"),
    "an empty object": (b"{}", "NotAnEvent"),
    "keys that are half characters": (b'{"\\ud800": 1}', "NotAnEvent"),
    "NaN": (b'{"detail": {"execution-trigger": NaN}}', "NotANumber"),
    "Infinity": (b'{"detail": {"new": [-Infinity]}}', "NotANumber"),
    "beyond a double": (b'{"detail": {"execution-trigger": {"a": 1e400}}}', "NotANumber"),
    "half a character": (b'{"detail": {"new": "\\ud800"}}', "LoneSurrogate"),
    "half a character in a column": (b'{"detail": {"state": "\\udc00"}}', "LoneSurrogate"),
    "broken UTF-8": (b'{"detail": {"state": "\xff"}}', "InvalidUtf8"),
    "a number of 5,000 digits": (b'{"detail": {"new": ' + b"9" * 5000 + b"}}", "NumberTooLong"),
    "65 levels": (deep(65), "TooDeep"),
    "100,000 levels": (deep(100_000), "TooDeep"),
    "an event above 1 MB": (b'{"detail": {"state": "' + b"x" * 1_000_001 + b'"}}', "TooLarge"),
    "a line above 1 MB": (b'{"detail": {"execution-trigger": "' + b'\\"' * 300_000 + b'"}}', "TooLarge"),
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["detail", "data", "id", "time", "x"]), inner, max_size=4),
    max_leaves=8,
)
"""Any JSON value, NaN among them, with keys that events have."""

HARMLESS = [
    b'{"detail": {"state": "A", "State": "B", "STATE": "C"}}',
    b'{"detail": {"state": "A", "state": "B"}}',
    b'{"detail": {"state": "a\\u0000b"}}',
    b'{"detail": {"version": 123456789012345678901234567890}}',
    b'{"detail": {"state": "a\\nb\\u2028"}}',
    b'\xef\xbb\xbf{"detail": {"state": "A"}}',
    b'{"detail-type": "no rule wants this"}',
    deep(64),
]


def said(container: Container) -> list[str]:
    """The sentences in a container's log."""
    return [entry["message"] for entry in container.lines()]


# What comes from Firehose


def test_a_recorded_batch_becomes_its_log_lines(container: Container, recorded: Callable[[str], Any]) -> None:
    """Two actions: same order, same ids, the columns of their table."""
    event = recorded("firehose-batch")

    answer = container.invoke(event).value["records"]

    assert [record["recordId"] for record in answer] == [record["recordId"] for record in event["records"]]
    assert [json.loads(line(record))["state"] for record in answer] == ["STARTED", "FAILED"]
    assert [record.keys() for record in answer] == [{"recordId", "result", "data"}] * 2


def test_each_kind_of_poison_fails_alone_and_keeps_its_bytes(container: Container) -> None:
    """500 records, poison among them: what is harmless becomes a line, each other goes back as it came with its reason in the log."""
    poison = [data for data, _ in POISON.values()]
    events = [*poison, *HARMLESS]
    events += [pipeline_event(state="STARTED", number=number) for number in range(500 - len(events))]
    asked = batch("pipeline_execution_state_change", events)
    before = len(container.lines())

    answered = container.invoke(asked).value["records"]

    assert [record["recordId"] for record in answered] == [record["recordId"] for record in asked["records"]]
    assert [record["result"] for record in answered] == ["ProcessingFailed"] * len(poison) + ["Ok"] * (500 - len(poison))
    assert [record["data"] for record in answered[: len(poison)]] == [record["data"] for record in asked["records"][: len(poison)]]
    entries = container.lines()[before:]
    assert [entry["Reason"] for entry in entries if "recordId" in entry] == [reason for _, reason in POISON.values()]
    failed = {entry["Reason"]: entry["Failed"] for entry in entries if entry["message"] == "Records failed."}
    assert failed == {reason: [code for _, code in POISON.values()].count(reason) for _, reason in POISON.values()}


@given(st.lists(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()), max_size=8), st.sampled_from(sorted(TABLES)))
def test_every_record_of_any_bytes_is_answered(events: list[bytes], table: str) -> None:
    """In order, as a log line that is JSON or as it came; nothing is raised."""
    asked = batch(table, events)

    answered = handler(asked, None)["records"]

    assert [record["recordId"] for record in answered] == [record["recordId"] for record in asked["records"]]
    for record, answer in zip(asked["records"], answered, strict=True):
        if answer["result"] == "Ok":
            assert isinstance(json.loads(line(answer)), dict)
        else:
            assert answer == {"recordId": record["recordId"], "result": "ProcessingFailed", "data": record["data"]}


def test_data_that_is_no_base64_fails_alone(container: Container) -> None:
    """Firehose never sends it; a test event typed by hand may."""
    asked = batch("auth0_logs", [pipeline_event()] * 3)
    asked["records"][1]["data"] = "abcde"

    assert [record["result"] for record in container.invoke(asked).value["records"]] == ["Ok", "ProcessingFailed", "Ok"]


def test_an_event_that_no_rule_selects_is_transformed_all_the_same() -> None:
    """Firehose has it, so somebody sent it to the stream: its fields are kept."""
    answer = handler(batch("auth0_logs", [pipeline_event(pipeline="shop")]), None)["records"][0]

    assert json.loads(json.loads(line(answer))["extra"]) == {"envelope": {"detail": {"pipeline": "shop"}}}


# What does not come from Firehose


def test_a_test_event_of_the_console_gets_a_clear_answer(container: Container, recorded: Callable[[str], Any]) -> None:
    """No batch at all: a sentence with the keys that came. A batch of a stream of nobody: failed records and a sentence in the log."""
    hello = container.invoke(recorded("hello-world-console-test"))
    assert not hello.is_error
    assert hello.value == {
        "message": "This is no batch of Firehose's: expected deliveryStreamArn and records, "
        "got an object with the keys ['key1', 'key2', 'key3']."
    }

    firehose = container.invoke(recorded("firehose-console-test"))
    assert [record["result"] for record in firehose.value["records"]] == ["ProcessingFailed"]
    assert 'The stream "arn:aws:kinesis:EXAMPLE" belongs to no table of the lake "eventlake".' in said(container)


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        5,
        "text",
        {"records": []},
        {"deliveryStreamArn": 5, "records": []},
        {"deliveryStreamArn": "a", "records": [5]},
        {"deliveryStreamArn": "a", "records": [{"recordId": "1"}]},
        {"deliveryStreamArn": "a", "records": [{"recordId": 1, "data": ""}]},
        {"deliveryStreamArn": "a", "records": [{"recordId": "1", "data": None}]},
    ],
)
def test_what_is_no_batch_is_named_as_such(event: Any) -> None:
    """Never an exception, which would look like a broken function."""
    assert handler(event, None).keys() == {"message"}


@pytest.mark.parametrize(
    "stream",
    ["eventlake", "eventlake-", "eventlake-nobody", "eventlake---init--", "other-auth0-logs", "eventlake-x/y", "eventlake-os.path"],
)
def test_a_stream_of_no_table_fails_its_records(stream: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error is one line that names the stream; the records stay with Firehose."""
    asked = batch("auth0_logs", [pipeline_event()] * 2)
    asked["deliveryStreamArn"] = f"arn:aws:firehose:us-east-1:123456789012:deliverystream/{stream}"

    assert [record["result"] for record in handler(asked, None)["records"]] == ["ProcessingFailed"] * 2
    entries = [json.loads(entry) for entry in capsys.readouterr().out.splitlines()]
    assert [entry["level"] for entry in entries].count("ERROR") == 1
    assert {entry["Reason"]: entry["Failed"] for entry in entries if "Reason" in entry} == {"NoSuchTable": 2}


# Size


def test_lines_beyond_lambdas_limit_fail_by_record(container: Container) -> None:
    """Seven lines of almost 1 MB: those for which the answer has room are Ok, one small after them too, and Lambda takes the answer."""
    events = [pipeline_event(state="x" * 950_000, number=number) for number in range(7)] + [pipeline_event(state="small")]

    answer = container.invoke(batch("pipeline_execution_state_change", events))

    assert not answer.is_error
    assert answer.size_bytes <= RESPONSE_LIMIT_BYTES
    assert [record["result"] for record in answer.value["records"]] == ["Ok"] * 4 + ["ProcessingFailed"] * 3 + ["Ok"]
    assert "The batch's answer has no room left for this log line." in said(container)


def test_the_answer_stays_within_the_limit_when_everything_fails(container: Container) -> None:
    """Bytes that are no event come back as far as there is room; Firehose has its own copy of the others."""
    answer = container.invoke(batch("auth0_logs", [b"x" * 900_000] * 8))

    assert not answer.is_error
    assert answer.size_bytes <= RESPONSE_LIMIT_BYTES
    assert [record["result"] for record in answer.value["records"]] == ["ProcessingFailed"] * 8
    assert [bool(record["data"]) for record in answer.value["records"]] == [True] * 5 + [False] * 3


@pytest.mark.slow
@given(st.lists(st.integers(400_000, 900_000), min_size=6, max_size=9), st.text(max_size=5))
def test_no_answer_is_longer_than_the_limit(sizes: list[int], odd: str) -> None:
    """Whatever the lines' sizes, and ids that JSON must escape: no record is left out."""
    asked = batch("pipeline_execution_state_change", [pipeline_event(state="x" * size) for size in sizes])
    for record in asked["records"]:
        record["recordId"] += odd

    answer = handler(asked, None)

    assert len(json.dumps(answer)) <= RESPONSE_LIMIT_BYTES
    assert len(answer["records"]) == len(sizes)


# The same lines as on one machine


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_samples_become_the_lines_they_become_here(source: Any) -> None:
    """Every sample of every source, through the handler and through the router."""
    intake, router = Intake(SOURCES), Router(SOURCES)
    compared = 0
    for name in names(source):
        try:
            event = intake.accept(read_sample(source, name).event).body
        except EventError:
            continue
        for table, expected in router.route(event).lines:
            assert line(handler(batch(table.name, [event]), None)["records"][0]) == expected
            compared += 1
    assert compared >= len(source.tables)


def test_every_auth0_type_becomes_the_line_it_becomes_here(container: Container) -> None:
    """One event of each of the 166 types, in one batch."""
    values = {
        "string": "text",
        "boolean": True,
        "number": 7,
        "object": {"inner": {"a": None}},
        "array": ["a", "b"],
        "any": 1.5,
        "null": None,
    }
    events = []
    for kind, facts in AUTH0_TYPES.items():
        data = {name: values[types.rstrip("!").split("|")[0]] for name, types in facts["fields"].items()} | {"type": kind, "log_id": kind}
        envelope = {"version": "0", "id": kind, "detail-type": "Auth0 log", "source": "aws.partner/auth0.com/acorn/auth0.logs"}
        events.append(json.dumps({**envelope, "time": "2026-07-13T10:20:45Z", "detail": {"log_id": kind, "data": data}}).encode())
    here = Transform(TABLES["auth0_logs"])

    answered = container.invoke(batch("auth0_logs", events)).value["records"]

    assert len(answered) == 166
    assert [line(record) for record in answered] == [here(event) for event in events]


# What it says


def test_a_batch_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Events in, rows out, failed and the age of the oldest; what alarms look at are metrics, of the source and of the table, and nothing else."""
    asked = batch("auth0_logs", [b'{"detail": {"data": {"type": "s"}}}', b"{"])
    asked["records"][1]["approximateArrivalTimestamp"] += 60_000

    handler(asked, None)

    *_, metrics, reason = [json.loads(entry) for entry in capsys.readouterr().out.splitlines()]
    assert (metrics["Lake"], metrics["Source"], metrics["Table"]) == ("eventlake", "auth0", "auth0_logs")
    assert (metrics["EventsIn"], metrics["RowsOut"], metrics["Failed"]) == (2, 1, 1)
    assert metrics["LagSeconds"] >= 0
    assert metrics["_aws"]["CloudWatchMetrics"] == [
        {"Namespace": "eventlake", "Dimensions": [["Lake", "Source"]], "Metrics": [{"Name": "EventsIn", "Unit": "Count"}]},
        {"Namespace": "eventlake", "Dimensions": [["Lake", "Table"]], "Metrics": [{"Name": "Failed", "Unit": "Count"}]},
    ]
    assert (reason["Reason"], reason["Failed"]) == ("NotJson", 1)
    assert "_aws" not in reason


def test_a_batch_without_failures_has_one_metric(capsys: pytest.CaptureFixture[str]) -> None:
    """CloudWatch charges each metric for each hour in which it is sent, and each byte that is written."""
    handler(batch("auth0_logs", [b'{"detail": {"data": {"type": "s"}}}']), None)

    written = capsys.readouterr().out
    (said,) = [json.loads(entry) for entry in written.splitlines()]
    assert len(written) + 26 <= LOG_BYTES_A_TRANSFORM
    assert [directive["Metrics"] for directive in said["_aws"]["CloudWatchMetrics"]] == [[{"Name": "EventsIn", "Unit": "Count"}]]


def test_the_log_is_bounded_however_much_fails(capsys: pytest.CaptureFixture[str]) -> None:
    """500 failed records: the first are named, all are counted; nothing of what an event holds is in the log."""
    handler(batch("auth0_logs", [b'{"password": "hunter2", '] * 500), None)

    written = capsys.readouterr().out
    assert len(written.splitlines()) == LOGGED_FAILURES + 2
    assert '"Failed":500' in written
    assert "hunter2" not in written


def test_records_without_a_time_of_arrival_have_no_lag(capsys: pytest.CaptureFixture[str]) -> None:
    """A batch made by hand may leave it out."""
    asked = batch("auth0_logs", [b'{"detail": {}}'])
    del asked["records"][0]["approximateArrivalTimestamp"]

    handler(asked, None)

    assert "LagSeconds" not in capsys.readouterr().out


# What it loads


def test_the_function_loads_little() -> None:
    """For every table no module of others, none of ours that reads declarations, and of the standard library nothing that costs more than all of ours."""
    code = (
        "import sys, json; before = set(sys.modules)\n"
        f"from eventlake.functions import transform; [transform._load(table) for table in {[*TABLES]!r}]\n"
        "print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    loaded = set(json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CODE).stdout))

    assert {module.partition(".")[0] for module in loaded} - set(sys.stdlib_module_names) == {"eventlake"}
    assert loaded & {"dataclasses", "inspect", "tomllib", "typing", "datetime", "importlib", "traceback", "logging"} == set()
    assert loaded & {"eventlake.model", "eventlake.sources", "eventlake.pipeline.mapping", "eventlake.pipeline.leftovers"} == set()


def test_a_table_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The next batch of the container finds its transform."""
    monkeypatch.setattr(transform, "_tables", {})
    handler(batch("auth0_logs", []), None)
    first = dict(transform._tables)
    handler(batch("auth0_logs", []), None)

    assert transform._tables == first
    assert list(first) == ["auth0_logs"]


def test_the_table_has_the_stream_that_its_declaration_names() -> None:
    """For every built-in table."""
    for table in TABLES.values():
        assert isinstance(table, Table)
        assert transform._table_of(f"arn:aws:firehose:eu-central-1:123456789012:deliverystream/eventlake-{table.stream}") == table.name


def test_a_module_that_lacks_a_part_of_itself_is_no_missing_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken package raises, so that Firehose tries again and somebody sees it; it is no stream of nobody."""
    (tmp_path / "broken.py").write_text("import eventlake.no_such_part")
    monkeypatch.setattr(declared, "__path__", [str(tmp_path)])

    with pytest.raises(ModuleNotFoundError, match="no_such_part"):
        handler(batch("broken", []), None)


class Hurried:
    """Lambda's context of a call that has so many milliseconds left."""

    def __init__(self, left_ms: int) -> None:
        self._left_ms = left_ms

    def get_remaining_time_in_millis(self) -> int:
        """As Lambda's own says it."""
        return self._left_ms


def test_a_record_that_takes_too_long_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several of them, first and last of their batch; those between are stored."""

    def slow(data: bytes) -> dict[str, Any]:
        while b"slow" in data:
            pass
        event: dict[str, Any] = json.loads(data)
        return event

    table = "pipeline_execution_state_change"
    quick = [pipeline_event(state=name) for name in ("slow", "quick", "slow", "quick", "slow")]
    line_of = Transform(TABLES[table])
    line_of(quick[1])  # what is made for the first event is no part of any event's time
    line_of._loads = slow
    monkeypatch.setitem(transform._tables, table, ("codepipeline", line_of, ()))

    answers = handler(batch(table, quick), Hurried(1000))["records"]

    assert [answer["result"] for answer in answers] == ["ProcessingFailed", "Ok", "ProcessingFailed", "Ok", "ProcessingFailed"]
    assert [base64.b64decode(answer["data"]) for answer in answers[::2]] == quick[::2]


def test_beside_the_main_thread_no_record_is_interrupted() -> None:
    """Python lets no other thread do it; the batch is transformed all the same."""
    table = "pipeline_execution_state_change"
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(handler(batch(table, [pipeline_event(state="STARTED")]), Hurried(60_000))))
    thread.start()
    thread.join()

    assert [answer["result"] for answer in found[0]["records"]] == ["Ok"]
