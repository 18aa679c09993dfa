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
from eventlake.cli import run

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


def test_each_deed_becomes_a_row_with_who_did_it(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of the command line and of Python, answered or refused; who may put no event is answered, and told that it is not noted."""
    monkeypatch.chdir(tmp_path)  # where copies of objects are kept
    be(lake.aws, monkeypatch)
    assert run(("query", "select 1 one", *ASKED)) == 0
    assert run(("query", "select nothing from nowhere", *ASKED)) != 0
    assert run(("hold", "case 17", *LAKE)) == 0
    with eventlake.connect("aws:noted", engine="duckdb") as connection, connection.cursor() as cursor:
        assert cursor.execute("select 2 two").fetchall() == [(2,)]

    found = eventually(lambda: rows if len(rows := noted(lake)) == 4 else None)

    lines = {(row["action"], row["via"], row["statement"], row["outcome"]) for row in found}
    assert lines == {
        ("query", "cli", "select 1 one", "ok"),
        ("query", "cli", "select nothing from nowhere", "failed"),
        ("hold case 17", "cli", "", "ok"),
        ("query", "python", "select 2 two", "ok"),
    }
    assert {row["who"].partition(":iam::")[0] for row in found} == {"arn:aws"}

    capfd.readouterr()
    be(user(lake.aws, "unheard", ("cloudformation:DescribeStacks", "athena:*", "glue:*", "s3:*")), monkeypatch)
    assert run(("query", "select 3 three", *ASKED)) == 0
    assert "events:PutEvents is missing" in (said := capfd.readouterr().err)
    assert "not noted in the lake's audit" in said
