"""In whose name Athena is asked about a query: the resource is the workgroup that ran it, also where the call names the query alone.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonathena.html
"""

from __future__ import annotations

import json
from typing import Any

import ministack.core.iam_actions as iam_actions
import ministack.services.athena as athena


def install() -> None:
    """Give the check of a caller's policies the workgroup of the query that a call names."""
    resource_of = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: Any, body: bytes, parameters: Any, region: str, account_id: str) -> str:
        if service == "athena" and (workgroup := workgroup_of(body)):
            return f"arn:aws:athena:{region}:{account_id}:workgroup/{workgroup}"
        found: str = resource_of(service, method, path, headers, body, parameters, region, account_id)
        return found

    iam_actions.extract_resource_arn = resource_arn


def workgroup_of(body: bytes) -> str:
    """The workgroup of the query execution or named query that a request names, empty if it names none that exists."""
    try:
        asked = json.loads(body)
    except ValueError:
        return ""
    named = [
        athena._executions.get(asked.get("QueryExecutionId")),
        athena._named_queries.get(asked.get("NamedQueryId")),
        *(athena._named_queries.get(each) for each in asked.get("NamedQueryIds") or []),
    ]
    return next((str(each["WorkGroup"]) for each in named if each), "")
