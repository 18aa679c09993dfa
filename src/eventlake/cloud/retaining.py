"""Retention of a lake on AWS, seen from this machine: its function is called, and legal holds are placed in its bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.backends.hold_objects import HoldObjects
from eventlake.backends.removal_log import RemovalLog
from eventlake.cloud.deployment import Deployment
from eventlake.cloud.lake_function import Answer, LakeFunction
from eventlake.errors import ConfigurationError
from eventlake.pipeline.holds import Hold
from eventlake.pipeline.removals import Removal

_CHANGES = {"hidden", "removed", "back"}
"""States of hours that a call changed: while there are some, the next one comes further."""


class RetentionFunction:
    """The function that removes what was kept long enough. Raises ConfigurationError for a lake whose name is unknown."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        absent = (
            "keeps everything for ever: deploy its stack again with Retention=declared, or with days, such as Retention=auth0_logs=400."
        )
        self._function = LakeFunction(deployment, session, "retention", "removes its hours", absent)

    def due(self) -> Answer:
        """Ask what would go. Raises ConfigurationError if the lake keeps everything, ServiceError."""
        return self._function.call({"dry_run": True})

    def remove(self) -> Iterator[Answer]:
        """Call it until it has removed what it can; yield what each call answers. Raises ConfigurationError, ServiceError."""
        while True:
            answer = self._function.call({})
            yield answer
            if not answer["left"] or not any(one["state"] in _CHANGES for one in answer["hours"]):
                return


class HoldsOnAws:
    """The legal holds of a lake on AWS."""

    def __init__(self, deployment: Deployment, session: Session) -> None:
        self._s3, self._bucket = session.client("s3"), deployment.bucket
        self._holds = HoldObjects(self._s3, self._bucket)

    def read(self) -> list[Hold]:
        """Return the holds, in the order in which they were placed. Raises StorageError."""
        return self._holds.read()

    def release(self, name: str) -> Hold:
        """Take a hold away; it is given. Raises NameNotFoundError, StorageError."""
        return self._holds.release(name)

    def place(self, hold: Hold) -> list[Removal]:
        """Add a hold; return what it is about and was on its way out: nothing more of that goes, but some may be gone.

        Whoever removes writes that down before reading the holds, so what is not among these was not begun before the hold was there.
        Raises ConfigurationError if the bucket removes by itself, UsageError for a name that is taken, StorageError.
        """
        self._require_no_expiry()
        self._holds.place(hold)
        return [one for one in RemovalLog(self._s3, self._bucket).all() if hold.covers(one.table, one.hour)]

    def _require_no_expiry(self) -> None:
        """Raise ConfigurationError if the bucket deletes old objects whatever anybody holds."""
        with failing(f'The lifecycle of the bucket "{self._bucket}" cannot be looked at', storage=True):
            try:
                rules: list[dict[str, Any]] = self._s3.get_bucket_lifecycle_configuration(Bucket=self._bucket)["Rules"]
            except ClientError as error:
                if code_of(error) != "NoSuchLifecycleConfiguration":
                    raise
                return
        days = [rule["Expiration"]["Days"] for rule in rules if rule["Status"] == "Enabled" and rule.get("Expiration", {}).get("Days")]
        if days:
            raise ConfigurationError(
                f'The bucket "{self._bucket}" deletes by itself what is {min(days):,} days old, and no hold stops it: deploy the stack with '
                "RetentionDays=0 first, and say with Retention how long tables are kept."
            )
