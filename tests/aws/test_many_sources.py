"""Forty declared sources beside the built-in ones: declared, written, packaged and deployed by the commands of the README."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aws.client import Aws, eventually
from aws.deploying import CODE_BUCKET, make_code_bucket
from aws.lake import PROJECT, Lake, fresh_clone
from declared_sources import declare
from eventlake.sources import load
from eventlake.stack_names import short_title

pytestmark = pytest.mark.aws

COUNT = 40
README = (PROJECT / "README.md").read_text("utf-8")


def command(beginning: str) -> list[str]:
    """The words of the command of the README that begins so, for this test's bucket."""
    (line,) = [line for line in README.splitlines() if line.startswith(beginning)]
    return (
        line.replace("$S3_BUCKET", CODE_BUCKET).replace("$S3_PREFIX", "many").replace("--stack-name eventlake", "--stack-name many").split()
    )


def test_forty_sources_are_deployed_by_the_commands_of_the_readme(aws: Aws, tmp_path: Path) -> None:
    """Each has its stack, its stream and rule, and its event becomes a row in its table."""
    clone = fresh_clone(tmp_path / "clone")
    names = declare(tmp_path / "sources", COUNT)
    environment = {**os.environ, **aws.environment(), "PATH": os.environ["PATH"], "PYTHONPATH": str(clone / "src")}
    write = [sys.executable, "-m", "eventlake", "templates", "--sources", str(tmp_path / "sources")]
    subprocess.run(write, cwd=clone, env=environment, check=True, capture_output=True)
    make_code_bucket(aws)

    aws.run(*command("aws cloudformation package")[1:], folder=clone)
    given = ["Alarms=off", "BufferingHintsIntervalInSeconds=60", "CodePipelineGlueDatabaseName=many_codepipeline"]
    aws.run(*command("aws cloudformation deploy")[1:], "--parameter-overrides", *given, folder=clone)

    lake = Lake(aws, "many")
    outputs = lake.outputs()
    assert {f"{short_title(source)}AnalystPolicyArn" for source in load([tmp_path / "sources"]) if source.name in names} <= set(outputs)
    streams = aws.service("firehose").list_delivery_streams(Limit=100)["DeliveryStreamNames"]
    assert len([name for name in streams if name.startswith("many-shop")]) == COUNT
    event = {"source": f"{names[-1]}.example.com", "detail-type": "Sold", "time": "2026-11-20T08:00:00Z", "detail": {"item": "pen"}}
    table = f"{names[-1]}_sold"
    assert [row["item"] for row in lake.arrived(lake.put([event]), [table])[table]] == ["pen"]
    assert eventually(lambda: lake.partitions(table, f"{names[-1]}_event_logs"))
