"""Pseudonyms on AWS: those of one machine, byte for byte, or none and no line."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import time
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from eventlake.backends.secret_keys import SecretKeys
from eventlake.deploy.declared import declared_module
from eventlake.errors import EventError
from eventlake.functions import declared, pseudonyms, transform
from eventlake.functions.fresh import USABLE_S, Fresh
from eventlake.functions.pseudonyms import FRESH_S, NO_KEYS, SECRET
from eventlake.pipeline.pseudonyms import KeyRing, new_key, written
from eventlake.pipeline.transform import Transform
from eventlake.sources import load
from functions.test_transform import batch

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:keys-AbCdEf"
PRIVACY = """
[auth0_logs]
user_id = "hmac"
user_name = "hmac"
ip = "network"
user_agent = "mask"
"details.request.auth.user.email" = "hmac"
"details.prompts[].user_name" = "drop"
"""
RING = KeyRing([new_key("k1", "2020-01-01"), new_key("k2", "2024-06-01")])
AUTH0_TYPES = json.loads(gzip.decompress((Path(__file__).parent.parent / "sources" / "auth0_log_types.json.gz").read_bytes()))["types"]


class Secret:
    """A secret whose text, or refusal, a test decides."""

    def __init__(self, text: str | Exception) -> None:
        self.text = text
        self.asked = 0

    def get_secret_value(self, **_: str) -> dict[str, str]:
        """Answer as Secrets Manager does."""
        self.asked += 1
        if isinstance(self.text, Exception):
            raise self.text
        return {"SecretString": self.text}


def refusal(code: str, status: int = 400) -> ClientError:
    """An error that Secrets Manager answers."""
    return ClientError({"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": status}}, "GetSecretValue")


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.at


def kept(secret: Any, clock: Callable[[], float] = time) -> Fresh[KeyRing]:
    """The keys of a secret, as a container remembers them."""
    return Fresh(SecretKeys(secret, ARN).read, NO_KEYS, FRESH_S, clock)


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Auth0's table with pseudonyms, whose generated module the function finds in the place of the built-in one."""
    (tmp_path / "privacy.toml").write_text(PRIVACY)
    found = next(table for source in load([tmp_path]) for table in source.tables if table.name == "auth0_logs")
    renamed = replace(found, name="auth0_logs_masked")
    (tmp_path / "auth0_logs_masked.py").write_text(declared_module(renamed))
    monkeypatch.setattr(declared, "__path__", [str(tmp_path)])
    monkeypatch.setattr(transform, "_tables", {})
    monkeypatch.setattr(pseudonyms, "_transforms", {})
    return renamed


def events() -> list[bytes]:
    """An event of each of Auth0's types, at times around the day of the second key, and with offsets."""
    times = ["2024-05-31T23:59:59.999Z", "2024-06-01T00:00:00.000Z", "2024-06-01T01:00:00+02:00", "2026-11-20T10:00:00.000Z"]
    person = {"user_id": "auth0|5f7c8e", "user_name": "Ada@Example.com", "ip": "203.0.113.77", "user_agent": "Firefox"}
    details = {"request": {"auth": {"user": {"email": "ada@example.com"}}}, "prompts": [{"user_name": "ada"}]}
    found = []
    for number, one in enumerate(sorted(AUTH0_TYPES)):
        data = {"log_id": f"9{number}", "date": times[number % 4], "type": one, **person, "details": details}
        envelope = {"id": str(number), "source": "aws.partner/auth0.com/t/auth0.logs", "detail-type": "Auth0 log", "time": data["date"]}
        found.append(json.dumps({**envelope, "detail": {"log_id": data["log_id"], "data": data}}).encode())
    return found


def test_lines_are_those_of_one_machine_byte_for_byte(table: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of each type of Auth0's, under the key of its day in UTC; the secret is read once for all batches."""
    secret = Secret(written(RING))
    keys = kept(secret)
    monkeypatch.setattr(pseudonyms, "_keys", lambda: keys)
    here = Transform(table, pseudonyms=RING)

    for _ in range(2):
        answers = transform.handler(batch(table.name, events()), None)["records"]

        lines = [base64.b64decode(one["data"]) for one in answers if one["result"] == "Ok"]
        assert lines == [here(event) for event in events()]
    assert secret.asked == 1
    assert {json.loads(line)["user_id"].partition(":")[0] for line in lines} == {"k1", "k2"}
    assert not [line for line in lines if b"5f7c8e" in line or b"xample.com" in line.lower() or b"203.0.113.77" in line]


@pytest.mark.parametrize(
    "text",
    [refusal("AccessDeniedException"), refusal("ResourceNotFoundException"), refusal("InternalServiceError", 500), "{}", "no keys"],
    ids=["no right", "no secret", "away", "empty", "no JSON"],
)
def test_without_keys_every_record_fails_by_name(
    table: Any, text: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As it came, so that Firehose keeps it and it can be brought in later; the log says which secret and why. Afterwards all is well."""
    secret = Secret(text)
    keys = kept(secret)
    monkeypatch.setattr(pseudonyms, "_keys", lambda: keys)
    asked = batch(table.name, events()[:3])

    failed = transform.handler(asked, None)["records"]

    assert [one["result"] for one in failed] == ["ProcessingFailed"] * 3
    assert [one["data"] for one in failed] == [one["data"] for one in asked["records"]]
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert ARN in said[0]["message"]
    assert (said[-1]["Reason"], said[-1]["Failed"], said[-1]["Table"]) == (NO_KEYS, 3, table.name)
    secret.text = written(RING)
    assert [one["result"] for one in transform.handler(asked, None)["records"]] == ["Ok"] * 3


def test_a_deployment_without_a_secret_says_so(table: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """And writes nothing."""
    monkeypatch.setenv(SECRET, "")
    pseudonyms._keys.cache_clear()

    answers = transform.handler(batch(table.name, events()[:1]), None)["records"]

    assert [one["result"] for one in answers] == ["ProcessingFailed"]
    assert "deploy it again with PseudonymKeysSecretArn" in capsys.readouterr().out


def test_new_keys_are_seen_while_the_container_lives() -> None:
    """After some minutes, and not with each batch."""
    clock, secret = Clock(), Secret(written(RING))
    keys = kept(secret, clock)
    keys.value()
    more = KeyRing([*RING.keys, new_key("k3", "2026-01-01")])
    secret.text = written(more)

    clock.at += FRESH_S - 1
    assert keys.value().of("ada", "2026-01-01") == RING.of("ada", "2026-01-01")
    clock.at += 1
    assert keys.value().of("ada", "2026-01-01") == more.of("ada", "2026-01-01")
    assert secret.asked == 2


@pytest.mark.parametrize(
    "away", [refusal("InternalServiceError", 500), refusal("ThrottlingException"), ConnectTimeoutError(endpoint_url="x")]
)
def test_keys_outlast_a_secrets_manager_that_is_away(away: Exception) -> None:
    """For an hour: they are the right ones as far as anybody knows; each try waits its minutes."""
    clock, secret = Clock(), Secret(written(RING))
    keys = kept(secret, clock)
    ring = keys.value()
    secret.text = away

    clock.at += USABLE_S - 1
    assert keys.value() is ring
    assert keys.value() is ring
    assert secret.asked == 2
    clock.at += FRESH_S
    with pytest.raises(EventError, match="cannot be read"):
        keys.value()


@pytest.mark.parametrize("gone", ["ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException"])
def test_keys_that_are_taken_away_count_no_more(gone: str) -> None:
    """Who removes the secret, marks it for deletion, or takes the right away, has no more pseudonyms made within minutes."""
    clock, secret = Clock(), Secret(written(RING))
    keys = kept(secret, clock)
    keys.value()
    secret.text = refusal(gone)

    clock.at += FRESH_S
    for _ in range(2):
        with pytest.raises(EventError, match=ARN):
            keys.value()


def test_a_secret_of_bytes_is_told() -> None:
    """Which `aws secretsmanager create-secret --secret-binary` makes."""
    client = SimpleNamespace(get_secret_value=lambda **_: {"SecretBinary": b"keys"})

    with pytest.raises(EventError, match="holds bytes"):
        kept(client).value()
