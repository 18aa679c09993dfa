"""`serve --lake aws:STACK`: the page over a lake on AWS, as a browser sees it; it takes no events, and asks AWS seldom."""

from __future__ import annotations

import http.client
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from aws.client import Aws
from aws_lake import client_environment
from cli.test_aws_lake import BUCKET, SOURCES, make_lake
from eventlake.backends.aws import Session
from eventlake.cloud.deployment import find
from eventlake.cloud.looking import KEPT, KeptCatalog, KeptFailures, lake_to_look_at, steady
from eventlake.errors import StorageServiceError
from eventlake.interfaces import Contents

pytestmark = pytest.mark.aws
AT = "from=2026-11-19&to=2026-11-21"
TOKEN = "a-token-of-a-test"
NOW = datetime(2026, 11, 20, 12, 3, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def lake(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Aws:
    """AWS with nine log lines in two hours, and one failed record."""
    if BUCKET not in {one["Name"] for one in aws.service("s3").list_buckets()["Buckets"]}:
        make_lake(aws, tmp_path_factory.mktemp("lake"), {"auth0": "page_auth0", "codepipeline": "page_codepipeline"})
    return aws


class Served:
    """A page in a process of its own."""

    def __init__(self, lake: Aws, folder: Path, *options: str, **variables: str) -> None:
        command = [sys.executable, "-m", "eventlake", "serve", "--lake", "aws:lake", "--port", "0", *options]
        environment = {**os.environ, **client_environment(lake), "PYTHONUNBUFFERED": "1", **variables}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=folder)
        assert self.process.stdout is not None
        found = re.fullmatch(r"Ready: http://\S+:(\d+)\n", self.process.stdout.readline())
        assert found
        self.port = int(found[1])
        token = {"Authorization": f"Bearer {variables['EVENTLAKE_TOKEN']}"} if "EVENTLAKE_TOKEN" in variables else {}
        while self.ask("GET", "/sources", **token)[0] == 503:  # the process of the page has not begun yet
            time.sleep(0.1)

    def ask(self, method: str, path: str, **headers: str) -> tuple[int, str]:
        """Status and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        connection.request(method, path, b"{}" if method == "POST" else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text


@pytest.fixture(scope="module")
def served(lake: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The page without a token, on this machine."""
    served = Served(lake, tmp_path_factory.mktemp("here"))
    yield served
    served.process.kill()
    served.process.communicate()


def test_what_the_catalog_knows_is_shown(served: Served) -> None:
    """Sources that are deployed, hours that hold something, what failed with its original, and which names complete a word."""
    listed, hours, failed = (served.ask("GET", path)[1] for path in ("/sources", f"/lake?{AT}", f"/failed?{AT}"))

    assert "/source/auth0" in listed
    assert "/source/codebuild" not in listed
    assert "Hours of auth0_logs" in hours
    assert "20 Nov 10:00 UTC, open" in hours
    assert "Lambda.ProcessingFailedStatus" in failed
    way = unescape(re.findall(r'"(/failed\?[^"]*id=[^"]*)"', failed)[0])
    assert "aws.unknown" in served.ask("GET", way)[1]
    assert "auth0_logs" in served.ask("GET", "/sql/names.json?begins=auth0")[1]


def test_the_cost_is_told_without_asking_athena(served: Served) -> None:
    """From what lies in the bucket, as for a lake on one machine."""
    status, said = served.ask("GET", "/sql/cost.txt?q=select+count(*)+from+auth0_logs")

    assert status == 200
    assert re.fullmatch(r"auth0_logs: 2 of 2 objects, 2 hours, .* bytes\nCost: \$[\d.]+ on Athena .*", said)


def test_no_events_are_taken(served: Served) -> None:
    """It is said where they go; another site and another name are refused as a bus refuses them."""
    for path in ("/", "/events"):
        status, said = served.ask("POST", path)
        assert (status, "put events on its event buses" in said) == (405, True)
    assert served.ask("POST", "/events", Origin="http://example.com")[0] == 403
    assert served.ask("GET", "/", Host="example.com")[0] == 400
    assert served.ask("GET", "/healthz") == (200, '{"status":"ok","reads":true}')


def test_a_token_is_wanted_and_a_signal_ends_it(lake: Aws, tmp_path: Path) -> None:
    """A browser signs in as with a bus; the end is quiet."""
    served = Served(lake, tmp_path, "--host", "0.0.0.0", EVENTLAKE_TOKEN=TOKEN)
    try:
        assert served.ask("GET", "/lake")[0] == 401
        assert "Sign in" in served.ask("GET", "/lake", Accept="text/html")[1]
        assert served.ask("GET", "/sources", Authorization=f"Bearer {TOKEN}")[0] == 200
        served.process.send_signal(signal.SIGTERM)
        _, said = served.process.communicate(timeout=60)
        assert (served.process.returncode, said) == (0, "")
        assert not list(tmp_path.iterdir())
    finally:
        served.process.kill()


def test_glue_and_the_bucket_are_asked_once_in_five_minutes(lake: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """By all pages together; then again."""
    for name, value in client_environment(lake).items():
        monkeypatch.setenv(name, value)
    session, clock = Session(), [NOW]
    deployment = find("aws:lake", SOURCES, session)
    asked: list[str] = []
    session.client("glue").meta.events.register("before-call.glue", lambda model, **_: asked.append(model.name))
    looked = lake_to_look_at(deployment, session, lambda: clock[0])

    first = [len(looked.catalog.contents(table.name).hours) for table in looked.tables]
    once = len(asked)
    again = [len(looked.catalog.contents(table.name).hours) for table in looked.tables]
    clock[0] += KEPT
    looked.catalog.contents("auth0_logs")

    assert (sum(first), first) == (2, again)
    assert len(asked) == 2 * once
    failed = KeptFailures(deployment, session, lambda: clock[0])
    assert failed.newest(10) is failed.newest(10)


class Denying:
    """A catalog in which one table may not be looked at."""

    def contents(self, table: str) -> Contents:
        """What lies in it. Raises StorageServiceError."""
        if table == "secret":
            raise StorageServiceError("You may not look at secret.", code="AccessDeniedException")
        return Contents.of([])


def test_a_table_that_may_not_be_looked_at_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others are shown all the same, and why it is empty is known."""
    tables = [type("Named", (), {"name": name})() for name in ("plain", "secret")]
    denying: Any = Denying()
    kept = KeptCatalog(denying, tables, lambda: NOW)

    assert not kept.contents("secret").hours
    assert kept.not_seen == {"secret": "You may not look at secret."}


def test_now_moves_every_five_minutes() -> None:
    """So that what a page asks up to now is the same statement for as long; what happened since is within."""
    moments = {steady(NOW + timedelta(seconds=second)) for second in range(0, 300, 10)}

    assert moments == {datetime(2026, 11, 20, 12, 4, tzinfo=UTC), datetime(2026, 11, 20, 12, 9, tzinfo=UTC)}
