"""The tokens of webhooks in a secret of AWS Secrets Manager: the same JSON that `webhooks.json` in the folder of a lake holds.

https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
"""

from __future__ import annotations

from typing import Any

from eventlake.backends.aws import failing
from eventlake.errors import ConfigurationError
from eventlake.pipeline.webhook_tokens import WebhookTokens, read


def read_tokens(client: Any, secret: str) -> WebhookTokens:  # boto3's client has no types
    """Return the tokens in a secret, by its ARN or name. Raises ServiceError, ConfigurationError for a secret that holds none."""
    with failing(f'The secret "{secret}", which holds the tokens of webhooks, cannot be read'):
        text = client.get_secret_value(SecretId=secret).get("SecretString")
    if not isinstance(text, str):
        raise ConfigurationError(f'The secret "{secret}" holds bytes where tokens of webhooks are a text.')
    return read(text, f'The secret "{secret}"')
