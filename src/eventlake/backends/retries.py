"""When a call to AWS is made again, and after how long: the same with every version of botocore.

Its own three attempts last seconds before version 1.44, and a seventh of a second since: less than a service needs to come back.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html says what is tried again; how long we wait is ours.
"""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import ConnectionError, HTTPClientError

ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})
"""For the clients that `wait_between_tries` is given: botocore itself makes no second attempt."""

_FIRST_PAUSE_S = 0.5
_STATUSES = {429, 500, 502, 503, 504}
_CODES = {
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "Throttling",
    "ThrottledException",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}


def wait_between_tries(client: Any, tries: int) -> None:  # boto3's clients have no types
    """Have each call of a client made so often at most, after about 0.4 seconds, then twice as long each time."""
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register_first(f"needs-retry.{service}", partial(_pause, tries))


def _pause(
    tries: int, *, attempts: int, response: Any, caught_exception: BaseException | None, **_: Any
) -> float | None:  # botocore's event
    """Return after how many seconds a call is made again, None if it is not. response: the HTTP response, and what it says."""
    if attempts >= tries or not (isinstance(caught_exception, (ConnectionError, HTTPClientError)) or _may_pass(response)):
        return None
    return _FIRST_PAUSE_S * 2.0 ** (attempts - 1) * random.uniform(0.6, 1.0)  # so that many who failed together do not come together


def _may_pass(response: Any) -> bool:  # what botocore parsed, or nothing
    """Return True if an answer says that the same call may succeed later."""
    if response is None:
        return False
    said = response[1]
    return said.get("ResponseMetadata", {}).get("HTTPStatusCode") in _STATUSES or said.get("Error", {}).get("Code") in _CODES
