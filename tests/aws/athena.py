"""Asks Athena, as a client does: start, look until it ends, read the pages."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from aws.client import Aws, eventually

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


class QueryFailed(Exception):
    """A query did not succeed; the text is Athena's reason."""


@dataclass(frozen=True)
class Athena:
    """Athena with a workgroup and a database. location: where results go, None if the workgroup says it."""

    aws: Aws
    workgroup: str
    database: str
    location: str | None = None

    @cached_property
    def client(self) -> Any:
        """The client."""
        return self.aws.service("athena")

    def start(self, sql: str, *parameters: str) -> str:
        """Start a query; its id."""
        more: dict[str, Any] = {"ExecutionParameters": list(parameters)} if parameters else {}
        if self.location:
            more["ResultConfiguration"] = {"OutputLocation": self.location}
        context = {"Database": self.database}
        started = self.client.start_query_execution(QueryString=sql, WorkGroup=self.workgroup, QueryExecutionContext=context, **more)
        return str(started["QueryExecutionId"])

    def ended(self, query_id: str) -> dict[str, Any]:
        """The QueryExecution of a query that has ended."""

        def look() -> dict[str, Any] | None:
            execution: dict[str, Any] = self.client.get_query_execution(QueryExecutionId=query_id)["QueryExecution"]
            return execution if execution["Status"]["State"] in ENDED else None

        found = eventually(look)
        assert found
        return found

    def rows(self, sql: str, *parameters: str) -> list[tuple[str | None, ...]]:
        """The rows of a query, as Athena prints the values. Raises QueryFailed."""
        query_id = self.start(sql, *parameters)
        status = self.ended(query_id)["Status"]
        if status["State"] != "SUCCEEDED":
            raise QueryFailed(status["StateChangeReason"])
        pages = self.client.get_paginator("get_query_results").paginate(QueryExecutionId=query_id)
        table = [tuple(cell.get("VarCharValue") for cell in row["Data"]) for page in pages for row in page["ResultSet"]["Rows"]]
        return table[1:]
