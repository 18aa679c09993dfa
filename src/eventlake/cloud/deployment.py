"""A lake on AWS, opened to read: found by the stack that made it, or by its bucket.

`aws:NAME` asks CloudFormation for the outputs of the stack NAME. People who may query but not look into stacks get what the stack would have
said if nobody had chosen other names: bucket and workgroups are called after the stack, databases as declared. `s3://BUCKET` asks no stack.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from eventlake.backends.athena import AthenaEngine
from eventlake.backends.aws import Session, code_of, failing, is_denied
from eventlake.backends.glue import GlueCatalog
from eventlake.backends.s3 import S3Store
from eventlake.backends.secret_keys import SecretKeys
from eventlake.errors import ConfigurationError, LakeNotFoundError, ServiceError, StorageServiceError
from eventlake.model import Source, Table
from eventlake.pipeline.masking import asks_for_pseudonyms
from eventlake.pipeline.pseudonyms import KeyRing
from eventlake.pipeline.retention import Retention
from eventlake.stack_names import BUCKET, STACK, database_name, webhook_name, workgroup_name

if TYPE_CHECKING:
    from eventlake.backends.duckdb import DuckDBEngine
    from eventlake.cloud.cache import Told
    from eventlake.interfaces import Catalog

_OWN_BUCKET = re.compile(r"(?P<lake>[a-z][a-z0-9-]{1,20})-\d{12}-[a-z]{2}(?:-[a-z]+)+-\d")
"""How a bucket is called that nobody gave a name."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a lake on AWS consists of.

    named: as the person wrote it. name: the lake's, with which its resources begin; empty if unknown, as is the workgroup.
    sources: those that are deployed, with the databases they have there. status: CloudFormation's word for the stack; empty if unknown.
    keys_secret: the ARN of the secret with the keys of pseudonyms; empty if there is none, or it is unknown.
    retention: how long it keeps what; for ever where that is off, or unknown.
    token_secrets: source and ARN of what holds the tokens of each webhook that is known.
    parameters: of the stack. made: when it was; None if unknown. results_bucket: of Athena's answers; empty if unknown.
    """

    named: str
    name: str
    bucket: str
    workgroup: str
    sources: tuple[Source, ...]
    status: str = ""
    keys_secret: str = ""
    retention: Retention = field(default_factory=Retention)
    token_secrets: tuple[tuple[str, str], ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    made: datetime | None = None
    results_bucket: str = ""

    @property
    def tables(self) -> list[Table]:
        """Return the tables of the lake's sources."""
        return [table for source in self.sources for table in source.tables]

    @property
    def workgroups(self) -> dict[str, str]:
        """Return the workgroup in which each source is queried, by its database; none if the lake's name is unknown."""
        return {source.database: workgroup_name(self.name, source.name) for source in self.sources} if self.name else {}


def find(named: str, sources: Sequence[Source], session: Session) -> Deployment:
    """Find the lake called `aws:NAME` or `s3://BUCKET`. Raises LakeNotFoundError, ConfigurationError or ServiceError."""
    if named.startswith(STACK):
        return _by_stack(named, sources, session)
    return _by_bucket(named, sources, session)


def open_store(deployment: Deployment, session: Session) -> S3Store:
    """Open the bucket of the lake."""
    return S3Store(session.client("s3"), deployment.bucket)


def open_catalog(deployment: Deployment, session: Session) -> GlueCatalog:
    """Open the lake's tables in Glue."""
    return GlueCatalog(session.client("glue"), deployment.tables, deployment.bucket, open_store(deployment, session))


def open_athena(deployment: Deployment, session: Session, workgroup: str | None = None) -> AthenaEngine:
    """Open Athena for the lake: one source is asked in its workgroup, several in the lake's.

    workgroup: asked in this one whatever the statement is about. Raises ConfigurationError if none is known.
    """
    chosen, of_sources = workgroup or deployment.workgroup, {} if workgroup else deployment.workgroups
    if not chosen:
        raise ConfigurationError(
            f'The name of "{deployment.named}" does not tell the Athena workgroup: name one with --workgroup, or the lake by its stack, aws:NAME.'
        )
    return AthenaEngine(session.client("athena"), chosen, deployment.tables, workgroups=of_sources)


def open_duckdb(
    deployment: Deployment, session: Session, told: Told | None = None, catalog: Catalog | None = None, **limits: Any
) -> DuckDBEngine:
    """Open DuckDB on this machine, over checked copies of the objects that a query needs.

    told: hears how far a fetch is. catalog: the lake's, if it is open already. limits: arguments of DuckDBEngine.
    """
    from eventlake.backends.duckdb import DuckDBEngine
    from eventlake.cloud.cache import ObjectCache, cache_folder, cache_limit

    cache = ObjectCache(session.client("s3"), deployment.bucket, cache_folder(deployment.bucket), limit_bytes=cache_limit(), told=told)
    return DuckDBEngine(
        catalog or open_catalog(deployment, session), cache.objects, fetch=cache.fetch, location=f"s3://{deployment.bucket}", **limits
    )


def open_keys(deployment: Deployment, session: Session) -> SecretKeys:
    """Open the secret with the keys of the lake's pseudonyms. Raises ConfigurationError if none is known."""
    if not deployment.keys_secret:
        raise ConfigurationError(
            f'"{deployment.named}" tells of no keys of pseudonyms: put them into a secret with `eventlake keys push SECRET --lake DIR`, and deploy '
            "with PseudonymKeysSecretArn; who may not look at the stack does not see it."
        )
    return SecretKeys(session.client("secretsmanager"), deployment.keys_secret)


def pseudonyms(deployment: Deployment, session: Session) -> KeyRing | None:
    """Return the keys of the lake's pseudonyms, None if no table asks for any. Raises ConfigurationError, ServiceError."""
    asked = any(map(asks_for_pseudonyms, deployment.tables))
    return open_keys(deployment, session).read() if asked else None


def _by_stack(named: str, sources: Sequence[Source], session: Session) -> Deployment:
    """Find the lake that a stack's outputs describe."""
    name = named.removeprefix(STACK)
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", name):
        raise ConfigurationError(
            f'"{named}" does not name a lake on AWS: write the name of its stack after {STACK}, for example aws:eventlake.'
        )
    try:
        stack = _described(name, session)
    except ServiceError as error:
        found = _by_convention(named, sources, session) if is_denied(error) else None
        if found is None:
            raise
        return found
    status, outputs = stack["StackStatus"], {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in stack.get("Parameters", [])}
    if "LogBucket" not in outputs:
        raise LakeNotFoundError(
            f'The stack "{name}" is no lake: it has no output LogBucket (its status is {status}). Name another with --lake.'
        )
    databases = {source.name: outputs.get(database_name(source)) for source in sources}
    deployed = tuple(_in_database(source, database) for source in sources if (database := databases[source.name]))
    secret = outputs.get("PseudonymKeysSecretArn", "")
    retention = _retention(parameters.get("Retention", "off"), deployed)
    tokens = tuple((source.name, arn) for source in deployed if (arn := outputs.get(webhook_name(source))))
    workgroup, results, made = outputs.get("WorkGroup", name), outputs.get("ResultsBucket", ""), stack.get("CreationTime")
    return Deployment(named, name, outputs["LogBucket"], workgroup, deployed, status, secret, retention, tokens, parameters, made, results)


def _retention(said: str, sources: Sequence[Source]) -> Retention:
    """Return how long a deployment keeps what. said: its parameter, which counts before what is declared."""
    declared = Retention.declared(table for source in sources for table in source.tables)
    own = Retention.parse(said)
    return Retention() if said == "off" else Retention({**declared.tables, **own.tables}, own.failed)


def _described(name: str, session: Session) -> Mapping[str, Any]:  # as AWS describes it
    """Return what CloudFormation says of a stack."""
    with failing(f'The stack "{name}" cannot be looked at'):
        try:
            found: Mapping[str, Any] = session.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            if code_of(error) == "ValidationError" and "does not exist" in str(error):
                raise LakeNotFoundError(
                    f'There is no stack "{name}" in {session.region}: name another with --lake aws:NAME, or its region with --region.'
                ) from None
            raise
    return found


def _by_bucket(named: str, sources: Sequence[Source], session: Session) -> Deployment:
    """Find the lake in a bucket, everything else called as the declarations say."""
    bucket = named.removeprefix(BUCKET).rstrip("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", bucket):
        raise ConfigurationError(f'"{named}" does not name a bucket: write s3:// and the bucket\'s name, nothing behind it.')
    if _exists(bucket, session) is False:
        raise LakeNotFoundError(f'There is no bucket "{bucket}": name another with --lake, or the lake by its stack, aws:NAME.')
    own = _OWN_BUCKET.fullmatch(bucket)
    name = own["lake"] if own else ""
    return Deployment(named, name, bucket, name, tuple(sources))


def _by_convention(named: str, sources: Sequence[Source], session: Session) -> Deployment | None:
    """Find the lake of a stack that this user may not look at: its bucket is called after it, unless somebody named it."""
    name = named.removeprefix(STACK)
    with failing("AWS cannot be asked who you are"):
        account = session.client("sts").get_caller_identity()["Account"]
    bucket = f"{name}-{account}-{session.region}"
    return Deployment(named, name, bucket, name, tuple(sources)) if _exists(bucket, session) else None


def _exists(bucket: str, session: Session) -> bool | None:
    """Return True if there is such a bucket, None if this user may not know. Makes a call that people who only query may make too."""
    try:
        with failing(f'The bucket "{bucket}" cannot be looked at', storage=True):
            session.client("s3").get_bucket_location(Bucket=bucket)
    except StorageServiceError as error:
        if error.code == "NoSuchBucket":
            return False
        if is_denied(error):
            return None
        raise
    return True


def _in_database(source: Source, database: str) -> Source:
    """Return the source with the database it has on AWS."""
    return replace(source, database=database, tables=tuple(replace(table, database=database) for table in source.tables))
