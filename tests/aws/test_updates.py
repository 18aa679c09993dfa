"""A lake over time: packaged again, updated with a new column and a new source, deleted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aws.client import Aws, eventually
from aws.deploying import CODE_BUCKET, delete, deploy_packaged, package
from aws.events import TABLES, samples, tables_of
from aws.lake import Lake, deployed, fresh_clone, own_databases
from aws.objects import Bucket

pytestmark = pytest.mark.aws

TABLE = "pipeline_execution_state_change"
EVENT = next(event for event in samples() if [table.name for table in tables_of(event)] == [TABLE])
NEW_COLUMN = '  { name = "accountId", type = "string", from = "$.account", doc = "Account of the pipeline." },\n]\n'
NEW_SOURCE = """\
name = "doors"
title = "Doors"
doc = "Who went through which door."
reference = "https://example.com/doors"
database = "door_logs"

[[table]]
name = "door_opened"
doc = "One log line for each time that a door was opened."
pattern = { source = ["doors.example.com"], detail-type = ["Door Opened"] }
columns = [
  { name = "door", type = "string", from = "$.detail.door", doc = "Name of the door." },
  { name = "seconds", type = "double", from = "$.detail.seconds", doc = "How long it stood open." },
]
"""
DOOR_EVENT = {
    "source": "doors.example.com",
    "detail-type": "Door Opened",
    "time": "2026-11-20T08:00:00Z",
    "detail": {"door": "north", "seconds": 2.5},
}


@dataclass(frozen=True)
class Clone:
    """A fresh clone of the project, whose own code its commands run."""

    folder: Path

    def eventlake(self, aws: Aws, *arguments: str) -> str:
        """What a command of the clone's eventlake prints on both streams."""
        environment = {**os.environ, **aws.environment(), "PATH": os.environ["PATH"], "PYTHONPATH": str(self.folder / "src")}
        command = [sys.executable, "-m", "eventlake", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def package(self, aws: Aws, exported: Path) -> None:
        """Package the clone by its own command."""
        where = ["--s3-bucket", CODE_BUCKET, "--s3-prefix", "eventlake", "--output-template", str(exported)]
        self.eventlake(aws, "package", *where)

    def deploy(self, aws: Aws, exported: Path, stack: str, **parameters: str) -> str:
        """Package and deploy the clone; what the CLI says."""
        self.package(aws, exported)
        return deploy_packaged(aws, exported, stack, parameters)


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project's files at one moment, which the clones are copies of."""
    return fresh_clone(tmp_path_factory.mktemp("pristine") / "clone")


@pytest.fixture(scope="module")
def changing(aws: Aws, lake: Lake, pristine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake that is updated, with CodePipeline alone."""
    folder = tmp_path_factory.mktemp("changing")
    clone = Clone(Path(shutil.copytree(pristine, folder / "clone")))
    said = clone.deploy(aws, folder / "exported.yaml", "changing", BufferingHintsIntervalInSeconds="60", **own_databases("changing"))
    assert "Successfully created/updated stack" in said
    yield Lake(aws, "changing")
    if aws.service("cloudformation").list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]:
        delete(aws, "changing")


def uploads(aws: Aws) -> set[str]:
    """The keys of what was uploaded."""
    return set(Bucket(aws, CODE_BUCKET).keys())


def test_a_second_package_uploads_nothing_and_redeploys_nothing(changing: Lake, pristine: Path, tmp_path: Path) -> None:
    """Another fresh clone, with other times and some bytecode, is the same upload, and no change to deploy."""
    aws, before = changing.aws, uploads(changing.aws)
    clone = Clone(Path(shutil.copytree(pristine, tmp_path / "clone")))
    for path in clone.folder.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    (clone.folder / "src" / "eventlake" / "__pycache__").mkdir(exist_ok=True)
    (clone.folder / "src" / "eventlake" / "__pycache__" / "x.pyc").write_bytes(b"x")
    said = clone.deploy(aws, tmp_path / "exported.yaml", "changing")
    assert uploads(aws) == before
    assert "No changes to deploy" in said


def test_what_is_installed_without_a_clone_uploads_the_same(changing: Lake, pristine: Path, tmp_path: Path) -> None:
    """Far from any clone `package` makes the templates and the code itself, byte for byte what the clone has uploaded."""
    aws, before = changing.aws, uploads(changing.aws)
    shutil.copytree(pristine / "src" / "eventlake", tmp_path / "site" / "eventlake")
    where = ["--s3-bucket", CODE_BUCKET, "--s3-prefix", "eventlake", "--output-template", "exported.yaml"]
    environment = {**os.environ, **aws.environment(), "PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-m", "eventlake", "package", *where]
    said = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr
    assert uploads(aws) == before
    assert f"{CODE_BUCKET}/eventlake/" in (tmp_path / "exported.yaml").read_text()


def test_several_functions_share_one_upload(changing: Lake) -> None:
    """Both functions run the same uploaded code."""
    client = changing.aws.service("lambda")
    hashes = {client.get_function_configuration(FunctionName=f"changing-{name}")["CodeSha256"] for name in ("transform", "partition")}
    assert len(hashes) == 1


def test_an_update_brings_a_column_and_a_source(changing: Lake, pristine: Path, tmp_path: Path) -> None:
    """After an update new events have the new column, the new source has rows, and what was there stays."""
    aws, prefix = changing.aws, TABLES[TABLE].prefix
    old = changing.put([EVENT])
    changing.arrived(old, [prefix])
    places = eventually(lambda: [each["StorageDescriptor"]["Location"] for each in changing.partitions(TABLE)])
    clone = Clone(Path(shutil.copytree(pristine, tmp_path / "clone")))
    declaration = clone.folder / "src/eventlake/sources/codepipeline/source.toml"
    declaration.write_text(declaration.read_text("utf-8").replace("]\n\n[[table]]\n", NEW_COLUMN + "\n[[table]]\n", 1), "utf-8")
    own = tmp_path / "sources" / "doors"
    own.mkdir(parents=True)
    (own / "source.toml").write_text(NEW_SOURCE, "utf-8")
    clone.eventlake(aws, "templates", "--sources", str(own.parent))
    said = clone.deploy(aws, tmp_path / "exported.yaml", "changing", Doors="on")
    assert "Successfully created/updated stack" in said
    columns = aws.service("glue").get_table(DatabaseName=changing.database(TABLE), Name=TABLE)["Table"]["StorageDescriptor"]["Columns"]
    assert columns[-1]["Name"] != columns[0]["Name"]
    assert "accountid" in {column["Name"].lower() for column in columns}
    new = changing.put([EVENT, DOOR_EVENT])
    rows = changing.arrived([*old, *new], [prefix, "door_opened"])
    accounts = {row["event_id"]: row.get("accountid", row.get("accountId")) for row in rows[prefix]}
    assert accounts == {old[0]: None, new[0]: "123456789012"}
    (door,) = rows["door_opened"]
    assert (door["door"], door["seconds"]) == ("north", 2.5)
    assert set(places) <= {each["StorageDescriptor"]["Location"] for each in changing.partitions(TABLE)}
    assert eventually(lambda: changing.partitions("door_opened", "door_logs"))


def test_a_deleted_stack_leaves_the_bucket_and_its_data(changing: Lake) -> None:
    """Everything goes but the buckets, and every object is where it was."""
    before = changing.bucket.keys()
    assert before
    delete(changing.aws, "changing")
    assert changing.bucket.keys() == before
    functions = changing.aws.service("lambda").list_functions()["Functions"]
    assert not [function for function in functions if function["FunctionName"].startswith("changing-")]
    assert not [
        name for name in changing.aws.service("firehose").list_delivery_streams()["DeliveryStreamNames"] if name.startswith("changing-")
    ]


def test_the_commands_of_the_readme_work_in_a_fresh_clone(aws: Aws, tmp_path: Path) -> None:
    """The plain commands of the CLI, without ours, deploy a lake too."""
    clone = fresh_clone(tmp_path / "clone")
    said = package(aws, clone / "templates" / "root.yaml", tmp_path / "exported.yaml")
    assert "Successfully packaged artifacts" in said
    lake = deployed(aws, "plain", tmp_path, {}, clone)
    assert lake.outputs()
    delete(aws, "plain")
