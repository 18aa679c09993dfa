"""Botocore's errors as sentences of ours: the same kind, code and exit for each, whatever was asked."""

from __future__ import annotations

import pytest
from botocore import exceptions as botocore

from eventlake.backends.aws import Session, failing
from eventlake.errors import ConfigurationError, EventlakeError, ServiceError, StorageServiceError


def answered(code: str, message: str = "", operation: str = "PutObject") -> botocore.ClientError:
    """An error that AWS answered."""
    return botocore.ClientError({"Error": {"Code": code, "Message": message}}, operation)


def raised_for(error: Exception, *, storage: bool = False) -> EventlakeError:
    """What becomes of an error."""
    with pytest.raises(EventlakeError) as raised, failing("It cannot be done", storage=storage):
        raise error
    return raised.value


ARN = "arn:aws:s3:::lake/a"
ANSWERS = [
    (
        answered(
            "AccessDenied", f"User: arn:aws:iam::123456789012:user/a is not authorized to perform: s3:PutObject on resource: {ARN} because"
        ),
        f"It cannot be done: the permission s3:PutObject on {ARN} is missing (AccessDenied); add it to your role or user.",
    ),
    (
        answered("AccessDenied", "Access Denied"),
        "It cannot be done: the permission for PutObject is missing (AccessDenied); add it to your role or user.",
    ),
    (answered("403", "Forbidden"), "It cannot be done: the permission for PutObject is missing (403); add it to your role or user."),
    (
        answered("InvalidRequestException", "You are not authorized to perform: athena:Get on the resource."),
        "It cannot be done: the permission athena:Get is missing (InvalidRequestException); add it to your role or user.",
    ),
    (
        answered("SlowDown", "Reduce your request rate."),
        "It cannot be done: AWS throttles the calls (SlowDown: Reduce your request rate); try again in a moment.",
    ),
    (answered("NoSuchKey", "The specified key does not exist."), "It cannot be done: NoSuchKey: The specified key does not exist."),
    (answered("404"), "It cannot be done: AWS answered 404."),
]


@pytest.mark.parametrize(("error", "sentence"), ANSWERS)
def test_what_aws_answers_keeps_its_code(error: botocore.ClientError, sentence: str) -> None:
    """A service's error ends with 254; of S3 and Glue it is a storage error too."""
    for storage, kind in ((False, ServiceError), (True, StorageServiceError)):
        raised = raised_for(error, storage=storage)
        assert type(raised) is kind
        assert (str(raised), raised.exit_code) == (sentence, 254)
        assert isinstance(raised, ServiceError)
        assert raised.code == error.response["Error"]["Code"]


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidAccessKeyId", "SignatureDoesNotMatch", "UnrecognizedClientException"])
def test_credentials_that_aws_does_not_take_are_the_settings_fault(code: str) -> None:
    """They are to be renewed: 253."""
    raised = raised_for(answered(code, "x"), storage=True)
    assert type(raised) is ConfigurationError
    assert (
        str(raised)
        == f"It cannot be done: AWS does not take the credentials ({code}); renew them, or name others with --profile or AWS_PROFILE."
    )


UNSAID = [
    (botocore.NoCredentialsError(), "there are no AWS credentials. Name a profile with --profile or AWS_PROFILE, or run `aws configure`."),
    (
        botocore.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
        "the AWS credentials are not whole: AWS_SECRET_ACCESS_KEY is missing.",
    ),
    (botocore.ProfileNotFound(profile="mine"), 'there is no AWS profile "mine"; `aws configure list-profiles` lists them.'),
    (botocore.NoRegionError(), "no AWS region is named. Name one with --region, AWS_REGION or in the profile."),
    (botocore.InvalidRegionError(region_name="a b"), '"a b" is no name of an AWS region.'),
    (
        botocore.EndpointConnectionError(endpoint_url="https://glue.example.com", error="x"),
        "https://glue.example.com cannot be reached. See that the network, the region and --endpoint-url are right.",
    ),
    (botocore.HTTPClientError(error="x"), "AWS cannot be reached. See that the network, the region and --endpoint-url are right."),
    (botocore.UnknownServiceError(service_name="x", known_service_names="y"), "Unknown service: 'x'. Valid service names are: y."),
]


@pytest.mark.parametrize(("error", "sentence"), UNSAID)
def test_what_keeps_aws_from_answering_is_the_settings_fault(error: Exception, sentence: str) -> None:
    """With what to do: 253."""
    raised = raised_for(error)
    assert type(raised) is ConfigurationError
    assert (str(raised), raised.exit_code) == (f"It cannot be done: {sentence}", 253)


@pytest.mark.parametrize("storage", [True, False])
def test_an_answer_that_is_not_whole_can_be_asked_for_again(storage: bool) -> None:
    """The connection broke, or the checksum differs."""
    for error in (botocore.IncompleteReadError(actual_bytes=1, expected_bytes=2), botocore.FlexibleChecksumError(error_msg="differs")):
        raised = raised_for(error, storage=storage)
        assert type(raised) is (StorageServiceError if storage else ServiceError)
        assert "did not come whole" in str(raised)
        assert str(raised).endswith("try again.")


def test_the_region_is_named_by_the_variable_that_the_aws_cli_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_REGION before AWS_DEFAULT_REGION; an option before both."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert Session().region == "eu-west-1"
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    assert Session().region == "eu-north-1"
    assert Session(region="eu-south-1").region == "eu-south-1"


def test_a_client_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making one costs more than most calls."""
    session = Session(region="eu-west-1", endpoint_url="http://127.0.0.1:9")
    assert session.client("s3") is session.client("s3")
    assert session.client("s3").meta.endpoint_url == "http://127.0.0.1:9"


def test_an_endpoint_of_one_service_comes_before_that_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the names that the AWS CLI knows, one of which is not that of the client; an option comes before both."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CODEPIPELINE", "http://127.0.0.1:2")
    monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:3")

    def endpoints(session: Session) -> list[str]:
        return [session.client(name).meta.endpoint_url for name in ("codepipeline", "events", "glue")]

    assert endpoints(Session(region="eu-west-1")) == ["http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:1"]
    assert endpoints(Session(region="eu-west-1", endpoint_url="http://127.0.0.1:9")) == ["http://127.0.0.1:9"] * 3


def test_what_is_no_endpoint_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever it was written."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", "nowhere")
    with pytest.raises(ConfigurationError, match=r'^"nowhere" is not the URL of an endpoint'):
        Session(region="eu-west-1").client("glue")
    with pytest.raises(ConfigurationError, match=r'^"there" is not the URL of an endpoint'):
        Session(region="eu-west-1", endpoint_url="there").client("glue")
