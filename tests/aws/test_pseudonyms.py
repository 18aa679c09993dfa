"""Pseudonyms on a deployed lake: keys from one secret, the rows of one machine, and never a row in the clear."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aws.client import Aws, eventually
from aws.deploying import delete
from aws.events import samples
from aws.lake import Event, Lake, deployed, fresh_clone
from aws.roles import count, is_refused, policies, restart_transform, transform_role, without
from aws_lake import client_environment, user
from eventlake.backends.secret_keys import SecretKeys
from eventlake.cli import run
from eventlake.local.keys import add_key, read_keys
from eventlake.pipeline.pseudonyms import KeyRing

pytestmark = pytest.mark.aws

NAME = "masked"
PRIVACY = '[auth0_logs]\nuser_id = "hmac"\nuser_name = "hmac"\nip = "network"\n'
LOGIN = next(event for event in samples() if "auth0" in event["source"] and event["detail"].get("data", {}).get("type") == "s")
RIGHTS = ["cloudformation:DescribeStacks", "secretsmanager:GetSecretValue"]
"""What docs/privacy.md says that a person needs to list the keys."""
TO_PUSH = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:CreateSecret"]
Typed = Callable[..., tuple[int, list[dict[str, Any]], str]]
"""Types a command as a user: its exit code, its answer and what it said."""


@pytest.fixture
def typed(aws: Aws, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Typed:
    """Types commands as some user."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)

    def type_words(person: Aws, *words: str) -> tuple[int, list[dict[str, Any]], str]:
        for name, value in client_environment(person).items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        capfd.readouterr()
        code = run(words)
        said = capfd.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err

    return type_words


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a lake on one machine, with two keys."""
    folder = tmp_path_factory.mktemp("keys")
    add_key(folder, "2020-01-01")
    add_key(folder, "2024-06-01")
    return folder


@pytest.fixture(scope="module")
def ring(keys: Path) -> KeyRing:
    """The keys."""
    found = read_keys(keys)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of declarations with privacy.toml alone."""
    folder = tmp_path_factory.mktemp("mine")
    (folder / "privacy.toml").write_text(PRIVACY)
    return folder


@pytest.fixture(scope="module")
def secret(aws: Aws, ring: KeyRing) -> str:
    """The ARN of the secret that holds them."""
    return SecretKeys(aws.service("secretsmanager"), f"{NAME}-keys").push(ring)


@pytest.fixture(scope="module")
def masked(aws: Aws, auth0_bus: str, secret: str, mine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake whose templates were written with privacy.toml."""
    folder = tmp_path_factory.mktemp(NAME)
    clone = fresh_clone(folder / "clone")
    write = [sys.executable, "-m", "eventlake", "templates", "--sources", str(mine)]
    subprocess.run(write, cwd=clone, env={**os.environ, "PYTHONPATH": str(clone / "src")}, check=True, capture_output=True)
    on = {"EventBusName": auth0_bus, "CodePipeline": "off", "BufferingHintsIntervalInSeconds": "60", "Alarms": "off"}
    yield deployed(aws, NAME, folder, {**on, "PseudonymKeysSecretArn": secret}, clone)
    delete(aws, NAME)


def login(number: int, date: str = "2024-06-01T01:00:00+02:00") -> Event:
    """A login of Ada's, in the last hour of the day of the first key unless another time is given."""
    data = {**LOGIN["detail"]["data"], "log_id": f"m{number}", "date": date, "user_id": "auth0|ada", "user_name": "Ada@Example.com"}
    return {**LOGIN, "detail": {"log_id": data["log_id"], "data": data}}


def test_rows_hold_the_pseudonyms_of_one_machine(masked: Lake, ring: KeyRing) -> None:
    """Under the key of the event's day in UTC; the person stands in no object of log lines."""
    ids = masked.put([login(1), login(2, "2024-06-01T00:00:00.000Z")])
    rows = sorted(masked.arrived(ids, ["logs"])["logs"], key=lambda row: str(row["log_id"]))

    assert [row["user_id"] for row in rows] == [ring.of("auth0|ada", "2024-05-31"), ring.of("auth0|ada", "2024-06-01")]
    assert [row["user_name"] for row in rows] == [ring.of("ada@example.com", day) for day in ("2024-05-31", "2024-06-01")]
    assert not [row for row in rows for name in ("auth0|ada", "ada@example.com") if name in json.dumps(row, default=str).lower()]


def test_without_the_right_nothing_is_written_and_afterwards_it_is_brought_in(
    masked: Lake, ring: KeyRing, mine: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The events fail by name, are kept, and `failed redrive` has them become rows with their pseudonyms."""
    monkeypatch.setenv("EVENTLAKE_SOURCES", str(mine))
    role = transform_role(masked.aws, NAME)
    before = count(masked.aws, "Emulator", "Denied", Principal=role, Action="secretsmanager:GetSecretValue")
    with without(masked.aws, role, "secretsmanager:GetSecretValue"):
        restart_transform(masked.aws, NAME)
        masked.put([login(3)])
        assert is_refused(masked.aws, role, "secretsmanager:GetSecretValue", before)
        eventually(masked.failures)
    assert not [row for row in masked.rows(masked.bucket.keys("logs/")).get("logs", []) if row["log_id"] == "m3"]
    restart_transform(masked.aws, NAME)

    code, told, said = typed(masked.aws, "failed", "redrive", "--lake", f"aws:{NAME}")
    assert code == 0, (told, said)

    (row,) = eventually(lambda: [row for row in masked.rows(masked.bucket.keys("logs/")).get("logs", []) if row["log_id"] == "m3"])
    assert row["user_id"] == ring.of("auth0|ada", "2024-05-31")


def test_history_gets_the_same_pseudonyms(
    masked: Lake, ring: KeyRing, mine: Path, typed: Typed, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """This machine makes its rows, with the keys of the stack's secret."""
    monkeypatch.setenv("EVENTLAKE_SOURCES", str(mine))
    (tmp_path / "old.jsonl").write_text(json.dumps({**login(4, "2023-01-01T10:00:00.000Z"), "id": "old-4"}))

    code, _, said = typed(masked.aws, "backfill", "files", str(tmp_path / "old.jsonl"), "--lake", f"aws:{NAME}")

    assert code == 0, said
    (row,) = masked.rows(masked.bucket.keys("logs/2023/"))["logs"]
    assert row["user_id"] == ring.of("auth0|ada", "2023-01-01")


def test_the_keys_of_a_stack_are_listed_without_being_shown(masked: Lake, ring: KeyRing, typed: Typed) -> None:
    """To who may look at the stack and read the secret; who may not is told which right is missing."""
    code, told, _ = typed(user(masked.aws, "keeper", RIGHTS), "keys", "--lake", f"aws:{NAME}")

    assert (code, [one["fingerprint"] for one in told]) == (0, [key.fingerprint for key in ring.keys])
    code, _, said = typed(user(masked.aws, "stranger", RIGHTS[:1]), "keys", "--lake", f"aws:{NAME}")
    assert code != 0
    assert "secretsmanager:GetSecretValue" in said


def test_keys_are_pushed_and_none_is_lost_by_a_slip(aws: Aws, keys: Path, typed: Typed, tmp_path: Path) -> None:
    """A name that nobody has becomes a secret; a file that lacks a key is refused, unless --forget says that it may go."""
    person, lake = user(aws, "pusher", TO_PUSH), str(keys)
    code, _, said = typed(person, "keys", "push", "pushed", "--lake", lake)
    assert code == 0, said
    arn = said.rpartition("PseudonymKeysSecretArn=")[2].strip().rstrip(".")
    assert aws.service("secretsmanager").get_secret_value(SecretId=arn)["SecretString"] == (keys / "pseudonyms.json").read_text()
    add_key(tmp_path, "2020-01-01")

    code, _, said = typed(person, "keys", "push", arn, "--lake", str(tmp_path))
    assert (code, "k1, k2" in said, "--forget" in said) == (252, True, True), said
    assert typed(person, "keys", "push", arn, "--forget", "--lake", str(tmp_path))[0] == 0
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        kept = aws.service("secretsmanager").get_secret_value(SecretId=arn, VersionStage=stage)["SecretString"]
        assert kept == (tmp_path / "pseudonyms.json").read_text()


def test_without_keys_nothing_is_pushed(aws: Aws, typed: Typed, tmp_path: Path) -> None:
    """The sentence says which command makes one."""
    code, _, said = typed(aws, "keys", "push", "nothing", "--lake", str(tmp_path))

    assert code == 253
    assert f"eventlake keys new --lake {tmp_path}" in said


def test_where_no_secret_is_named_there_is_no_right(lake: Lake) -> None:
    """A lake without pseudonyms has a function that may read no secret, and says so to who asks for its keys."""
    role = transform_role(lake.aws, lake.name)

    assert "secretsmanager" not in "".join(policies(lake.aws, role).values())
