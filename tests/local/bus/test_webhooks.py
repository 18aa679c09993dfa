"""Webhooks of providers: a token of their own, durable before 200, what is no entry is kept, all formats give the same events."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from closing_lake import close
from eventlake.errors import ConfigurationError, StorageError
from eventlake.local.bus.webhooks import Webhooks
from eventlake.local.importing import Importer
from eventlake.local.spool.frames import EVENT, REJECTED
from eventlake.local.spool.rejection import unpack
from eventlake.local.webhook_tokens import TOKENS, VARIABLE, TokensOfLake, check_webhooks
from eventlake.pipeline.webhook_tokens import WebhookTokens
from eventlake.sources import load
from local.bus.test_bus import Caller
from power import Disk
from web.test_serving import Served

SOURCES = load()
TOKEN, NEXT, OF_BUS = "0123456789abcdef", "fedcba9876543210", "token-of-the-bus-1"
ENTRIES = [{"log_id": f"90{number}", "data": {"date": "2026-11-20T10:00:00.000Z", "type": "f"}} for number in range(3)]
ARRAY = json.dumps(ENTRIES).encode()
LINES = "\n".join(map(json.dumps, ENTRIES)).encode()


def posting(folder: Path, tokens: Callable[[], WebhookTokens] | None = None, **options: Any) -> Caller:  # Bus's own options
    """A bus with webhooks."""
    known = WebhookTokens({"auth0": [TOKEN]})
    return Caller(folder, webhooks=Webhooks(SOURCES, tokens or (lambda: known)), **options)


def posted(caller: Caller, body: bytes, token: str = TOKEN, **headers: str) -> tuple[int, Any, dict[str, str]]:
    """What Auth0 is answered."""
    return caller.call("POST", "/webhooks/auth0", body, authorization=token, **headers)


@pytest.mark.parametrize("body", [ARRAY, LINES, json.dumps({"logs": ENTRIES}).encode()], ids=["array", "lines", "object"])
@pytest.mark.parametrize("zipped", [False, True])
def test_all_formats_give_the_same_events(tmp_path: Path, body: bytes, zipped: bool) -> None:
    """Plain or gzip; each under the id that follows from Auth0's own."""
    caller = posting(tmp_path)

    status, said, _ = posted(caller, gzip.compress(body), content_encoding="gzip") if zipped else posted(caller, body)

    assert (status, said["accepted"], said["rejected"]) == (200, 3, 0)
    events = [json.loads(frame.body) for frame in caller.frames()]
    assert [event["detail"] for event in events] == ENTRIES
    assert [event["id"] for event in events] == [one["id"] for one in said["events"]]
    assert {(event["detail-type"], event["time"]) for event in events} == {("Auth0 log", "2026-11-20T00:00:00Z")}


def test_a_single_entry_is_a_body(tmp_path: Path) -> None:
    """As the format of objects has it."""
    caller = posting(tmp_path)

    assert posted(caller, json.dumps(ENTRIES[0]).encode())[0] == 200
    assert len(caller.frames()) == 1


def test_what_is_posted_again_has_the_same_ids(tmp_path: Path) -> None:
    """So that closing counts it once."""
    caller = posting(tmp_path)

    first, again = posted(caller, ARRAY)[1], posted(caller, LINES)[1]

    assert first["events"] == again["events"]


def test_what_is_no_entry_is_kept_and_its_neighbours_are_stored(tmp_path: Path) -> None:
    """Auth0 is told 200, because the same body again would not be better."""
    caller = posting(tmp_path)
    broken = b'{"log_id": "1", "data": {"type"'

    status, said, _ = posted(caller, json.dumps(ENTRIES[0]).encode() + b"\n" + broken + b"\n" + json.dumps(ENTRIES[1]).encode())

    assert (status, said["accepted"], said["rejected"]) == (200, 2, 1)
    frames = caller.frames()
    assert [frame.kind for frame in frames] == [EVENT, REJECTED, EVENT]
    assert unpack(frames[1].body)[1] == broken


@pytest.mark.parametrize("given", ["", "Bearer ", OF_BUS, f"Bearer {OF_BUS}", TOKEN[:-1], TOKEN.upper(), f"Basic {TOKEN}"])
def test_who_shows_no_token_of_the_webhook_is_refused(tmp_path: Path, given: str) -> None:
    """The bus's own opens no webhook."""
    caller = posting(tmp_path, token=OF_BUS)

    status, said, headers = posted(caller, ARRAY, given)

    assert (status, headers["www-authenticate"], TOKEN in said["message"]) == (401, "Bearer", False)
    assert caller.frames() == []


def test_the_token_of_a_webhook_opens_nothing_else(tmp_path: Path) -> None:
    """Neither the bus, nor an event of another source through the webhook."""
    caller = posting(tmp_path, token=OF_BUS)
    event = {"id": "e", "detail-type": "CodePipeline Pipeline Execution State Change", "source": "aws.codepipeline", "detail": {}}

    assert caller.call("POST", "/events", json.dumps(event).encode(), authorization=f"Bearer {TOKEN}")[0] == 401
    assert posted(caller, json.dumps(event).encode())[1]["rejected"] == 1
    assert [frame.kind for frame in caller.frames()] == [REJECTED]


@pytest.mark.parametrize(
    ("path", "status"), [("/webhooks/codepipeline", 404), ("/webhooks/", 404), ("/webhooks/auth0/", 404), ("/webhooks/nobody", 404)]
)
def test_there_is_no_webhook_of_other_sources(tmp_path: Path, path: str, status: int) -> None:
    """Nor under other paths."""
    assert posting(tmp_path).call("POST", path, ARRAY, authorization=TOKEN)[0] == status


def test_only_posts_are_taken(tmp_path: Path) -> None:
    """The answer says so."""
    status, _, headers = posting(tmp_path).call("GET", "/webhooks/auth0", authorization=TOKEN)

    assert (status, headers["allow"]) == (405, "POST")


def test_without_a_token_a_webhook_is_closed(tmp_path: Path) -> None:
    """Nobody is let in because nobody said who may."""
    caller = posting(tmp_path, lambda: WebhookTokens({"auth0": []}))

    status, said, _ = posted(caller, ARRAY, "")

    assert (status, "no token" in said["message"]) == (404, True)


@pytest.mark.parametrize("error", [ConfigurationError("broken"), StorageError("gone")])
def test_tokens_that_cannot_be_read_are_no_reason_to_lose_anything(tmp_path: Path, error: Exception) -> None:
    """Auth0 is told to come again."""

    def unreadable() -> WebhookTokens:
        raise error

    status, _, headers = posted(posting(tmp_path, unreadable), ARRAY)

    assert (status, headers["retry-after"]) == (503, "60")


def test_a_disk_that_refuses_is_no_200(tmp_path: Path) -> None:
    """Nothing of it is stored; Auth0 is told when to come again."""

    class Refusing(Disk):
        def sync(self, descriptor: int) -> None:
            """Fail."""
            raise OSError(5, "Input/output error")

    caller = posting(tmp_path, disk=Refusing())

    status, _, headers = posted(caller, ARRAY)

    assert (status, headers["retry-after"]) == (503, "10")


def test_a_token_is_replaced_without_a_new_start(tmp_path: Path) -> None:
    """Old, both, new: each as the file is at the moment of a request."""
    file = tmp_path / TOKENS
    tokens = TokensOfLake(tmp_path, {})
    assert not tokens.now().has("auth0")
    for held in ([TOKEN], [TOKEN, NEXT], [NEXT]):
        file.write_text(json.dumps({"auth0": held}))
        assert [tokens.now().admit("auth0", given.encode()) for given in (TOKEN, NEXT)] == [given in held for given in (TOKEN, NEXT)]


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    """As where a container is given its secrets."""
    (tmp_path / TOKENS).write_text(json.dumps({"auth0": [TOKEN]}))

    tokens = TokensOfLake(tmp_path, {VARIABLE: f"auth0={NEXT}"}).now()

    assert (tokens.admit("auth0", TOKEN.encode()), tokens.admit("auth0", NEXT.encode())) == (False, True)


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        (None, 0, []),
        (json.dumps({"auth0": [TOKEN]}), 0o600, []),
        ("{", 0o600, ["holds no tokens of webhooks"]),
        (json.dumps({"auth0": []}), 0o600, ['The webhook of "auth0" has no token']),
        (json.dumps({"autho": [TOKEN]}), 0o600, ['for the webhook of "autho", and no such source']),
        (json.dumps({"auth0": [TOKEN]}), 0o644, ["other users may read it"]),
    ],
)
def test_doctor_names_what_keeps_a_webhook_closed(tmp_path: Path, text: str | None, mode: int, told: list[str]) -> None:
    """And tokens that others may read; a lake that wants no webhook has no finding."""
    if text is not None:
        (tmp_path / TOKENS).write_text(text)
        (tmp_path / TOKENS).chmod(mode)

    found = list(check_webhooks(tmp_path, {}, SOURCES))

    assert [part in one.sentence for one, part in zip(found, told, strict=True)] == [True] * len(told)
    assert not any(TOKEN in one.sentence + one.remedy for one in found)


@pytest.mark.slow
def test_what_auth0_posts_twice_is_one_row_of_a_closed_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole way, with a bus in a process of its own that is killed after its answer."""
    folder = tmp_path / "lake"
    Importer(folder, SOURCES).close()
    monkeypatch.setenv(VARIABLE, f"auth0={TOKEN}")
    for body in (ARRAY, LINES):
        served = Served(folder)
        status = served.ask("POST", "/webhooks/auth0", body, authorization=TOKEN)[0]
        served.process.kill()
        served.process.communicate()
        assert status == 200

    def typed(*words: str) -> str:
        command = [sys.executable, "-m", "eventlake", *words, "--lake", str(folder)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    typed("close")  # it delivers what the killed ones left
    count = "select count(*) as n from auth0_logs"
    assert json.loads(typed("query", count, "--output", "json")) == [{"n": 6}]
    close(folder, datetime.now(UTC) + timedelta(days=2), "auth0_logs")

    said = typed("query", "select log_id, event_origin, count(*) as n from auth0_logs group by 1, 2 order by 1", "--output", "json")

    assert json.loads(said) == [{"log_id": f"90{number}", "event_origin": "auth0-webhook", "n": 1} for number in range(3)]
