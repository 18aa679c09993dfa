"""A person is erased from a lake on AWS: from every byte of every version of every object, and nobody else with them."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from aws.client import Aws, eventually
from aws.erasable import ANNA, BOTH, CLOSED, EVENTS, MAIL, OTHERS, OWN, STAYING, TABLE, Erasable, erasable_lake, event
from aws.roles import count, is_refused, restart_transform, transform_role, without
from aws_lake import client_environment, user
from eventlake.backends.aws import Session
from eventlake.backends.hold_objects import HoldObjects
from eventlake.cli import run
from eventlake.cloud.deployment import find
from eventlake.cloud.erasing.eraser import Eraser
from eventlake.errors import UsageError
from eventlake.local.crash import at_each
from eventlake.pipeline.erasing import Person
from eventlake.pipeline.holds import Hold
from eventlake.sources import load

pytestmark = pytest.mark.aws

RIGHTS = [
    "cloudformation:DescribeStacks",
    "glue:GetPartitions",
    "glue:GetTable",
    "glue:UpdatePartition",
    "s3:DeleteObject",
    "s3:DeleteObjectVersion",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "s3:PutObject",
    "secretsmanager:CreateSecret",
    "secretsmanager:GetSecretValue",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
]
"""What docs/erasure.md says that a person needs."""
TO_LOOK = [
    "glue:GetPartitions",
    "glue:GetTable",
    "s3:GetObject",
    "s3:GetObjectVersion",
    "s3:ListBucket",
    "s3:ListBucketVersions",
    "sqs:GetQueueUrl",
    "sqs:ReceiveMessage",
]
"""Without these nothing is changed, so the person stands where they stood."""
UNASKED = {"cloudformation:DescribeStacks", "secretsmanager:CreateSecret"}
"""A lake is found by its bucket where nobody may look at the stack; the secret is made once."""
COMING_BACK = event("back", **{"execution-trigger": {"author-display-name": MAIL.upper()}})
"""An event of the person, as a column says that is declared as personal."""
WORDS = ("--user", ANNA, "--email", MAIL)


class _KilledError(BaseException):
    """Ends an erasure on its way."""


@dataclass
class Erased:
    """An erasure that was killed at every kind of step, and what readers saw after each."""

    erasable: Erasable
    steps: list[str] = field(default_factory=list)
    seen: list[list[str]] = field(default_factory=list)
    dry: list[dict[str, Any]] = field(default_factory=list)
    hold: str = ""
    said: str = ""


@pytest.fixture(scope="module")
def erasable(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Erasable]:
    """The lake of this module, with the person in it; commands are typed by somebody with the rights of the docs and no others."""
    found = erasable_lake(aws, "erases", tmp_path_factory.mktemp("erases"))
    found.fill()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in client_environment(user(aws, "eraser", RIGHTS)).items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        patch.setenv("EVENTLAKE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield found


@pytest.fixture(scope="module")
def erased(erasable: Erasable) -> Erased:
    """What became of the lake."""
    done = Erased(erasable)
    assert len(erasable.hits()) > 10
    holds = HoldObjects(erasable.s3, erasable.bucket)
    holds.place(Hold("case 17", TABLE.name, CLOSED, CLOSED, since="2026-11-02T10:00:00Z"))
    try:
        one = eraser(erasable)
        one.erase(one.find())
    except UsageError as refused:
        done.hold = str(refused)
    holds.release("case 17")
    done.seen.append(erasable.shown())

    def kill(name: str) -> None:
        if name not in done.steps:
            done.steps.append(name)
            raise _KilledError(name)

    at_each(kill)
    try:
        while not done.said:
            try:
                one = eraser(erasable)
                _, done.said = one.erase(one.find())
                one.require_gone()
            except _KilledError:
                done.seen.append(erasable.shown())
    finally:
        at_each()
    done.seen.append(erasable.shown())
    return done


def eraser(erasable: Erasable) -> Eraser:
    """What erases the person."""
    session = Session()
    return Eraser(find(f"aws:{erasable.lake.name}", load(), session), session, Person(BOTH), BOTH)


def typed(erasable: Erasable, capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    """A command's exit code, its answer and what it said."""
    capfd.readouterr()
    code = run([*words, "--lake", f"aws:{erasable.lake.name}"])
    said = capfd.readouterr()
    return code, [json.loads(line) for line in said.out.splitlines()], said.err


def test_a_dry_run_lists_everything_and_changes_nothing(erasable: Erasable, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows of open and closed hours, what was replaced, failed records, whole events, results, texts, messages."""
    before = erasable.hits()
    code, found, _ = typed(erasable, capfd, "erase", *WORDS, "--dry-run")
    assert code == 0
    kinds = Counter(one["kind"] for one in found)
    assert set(kinds) == {"closed", "failed", "message", "old", "open", "raw", "text"}
    assert sum(one["own_rows"] for one in found if one["kind"] == "closed") == len(OWN)
    assert erasable.hits() == before


def test_a_legal_hold_keeps_everything(erased: Erased) -> None:
    """It is named, and nothing is changed."""
    assert erased.hold.startswith(f'The hold "case 17" keeps {TABLE.name} {CLOSED}')
    assert len(erased.seen[0]) == 2 * len(EVENTS)


def test_nothing_is_left_in_any_byte(erased: Erased) -> None:
    """Of any version of any object in any bucket of the lake."""
    assert erased.erasable.hits() == []


def test_all_of_everybody_else_stays(erased: Erased) -> None:
    """Also the failed record, the whole events and the message that do not name the person."""
    erasable = erased.erasable
    assert erased.seen[-1] == sorted([*STAYING, *STAYING])
    failed = [json.loads(base64.b64decode(one["rawData"])) for one in erasable.lake.failures()]
    assert failed == [OTHERS[1], OTHERS[1]]
    raw = [one for key in erasable.lake.bucket.keys(f"raw/{TABLE.name}/") for one in erasable.raw(key)]
    assert sorted(one["detail"]["execution-id"] for one in raw) == STAYING
    remembered = erasable.s3.get_object(Bucket=f"{erasable.bucket}-results", Key="alerts/state.json")["Body"].read()
    assert json.loads(remembered) == {"told": ["[erased]", "eva"]}


def test_killed_at_any_step_each_object_is_as_it_was_or_without_the_person(erased: Erased) -> None:
    """No row of somebody else is missing or there twice at any moment, and the next erasure finishes."""
    assert len(erased.steps) >= 8, erased.steps
    for seen in erased.seen:
        counts = Counter(seen)
        assert {one: counts[one] for one in STAYING} == dict.fromkeys(STAYING, 2)


def test_the_certificate_says_what_was_done_and_names_nobody(erased: Erased) -> None:
    """It lies in the bucket."""
    key = erased.said.partition(f"{erased.erasable.bucket}/")[2]
    said = json.loads(erased.erasable.lake.bucket.read(key))
    assert len(said["tombstones"]) == 2
    assert "Events on their way" in said["not_reached"][0]
    assert erased.erasable.lake.bucket.keys("erased/certificates/")[-1] == key


def test_the_second_time_nothing_is_found(erased: Erased, capfd: pytest.CaptureFixture[str]) -> None:
    """And nothing is asked."""
    code, found, said = typed(erased.erasable, capfd, "erase", *WORDS)
    assert (code, found) == (0, [])
    assert "Nothing in the lake names the person" in said


def test_redriving_brings_nobody_back(erased: Erased, capfd: pytest.CaptureFixture[str]) -> None:
    """A failed record of the person that comes from a copy is marked, and nothing of it is sent."""
    erasable = erased.erasable
    key = f"error/{TABLE.name}/processing-failed/year=2026/month=11/day=04/hour=05/late"
    raw = base64.b64encode(json.dumps(COMING_BACK).encode()).decode()
    record = {"arrivalTimestamp": 1_790_000_000_000, "errorCode": "Late", "rawData": raw}
    erasable.s3.put_object(Bucket=erasable.bucket, Key=key, Body=json.dumps(record).encode())
    try:
        code, found, said = typed(erasable, capfd, "failed", "redrive", "--code", "Late")
        assert code == 0, said
        assert "1 of who was erased, left out" in said
        assert "erased" in {one["into"] for one in found}
    finally:
        assert typed(erasable, capfd, "erase", *WORDS, "--yes")[0] == 0
    assert erasable.hits() == []


def test_a_history_brings_nobody_back(erased: Erased, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Of who was erased it leaves the events out."""
    (tmp_path / "events.json").write_text("\n".join(map(json.dumps, [COMING_BACK, event("later")])), "utf-8")
    code, (row,), said = typed(erased.erasable, capfd, "backfill", "files", str(tmp_path / "events.json"))
    assert (code, row["rows"]) == (0, 1), said
    assert erased.erasable.hits() == []


def test_what_comes_again_over_the_bus_brings_nobody_back(erased: Erased, capfd: pytest.CaptureFixture[str]) -> None:
    """Of who was erased no row is made, and others' rows no longer name them; the raw copies, which Firehose makes, do."""
    erasable = erased.erasable
    restart_transform(erasable.lake.aws, erasable.lake.name)
    new = f"new-{uuid4()}"

    erasable.put([COMING_BACK, event(new, trigger={"detail": MAIL})])

    (row,) = eventually(lambda: [row for row in landed(erasable) if row["executionid"] == new])
    assert "[erased]" in str(row)
    assert not [row for row in landed(erasable) if row["executionid"] == "back"]
    eventually(lambda: [name for name in erasable.hits() if f"/raw/{TABLE.name}/" in name])
    assert all(f"/raw/{TABLE.name}/" in name for name in erasable.hits())
    code, found, _ = typed(erasable, capfd, "erase", *WORDS, "--yes")
    assert (code, {one["kind"] for one in found}) == (0, {"raw"})


@pytest.mark.parametrize("right", ["s3:GetObject", "secretsmanager:GetSecretValue"])
def test_while_the_function_cannot_tell_who_was_erased_no_event_becomes_a_row(erased: Erased, right: str) -> None:
    """Each fails by name, and Firehose keeps it."""
    refuses_without(right, erased.erasable)


def refuses_without(right: str, erasable: Erasable) -> None:
    """Let an event come while the transform function lacks a right, and fail; then take it away again."""
    aws, new = erasable.lake.aws, f"new-{uuid4()}"
    role = transform_role(aws, erasable.lake.name)
    before = count(aws, "Emulator", "Denied", Principal=role, Action=right)
    try:
        with without(aws, role, right):
            restart_transform(aws, erasable.lake.name)
            erasable.put([event(new)])
            assert is_refused(aws, role, right, before)
            (failed,) = eventually(lambda: [key for key in erasable.lake.bucket.keys("error/") if new in failed_events(erasable, key)])
        assert new not in [row["executionid"] for row in landed(erasable)]
        erasable.s3.delete_object(Bucket=erasable.bucket, Key=failed)
    finally:
        restart_transform(aws, erasable.lake.name)


def failed_events(erasable: Erasable, key: str) -> str:
    """The events in an object of failed records."""
    return "\n".join(base64.b64decode(record["rawData"]).decode() for record in erasable.lake.bucket.rows(key))


def landed(erasable: Erasable) -> list[dict[str, Any]]:
    """The rows where they landed."""
    return [row for key in erasable.landed() for row in erasable.lake.bucket.rows(key)]


def test_tombstones_are_listed_and_end(erased: Erased, capfd: pytest.CaptureFixture[str]) -> None:
    """From a moment on the person is kept again."""
    code, found, _ = typed(erased.erasable, capfd, "tombstones")
    assert (code, len(found)) == (0, 2)
    assert not any(one["until"] for one in found)

    assert typed(erased.erasable, capfd, "tombstones", "remove", "--user", ANNA, "--from", "2027-01-01")[0] == 0

    assert [one["until"] for one in typed(erased.erasable, capfd, "tombstones")[1]] == ["2027-01-01T00:00:00Z", None]
    code, _, said = typed(erased.erasable, capfd, "tombstones", "remove", "--user", "auth0|nobody")
    assert code == 252
    assert "has no tombstone" in said


@pytest.mark.parametrize("missing", [*TO_LOOK, *(right for right in RIGHTS if right not in {*TO_LOOK, *UNASKED})])
def test_without_a_permission_it_is_told_and_nobody_else_is_missing(
    erased: Erased, missing: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The name of the permission is said, the person may still stand there, and the next erasure finishes."""
    erasable = erased.erasable
    if missing not in TO_LOOK[1:]:
        erasable.fill_again()
    before = Counter(erasable.shown())
    who = user(erasable.lake.aws, f"eraser-without-{missing.replace(':', '-')}", [right for right in RIGHTS if right != missing])
    for name, value in client_environment(who).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)

    code, _, said = typed(erasable, capfd, "erase", *WORDS, "--yes")

    assert (code != 0, missing in said) == (True, True), (code, said)
    assert {one: Counter(erasable.shown())[one] for one in STAYING} == {one: before[one] for one in STAYING}


def test_with_every_permission_the_next_erasure_finishes(erased: Erased, capfd: pytest.CaptureFixture[str]) -> None:
    """Whatever the others left."""
    assert typed(erased.erasable, capfd, "erase", *WORDS, "--yes")[0] == 0
    assert erased.erasable.hits() == []
