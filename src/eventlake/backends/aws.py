"""What the adapters of AWS share: the session that clients come from, and botocore's errors as sentences.

Profiles, regions, endpoints and credentials are found as the AWS CLI finds them:
https://docs.aws.amazon.com/boto3/latest/guide/configuration.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
)

from eventlake.backends.retries import ONCE, wait_between_tries
from eventlake.errors import ConfigurationError, ServiceError, StorageServiceError

_TRIES = 5
_S3_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
"""What names an endpoint of one's own for S3: https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""
FUNCTION_TIMEOUT_S = 905
"""How long a function may take to answer, and some seconds: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

_DENIED = {"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "AuthorizationError", "Forbidden", "UnauthorizedOperation", "403"}
_BAD_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
}
_MET_ANOTHER = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_THROTTLED = {"RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}


class Session:
    """Clients of AWS's services, each made once, for one profile, region and endpoint.

    None takes what the environment says (AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL, ...). Raises ConfigurationError.
    """

    def __init__(self, profile: str | None = None, region: str | None = None, endpoint_url: str | None = None) -> None:
        import boto3

        self._endpoint_url = endpoint_url or None
        self._clients: dict[str, Any] = {}  # boto3's clients have no types
        with failing("AWS cannot be asked"):
            self._session = boto3.Session(profile_name=profile, region_name=region or _region_of_environment(profile))

    @property
    def region(self) -> str | None:
        """Return the region that is asked, None if none is set."""
        found: str | None = self._session.region_name
        return found

    def client(self, service: str) -> Any:  # boto3's clients have no types
        """Return the client of a service; its calls are tried again for some seconds where AWS throttles them or is away."""
        if service not in self._clients:
            with failing(f"AWS cannot be asked for {service}"):
                self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:  # boto3's clients have no types
        try:
            client = self._session.client(service, endpoint_url=self._endpoint_url, config=self._config(service))
        except ValueError as error:
            raise ConfigurationError(
                f'"{self._endpoint_url or str(error).rpartition(": ")[2]}" is not the URL of an endpoint ({error}); write --endpoint-url or AWS_ENDPOINT_URL as https://host.'
            ) from None
        wait_between_tries(client, _TRIES)
        return client

    def _config(self, service: str) -> Any:  # botocore's Config
        from botocore.config import Config

        # The name of a bucket is no name of a host at an endpoint of one's own.
        style = (
            {"s3": {"addressing_style": "path"}}
            if service == "s3" and (self._endpoint_url or any(map(os.environ.get, _S3_ENDPOINTS)))
            else {}
        )
        read_timeout = FUNCTION_TIMEOUT_S if service == "lambda" else 60
        return ONCE.merge(Config(connect_timeout=5, read_timeout=read_timeout, max_pool_connections=32, **style))


def _region_of_environment(profile: str | None) -> str | None:
    """Return AWS_REGION, which boto3 alone does not read; None if a profile was asked for, which may name another region."""
    return None if profile else os.environ.get("AWS_REGION") or None


@contextmanager
def failing(what: str, *, storage: bool = False) -> Iterator[None]:
    """Raise botocore's errors as ours. what: what cannot be done, as the sentence begins. storage: True if S3 or Glue is asked.

    Raises ConfigurationError for credentials, settings and what cannot be reached; else ServiceError, or StorageServiceError for storage.
    """
    try:
        yield
    except ClientError as error:
        raise _answered(error, what, StorageServiceError if storage else ServiceError) from None
    except (FlexibleChecksumError, IncompleteReadError) as error:
        raise (StorageServiceError if storage else ServiceError)(f"{what}: AWS's answer did not come whole ({error}); try again.") from None
    except BotoCoreError as error:
        raise ConfigurationError(f"{what}: {_unsaid(error)}") from None


def code_of(error: ClientError) -> str:
    """Return AWS's name of an error, such as `AlreadyExistsException` or `NoSuchKey`."""
    return str(error.response.get("Error", {}).get("Code", ""))


def met_another(error: ClientError) -> bool:
    """Return True if S3 refused a write with If-Match or If-None-Match because of what lies there, or of another write at that moment.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    return code_of(error) in _MET_ANOTHER


def is_denied(error: ServiceError) -> bool:
    """Return True if a service refused because a permission is missing."""
    return error.code in _DENIED


def is_throttled(error: ServiceError) -> bool:
    """Return True if a service refused because it was asked too often."""
    return error.code in _THROTTLED


def is_away(error: ServiceError | ConfigurationError) -> bool:
    """Return True if a service gave no answer, or one that says nothing of what was asked: another try may go well."""
    cause = error.__context__
    if isinstance(cause, ClientError):
        return code_of(cause) in _THROTTLED or cause.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500
    return isinstance(cause, (ConnectionError, HTTPClientError))


def _answered(error: ClientError, what: str, kind: type[ServiceError]) -> ServiceError | ConfigurationError:
    """Translate an error that AWS answered into one of ours, whose sentence carries AWS's words."""
    code, message = code_of(error), str(error.response.get("Error", {}).get("Message") or "").strip().rstrip(".")
    if code in _BAD_CREDENTIALS:
        return ConfigurationError(
            f"{what}: AWS does not take the credentials ({code}); renew them, or name others with --profile or AWS_PROFILE."
        )
    if code in _DENIED or "not authorized to perform" in message:
        return kind(f"{what}: the permission {_action(error, message)} is missing ({code}); add it to your role or user.", code)
    if code in _THROTTLED:
        return kind(f"{what}: AWS throttles the calls ({code}: {message}); try again in a moment.", code)
    return kind(f"{what}: {code}: {message}." if message else f"{what}: AWS answered {code}.", code)


def _action(error: ClientError, message: str) -> str:
    """Name the action that was denied and on what, as IAM spells them, where AWS says so."""
    found = re.search(r"perform: ([\w-]+:\w+)(?: on resource: (\S+))?", message)
    if found is None:
        return f"for {error.operation_name}"
    return found[1] + (f" on {found[2]}" if found[2] else "")


def _unsaid(error: Exception) -> str:
    """Say why no answer came, and what to do."""
    match error:
        case NoCredentialsError():
            return "there are no AWS credentials. Name a profile with --profile or AWS_PROFILE, or run `aws configure`."
        case PartialCredentialsError():
            return f"the AWS credentials are not whole: {error.kwargs.get('cred_var', 'one part')} is missing."
        case ProfileNotFound():
            return f'there is no AWS profile "{error.kwargs.get("profile")}"; `aws configure list-profiles` lists them.'
        case NoRegionError():
            return "no AWS region is named. Name one with --region, AWS_REGION or in the profile."
        case InvalidRegionError():
            return f'"{error.kwargs.get("region_name")}" is no name of an AWS region.'
        case ConnectionError() | HTTPClientError():
            place = error.kwargs.get("endpoint_url")
            return f"{place or 'AWS'} cannot be reached. See that the network, the region and --endpoint-url are right."
    return f"{' '.join(str(error).split()).rstrip('.')}."
