"""A lake deployed from the templates, as its user sees it: events go onto buses, objects and partitions appear."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from aws.client import ACCOUNT, REGION, Aws, eventually
from aws.deploying import deploy, deploy_packaged, package
from aws.events import DATABASES
from aws.objects import Bucket, Queue

PROJECT = Path(__file__).resolve().parent.parent.parent
AUTH0_BUS = "auth0.logs"
EVERY_SOURCE = {
    "EventBusName": AUTH0_BUS,
    "CodeBuild": "on",
    "CodeDeploy": "on",
    "CodeCommit": "on",
    "Eventlake": "on",
    "BufferingHintsIntervalInSeconds": "60",
}
"""Parameters of a lake with all sources, and the shortest buffers that the time scale makes bearable."""

TITLES = {
    "auth0": "Auth0",
    "codebuild": "CodeBuild",
    "codecommit": "CodeCommit",
    "codedeploy": "CodeDeploy",
    "codepipeline": "CodePipeline",
    "eventlake": "Eventlake",
}
"""With what the parameters of a source begin."""

OBJECT_KEY = re.compile(r"(?P<prefix>[a-z_/]+)/(?P<date>\d{4}/\d\d/\d\d)/(?P<hour>\d\d)/(?P<name>[^/]+)")
Event = dict[str, Any]


@dataclass(frozen=True)
class Lake:
    """A deployed lake. name: its stack's."""

    aws: Aws
    name: str

    @cached_property
    def bucket(self) -> Bucket:
        """The log bucket."""
        return Bucket(self.aws, f"{self.name}-{ACCOUNT}-{REGION}")

    def database(self, table: str) -> str:
        """The Glue database of a built-in table: the declared one, in another lake than `eventlake` with its name before it."""
        return DATABASES[table] if self.name == "eventlake" else f"{self.name}_{DATABASES[table]}"

    def outputs(self) -> dict[str, str]:
        """The outputs of the stack."""
        (stack,) = self.aws.service("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def put(self, events: Iterable[Event]) -> list[str]:
        """Put events on their buses; the ids that they are given."""
        ids, bus = [], self.aws.service("events")
        for some in batches(events, 10):
            answer = bus.put_events(Entries=[entry(event) for event in some])
            assert answer["FailedEntryCount"] == 0, answer
            ids += [each["EventId"] for each in answer["Entries"]]
        return ids

    def rows(self, keys: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """{prefix: rows} of log objects."""
        found: dict[str, list[dict[str, Any]]] = {}
        for key in keys:
            match = OBJECT_KEY.fullmatch(key)
            assert match, key
            found.setdefault(match["prefix"], []).extend(self.bucket.rows(key))
        return found

    def arrived(self, ids: Sequence[str], prefixes: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
        """{prefix: rows} of the events with these ids, once each has a row."""
        wanted = set(ids)
        mine: dict[str, list[dict[str, Any]]] = {}
        seen: set[str] = set()

        def look() -> dict[str, list[dict[str, Any]]] | None:
            new = {key for prefix in prefixes for key in self.bucket.keys(f"{prefix}/")} - seen
            for prefix, some in self.rows(sorted(new)).items():
                mine.setdefault(prefix, []).extend(row for row in some if row["event_id"] in wanted)
            seen.update(new)
            return mine if {row["event_id"] for some in mine.values() for row in some} >= wanted else None

        try:
            return eventually(look)
        except AssertionError as late:
            raise AssertionError(f"failed records: {self.failures()}") from late

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no rule of another lake have the events that come meanwhile: its functions would be called for each of them too."""
        bus = self.aws.service("events")
        pages = [page for name in ("default", AUTH0_BUS) for page in bus.get_paginator("list_rules").paginate(EventBusName=name)]
        enabled = [rule for page in pages for rule in page["Rules"] if rule["State"] == "ENABLED"]
        others = [
            {"Name": rule["Name"], "EventBusName": rule["EventBusName"]} for rule in enabled if not rule["Name"].startswith(f"{self.name}-")
        ]
        for rule in others:
            bus.disable_rule(**rule)
        try:
            yield
        finally:
            for rule in others:
                bus.enable_rule(**rule)

    def failures(self) -> list[dict[str, Any]]:
        """The failed records of the lake."""
        return [row for key in self.bucket.keys("error/") for row in self.bucket.rows(key)]

    def raw_events(self, table: str) -> list[Event]:
        """The events of a table as they came, from the raw backup."""
        return [event for key in self.bucket.keys(f"raw/{table}/") for event in json_values(self.bucket.read(key).decode())]

    def registered(self) -> None:
        """Wait until the partition function is done with every object so far; it may be at work on two objects of an hour at once."""
        eventually(lambda: Queue(self.aws, f"{self.name}-objects").waiting() == 0)

    def partitions(self, table: str, database: str | None = None) -> list[dict[str, Any]]:
        """The partitions of a table. database: of a table that is not built in."""
        database = database or self.database(table)
        pages = self.aws.service("glue").get_paginator("get_partitions").paginate(DatabaseName=database, TableName=table)
        return [each for page in pages for each in page["Partitions"]]


def deployed(aws: Aws, name: str, folder: Path, parameters: Mapping[str, str], clone: Path | None = None) -> Lake:
    """Deploy a lake by the commands of the README. clone: the project's files, a fresh copy unless given, which is packaged once for all."""
    wanted = {**own_databases(name), **parameters}
    if clone:
        deploy(aws, clone / "templates" / "root.yaml", name, folder / f"{name}.yaml", wanted)
    else:
        deploy_packaged(aws, packaged(aws), name, wanted)
    return Lake(aws, name)


@cache
def packaged(aws: Aws) -> Path:
    """Package a fresh copy of the project's files; the template that is deployed."""
    exported = aws.home.with_name(f"{aws.home.name}-packaged.yaml")
    package(aws, fresh_clone(aws.home.with_name(f"{aws.home.name}-clone")) / "templates" / "root.yaml", exported)
    return exported


def own_databases(name: str) -> dict[str, str]:
    """The parameters by which a lake has databases of its own: an account has one of each name."""
    if name == "eventlake":
        return {}
    return {f"{title}GlueDatabaseName": f"{name}_{source}_event_logs" for source, title in TITLES.items()}


def fresh_clone(folder: Path) -> Path:
    """A copy of what a deployment takes from the project."""
    for part in ("templates", "src"):
        shutil.copytree(PROJECT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy2(PROJECT / "run", folder / "run")
    return folder


def entry(event: Event) -> dict[str, Any]:
    """An event as PutEvents takes it."""
    return {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event.get("resources", []),
        "Time": event["time"],
        "EventBusName": AUTH0_BUS if "auth0" in event["source"] else "default",
    }


def batches(events: Iterable[Event], size: int) -> Iterator[list[Event]]:
    """The events in lists of at most this size."""
    some: list[Event] = []
    for event in events:
        some.append(event)
        if len(some) == size:
            yield some
            some = []
    if some:
        yield some


def json_values(text: str) -> Iterator[Any]:
    """The JSON values of a text, one after the other."""
    decoder, at = json.JSONDecoder(), 0
    while at < len(text):
        value, at = decoder.raw_decode(text, at)
        yield value
