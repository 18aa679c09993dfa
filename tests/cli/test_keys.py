"""`keys`, and what a lake holds of people whose data it masks."""

from __future__ import annotations

import base64
import contextlib
import gzip
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from eventlake.cli import run
from eventlake.history import demo_history
from eventlake.local.importing import Importer
from eventlake.sources import load

PRIVACY = """
[auth0_logs]
user_id = "hmac"
user_name = "hmac"
ip = "network"
"details.prompts[].user_name" = "mask"
"extra.email" = "drop"
"""
TOLD = ["auth0|5f7c8ec7", "ada.lovelace@example.com", "203.0.113.77"]
"""What the entry says of a person."""


def entry(number: int, date: str, person: str = TOLD[0]) -> str:
    """An entry of a tenant's log."""
    data = {
        "log_id": f"9{number}",
        "date": f"{date}T10:00:00.000Z",
        "type": "s",
        "user_id": person,
        "user_name": TOLD[1],
        "ip": TOLD[2],
        "email": TOLD[1],
        "details": {"prompts": [{"name": "login", "user_name": TOLD[1]}]},
    }
    return json.dumps({"log_id": f"9{number}", "data": data})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two entries and what becomes of them, in which commands are typed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTLAKE_SOURCES", "mine")
    monkeypatch.setenv("EVENTLAKE_LAKE", "lake")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/privacy.toml").write_text(PRIVACY)
    (tmp_path / "log.jsonl").write_text(entry(1, "2026-11-20") + "\n" + entry(2, "2025-01-02") + "\n")
    return tmp_path


def rows(capfd: pytest.CaptureFixture[str], sql: str) -> list[dict[str, str]]:
    """The rows that a query prints."""
    capfd.readouterr()
    assert run(["query", sql, "--output", "jsonl"]) == 0
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_without_a_key_nothing_is_written(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The sentence says which command makes one; then all is delivered."""
    assert run(["send", "log.jsonl"]) == 253
    assert "eventlake keys new" in capfd.readouterr().err
    assert not list(folder.glob("lake/objects/**/*.parquet"))

    assert run(["keys", "new"]) == 0
    assert run(["send", "log.jsonl"]) == 0
    assert len(rows(capfd, "select log_id from auth0_logs")) == 2


def test_serve_wants_the_key_before_it_takes_events(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It ends at once."""
    assert run(["serve", "--port", "0"]) == 253
    assert "make one with `eventlake keys new --lake lake`" in capfd.readouterr().err


def test_doctor_tells_of_a_key_that_is_gone(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Before the next start refuses."""
    run(["keys", "new"])
    assert run(["send", "log.jsonl", "--quiet"]) == 0
    (folder / "lake/pseudonyms.json").unlink()
    capfd.readouterr()

    assert run(["doctor", "--output", "jsonl"]) == 1

    (found,) = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert "holds no key" in found["finding"]
    assert "What was accepted waits in the spool" in found["remedy"]


@pytest.mark.slow
def test_a_key_that_is_lost_while_events_come_lets_nothing_be_written_unmasked(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What runs goes on with the key that it has; begun again, it writes nothing, takes on and tells, and delivers all once the key is back."""
    run(["keys", "new"])
    first, second = (folder / "log.jsonl").read_text().splitlines()

    def objects() -> list[bytes]:
        return [_bytes(file) for file in folder.glob("lake/objects/[!.]*/**/*") if file.is_file()]

    said = (folder / "said").open("w")
    bus = subprocess.Popen(
        [sys.executable, "-m", "eventlake", "serve", "--port", "0", "--buffer-seconds", "0.1", "--no-detections", "--no-close"],
        stdout=subprocess.PIPE,
        stderr=said,
        text=True,
    )
    try:
        assert bus.stdout is not None
        port = int(bus.stdout.readline().rsplit(":", 1)[1])
        assert _post(port, "POST", "/events", first)[0] == 200
        _until(lambda: len(objects()) == 1)
        (folder / "lake/pseudonyms.json").rename(folder / "kept")
        assert _post(port, "POST", "/events", second)[0] == 200
        _until(lambda: len(objects()) == 2)
        os.kill(json.loads((folder / "lake/lock").read_text())["delivering"], signal.SIGKILL)
        assert _post(port, "POST", "/events", entry(3, "2026-11-21"))[0] == 200
        _until(lambda: "is to become a pseudonym, and the lake has no key" in (folder / "said").read_text())
        _until(lambda: json.loads(_post(port, "GET", "/healthz")[1])["status"] != "ok")  # which it is while the next process begins
        written = objects()
        (folder / "kept").rename(folder / "lake/pseudonyms.json")
        _until(lambda: json.loads(_post(port, "GET", "/healthz")[1])["pending_bytes"] == 0)
    finally:
        bus.terminate()
        bus.communicate(timeout=60)
        said.close()
    found = rows(capfd, "select user_id from auth0_logs")

    assert not [told for told in TOLD if told.encode() in b"".join(written)]
    assert len(written) == 2
    assert [row["user_id"][:3] for row in found] == ["k1:"] * 3
    assert len({row["user_id"] for row in found}) == 1


@pytest.mark.parametrize("form", ["parquet", "json"])
def test_no_byte_of_the_objects_says_who_it_was(folder: Path, capfd: pytest.CaptureFixture[str], form: str) -> None:
    """Nor of the catalog; the same person still joins, and the network of the address is there."""
    run(["keys", "new"])
    with Importer(folder / "lake", load([folder / "mine"]), log_format=form):
        pass  # the lake is made
    assert run(["send", "log.jsonl"]) == 0

    found = rows(capfd, "select * from auth0_logs")

    assert {row["user_id"] for row in found} == {found[0]["user_id"]}
    assert found[0]["user_id"].startswith("k1:")
    assert {row["ip"] for row in found} == {"203.0.113.0/24"}
    kept = json.dumps(found).encode() + b"".join(
        _bytes(file) for file in folder.glob("lake/**/*") if file.is_file() and file.parent.name != "spool"
    )
    assert b"203.0.113.0/24" in kept
    assert not [told for told in TOLD if told.encode() in kept]


@pytest.mark.parametrize("words", [["send", "log.jsonl"], ["backfill", "files", "log.jsonl"]], ids=["send", "backfill"])
def test_failed_records_say_no_more(folder: Path, capfd: pytest.CaptureFixture[str], words: list[str]) -> None:
    """An event that its table cannot hold is kept masked, in the columns' places and in `extra`; tried again it fails for the same reason."""
    run(["keys", "new"])
    detail = entry(1, "2026-11-20").replace('"type": "s"', '"type": "s", "odd": 1e999')
    envelope = '"id": "1", "source": "aws.partner/auth0.com/t/logs", "detail-type": "Auth0 log", "time": "2026-11-20T10:00:00Z"'
    (folder / "log.jsonl").write_text(f'{{{envelope}, "detail": {detail}}}')

    assert run(words) == 1

    assert run(["failed", "--output", "jsonl"]) in {0, 1}
    listed = [json.loads(line) for line in capfd.readouterr().out.splitlines() if "NotANumber" in line]
    assert len(listed) == 1
    run(["failed", "show", listed[0]["id"], "--raw"])
    record = json.loads(capfd.readouterr().out)["detail"]["data"]
    assert (record["ip"], record["details"]["prompts"][0]["user_name"], record["email"]) == ("203.0.113.0/24", "***", None)
    assert record["user_id"].startswith("k1:")
    assert not _told(folder)
    assert run(["failed", "redrive", "--dry-run"]) in {0, 1}
    assert "NotANumber" in capfd.readouterr().out


def _told(folder: Path) -> list[Path]:
    """The files of the lake that say who it was, but those of the spool."""
    files = [file for file in folder.glob("lake/**/*") if file.is_file() and "spool" not in file.parts]
    return [file for file in files if any(told.encode() in _bytes(file) + _originals(file) for told in TOLD)]


def _originals(file: Path) -> bytes:
    """What the failed records of an object hold, which is in base64."""
    if "error" not in file.parts:
        return b""
    return b"".join(base64.b64decode(json.loads(line)["rawData"]) for line in _bytes(file).splitlines())


def _bytes(file: Path) -> bytes:
    return gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()


def test_keys_are_listed_and_not_shown(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A second one holds from its day on; the file is its owner's."""
    run(["keys", "new", "--since", "2025-01-01"])
    run(["keys", "new", "--since", "2026-01-01"])
    capfd.readouterr()

    assert run(["keys", "--output", "jsonl"]) == 0

    listed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(key["name"], key["since"]) for key in listed] == [("k1", "2025-01-01"), ("k2", "2026-01-01")]
    assert (folder / "lake/pseudonyms.json").stat().st_mode & 0o777 == 0o600
    run(["send", "log.jsonl"])
    assert {row["k"] for row in rows(capfd, "select substr(user_id, 1, 2) k from auth0_logs")} == {"k1", "k2"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["keys", "new", "--since", "2026-13-01"], '--since is "2026-13-01", expected a day'),
        (["keys", "nwe"], 'There is no command "nwe". Did you mean "new"?'),
        (["keys", "new", "--since", "2026-11-20"], "There is a key since 2026-11-20 already"),
    ],
)
def test_a_slip_is_told(folder: Path, capfd: pytest.CaptureFixture[str], words: list[str], sentence: str) -> None:
    """In one sentence."""
    run(["keys", "new", "--since", "2026-11-20"])
    capfd.readouterr()

    assert run(words) == 252
    assert sentence in capfd.readouterr().err


def test_a_file_that_holds_no_keys_is_told(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With the form that it has."""
    (folder / "lake").mkdir()
    (folder / "lake/pseudonyms.json").write_text("secret")

    assert run(["keys"]) == 253
    assert "lake/pseudonyms.json holds no keys of pseudonyms" in capfd.readouterr().err


PEOPLE = """
name = "people"
title = "People"
doc = "Who is whom."
reference = "https://example.com/people"
database = "people_event_logs"

[[table]]
name = "people"
doc = "One log line for each person that somebody entered."
pattern = { source = ["people.example.com"], detail-type = ["Entered"] }
columns = [
  { name = "person", type = "string", from = "$.detail.person", personal = "hmac", doc = "Id of the user." },
  { name = "number", type = "int", from = "$.detail.number", doc = "Counts the people." },
]
"""


def _post(port: int, method: str, path: str, body: str = "") -> tuple[int, bytes]:
    """Status and body of an answer of the bus."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request(method, path, body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read()


def _until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.slow
def test_people_join_over_tables_and_years(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Entries of two years, of the demo's people, find who entered them in another source's table, and nobody else."""
    years = [demo_history(datetime(year, 11, 20, tzinfo=UTC)).lines() for year in (2025, 2026)]
    entries = [line for lines in years for line in islice((line for line in lines if b'"user_id"' in line), 400)]
    users = [json.loads(line)["detail"]["data"].get("user_id", "") for line in entries]
    people = [user for user in dict.fromkeys(users) if user]
    (folder / "log.jsonl").write_bytes(b"".join(line.rstrip() + b"\n" for line in entries))
    (folder / "people.jsonl").write_text("".join(entered(number, person) + "\n" for number, person in enumerate(people)))
    (folder / "mine/people").mkdir()
    (folder / "mine/people/source.toml").write_text(PEOPLE)
    run(["keys", "new"])
    assert run(["send", "log.jsonl", "people.jsonl"]) == 0

    joined = "auth0_event_logs.auth0_logs l join people_event_logs.people p on l.user_id = p.person"
    found = rows(capfd, f"select p.number, count(distinct year(l.event_time)) years, count(*) n from {joined} group by 1 order by 1")

    assert [int(row["n"]) for row in found] == [users.count(person) for person in people]
    assert max(int(row["years"]) for row in found) == 2


def entered(number: int, person: str) -> str:
    """An event that enters a person."""
    envelope = {"id": f"p-{number}", "source": "people.example.com", "detail-type": "Entered", "time": "2026-11-20T10:00:00Z"}
    return json.dumps({**envelope, "detail": {"person": person, "number": number}})


def test_detections_are_tried_as_they_are_declared(folder: Path) -> None:
    """Their cases name people; a lake that masks them changes nothing about what a detection should find."""
    assert run(["detections", "test", "refresh_token_reuse", "--quiet"]) == 0
