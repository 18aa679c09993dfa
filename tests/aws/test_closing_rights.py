"""Every permission of the closing function's role is needed: without it something is refused, and nothing is lost meanwhile.

The rights that Athena uses in the function's name are among them, as far as the emulator knows what Athena does: all but
s3:AbortMultipartUpload, which is for parts of an object that could not be finished.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from aws.closable import PREFIX, TABLE, Closable, of
from aws.lake import PROJECT
from aws.roles import broken, count, is_refused, policies, rights, without_in
from aws.test_permissions import declared

pytestmark = pytest.mark.java

ROLE = declared(PROJECT / "templates" / "closing.yaml", "AWS::IAM::Role")["ClosingRole"]["Policies"][0]
OF_SOURCES = declared(PROJECT / "templates" / "sources.yaml", "AWS::IAM::ManagedPolicy")["ClosingPolicy1"]
NOT_ASKED_FOR = "s3:AbortMultipartUpload"


RIGHTS = [right for policy in (ROLE, OF_SOURCES) for right in rights(policy) if right[1] != NOT_ASKED_FOR]
AT_THE_EDGES = [
    ("WriteLog", "logs:CreateLogStream"),
    ("WriteLog", "logs:PutLogEvents"),
    ("KeepFailedCalls", "sqs:SendMessage"),
    ("SwapPartitions", "glue:CreatePartition"),
    ("ReadLanded", "s3:DeleteObject"),
]
"""Without these an hour is closed all the same; each has its own test below."""
TO_CLOSE = sorted((right for right in RIGHTS if right not in AT_THE_EDGES), key=lambda right: right[1] == "glue:UpdatePartition")
"""Last the one without which the hour is closed, and only not shown."""


def without(closable: Closable, sid: str, action: str) -> AbstractContextManager[None]:
    """Take an action out of the statements with this Sid, and leave it in the others."""
    return without_in(closable.lake.aws, closable.role, sid, action)


@pytest.fixture(scope="module")
def due(closes: Closable) -> Iterator[list[str]]:
    """A seed that lies twice in an hour, which is due all the time; at the end it is closed, and whole."""
    seed = closes.seed(3)
    closes.fill("2026/06/02/00", seed, "closed")
    of(closes.close(), "hour")
    closes.fill("2026/06/02/01", closes.seed(3), "a", "b")
    yield seed
    closes.close()
    assert closes.counts("2026-06-02") == {"00": (3, 3), "01": (3, 3)}


def test_the_deployed_role_may_do_what_is_tried_here(closes: Closable) -> None:
    """No statement of the role is left out."""
    documents = [json.loads(text) for text in policies(closes.lake.aws, closes.role).values()]
    allowed = {right for document in documents for right in rights({"PolicyDocument": document})}
    assert allowed == {right for policy in (ROLE, OF_SOURCES) for right in rights(policy)}


@pytest.mark.usefixtures("due")
@pytest.mark.parametrize(("sid", "action"), TO_CLOSE)
def test_without_a_permission_nothing_is_closed_and_nothing_is_lost(closes: Closable, sid: str, action: str) -> None:
    """The call tells what is refused, the hour stays as it is, and readers see what they saw."""
    before = closes.partition("2026/06/02/01")
    with without(closes, sid, action):
        if sid == "WriteClosings":  # what a function that is warm has read, it does not read again
            start_anew(closes)
        answer = closes.close(table=TABLE)

    assert answer["closed"] == []
    assert any(action in failed["reason"] for failed in answer["failed"]), answer
    assert closes.partition("2026/06/02/01") == before


def start_anew(closes: Closable) -> None:
    """Let the function be one that knows nothing yet."""
    with broken(closes.lake.aws, f"{closes.lake.name}-compaction"):
        pass


@pytest.mark.parametrize(("sid", "action"), [right for right in AT_THE_EDGES if right[0] == "WriteLog"])
def test_without_a_permission_the_log_or_the_trace_is_missing(closes: Closable, sid: str, action: str) -> None:
    """The function runs all the same."""
    before = count(closes.lake.aws, "Emulator", "Denied", Principal=closes.role, Action=action)
    with without(closes, sid, action):
        closes.close(dry_run=True)
        assert is_refused(closes.lake.aws, closes.role, action, before)


def test_without_the_queue_a_failed_call_is_not_kept(closes: Closable) -> None:
    """A call of the schedule that fails as a whole is a dead letter, or is refused there."""
    name, before = (
        f"{closes.lake.name}-compaction",
        count(closes.lake.aws, "Emulator", "Denied", Principal=closes.role, Action="sqs:SendMessage"),
    )
    with without(closes, "KeepFailedCalls", "sqs:SendMessage"), broken(closes.lake.aws, name):
        closes.lake.aws.service("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
        assert is_refused(closes.lake.aws, closes.role, "sqs:SendMessage", before)


def test_without_the_right_no_partition_is_made_that_is_missing(closes: Closable) -> None:
    """An hour that nobody registered is closed, and shown as soon as that is allowed again."""
    closes.fill("2026/06/10/05", closes.seed(2), "a", "b")
    partition = closes.partition("2026/06/10/05")
    assert partition is not None
    closes.lake.aws.service("glue").delete_partition(
        DatabaseName=closes.lake.database(TABLE), TableName=TABLE, PartitionValues=partition["Values"]
    )
    with without(closes, "SwapPartitions", "glue:CreatePartition"):
        answer = closes.close(table=TABLE)
        assert any("glue:CreatePartition" in failed["reason"] for failed in answer["failed"]), answer

    closes.close(table=TABLE)

    assert closes.counts("2026-06-10") == {"05": (2, 2)}


def test_without_the_right_what_was_replaced_stays(closes: Closable) -> None:
    """It is removed as soon as that is allowed again, and told meanwhile."""
    closes.fill("2026/06/14/05", closes.seed(2), "a", "b")
    closes.close(table=TABLE)
    closes.age("2026/06/14/05", datetime.now(UTC) - timedelta(days=2))
    prefix = f"{PREFIX}/2026/06/14/05/"
    with without(closes, "ReadLanded", "s3:DeleteObject"):
        answer = closes.close(table=TABLE)
        assert any("s3:DeleteObject" in failed["reason"] for failed in answer["failed"]), answer
        assert len(closes.lake.bucket.keys(prefix)) == 2

    closes.close(table=TABLE)

    assert closes.lake.bucket.keys(prefix) == []
    assert closes.counts("2026-06-14") == {"05": (2, 2)}
