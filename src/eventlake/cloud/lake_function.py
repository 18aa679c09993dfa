"""A function of a lake on AWS, called as its schedule calls it."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from eventlake.backends.aws import Session, code_of, failing
from eventlake.cloud.deployment import Deployment
from eventlake.errors import ConfigurationError, ServiceError

Answer = dict[str, Any]
"""What a function answers, JSON."""


class LakeFunction:
    """A function of a lake. suffix: what its name ends with. does: what it does, as `closes its hours`. absent: what is said where there is none.

    Raises ConfigurationError for a lake whose name is unknown.
    """

    def __init__(self, deployment: Deployment, session: Session, suffix: str, does: str, absent: str) -> None:
        if not deployment.name:
            raise ConfigurationError(f'The name of "{deployment.named}" does not tell what {does}: name the lake by its stack, aws:NAME.')
        self._name = f"{deployment.name}-{suffix}"
        self._absent = f'The lake "{deployment.name}" {absent}'
        self._session = session

    def call(self, asked: dict[str, Any]) -> Answer:
        """Return what it answers. Raises ConfigurationError if the lake has no such function, ServiceError."""
        with failing(f'The function "{self._name}" cannot be called'):
            try:
                called = self._session.client("lambda").invoke(FunctionName=self._name, Payload=json.dumps(asked).encode())
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise
                raise ConfigurationError(self._absent) from None
            answer: Answer = json.load(called["Payload"])
        if "FunctionError" in called:
            raise ServiceError(f'The function "{self._name}" failed ({answer.get("errorMessage", answer)}); its log says more.')
        return answer
