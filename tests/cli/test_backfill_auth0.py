"""`backfill auth0`: the command, its secrets, and one sentence for each thing that is wrong."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from auth0_api import BEGIN, CLIENT, SECRET, Auth0Api, faults, log_of, serving
from eventlake.apis import asking
from eventlake.cli import run

COUNT = "select count(*) as n, count(distinct log_id) as ids from auth0_logs"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake that is not there yet, a client's secrets in the environment, and no long waits."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTLAKE_LAKE", "lake")
    monkeypatch.delenv("EVENTLAKE_SOURCES", raising=False)
    monkeypatch.delenv("AUTH0_TOKEN", raising=False)
    monkeypatch.setenv("AUTH0_CLIENT_ID", CLIENT)
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", SECRET)
    monkeypatch.setattr(asking, "PAUSES_S", (0.01, 0.02))
    return tmp_path


@pytest.fixture
def api() -> Iterator[Auth0Api]:
    """A tenant with 250 entries over two hours."""
    with serving(Auth0Api(log_of(250))) as api:
        yield api


def rows(capfd: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was printed, as JSON lines."""
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def test_the_log_lands_in_the_hours_in_which_it_happened(api: Auth0Api, capfd: pytest.CaptureFixture[str]) -> None:
    """Then only what is new; it says on which entry it ended."""
    words = ["backfill", "auth0", "--domain", api.url, "--since", "2026-10-01"]
    assert run(words) == 0
    captured = capfd.readouterr()
    (row,) = [json.loads(line) for line in captured.out.splitlines()]
    assert row == {"domain": api.url, "state": "done", "events": 250, "rows": 250, "failed": 0, "last_log_id": api.ids[-1]}
    assert f"The last entry is {api.ids[-1]} of 2026-10-01 01:47:54 UTC; Auth0 has no newer one" in captured.err

    assert run(words) == 0
    assert [row["state"] for row in rows(capfd)] == ["known"]
    run(["query", f'select hour, n, ids from (select "date", hour, {COUNT[7:]} group by 1, 2) order by hour'])
    assert rows(capfd) == [{"hour": "00", "n": 139, "ids": 139}, {"hour": "01", "n": 111, "ids": 111}]


@pytest.mark.slow
def test_an_entry_that_came_live_too_is_one_row_when_its_hour_is_closed(
    api: Auth0Api, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whichever form it came in."""
    envelope = {
        "detail-type": "Auth0 log",
        "source": "aws.partner/auth0.com/acorn-bikes-1/auth0.logs",
        "time": f"{BEGIN:%Y-%m-%dT%H:%M:%SZ}",
    }
    live = [{**envelope, "id": f"live-{log['log_id']}", "detail": {"log_id": log["log_id"], "data": log}} for log in api.logs[:20]]
    (folder / "live.json").write_text(json.dumps(live))
    assert run(["backfill", "files", "live.json"]) == 0
    assert run(["backfill", "auth0", "--domain", api.url]) == 0
    capfd.readouterr()

    run(["query", COUNT])
    assert rows(capfd) == [{"n": 270, "ids": 250}]
    assert run(["close", "--all"]) == 0
    capfd.readouterr()
    run(["query", COUNT])
    assert rows(capfd) == [{"n": 250, "ids": 250}]


def test_a_stretch_without_entries_is_no_error(api: Auth0Api, capfd: pytest.CaptureFixture[str]) -> None:
    """Nothing comes of it, and the next command brings the rest."""
    assert run(["backfill", "auth0", "--domain", api.url, "--since", "2026-09-01", "--until", "2026-09-02T00:00"]) == 0
    captured = capfd.readouterr()
    assert (json.loads(captured.out)["state"], captured.err.strip()) == ("known", "There is no entry that is not stored yet.")

    assert run(["backfill", "auth0", "--domain", api.url, "--since", "2026-09-01"]) == 0
    assert [row["rows"] for row in rows(capfd)] == [250]


def test_a_token_or_a_secret_may_lie_in_a_file(api: Auth0Api, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newline at its end does not count; an option comes before the environment."""
    monkeypatch.setenv("AUTH0_CLIENT_SECRET", "old")
    (folder / "secret").write_text(f"{SECRET}\n")
    assert run(["backfill", "auth0", "--domain", api.url, "--client-secret-file", "secret"]) == 0

    _, said = api.token(
        {"client_id": CLIENT, "client_secret": SECRET, "audience": f"{api.url}/api/v2/", "grant_type": "client_credentials"}
    )
    (folder / "token").write_text(said["access_token"])
    assert run(["backfill", "auth0", "--domain", api.url, "--token-file", "token"]) == 0
    assert api.tokens == 2


@pytest.mark.parametrize(
    ("words", "environment", "code", "sentence"),
    [
        (["--domain", "http://tenant.eu.auth0.com"], {}, 252, "without encryption"),
        (["--domain", "tenant.eu.auth0.com/login"], {}, 252, "is no domain"),
        ([], {}, 252, "--domain"),
        (["--domain", "URL", "--since", "yesterday"], {}, 252, '"yesterday" is no time'),
        (["--domain", "URL", "--since", "2026-10-02", "--until", "2026-10-02"], {}, 252, "is not after"),
        (["--domain", "URL", "--token-file", "nowhere"], {}, 253, '"nowhere" cannot be read'),
        (["--domain", "URL", "--token-file", "lines", "--client-id", "x"], {}, 252, "takes the place of"),
        (["--domain", "URL", "--token-file", "lines"], {}, 253, "lines holds no secret"),
        (["--domain", "URL", "--client-secret-file", "binary"], {}, 253, '"binary" cannot be read: it is no text'),
        (["--domain", "URL"], {"AUTH0_CLIENT_SECRET": ""}, 253, "set AUTH0_CLIENT_ID and AUTH0_CLIENT_SECRET"),
        (["--domain", "URL"], {"AUTH0_CLIENT_SECRET": "wrong"}, 253, "401 access_denied: Unauthorized"),
        (["--domain", "URL"], {"AUTH0_TOKEN": "ended"}, 253, "refuses the token"),
        (["--domain", "http://127.0.0.1:9"], {}, 253, "cannot be reached"),
        (["--domain", "URL", "--client-secret", "x"], {}, 252, "--client-secret"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(
    api: Auth0Api,
    folder: Path,
    words: list[str],
    environment: dict[str, str],
    code: int,
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """With the exit code of its kind."""
    (folder / "lines").write_text("two\nlines")
    (folder / "binary").write_bytes(b"\xff\xfe")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert run(["backfill", "auth0", *(word.replace("URL", api.url) for word in words)]) == code

    captured = capfd.readouterr()
    assert (captured.out, len(captured.err.strip().splitlines())) == ("", 1)
    assert sentence in captured.err


@pytest.mark.parametrize(
    ("scope", "kinds", "code", "sentence"),
    [
        ("read:users", [], 253, "needs the scope read:logs"),
        ("read:logs", ["", *["half"] * 9], 254, "answered what is no whole JSON"),
        ("read:logs", ["", *["drop"] * 9], 254, "answered nothing"),
        ("read:logs", ["", *["500"] * 9], 254, "500 Internal Server Error"),
    ],
)
def test_what_auth0_refuses_loses_nothing(
    api: Auth0Api, scope: str, kinds: list[str], code: int, sentence: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """One sentence; when it is right again, the same command brings the rest."""
    api.scope, api.faults = scope, faults(*kinds)
    words = ["backfill", "auth0", "--domain", api.url]
    assert run(words) == code
    captured = capfd.readouterr()
    assert (captured.out, len(captured.err.strip().splitlines())) == ("", 1)
    assert sentence in captured.err

    api.scope, api.faults = "read:logs", faults()
    assert run(words) == 0
    assert [row["rows"] for row in rows(capfd)] == [250 - 100 * bool(kinds)]
    run(["query", COUNT])
    assert rows(capfd) == [{"n": 250, "ids": 250}]


@pytest.mark.slow
def test_after_ctrl_c_the_same_command_goes_on(api: Auth0Api, capfd: pytest.CaptureFixture[str]) -> None:
    """Interrupted while it waits, it ends with 130 and says so."""
    api.faults = itertools.chain(faults(""), itertools.repeat("429"))
    command = [sys.executable, "-m", "eventlake", "backfill", "auth0", "--domain", api.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while len(api.asked) < 2 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, told = process.communicate(timeout=60)
    assert (process.returncode, printed) == (130, "")
    assert [line for line in told.splitlines() if line] == ["What is stored stays; the same command goes on where it was.", "Interrupted."]

    api.faults = faults()
    assert run(["backfill", "auth0", "--domain", api.url]) == 0
    capfd.readouterr()
    run(["query", COUNT])
    assert rows(capfd) == [{"n": 250, "ids": 250}]
