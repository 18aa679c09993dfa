"""The audit of a lake on AWS: what is asked and changed by the commands becomes rows of its table `audit`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import eventlake
from aws.client import Aws, eventually
from aws.deploying import deploy
from aws.lake import Lake, fresh_clone, own_databases
from aws_lake import client_environment, user
from eventlake.auditing.entry import Entry
from eventlake.backends.aws import Session
from eventlake.cli import run
from eventlake.cloud.auditing import BusNotes
from eventlake.cloud.deployment import find
from eventlake.sources import load
from eventlake.web.opening import page_of_deployment
from visits import statuses

pytestmark = pytest.mark.aws

LAKE = ("--lake", "aws:noted")
ASKED = ("--engine", "duckdb", *LAKE)


@pytest.fixture(scope="module")
def lake(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A lake of the source `audit` alone, written and deployed as the documentation says."""
    folder = tmp_path_factory.mktemp("noted")
    clone = fresh_clone(folder / "clone")
    environment = {**os.environ, **aws.environment(), "PYTHONPATH": str(clone / "src")}
    write = [sys.executable, "-m", "eventlake", "templates", "--sources", "audit"]
    subprocess.run(write, cwd=clone, env=environment, check=True, capture_output=True)
    given = {**own_databases("noted"), "Alarms": "off", "CodePipeline": "off", "BufferingHintsIntervalInSeconds": "60"}
    deploy(aws, clone / "templates" / "root.yaml", "noted", folder / "noted.yaml", given)
    return Lake(aws, "noted")


def be(who: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Become a user, whose environment knows no source `audit`."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "EVENTLAKE_"))]:
        monkeypatch.delenv(name)
    for name, value in client_environment(who).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


def noted(lake: Lake) -> list[dict[str, Any]]:
    """The rows of the table."""
    return [row for key in lake.bucket.keys("audit/") for row in lake.bucket.rows(key)]


def fetched(*addresses: str) -> list[int]:
    """Fetch pages of the lake, as a browser does; the status of each."""
    session = Session()
    site = page_of_deployment(find("aws:noted", load(), session), session, lambda: False)
    found = statuses(site, *addresses)
    site.close()
    return found


def test_each_deed_becomes_a_row_with_who_did_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of the command line, of Python and as pages, answered or refused; who may put no event is answered, and told that it is not noted."""
    monkeypatch.chdir(tmp_path)  # where copies of objects are kept
    be(lake.aws, monkeypatch)
    assert run(("query", "select 1 one", *ASKED)) == 0
    assert run(("query", "select nothing from nowhere", *ASKED)) != 0
    assert run(("hold", "case 17", *LAKE)) == 0
    with eventlake.connect("aws:noted", engine="duckdb") as connection, connection.cursor() as cursor:
        assert cursor.execute("select 2 two").fetchall() == [(2,)]
    assert fetched("/sources?from=-1d", "/sql?q=select+id+from+audit", "/sql/names.json") == [200, 200, 200]

    found = eventually(lambda: rows if len(rows := noted(lake)) == 6 else None)

    lines = {(row["action"], row["via"], row["statement"], row["outcome"]) for row in found}
    assert lines == {
        ("query", "cli", "select 1 one", "ok"),
        ("query", "cli", "select nothing from nowhere", "failed"),
        ("hold case 17", "cli", "", "ok"),
        ("query", "python", "select 2 two", "ok"),
        ("page /sources", "page", "from=-1d", "ok"),
        ("page /sql", "page", "select id from audit", "ok"),
    }
    assert {row["who"].partition(":iam::")[0] for row in found} == {"arn:aws"}

    capfd.readouterr()
    be(user(lake.aws, "unheard", ("cloudformation:DescribeStacks", "athena:*", "glue:*", "s3:*")), monkeypatch)
    assert run(("query", "select 3 three", *ASKED)) == 0
    assert "events:PutEvents is missing" in (said := capfd.readouterr().err)
    assert "not noted in the lake's audit" in said


def test_a_deed_that_cannot_be_noted_is_told_once_and_the_next_is_tried_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that runs for months notes what is asked from the moment on in which its user is given the right."""
    be(user(lake.aws, "given late", ("cloudformation:DescribeStacks",)), monkeypatch)
    session = Session()
    told: list[str] = []
    notes = BusNotes(find("aws:noted", load(), session), session, told.append)

    notes.note(Entry("query", "page", "select 4"))
    notes.note(Entry("query", "page", "select 5"))
    user(lake.aws, "given late", ("events:PutEvents",))
    notes.note(Entry("query", "page", "select 6"))

    assert len(told) == 1
    assert eventually(lambda: [row for row in noted(lake) if row["statement"] == "select 6"] or None)
    assert not [row for row in noted(lake) if row["statement"] in {"select 4", "select 5"}]
