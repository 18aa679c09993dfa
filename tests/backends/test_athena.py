"""The engine on Athena against a server that speaks Athena's protocol and does what a test says: waits, pages, failures, interrupts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
import pytest
from botocore.config import Config

from eventlake.backends.athena import AthenaEngine
from eventlake.errors import (
    ConfigurationError,
    CorruptObjectError,
    EventlakeError,
    NameNotFoundError,
    QueryError,
    QueryFailedError,
    QueryLimitError,
    QueryRefusedError,
    QuerySyntaxError,
    ServiceError,
)
from eventlake.sources import load

TABLES = [table for source in load() for table in source.tables]
WORKGROUP_ARN = "arn:aws:athena:eu-west-1:123456789012:workgroup/lake"
Answer = tuple[int, dict[str, Any]]


class Athena:
    """A server of Athena's JSON protocol. answers: action -> what it answers to a request."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "StartQueryExecution": lambda _: (200, {"QueryExecutionId": "q-1"}),
            "GetQueryExecution": lambda _: execution("SUCCEEDED"),
            "GetQueryResults": lambda _: page([["n"], ["1"]], [column("n", "bigint")]),
            "StopQueryExecution": lambda _: (200, {}),
            "GetWorkGroup": lambda _: (200, {"WorkGroup": {"Name": "lake", "Configuration": {"BytesScannedCutoffPerQuery": 10_000_000}}}),
        }
        athena = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Answer one action."""
                action = self.headers["X-Amz-Target"].rpartition(".")[2]
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                athena.asked.append((action, request))
                status, answer = athena.answers[action](request)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.client = boto3.client(
            "athena",
            endpoint_url=f"http://127.0.0.1:{self._server.server_port}",
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    def engine(self, waited: list[float] | None = None) -> AthenaEngine:
        """An engine that asks here; its waits are noted, not spent."""
        return AthenaEngine(self.client, "lake", TABLES, wait=([] if waited is None else waited).append)

    def actions(self) -> list[str]:
        """What was asked, in order."""
        return [action for action, _ in self.asked]

    def close(self) -> None:
        """End the server."""
        self.client.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def athena() -> Iterator[Athena]:
    """A server whose query succeeds with one row."""
    server = Athena()
    yield server
    server.close()


def execution(state: str, reason: str = "", *, scanned: int = 0, kind: str = "DML", category: int = 2) -> Answer:
    """GetQueryExecution's answer."""
    failure = {"AthenaError": {"ErrorCategory": category, "ErrorMessage": reason}} if state == "FAILED" else {}
    status = {"State": state, "StateChangeReason": reason, **failure}
    return 200, {
        "QueryExecution": {
            "QueryExecutionId": "q-1",
            "StatementType": kind,
            "Status": status,
            "Statistics": {"DataScannedInBytes": scanned},
        }
    }


def column(name: str, kind: str, **more: int) -> dict[str, Any]:
    """A ColumnInfo."""
    return {"Name": name, "Label": name, "Type": kind, **more}


def page(rows: list[list[str | None]], columns: list[dict[str, Any]], following: str | None = None) -> Answer:
    """GetQueryResults' answer; None is NULL, which has no text."""
    data = [{"Data": [{} if value is None else {"VarCharValue": value} for value in row]} for row in rows]
    more = {"NextToken": following} if following else {}
    return 200, {"ResultSet": {"Rows": data, "ResultSetMetadata": {"ColumnInfo": columns}}, **more}


def error(code: str, message: str) -> Answer:
    """An error of the service."""
    return 400, {"__type": code, "message": message}


def failed(athena: Athena, sql: str = "select 1") -> EventlakeError:
    """What the engine raises for a query."""
    with pytest.raises(EventlakeError) as raised:
        athena.engine().query(sql)
    return raised.value


# a query that fails


FAILURES = [
    ("DIVISION_BY_ZERO: Division by zero", QueryFailedError, "A number is divided by zero"),
    ("INVALID_CAST_ARGUMENT: Cannot cast 'x' to INT", QueryFailedError, "use try_cast(...) to get NULL there"),
    ("INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '$.a-b'", QuerySyntaxError, "'$.a-b' is no JSON path: write $.name"),
    (
        "COLUMN_NOT_FOUND: line 2:8: Column 'ipp' cannot be resolved or requester is not authorized",
        NameNotFoundError,
        'no column "ipp" (line 2, column 8). Did you mean "ip"?',
    ),
    (
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.auth0_event_logs.auth0_log' does not exist",
        NameNotFoundError,
        'Did you mean "auth0_logs"?',
    ),
    ("TYPE_MISMATCH: line 1:9: Cannot apply operator: date = varchar(10)", QuerySyntaxError, "date = varchar(10) (line 1, column 9)"),
    ("NOT_SUPPORTED: No such thing", QueryRefusedError, "No such thing"),
    ("EXCEEDED_LOCAL_MEMORY_LIMIT: Query exceeded per-node memory limit", QueryLimitError, "name fewer days"),
    ("Query exhausted resources at this scale factor", QueryLimitError, "name fewer days"),
    ("HIVE_BAD_DATA: Error reading s3://lake/logs/a.parquet", CorruptObjectError, "s3://lake/logs/a.parquet"),
    ("HIVE_PARTITION_SCHEMA_MISMATCH: There is a mismatch", QueryFailedError, "eventlake doctor"),
    ("PERMISSION_DENIED: Access Denied on S3", ServiceError, "Add the permission"),
    ("Access denied when writing output to url: s3://results/x.csv", ServiceError, "may not touch what the query needs"),
    (
        'GENERIC_USER_ERROR: Something. This query ran against the "x" database, unless qualified by the query.',
        QueryFailedError,
        "on Athena: Something.",
    ),
]


@pytest.mark.parametrize(("reason", "kind", "sentence"), FAILURES)
def test_a_failed_query_is_told_in_our_words(athena: Athena, reason: str, kind: type[EventlakeError], sentence: str) -> None:
    """With Athena's values in them, and without its advice to write to a forum."""
    athena.answers["GetQueryExecution"] = lambda _: execution("FAILED", reason)

    raised = failed(athena)
    assert isinstance(raised, kind)
    assert sentence in str(raised)
    assert "ran against" not in str(raised)


def test_athenas_own_failure_is_not_called_the_querys(athena: Athena) -> None:
    """It can be tried again."""
    athena.answers["GetQueryExecution"] = lambda _: execution("FAILED", "INTERNAL_ERROR: Node went away", category=1)

    raised = failed(athena)
    assert isinstance(raised, ServiceError)
    assert (raised.exit_code, raised.code) == (254, "INTERNAL_ERROR")
    assert "try again" in str(raised)


@pytest.mark.parametrize("known", [True, False])
def test_a_query_cut_at_the_scan_limit_names_workgroup_and_limit(athena: Athena, known: bool) -> None:
    """The limit too, where the person may look at the workgroup."""
    athena.answers["GetQueryExecution"] = lambda _: execution("CANCELLED", "Bytes scanned limit was exceeded", scanned=10_485_760)
    if not known:
        athena.answers["GetWorkGroup"] = lambda _: error("AccessDeniedException", "not authorized to perform: athena:GetWorkGroup")

    raised = failed(athena)
    assert isinstance(raised, QueryLimitError)
    limit = " of 10,000,000 bytes" if known else ""
    assert str(raised).startswith(f'The query scanned 10,485,760 bytes and was cut at the limit{limit} of the workgroup "lake": ')


def test_a_query_that_somebody_stopped_says_so(athena: Athena) -> None:
    """Who knows who."""
    athena.answers["GetQueryExecution"] = lambda _: execution("CANCELLED", "Query cancelled by user")
    raised = failed(athena)
    assert type(raised) is QueryError
    assert "Query cancelled by user" in str(raised)


REFUSALS = [
    ("InvalidRequestException", "WorkGroup lake is not found.", ConfigurationError, 253, '"lake" in this account'),
    (
        "InvalidRequestException",
        "No output location provided. An output location is required",
        ConfigurationError,
        253,
        "no place for results",
    ),
    ("InvalidRequestException", "Unable to verify/create output bucket results", ConfigurationError, 253, "output bucket results"),
    ("InvalidRequestException", "line 1:8: mismatched input 'from'", QuerySyntaxError, 254, "mismatched input 'from' (line 1, column 8)"),
    ("InvalidRequestException", "Queries of this type are not supported", QuerySyntaxError, 254, "not supported"),
    (
        "AccessDeniedException",
        f"User: arn:aws:iam::123456789012:user/a is not authorized to perform: athena:StartQueryExecution on resource: {WORKGROUP_ARN}",
        ServiceError,
        254,
        f"the permission athena:StartQueryExecution on {WORKGROUP_ARN} is missing",
    ),
    ("TooManyRequestsException", "Rate exceeded", ServiceError, 254, "try again in a moment"),
    ("UnrecognizedClientException", "The security token is invalid", ConfigurationError, 253, "does not take the credentials"),
    ("ExpiredTokenException", "The security token has expired", ConfigurationError, 253, "renew them"),
]


@pytest.mark.parametrize(("code", "message", "kind", "exit_code", "sentence"), REFUSALS)
def test_what_athena_does_not_begin_is_one_sentence(
    athena: Athena, code: str, message: str, kind: type[EventlakeError], exit_code: int, sentence: str
) -> None:
    """A workgroup that is not there, one without a place for results, a missing permission, wrong credentials."""
    athena.answers["StartQueryExecution"] = lambda _: error(code, message)

    raised = failed(athena)
    assert isinstance(raised, kind)
    assert raised.exit_code == exit_code
    assert sentence in str(raised)
    assert "\n" not in str(raised)


def test_an_athena_that_cannot_be_reached_is_named() -> None:
    """With the endpoint that was tried."""
    server = Athena()
    server.close()
    with pytest.raises(ConfigurationError, match=r"http://127\.0\.0\.1:\d+/ cannot be reached"):
        server.engine().query("select 1")


@pytest.mark.parametrize(
    "sql",
    ["drop table auth0_logs", "insert into auth0_logs select 1", "-- a\n/* b */ MSCK repair table x", "unload (select 1) to 's3://x/'"],
)
def test_what_changes_a_lake_is_not_sent(athena: Athena, sql: str) -> None:
    """The engine answers questions."""
    assert isinstance(failed(athena, sql), QuerySyntaxError)
    assert athena.asked == []


def test_a_statement_longer_than_athena_takes_is_not_sent(athena: Athena) -> None:
    """With both lengths."""
    raised = failed(athena, f"select '{'x' * 262_144}'")
    assert isinstance(raised, QueryRefusedError)
    assert "262,153 bytes; Athena takes at most 262,144" in str(raised)
    assert athena.asked == []


def test_bare_tables_of_two_databases_are_refused(athena: Athena) -> None:
    """Athena looks names up in one; the sentence says how to write them."""
    raised = failed(athena, "select 1 from auth0_logs join pipeline_execution_state_change on true")
    assert isinstance(raised, QueryRefusedError)
    assert "auth0_event_logs.auth0_logs" in str(raised)


# a query that is interrupted


def test_an_interrupt_stops_the_query_on_athena(athena: Athena) -> None:
    """Nobody pays for what nobody waits for."""
    athena.answers["GetQueryExecution"] = lambda _: execution("RUNNING")

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        AthenaEngine(athena.client, "lake", TABLES, wait=interrupted).query("select 1")
    assert athena.asked[-1] == ("StopQueryExecution", {"QueryExecutionId": "q-1"})
    tokens = {request["ClientRequestToken"] for action, request in athena.asked if action == "StartQueryExecution"}
    assert len(tokens) == 1


def test_an_interrupt_is_not_hidden_by_what_fails_then(athena: Athena) -> None:
    """If the query cannot be stopped, the interrupt still ends the command."""
    athena.answers["GetQueryExecution"] = lambda _: execution("RUNNING")
    athena.answers["StopQueryExecution"] = lambda _: error("AccessDeniedException", "no")

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        AthenaEngine(athena.client, "lake", wait=interrupted).query("select 1")


def test_an_answer_that_nobody_wants_any_more_is_cancelled_within_a_second(athena: Athena) -> None:
    """Also while the looks at it are two seconds apart."""
    athena.answers["GetQueryExecution"] = lambda _: execution("RUNNING")
    waited: list[float] = []

    with pytest.raises(QueryLimitError, match="cancelled"):
        athena.engine(waited).query("select 1", cancelled=lambda: sum(waited) > 20)
    assert athena.asked[-1] == ("StopQueryExecution", {"QueryExecutionId": "q-1"})
    assert max(waited) <= 0.5
    assert athena.actions().count("GetQueryExecution") < 20


# a query that succeeds


def test_a_query_runs_as_it_is_in_its_workgroup(athena: Athena) -> None:
    """With its parameters' values in it, in the database of its bare tables, and a token that makes a second try the same query."""
    result = athena.engine().query("select count(*) n from auth0_logs where ip = :ip;", {"ip": "it's"})

    (_, request), *_ = athena.asked
    assert request["QueryString"] == "select count(*) n from auth0_logs where ip = 'it''s'"
    assert request["WorkGroup"] == "lake"
    assert request["QueryExecutionContext"] == {"Catalog": "AwsDataCatalog", "Database": "auth0_event_logs"}
    assert len(request["ClientRequestToken"]) >= 32
    assert (result.columns, result.types, result.rows) == (("n",), ("bigint",), [(1,)])


@pytest.mark.parametrize(
    ("sql", "workgroup"),
    [
        ("select 1 from auth0_logs", "lake-auth0"),
        ("explain select 1 from codebuild_event_logs.build_state_change", "lake"),
        ("select 1 from auth0_event_logs.auth0_logs, codepipeline_event_logs.pipeline_execution_state_change", "lake"),
        ("select 1", "lake"),
    ],
)
def test_a_source_is_asked_in_its_own_workgroup(athena: Athena, sql: str, workgroup: str) -> None:
    """Several sources, none, and one without a workgroup of its own in that of the lake; a refusal names the one that was asked."""
    engine = AthenaEngine(athena.client, "lake", TABLES, workgroups={"auth0_event_logs": "lake-auth0"}, wait=lambda _: None)

    engine.explain(sql.removeprefix("explain ")) if sql.startswith("explain") else engine.query(sql)
    assert athena.asked[0][1]["WorkGroup"] == workgroup

    athena.answers["StartQueryExecution"] = lambda _: error("InvalidRequestException", f"WorkGroup {workgroup} is not found.")
    with pytest.raises(ConfigurationError, match=f'no Athena workgroup "{workgroup}"'):
        engine.query(sql.removeprefix("explain "))


def test_looks_become_rarer_while_a_query_runs(athena: Athena) -> None:
    """Soon at first, then every two seconds: a short query answers at once, a long one does not use up an account's calls."""
    states = iter(["QUEUED"] + ["RUNNING"] * 11)
    athena.answers["GetQueryExecution"] = lambda _: execution(next(states, "SUCCEEDED"), scanned=12_345)
    waited: list[float] = []

    result = athena.engine(waited).query("select 1 n")

    assert waited == sorted(waited)
    assert (waited[0], waited[-1], len(waited)) == (0.1, 2.0, 12)
    assert result.bytes_read == 12_345


def test_an_answer_goes_on_over_its_pages(athena: Athena) -> None:
    """The names stand in the first row of the first page only."""
    columns = [column("n", "integer"), column("text", "varchar", Precision=2_147_483_647)]
    pages = {None: page([["n", "text"], ["1", "n"]], columns, "a"), "a": page([["2", ""]], columns, "b"), "b": page([["3", None]], columns)}
    athena.answers["GetQueryResults"] = lambda request: pages[request.get("NextToken")]

    assert athena.engine().query("select n, text from x").rows == [(1, "n"), (2, ""), (3, None)]


def test_a_row_that_reads_like_the_names_is_a_row(athena: Athena) -> None:
    """SELECT 'n' AS n: the first row is always the names."""
    athena.answers["GetQueryResults"] = lambda _: page([["n"], ["n"]], [column("n", "varchar")])
    assert athena.engine().query("select 'n' n").rows == [("n",)]


def test_an_answer_without_a_row_of_names_loses_none(athena: Athena) -> None:
    """SHOW and DESCRIBE give their rows alone."""
    athena.answers["GetQueryExecution"] = lambda _: execution("SUCCEEDED", kind="UTILITY")
    athena.answers["GetQueryResults"] = lambda _: page([["auth0_logs"]], [column("tab_name", "string")])
    assert athena.engine().query("show tables in auth0_event_logs").rows == [("auth0_logs",)]


def test_what_comes_as_one_text_with_tabs_is_split_into_its_columns(athena: Athena) -> None:
    """DESCRIBE fills each up with blanks; the lines of SHOW CREATE TABLE keep what they begin with."""
    described = [column(name, "string") for name in ("col_name", "data_type", "comment")]
    lines: list[list[str | None]] = [["ip                  \tstring              \tAddress.            "], ["\t \t "], [None]]
    athena.answers["GetQueryExecution"] = lambda _: execution("SUCCEEDED", kind="UTILITY")
    athena.answers["GetQueryResults"] = lambda _: page(lines, described)
    assert athena.engine().query("describe auth0_logs").rows == [("ip", "string", "Address."), ("", "", ""), ("", "", "")]

    athena.answers["GetQueryResults"] = lambda _: page([["  `ip` string COMMENT 'a\tb', "]], [column("createtab_stmt", "string")])
    assert athena.engine().query("show create table auth0_logs").rows == [("  `ip` string COMMENT 'a\tb',",)]


def test_too_many_rows_are_refused(athena: Athena, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the advice to ask for fewer."""
    monkeypatch.setattr("eventlake.backends.athena.MAX_ROWS", 3)
    athena.answers["GetQueryResults"] = lambda _: page([["n"], ["1"], ["1"], ["1"], ["1"]], [column("n", "integer")])
    with pytest.raises(QueryLimitError, match="more than 3 rows"):
        athena.engine().query("select n from x")


def test_explain_gives_the_statement_and_athenas_plan(athena: Athena) -> None:
    """It is asked for with EXPLAIN, which costs nothing."""
    athena.answers["GetQueryExecution"] = lambda _: execution("SUCCEEDED", kind="UTILITY")
    athena.answers["GetQueryResults"] = lambda _: page([["Query Plan"], ["Fragment 0"], [None]], [column("Query Plan", "varchar")])

    assert athena.engine().explain("select 1") == "select 1\n\nFragment 0\n"
    assert athena.asked[0][1]["QueryString"] == "EXPLAIN select 1"
