"""The tombstones of a lake on AWS: an object of its bucket, and their key in a secret of AWS Secrets Manager, `NAME-tombstones`.

The first erasure makes both. Who may read the bucket alone can try no names; where the key cannot be had, nothing is redriven or brought in, because
nobody could tell who was erased.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing, met_another
from eventlake.backends.bucket_tombstones import BucketTombstones
from eventlake.cloud.deployment import Deployment, pseudonyms
from eventlake.errors import GenerationConflictError, UsageError
from eventlake.layout import TOMBSTONES
from eventlake.pipeline.forgetting import Forgetting
from eventlake.pipeline.tombstones import TombstoneKey, Tombstones, holds_any, long_enough, written
from eventlake.stack_names import tombstones_secret

_TRIES = 5


def read_tombstones(deployment: Deployment, session: Session) -> Tombstones | None:
    """Read the tombstones of a lake, None if nobody was erased. Raises ConfigurationError if they cannot be told, ServiceError."""
    return _kept(deployment, session).read()


def read_forgetting(deployment: Deployment, session: Session) -> Forgetting | None:
    """Return what becomes of events that are brought in, None if nobody was erased. Raises as `read_tombstones` does."""
    found = read_tombstones(deployment, session)
    return None if found is None else Forgetting(found)


def add_tombstones(deployment: Deployment, session: Session, identifiers: Iterable[str], at: datetime, certificate: str = "") -> Tombstones:
    """Make sure that identifiers stay erased, and the pseudonyms of them. at: aware. certificate: the name of the object that attests the erasure.

    Raises UsageError for an identifier that is too short, ConfigurationError, ServiceError.
    """
    wanted = [long_enough(one) for one in identifiers]
    ring = pseudonyms(deployment, session)
    wanted += [] if ring is None else [pseudonym for one in wanted for pseudonym in ring.all_of(one)]
    since = f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    return _changed(deployment, session, lambda found: found.with_erased(wanted, since, certificate))


def end_tombstones(deployment: Deployment, session: Session, identifiers: Iterable[str], until: str) -> Tombstones:
    """Let what happens to identifiers, and to their pseudonyms, from a moment on be kept. until: ISO 8601, UTC.

    Raises UsageError for one that was not erased, ConfigurationError, ServiceError.
    """
    wanted, ring = list(identifiers), pseudonyms(deployment, session)
    known = [] if ring is None else [pseudonym for one in wanted for pseudonym in ring.all_of(one)]
    if read_tombstones(deployment, session) is None:
        raise UsageError("Nobody was erased from this lake.")
    return _changed(deployment, session, lambda found: found.ended(wanted, until).with_end(until, known))


def _changed(deployment: Deployment, session: Session, change: Callable[[Tombstones], Tombstones]) -> Tombstones:
    """Change the tombstones, whoever else does at the same time. Raises GenerationConflictError if others do all the time, ServiceError."""
    kept = _kept(deployment, session)
    for _ in range(_TRIES):
        text, etag = kept.text()
        key = kept.key()
        if key is None and text is not None and holds_any(text):
            kept.read()
        key = key or _new_key(kept, session)
        found = change(Tombstones(key) if text is None or not holds_any(text) else kept.of(text, key))
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        with failing(f'The tombstones "{TOMBSTONES}" cannot be written', storage=True):
            try:
                session.client("s3").put_object(Bucket=deployment.bucket, Key=TOMBSTONES, Body=written(found).encode(), **condition)
                return found
            except ClientError as error:
                if not met_another(error):
                    raise
    raise GenerationConflictError("The tombstones are being changed by somebody else; look again in a moment.")


def _kept(deployment: Deployment, session: Session) -> BucketTombstones:
    secret = tombstones_secret(deployment.name or deployment.bucket)
    return BucketTombstones(session.client("s3"), session.client("secretsmanager"), deployment.bucket, secret)


def _new_key(kept: BucketTombstones, session: Session) -> TombstoneKey:
    """Make the secret; the key in it, which somebody else may have made at the same time."""
    made = TombstoneKey.new()
    with failing(f'The secret "{kept.secret}" for the key of the tombstones cannot be made'):
        try:
            session.client("secretsmanager").create_secret(
                Name=kept.secret, SecretString=made.secret, Description="Key of the tombstones of who was erased from an eventlake."
            )
        except ClientError as error:
            if code_of(error) != "ResourceExistsException":
                raise
            return kept.key() or made
    return made
