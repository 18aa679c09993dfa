"""Who was erased, on AWS: what one machine keeps out is dropped, and nothing becomes a row while nobody can tell who was."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from eventlake.backends.bucket_tombstones import BucketTombstones
from eventlake.functions import forgetting, transform
from eventlake.functions.forgetting import FRESH_S, NO_TOMBSTONES, Erased
from eventlake.functions.fresh import Fresh
from eventlake.layout import TOMBSTONES
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.router import Router
from eventlake.pipeline.tombstones import TombstoneKey, Tombstones, written
from eventlake.sources import load
from functions.test_transform import batch

KEY = TombstoneKey("0a" * 32)
ANNA, ID = "anna.lind@example.org", "auth0|5f7c8ec7c33c6c004bbafe82"
STONES = Tombstones(KEY).with_erased([ANNA, ID], "2026-11-29T10:00:00Z")


def refused(code: str) -> ClientError:
    """An error that AWS answers."""
    return ClientError({"Error": {"Code": code, "Message": "No."}, "ResponseMetadata": {"HTTPStatusCode": 403}}, "GetObject")


class Bucket:
    """The bucket and the secret, as a role sees them that may not list the whole bucket."""

    def __init__(self) -> None:
        self.text: str | Exception | None = None
        self.secret: str | Exception = KEY.secret
        self.asked: list[str] = []

    def get_object(self, **asked: str) -> dict[str, Any]:
        """Answer as S3 does, which refuses what is not there."""
        self.asked.append(asked["Key"])
        if isinstance(self.text, Exception):
            raise self.text
        if self.text is None:
            raise refused("AccessDenied")
        return {"Body": io.BytesIO(self.text.encode()), "ETag": f'"{hash(self.text)}"'}

    def list_objects_v2(self, **asked: Any) -> dict[str, Any]:
        """Answer how many objects begin so."""
        assert asked["Prefix"] == TOMBSTONES
        return {"KeyCount": int(self.text is not None)}

    def get_secret_value(self, **asked: str) -> dict[str, str]:
        """Answer as Secrets Manager does."""
        self.asked.append(asked["SecretId"])
        if isinstance(self.secret, Exception):
            raise self.secret
        return {"SecretString": self.secret}


class Clock:
    """Seconds that a test lets pass."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        """The time."""
        return self.at


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Bucket:
    """The bucket that the function looks at."""
    made = Bucket()
    kept = Fresh(Erased(BucketTombstones(made, made, "logs", "lake-tombstones")).read, NO_TOMBSTONES, FRESH_S, clock)
    monkeypatch.setattr(transform, "TOMBSTONES_BUCKET", "logs")
    monkeypatch.setattr(forgetting, "_erased", lambda _: kept)
    return made


def login(number: int, **data: Any) -> bytes:
    """An entry of Auth0's log."""
    entry = {"date": "2026-11-29T10:00:00.000Z", "type": "s", "log_id": f"90{number}", "user_id": "auth0|other", "details": {}} | data
    envelope = {"version": "0", "id": f"e{number}", "detail-type": "Auth0 log", "source": "aws.partner/auth0.com"}
    return json.dumps({**envelope, "time": "2026-11-29T10:00:00Z", "detail": {"log_id": f"90{number}", "data": entry}}).encode()


EVENTS = [
    login(1),
    login(2, user_id=ID.upper()),
    login(3, details={"note": f"changed by {ANNA}"}),
    login(4, user_name=ANNA),
    b'{"no": "event of anna.lind@example.org"}',
]


def answers() -> list[dict[str, Any]]:
    """What the function answers."""
    return list(transform.handler(batch("auth0_logs", EVENTS), None)["records"])


def test_lines_are_those_of_one_machine(bucket: Bucket, capsys: pytest.CaptureFixture[str]) -> None:
    """An event of who was erased is dropped, the words of another's are kept without the identifier; both are counted."""
    bucket.text = written(STONES)
    here = Router([source for source in load() if source.name == "auth0"], forgetting=Forgetting(STONES))

    said = answers()

    assert [one["result"] for one in said] == ["Ok", "Dropped", "Ok", "Dropped", "ProcessingFailed"]
    lines = [base64.b64decode(one["data"]) for one in said if one["result"] == "Ok"]
    assert lines == [here.route(EVENTS[at]).lines[0][1] for at in (0, 2)]
    assert "[erased]" in lines[1].decode()
    counted = next(one for one in map(json.loads, capsys.readouterr().out.splitlines()) if one["message"] == "Batch transformed.")
    assert (counted["EventsIn"], counted["RowsOut"], counted["Erased"], counted["Failed"]) == (5, 2, 2, 1)


def test_what_is_theirs_fails_for_nothing_else(bucket: Bucket, clock: Clock) -> None:
    """Firehose would keep it as it came: half a character, too deep, too large; another's event stays a failed record."""
    unfit = {"x": "\ud800"}, json.loads("[" * 70 + "]" * 70), {"x": "y" * 1_000_000}
    sent = [login(at, user_id=user, details=one) for at, one in enumerate(unfit) for user in (ID, "auth0|other")]
    asked = batch("auth0_logs", sent)
    assert {one["result"] for one in transform.handler(asked, None)["records"]} == {"ProcessingFailed"}

    clock.at += FRESH_S
    bucket.text = written(STONES)
    assert [one["result"] for one in transform.handler(asked, None)["records"]] == ["Dropped", "ProcessingFailed"] * 3


def test_where_nobody_was_erased_nothing_is_looked_for(bucket: Bucket) -> None:
    """The secret does not exist then, so nobody asks for it."""
    assert [one["result"] for one in answers()] == ["Ok"] * 4 + ["ProcessingFailed"]
    assert bucket.asked == [TOMBSTONES]


def test_who_is_erased_is_known_within_a_minute(bucket: Bucket, clock: Clock) -> None:
    """While the container lives, and without a look at every batch; the key is read anew only with new tombstones."""
    answers()
    bucket.text = written(STONES)

    clock.at += FRESH_S - 1
    assert "Dropped" not in [one["result"] for one in answers()]
    clock.at += 1
    assert [one["result"] for one in answers()].count("Dropped") == 2
    clock.at += FRESH_S
    assert [one["result"] for one in answers()].count("Dropped") == 2
    assert bucket.asked == [TOMBSTONES, TOMBSTONES, "lake-tombstones", TOMBSTONES]


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda bucket: setattr(bucket, "text", refused("AccessDenied")), id="no right to the tombstones"),
        pytest.param(lambda bucket: setattr(bucket, "secret", refused("AccessDeniedException")), id="no right to the key"),
        pytest.param(lambda bucket: setattr(bucket, "secret", refused("ResourceNotFoundException")), id="no key"),
        pytest.param(lambda bucket: setattr(bucket, "secret", TombstoneKey("0b" * 32).secret), id="another key"),
        pytest.param(lambda bucket: setattr(bucket, "secret", "none"), id="no key in the secret"),
        pytest.param(lambda bucket: setattr(bucket, "text", "{"), id="no tombstones in the object"),
    ],
)
def test_while_nobody_can_tell_who_was_erased_every_record_fails_by_name(
    bucket: Bucket, spoil: Callable[[Bucket], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """As it came, so that Firehose keeps it; afterwards all is well."""
    bucket.text = written(STONES)
    spoil(bucket)

    failed = answers()

    assert {one["result"] for one in failed} == {"ProcessingFailed"}
    assert [base64.b64decode(one["data"]) for one in failed] == EVENTS
    assert NO_TOMBSTONES in capsys.readouterr().out
    bucket.text, bucket.secret = written(STONES), KEY.secret
    assert [one["result"] for one in answers()].count("Dropped") == 2
