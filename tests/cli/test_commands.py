"""The commands as a person types them: what comes back, on which stream, with which exit code."""

from __future__ import annotations

import _imp
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from by_day import one_in
from eventlake.__main__ import main as command
from eventlake.cli import eventlake, run
from eventlake.cli.demo import let_imports_go
from eventlake.cli.group import COMMANDS
from eventlake.sources import OPTIONAL
from local.detecting.alerting import ORDERS, SHOP, shop_with_a_wrong_query

EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "account": "123456789012",
    "time": "2026-11-20T10:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:web"],
    "detail": {"pipeline": "web", "execution-id": "x-1", "state": "FAILED", "version": 6.0},
}


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its answer, as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]


Typed = Callable[..., Said]


@pytest.fixture
def typed(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Types a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVENTLAKE_LAKE", raising=False)
    monkeypatch.delenv("EVENTLAKE_SOURCES", raising=False)

    def type_words(*words: str) -> Said:
        code = run(words)
        captured = capfd.readouterr()
        return Said(code, captured.out, captured.err)

    return type_words


@pytest.fixture(scope="module")
def with_an_event(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an event, and a lake in which it is."""
    folder = tmp_path_factory.mktemp("stored")
    (folder / "event.json").write_text(json.dumps(EVENT))
    assert run(["send", str(folder / "event.json"), "--lake", str(folder / "lake")]) == 0
    return folder


@pytest.fixture
def stored(typed: Typed, with_an_event: Path, tmp_path: Path) -> Typed:
    """The same, with one event in ./lake."""
    shutil.copytree(with_an_event, tmp_path, dirs_exist_ok=True)
    return typed


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["qurey"], 252, 'There is no command "qurey". Did you mean "query"?'),
        (["sources", "chek"], 252, 'There is no source "chek".'),
        (["sources", "auth"], 252, 'There is no source "auth". Did you mean "auth0"?'),
        (["query", "--outptu", "json", "select 1"], 252, "Did you mean '--output'?"),
        (["query", "select 1", "--output", "jsn"], 252, "is not one of"),
        (["query"], 252, "Missing argument"),
        (["query", "deployment_frequenzy"], 253, "There is no lake"),
        (["query", "select 1"], 253, 'There is no lake in "lake": name one with --lake'),
        (["tables", "--lake", "nowhere"], 253, 'There is no lake in "nowhere"'),
        (["detections", "--lake", "nowhere"], 253, 'There is no lake in "nowhere"'),
        (["send", "missing.json"], 1, '"missing.json" cannot be read: No such file or directory.'),
        (["send", ""], 1, '"" cannot be read: name a file, or - for stdin.'),
        (["send", "."], 1, '"." cannot be read: it is a folder; name the files in it.'),
        (["send", "event.json", "--bus", "http://127.0.0.1:9"], 253, "cannot be reached: Connection refused. Start it with"),
        (["send", "event.json", "--bus", "nonsense://"], 253, "is not the URL of a bus"),
        (["send", "event.json", "--bus", "http://127.0.0.1:x"], 253, "is not the URL of a bus"),
        (["send", "event.json", "--bus", "no..where"], 253, "The bus at no..where cannot be reached: "),
        (["send", "event.json", "--lake", "event.json"], 253, '"event.json" is a file, and a lake is a folder: name one with --lake DIR.'),
        (["serve", "--lake", "event.json"], 253, '"event.json" is a file'),
        (["demo", "--lake", "event.json"], 253, '"event.json" is a file'),
        (["tables", "--lake", "event.json"], 253, '"event.json" is a file'),
        (["tables", "--lake", ""], 253, "--lake is empty: name a lake, or leave it out for EVENTLAKE_LAKE or ./lake."),
        (["send", "event.json", "--sources", ""], 253, "--sources is empty: name a folder or an optional source, or leave it out"),
        (["send", "event.json", "--bus", ""], 252, "--bus is empty: name a bus, or leave it out to store into the lake itself."),
        (["send", "event.json", "--bus", "http://127.0.0.1:9", "--lake", "here"], 252, "--bus and --lake are two places: leave out --lake"),
        (["serve", "--name", ""], 252, '--name "" is no name of a host: write it as senders do, without scheme, port and path.'),
        (["serve", "--name", "https://lake.example.com"], 252, '--name "https://lake.example.com" is no name of a host'),
        (["serve", "--name", "lake.example.com:8787"], 252, '--name "lake.example.com:8787" is no name of a host'),
        (["serve", "--name", "lake.example.com", "--name", " "], 252, '--name " " is no name of a host'),
        (["serve", "--lake", "aws:here", "--name", "::1"], 252, '--name "::1" is no name of a host'),
        (["serve", "--buffer-seconds", "nan"], 252, "nan is not in the range 0.1<=x<=900."),
        (["serve", "--buffer-mb", "nan"], 252, "nan is not in the range 1<=x<=128."),
        (["close", "--hour", "2026-13-01"], 252, '"2026-13-01" is not an hour: write it as YYYY-MM-DDTHH'),
        (["grafana", "login"], 252, 'There is no "login" for Grafana. Did you mean "logins"?'),
        (["completion"], 252, "Choose from: bash, zsh, fish. See"),
        (["keys"], 0, "There is no key of pseudonyms; `eventlake keys new` makes one."),
        (["query", "select 1", "--engine", "athena", "--lake", "here"], 253, "answers for a lake on AWS"),
        (["query", "select 1", "--param", "days"], 252, "--param takes NAME=VALUE"),
        (["tables", "--sources", "nowhere"], 253, "There is no lake"),
        (["sources", "--sources", "nowhere"], 253, '"nowhere" is no folder'),
        (["sources", "check", "--accept"], 252, "--accept writes into the folder of a source: give DIR."),
        (["sources", "check", ""], 252, '"" names no file and no folder: a variable may be empty; write .'),
        (["sources", "new", "shop", "event.json", "--into", ""], 252, '"" names no file and no folder'),
        (["templates", "--into", ""], 252, '"" names no file and no folder'),
        (["terraform", ""], 252, '"" names no file and no folder'),
        (["backfill", "files", ""], 252, '"" names no file and no folder'),
        (["sources", "check", "nowhere"], 252, '"nowhere" is no folder'),
        (["serve", "--host", "0.0.0.0"], 253, "set EVENTLAKE_TOKEN"),
        (["serve", "--port", "99999"], 252, "99999"),
        (["failed", "show", "abc"], 253, "There is no lake"),
        (["sources", "new", "shop", "event.json", "--into", "event.json"], 253, '"event.json/shop" cannot be used: Not a directory.'),
        (["demo", "--lake", "event.json/lake"], 253, '"event.json/lake" cannot be used: Not a directory.'),
        (["keys", "new", "--lake", "event.json/lake"], 253, '"event.json/lake" cannot be used: Not a directory.'),
        (["templates", "--into", "event.json/here"], 253, '"event.json/here" cannot be used: Not a directory.'),
        (["explain", "missing.json"], 253, '"missing.json" cannot be read'),
        (["explain", "[]"], 252, "holds no event"),
        (["failed", "--limit", "9" * 23], 252, "is not in the range 1<=x<=1000000"),
        (["audit", "--limit", "9" * 23], 252, "is not in the range 1<=x<=1000000"),
        (["explain", ""], 253, '"" cannot be read: name a file, or - for stdin.'),
    ],
)
def test_a_wrong_command_gets_its_one_sentence(typed: Typed, tmp_path: Path, words: list[str], code: int, sentence: str) -> None:
    """What, where, and what to do; nothing on stdout but data; never a traceback."""
    (tmp_path / "event.json").write_text(json.dumps(EVENT))

    said = typed(*words)

    assert sentence in said.err
    assert said.code == code
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("token", "words", "sentence"),
    [
        ("", ["--host", "0.0.0.0"], 'At "0.0.0.0" others could send events: set EVENTLAKE_TOKEN'),
        ("", ["--host", "::"], 'At "::" others could send events: set EVENTLAKE_TOKEN'),
        ("   ", ["--host", "0.0.0.0"], "EVENTLAKE_TOKEN is no token"),
        ("   ", [], "EVENTLAKE_TOKEN is no token"),
        ("changeme", [], "EVENTLAKE_TOKEN is no token"),
    ],
)
def test_a_bus_does_not_begin_with_a_token_that_is_none(
    typed: Typed, monkeypatch: pytest.MonkeyPatch, token: str, words: list[str], sentence: str
) -> None:
    """An empty one is none, so that only this machine may be listened at; what could not be shown, or is guessed, is refused everywhere."""
    monkeypatch.setenv("EVENTLAKE_TOKEN", token)

    said = typed("serve", *words)

    assert said.code == 253
    assert said.err.startswith(sentence)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["query", "select stat from pipeline_execution_state_change"], 254, 'Did you mean "state"?'),
        (["query", "select 1 from pipelin_execution_state_change"], 254, 'Did you mean "pipeline_execution_state_change"?'),
        (["query", "select 1 from pipeline_execution_state_change where hour = 10"], 254, "cannot be compared"),
        (["query", "selec 1"], 254, "line 1"),
        (["query", "drop table auth0_logs"], 254, ""),
        (["query", "deployment_frequenzy"], 252, 'There is no saved query "deployment_frequenzy". Did you mean "deployment_frequency"?'),
        (["query", "deployment_frequency", "--param", "dayz=3"], 252, 'Did you mean "days"?'),
        (["query", "deployment_frequency", "--param", "days=many"], 252, "days"),
        (["query", "select 1", "--to", "event.json/x.csv"], 253, '"event.json/x.csv" cannot be written: Not a directory.'),
        (["partitions", "auth0_log"], 254, 'Did you mean "auth0_logs"?'),
        (["failed", "show", "abc"], 252, 'There is no failed event "abc"'),
        (["failed"], 0, "There is no failed event."),
        (["hours", ""], 254, 'There is no table "" in this lake.'),
        (["close", "--table", ""], 254, 'There is no table "" in this lake.'),
        (["close", "--hour", ""], 252, '"" is not an hour: write it as YYYY-MM-DDTHH'),
        (["hours", "auth0_logs"], 0, "auth0_logs has no hour yet: nothing has come into it."),
        (["partitions", "auth0_logs"], 0, "auth0_logs has no partition yet: nothing has come into it."),
        (["close", "--table", "auth0_logs"], 0, "Nothing is to be closed: no hour is over that got something since it was closed."),
        (["demo", "--no-serve"], 253, '"lake" is not empty, and no demo made it'),
    ],
)
def test_a_wrong_question_gets_its_one_sentence(stored: Typed, words: list[str], code: int, sentence: str) -> None:
    """With the nearest name."""
    said = stored(*words)

    assert sentence in said.err
    assert (said.code, said.out) == (code, "")
    assert "Traceback" not in said.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirected", "code", "said"),
    [
        (">/dev/full", 253, "The answer cannot be written: No space left on device.\n"),
        (">&-", 0, ""),
        ("2>&- >/dev/null", 0, ""),
        ("<&- >/dev/null", 0, ""),
    ],
    ids=["full", "no stdout", "no stderr", "no stdin"],
)
def test_a_stdout_that_is_full_or_closed_gets_no_traceback(redirected: str, code: int, said: str) -> None:
    """As a launcher leaves it that closes everything; nothing of ours is opened in its place."""
    command = f'"{sys.executable}" -m eventlake queries {redirected}'
    done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (code, "", said)


@pytest.mark.parametrize(
    "answer",
    [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b"SSH-2.0-server\r\n"],
    ids=["a page", "other JSON", "no HTTP"],
)
def test_another_program_at_the_address_of_a_bus_is_told_of(typed: Typed, tmp_path: Path, answer: bytes) -> None:
    """A web server, or one that speaks no HTTP: a sentence, and nothing counts as sent."""
    (tmp_path / "event.json").write_text(json.dumps(EVENT))

    def serve(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while b"e-1" not in connection.recv(65536):
                pass
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        said = typed("send", "event.json", "--bus", f"127.0.0.1:{listener.getsockname()[1]}")
        thread.join()

    assert "answered, and not as a bus does: is another program there?" in said.err
    assert (said.code, said.out) == (254, "")


def test_one_bad_line_of_forty_leaves_the_others_stored(typed: Typed, tmp_path: Path) -> None:
    """Line 17 is named; 39 are in the table; the bad one is kept as it came, and the exit code is 1."""
    lines = [json.dumps({**EVENT, "id": f"e-{number}"}) for number in range(1, 41)]
    lines[16] = "{this is not JSON"
    (tmp_path / "events.jsonl").write_text("\n".join(lines))

    said = typed("send", "events.jsonl")

    assert said.records == [{"file": "events.jsonl", "sent": 40, "stored": 39, "failed": 1}]
    assert said.code == 1
    assert "events.jsonl, line 17: The event is not JSON" in said.err
    assert typed("query", "select count(*) as n from pipeline_execution_state_change").records == [{"n": 39}]
    (failed,) = typed("failed").records
    assert failed["code"] == "NotJson"
    assert typed("failed", "show", failed["id"][:6]).records[0]["original"] == "{this is not JSON"
    assert typed("failed", "show", failed["id"], "--raw").out == "{this is not JSON"


def test_an_event_no_rule_wants_is_kept_and_explained(stored: Typed, tmp_path: Path) -> None:
    """`failed` has it, `explain` says which rule came nearest."""
    (tmp_path / "other.json").write_text(json.dumps({**EVENT, "id": "e-2", "source": "aws.other"}))

    assert stored("send", "other.json").code == 1
    assert stored("failed", "list").records[0]["code"] == "NoRuleMatched"
    said = stored("explain", "other.json")
    assert said.code == 1
    assert any(note.startswith('pipeline_execution_state_change: "source" is "aws.other"') for note in said.records[0]["notes"])


def test_an_answer_is_not_written_over_the_lake_itself(stored: Typed) -> None:
    """Its files are known by their names."""
    before = Path("lake/catalog.db").read_bytes()

    for target in ("lake/catalog.db", "./lake/objects/a.csv"):
        said = stored("query", "select 1 as a", "--output", "csv", "--to", target)
        assert (said.code, said.err) == (252, f'"{target}" lies within the lake, whose files are its own: name a file elsewhere.\n')

    assert Path("lake/catalog.db").read_bytes() == before


def test_explain_tells_of_each_event_by_itself(typed: Typed, tmp_path: Path) -> None:
    """A line each in JSON lines, a paragraph each for people, one list in JSON."""
    (tmp_path / "two").write_text(json.dumps(EVENT) + "\n" + json.dumps({**EVENT, "id": "e-2", "source": "aws.other"}))

    lines, text, whole = (typed("explain", "two", "--output", form) for form in ("jsonl", "table", "json"))

    assert [record["outcome"] for record in lines.records] == ["stored", "NoRuleMatched"]
    assert [part.splitlines()[0][:8] for part in text.out.split("\n\n")] == ["Event 1:", "Event 2:"]
    assert json.loads(whole.out) == lines.records
    assert lines.code == text.code == whole.code == 1


def test_explain_shows_the_log_line_and_its_partition(typed: Typed) -> None:
    """And what a reader should know about it; nothing is stored."""
    said = typed("explain", json.dumps({**EVENT, "detail": {"version": 6.0, "new-field": 1}}))

    (record,) = said.records
    assert record["table"] == "codepipeline_event_logs.pipeline_execution_state_change"
    assert record["line"]["version"] == "6"
    assert record["notes"] == ['No column keeps "new-field": in extra.']
    assert said.code == 0
    assert not Path("lake").exists()


def test_a_saved_query_takes_parameters(stored: Typed) -> None:
    """By name; the line after the answer goes to stderr, and --quiet leaves it out."""
    said = stored("query", "failures_by_provider", "--param", "days=3", "--output", "csv")

    assert said.code == 0
    assert "Athena would charge $" in said.err
    assert stored("query", "failures_by_provider", "--quiet").err == ""


def test_one_word_is_the_name_of_a_saved_query(stored: Typed) -> None:
    """What SQL begins with is said to who meant that."""
    said = stored("query", "select")
    assert (said.code, said.out) == (252, "")
    assert said.err.endswith("`eventlake queries` lists them; SQL begins with SELECT, WITH, VALUES, SHOW or DESCRIBE.\n")


def test_sql_comes_from_stdin(stored: Typed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`query -`."""
    (tmp_path / "question.sql").write_text("select pipeline, state from pipeline_execution_state_change -- all\n")
    with (tmp_path / "question.sql").open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert stored("query", "-").records == [{"pipeline": "web", "state": "FAILED"}]


@pytest.mark.parametrize(
    "words", [["--lake", "lake", "tables"], ["tables", "--lake", "lake"], ["--lake", "nowhere", "tables", "--lake", "lake"]]
)
def test_global_options_stand_before_or_after_the_command(stored: Typed, words: list[str]) -> None:
    """The one closer to the end counts."""
    records = {record["table"]: record for record in stored(*words).records}

    assert records["pipeline_execution_state_change"]["rows"] == 1


def test_the_environment_names_lake_and_sources(stored: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """EVENTLAKE_LAKE and EVENTLAKE_SOURCES."""
    (tmp_path / "lake").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("EVENTLAKE_LAKE", "elsewhere")
    monkeypatch.setenv("EVENTLAKE_SOURCES", str(tmp_path))

    said = stored("tables")
    assert said.code == 0
    assert "holds no source" in stored("sources").err


def test_partitions_and_explained_queries(stored: Typed) -> None:
    """Where an hour lies, and what a query would read."""
    (partition,) = stored("partitions", "codepipeline_event_logs.pipeline_execution_state_change").records
    said = stored("query", "select count(*) from pipeline_execution_state_change", "--explain")

    assert partition["location"] == f"pipeline_execution_state_change/{partition['date'].replace('-', '/')}/{partition['hour']}/"
    assert "1 of 1 objects" in said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(typed: Typed, command: str) -> None:
    """With -h too."""
    said = typed(command, "-h")

    assert said.code == 0
    assert said.out.startswith(f"Usage: eventlake {command}")
    assert "--lake" in said.out


@pytest.mark.parametrize("command", [[], ["backfill"]])
def test_what_is_called_without_a_command_shows_its_help(typed: Typed, command: list[str]) -> None:
    """Line by line, and as what it is: nothing was asked."""
    said = typed(*command)

    assert (said.code, said.out) == (252, "")
    assert said.err == typed(*command, "--help").out


def test_doctor_finds_what_is_missing_damaged_and_left_over(stored: Typed, tmp_path: Path) -> None:
    """Nothing first; then an object is cut, and a stranger's file lies in a partition."""
    sound = stored("doctor", "--output", "json")
    assert (sound.code, json.loads(sound.out)) == (0, [])
    (victim,) = (tmp_path / "lake/objects/pipeline_execution_state_change").rglob("*.parquet")
    victim.write_bytes(victim.read_bytes()[:-1])
    (victim.parent / "stranger.parquet").write_bytes(b"")

    said = stored("doctor")

    assert said.code == 1
    assert [record["severity"] for record in said.records] == ["warning", "error"]
    assert "not in the catalog" in said.records[0]["finding"]
    assert "is not what was written" in said.records[1]["finding"]
    query = stored("query", "select count(pipeline) from pipeline_execution_state_change")
    assert victim.name in query.err
    assert query.code == 1


# What needs a process of its own


def started(*words: str, folder: Path) -> subprocess.Popen[str]:
    """The command in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "eventlake", *words], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A bus over ./lake, and its URL."""
    process = started("serve", "--port", "0", "--buffer-seconds", "60", folder=tmp_path)
    assert process.stdout is not None
    url = process.stdout.readline().removeprefix("Ready: ").strip()
    yield process, url
    process.kill()
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.slow)])
def test_a_bus_that_is_ended_delivers_what_is_buffered(
    bus: tuple[subprocess.Popen[str], str], typed: Typed, tmp_path: Path, number: int
) -> None:
    """SIGTERM and Ctrl-C: exit code 0, nothing on stderr, the event is in the table."""
    process, url = bus
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    assert typed("send", "event.json", "--bus", url).code == 0
    process.send_signal(number)

    _, errors = process.communicate(timeout=120)

    assert (process.returncode, errors) == (0, "")
    assert typed("query", "select count(*) as n from pipeline_execution_state_change").records == [{"n": 1}]


@pytest.mark.slow
def test_a_bus_that_could_not_deliver_says_so_by_its_exit_code(
    bus: tuple[subprocess.Popen[str], str], typed: Typed, tmp_path: Path
) -> None:
    """4: something that was accepted waits for the next start, which delivers it."""
    process, url = bus
    (tmp_path / "event.json").write_text(json.dumps(EVENT))
    objects = tmp_path / "lake" / "objects"
    if objects.exists():
        objects.rename(tmp_path / "kept")
    objects.write_text("no folder")
    assert typed("send", "event.json", "--bus", url).code == 0
    process.send_signal(signal.SIGTERM)

    _, errors = process.communicate(timeout=120)
    objects.unlink()

    assert process.returncode == 4
    assert "Not everything could be delivered; it is kept in the spool, and the next start delivers it." in errors
    again = started("serve", "--port", "0", folder=tmp_path)
    assert again.stdout is not None
    again.stdout.readline()
    again.send_signal(signal.SIGTERM)
    assert again.wait(120) == 0
    again.communicate()
    assert typed("query", "select count(*) as n from pipeline_execution_state_change").records == [{"n": 1}]


@pytest.mark.slow
def test_a_lake_has_one_writer_and_says_who(bus: tuple[subprocess.Popen[str], str], typed: Typed, tmp_path: Path) -> None:
    """The sentence names command, process and the way out; readers are not in the way."""
    process, url = bus
    (tmp_path / "event.json").write_text(json.dumps(EVENT))

    said = typed("send", "event.json")

    assert said.code == 253
    assert f"is being written by serve (process {process.pid}" in said.err
    assert f"--bus {url}" in said.err
    assert typed("tables").code == 0


def test_a_port_in_use_is_named(typed: Typed, tmp_path: Path) -> None:
    """With the way out, and no lake is begun."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = typed("serve", "--port", str(taken.getsockname()[1]))

    assert said.code == 253
    assert "Address already in use. Choose another --port" in said.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(typed: Typed, tmp_path: Path) -> None:
    """It cannot hold a lake."""
    (tmp_path / "locked").mkdir(mode=0o555)
    (tmp_path / "event.json").write_text(json.dumps(EVENT))

    said = typed("send", "event.json", "--lake", "locked/lake")

    assert said.code == 253
    assert "Permission denied" in said.err


def full_pipe() -> tuple[int, int]:
    """Both ends of a pipe that takes nothing before somebody reads: whoever writes into it waits."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with suppress(BlockingIOError):
        while os.write(writing, bytes(1 << 16)):
            pass
    os.set_blocking(writing, True)
    return reading, writing


@pytest.mark.parametrize("words", one_in(3, [["demo", "--no-serve"], ["send", "-"], ["query", "-"]]))
def test_ctrl_c_ends_a_command_with_130(tmp_path: Path, words: list[str], stored: Typed) -> None:
    """One word, no traceback; a demo cannot be done before, as nobody takes what it says."""
    reading, writing = full_pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "eventlake", *words, *(["--lake", "demo-lake"] if words[0] == "demo" else [])],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and not _waits_or_works(process, tmp_path):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)

    with os.fdopen(reading, "rb") as said:
        said.read()
    _, errors = process.communicate(timeout=120)

    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "Interrupted."
    assert "Traceback" not in errors


def test_an_import_that_ctrl_c_broke_off_holds_up_no_other_thread() -> None:
    """Who begins a process waits for the lock of imports; who does not hold it changes nothing."""
    _imp.acquire_lock()
    _imp.acquire_lock()

    let_imports_go()
    let_imports_go()

    assert not _imp.lock_held()


def test_ctrl_c_while_modules_are_loaded_is_one_word_too(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever is quicker than Python gets no traceback of what it was reading."""

    class Quick:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "eventlake.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "eventlake.cli")
    monkeypatch.setattr(sys, "meta_path", [Quick(), *sys.meta_path])

    with pytest.raises(SystemExit) as ended:
        command()

    assert ended.value.code == 130
    assert capfd.readouterr() == ("", "Interrupted.\n")


def test_ctrl_c_in_a_text_that_exec_runs_ends_with_130_too(tmp_path: Path) -> None:
    """Python itself would end `python -m` by SIGINT, and a shell's `&&` or a supervisor would see a killed process."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "class Quick:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'eventlake.cli':\n"
        "            exec('raise KeyboardInterrupt')\n"
        "sys.meta_path.insert(0, Quick())\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])}

    ended = subprocess.run([sys.executable, "-m", "eventlake", "tables"], env=environment, capture_output=True, text=True)

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "Interrupted.\n")


def test_ctrl_c_within_a_statement_of_duckdb_is_no_error_of_its(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """DuckDB hears it in Python's place, and tells it as a RuntimeError without a cause, as while rows are written to Parquet."""

    def interrupted(*_: object, **__: object) -> None:
        raise RuntimeError("Query interrupted")

    monkeypatch.setattr(eventlake, "main", interrupted)

    assert run(["query", "select 1", "--to", "answer.parquet"]) == 130
    assert capfd.readouterr() == ("", "Interrupted.\n")


def test_ctrl_c_while_a_process_ends_shows_no_traceback(tmp_path: Path) -> None:
    """What is told is told; whoever waits for the shell's prompt only gets it sooner."""
    (tmp_path / "sitecustomize.py").write_text("import atexit, os, signal\natexit.register(os.kill, os.getpid(), signal.SIGINT)\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *os.environ.get("PYTHONPATH", "").split(os.pathsep)])}

    ended = subprocess.run([sys.executable, "-m", "eventlake", "nothing"], env=environment, capture_output=True, text=True)

    assert ended.returncode == -signal.SIGINT
    assert len(ended.stderr.splitlines()) == 1


def _waits_or_works(process: subprocess.Popen[str], folder: Path) -> bool:
    """Whether the command reads stdin, or its bus has begun."""
    if (folder / "demo-lake" / "spool").exists():
        return True
    try:
        return Path(f"/proc/{process.pid}/syscall").read_text().startswith("0 0x0 ")
    except OSError:
        return True


def test_a_broken_pipe_is_no_error(tmp_path: Path, stored: Typed) -> None:
    """`eventlake tables | head -1`."""
    command = f'"{sys.executable}" -m eventlake queries | head -1; exit "${{PIPESTATUS[0]}}"'
    said = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (said.returncode, said.stderr) == (0, "")


def test_detections_are_listed_and_one_shown_in_full(typed: Typed) -> None:
    """All with how bad and how often, one with its thresholds and what to do; a typo gets the nearest name."""
    listed = typed("detections").records
    assert {"detection": "log_stream_stopped", "severity": "critical", "every": "5m", "window": "1h"}.items() <= listed[
        [one["detection"] for one in listed].index("log_stream_stopped")
    ].items()
    [one] = json.loads(typed("detections", "credential_stuffing", "--output", "json").out)
    assert [each["name"] for each in one["parameters"]] == ["users"]
    assert one["tables"] == ["auth0_logs"]
    shown = typed("detections", "credential_stuffing", "--output", "table").out
    assert "Runs every 5m over the last 1h, and 15m more for what comes late." in shown
    assert "--param users=...  int, default 10: " in shown
    refused = typed("detections", "credential_stufing")
    assert (refused.code, refused.err) == (
        252,
        'There is no detection "credential_stufing". Did you mean "credential_stuffing"? `eventlake detections` lists them.\n',
    )


def test_detections_are_listed_with_their_last_alert(typed: Typed, tmp_path: Path) -> None:
    """Of the lake in the folder, the newest of those that were opened; of the others there is none."""
    detail = {
        "alert-id": "a",
        "state": "opened",
        "severity": "medium",
        "detection": "rollback",
        "title": "A rollback",
        "key": "web",
        "events": 1,
    }
    alert = {"source": "eventlake", "detail-type": "eventlake Alert", "time": "2026-11-20T10:00:00Z"}
    opened = ["2026-11-19T10:00:00Z", "2026-11-20T10:00:00Z"]
    events = [alert | {"id": str(number), "detail": detail | {"opened": moment}} for number, moment in enumerate(opened)]
    (tmp_path / "alerts.json").write_text(json.dumps(events))
    assert typed("send", "alerts.json").code == 0

    listed = {one["detection"]: one["last_alert"] for one in typed("detections").records}

    assert listed["rollback"] == "2026-11-20 10:00:00.000"
    assert listed["log_stream_stopped"] is None


def test_sources_check_reads_detections_and_saved_queries(typed: Typed, tmp_path: Path) -> None:
    """What stops them is found before a bus starts with them, by file, and counted as what samples do."""
    shop = tmp_path / "own" / "shop"
    for folder in ("detections", "queries"):
        (shop / folder).mkdir(parents=True)
    (shop / "source.toml").write_text(SHOP, "utf-8")
    (shop / "detections" / "many.sql").write_text(ORDERS.replace("severity high", "severity urgent"), "utf-8")
    (shop / "queries" / "all.sql").write_bytes("-- Aufträge\nselect who from orders\n".encode("latin-1"))

    said = typed("sources", "check", "own", "--output", "jsonl")
    assert (said.code, said.records) == (1, [{"source": "shop", "tables": 1, "samples": 0, "findings": 2}])
    assert 'shop/detections/many.sql: "-- severity urgent" is no severity.' in said.err
    assert "shop/queries/all.sql: is not UTF-8: byte 8 is 0xe4." in said.err

    (shop / "detections" / "many.sql").write_text(ORDERS, "utf-8")
    (shop / "queries" / "all.sql").unlink()
    assert typed("sources", "check", "own").code == 0


def test_a_saved_query_or_detection_that_cannot_be_read_is_left_out(stored: Typed, tmp_path: Path) -> None:
    """It is named, the others are listed and answer, and who asks for it is told why it cannot be asked."""
    shop = shop_with_a_wrong_query(tmp_path / "own")
    (shop / "detections" / "many.sql").write_bytes(ORDERS.replace("Many", "Männer").encode("latin-1"))
    first = 'shop/queries/first.sql: the parameter "n" is a whole number of 19 digits at most, not "abc".'
    many = "shop/detections/many.sql: is not UTF-8: byte 4 is 0xe4."

    listed = stored("queries", "--sources", "own")
    assert (listed.code, listed.err) == (0, f"{first} It is left out.\n")
    assert {"second", "rollbacks"} <= {one["query"] for one in listed.records}
    assert stored("send", "event.json", "--sources", "own").code == 0
    assert stored("query", "second", "--sources", "own").code == 0
    wrong = [stored(*words, "--sources", "own") for words in (("queries", "first"), ("query", "first"), ("query", "shop/first"))]
    assert {(said.code, said.err) for said in wrong} == {(253, f"{first}\n")}
    wrong = [stored(*words, "--sources", "own") for words in (("query", "detections/many"), ("detections",), ("detections", "test"))]
    assert {(said.code, said.err) for said in wrong} == {(253, f"{many}\n")}


def test_detections_are_tried_on_their_tests(typed: Typed) -> None:
    """One outcome a try, and their number; nothing is wrong with a built-in one."""
    said = typed("detections", "test", "log_stream_stopped")
    assert said.code == 0
    assert {one["outcome"] for one in said.records} == {"ok"}
    assert said.err == f"1 detection, {len(said.records)} tries, 0 wrong.\n"


def test_a_named_detection_without_tests_is_not_taken_for_one_that_passes(typed: Typed, tmp_path: Path) -> None:
    """It is said, also with --quiet, and the command ends with 1."""
    detections = tmp_path / "own" / "shop" / "detections"
    detections.mkdir(parents=True)
    (detections.parent / "source.toml").write_text(SHOP, "utf-8")
    (detections / "many.sql").write_text(ORDERS, "utf-8")
    said = typed("detections", "test", "many", "--sources", "own", "--quiet")
    assert (said.code, said.out, said.err) == (1, "", "many has no tests: write shop/detections/many.test.json.\n")

    (detections / "many.test.json").write_text('{"cases": []}', "utf-8")
    assert typed("detections", "test", "many", "--sources", "own").code == 1


@pytest.mark.slow
def test_sigma_rule_becomes_a_detection_that_is_tried(typed: Typed, tmp_path: Path) -> None:
    """Two files in the folder of a source; never over another file, and nothing of a rule that is not read."""
    rule = "title: Sign-ups\nlogsource: {product: auth0}\ndetection:\n  s: {type: SS}\n  condition: s | count() by ip > 2\n"
    (tmp_path / "rule.yml").write_text(rule)
    drafted = typed("detections", "import", "rule.yml", "--to", "own")
    assert drafted.code == 0
    assert [one["file"] for one in drafted.records] == ["own/detections/sign_ups.sql", "own/detections/sign_ups.test.json"]
    assert drafted.err.startswith("7 tries of the draft, 0 wrong.")

    again = typed("detections", "import", "rule.yml", "--to", "own")
    assert (again.code, "is there already" in again.err) == (252, True)
    (tmp_path / "rule.yml").write_text(rule.replace("type:", "tpye:"))
    refused = typed("detections", "import", "rule.yml", "--to", "other")
    assert refused.code != 0
    assert refused.err.startswith('rule.yml, line 4: the table auth0_logs has no column for the field "tpye". Did you mean "type"?')
    assert not (tmp_path / "other").exists()
    missing = typed("detections", "import", "rules.yml")
    assert (missing.code, missing.err) == (252, '"rules.yml" cannot be read: No such file or directory.\n')


def test_detection_is_asked_about_now_and_about_the_past(typed: Typed, tmp_path: Path) -> None:
    """As a query over the window that ends now; as one row a key of what would have been told, with other thresholds if one likes."""
    failed = {
        **EVENT,
        "detail": {"pipeline": "web", "execution-id": "x-1", "state": "STARTED", "execution-trigger": {"trigger-type": "ManualRollback"}},
    }
    (tmp_path / "event.json").write_text(json.dumps(failed))
    assert typed("send", "event.json").code == 0
    assert typed("query", "detections/rollback").records == []
    said = typed("detections", "backtest", "rollback", "--days", "2", "--until", "2026-11-21")
    assert [(one["key"], one["events"], one["alerts"]) for one in said.records] == [("web", 1, 1)]
    assert said.err == "1 alert in 2 days.\n"
    assert typed("detections", "backtest").err.startswith("detections backtest takes the NAME of a detection, or --all.")


def test_backtest_takes_a_threshold_that_some_detection_has(stored: Typed) -> None:
    """One that none has was mistyped."""
    wrong = stored("detections", "backtest", "stuck", "--param", "huors=2")
    assert (wrong.code, wrong.err) == (252, 'The detection "stuck" has no threshold "huors". Did you mean "hours"?\n')
    assert stored("detections", "backtest", "--all", "--param", "people=2").err.startswith('No detection has a threshold "people".')
    untyped = stored("detections", "backtest", "credential_stuffing", "--param", "users=x")
    assert (untyped.code, untyped.err) == (
        252,
        'The detection "credential_stuffing": the threshold "users" is a whole number of 19 digits at most, not "x".\n',
    )


@pytest.mark.slow
def test_a_threshold_is_for_the_detections_that_have_it(stored: Typed) -> None:
    """The others are asked with their own."""
    every = stored("detections", "backtest", "--all", "--days", "1", "--until", "2026-11-21", "--param", "users=2")
    assert (every.code, every.err) == (0, "0 alerts in 1 day.\n")


def test_sources_that_are_off_are_listed_and_told_of(typed: Typed) -> None:
    """`sources available` says which are on; one that is off is no typo."""
    states = {record["source"]: record["state"] for record in typed("sources", "available", "--sources", "ecs").records}

    assert (states["ecs"], states["guardduty"]) == ("on", "off")
    assert "switch it on with --sources guardduty" in typed("sources", "guardduty").err
    assert 'Did you mean "guardduty"?' in typed("sources", "--sources", "guarddty").err


def test_an_event_of_a_source_that_is_off_is_explained_by_its_switch(typed: Typed) -> None:
    """Once the source is named, the event is stored."""
    event = str(OPTIONAL / "health" / "samples" / "issue-open.event.json")
    (record,) = typed("explain", event).records
    (named,) = typed("explain", event, "--sources", "health").records

    assert record["notes"][0] == "health, which is off, takes it: switch it on with --sources health."
    assert (named["outcome"], named["table"]) == ("stored", "health_event_logs.health_event")
