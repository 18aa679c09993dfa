"""The tokens of webhooks in AWS: the same JSON that `webhooks.json` in the folder of a lake holds.

In a SecureString of Parameter Store, which costs nothing, or in a secret of Secrets Manager; the ARN says which.
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html
https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventlake.backends.aws import failing
from eventlake.errors import ConfigurationError
from eventlake.pipeline.webhook_tokens import WebhookTokens, read


def is_parameter(arn: str) -> bool:
    """Return True if the ARN is one of Parameter Store's."""
    return arn.split(":")[2:3] == ["ssm"]


def read_tokens(client: Callable[[str], Any], arn: str) -> WebhookTokens:  # boto3's clients have no types
    """Return the tokens that lie there. client: gives that of a service. Raises ServiceError, ConfigurationError for what holds none."""
    named = f'The {"parameter" if is_parameter(arn) else "secret"} "{arn}"'
    with failing(f"{named}, which holds the tokens of webhooks, cannot be read"):
        if is_parameter(arn):
            text = client("ssm").get_parameter(Name=_name_of(arn), WithDecryption=True)["Parameter"]["Value"]
        else:
            text = client("secretsmanager").get_secret_value(SecretId=arn).get("SecretString")
    if not isinstance(text, str):
        raise ConfigurationError(f"{named} holds bytes where tokens of webhooks are a text.")
    return read(text, named)


def _name_of(arn: str) -> str:
    """Return the name of a parameter; the ARN, which does as well, of one without levels, whose name may begin with a slash or not."""
    levels = arn.partition(":parameter/")[2]
    return f"/{levels}" if "/" in levels else arn
