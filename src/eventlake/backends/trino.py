"""Engine on Trino: a statement as it is, over Trino's own HTTP protocol, with the standard library.

Fulfils `interfaces.Engine`. https://trino.io/docs/current/develop/client-protocol.html
"""

from __future__ import annotations

import base64
import contextlib
import json
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import Request, urlopen

from eventlake.backends.trino_failures import QueryCancelledError, query_error
from eventlake.backends.trino_values import from_json, trino_type
from eventlake.dialect.text.names import database_of, require_question
from eventlake.dialect.text.parameters import bound
from eventlake.dialect.types.type import Type
from eventlake.errors import ConfigurationError, QueryLimitError, ServiceError
from eventlake.interfaces import Cancelled, Each, Parameters, Result
from eventlake.model import Table
from eventlake.query.run import MAX_ROWS

_ATTEMPTS = 8
"""How often a busy server is asked again; with the waits below, for about 25 s."""
_FIRST_WAIT_S, _GROWTH = 0.1, 2.0
_BUSY = {429, 502, 503, 504}
_TIMEOUT_S = 60.0


class TrinoEngine:
    """Answers from a Trino server.

    url: `http://host:8080`, or `https://user:password@host`. catalog: Trino's name for the lake's tables. tables: whose databases bare names
    mean. user: whom Trino takes the queries to be from, where the URL names nobody. wait: how it sleeps; for tests.
    """

    def __init__(
        self,
        url: str,
        catalog: str,
        tables: Sequence[Table] = (),
        *,
        user: str = "eventlake",
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._catalog = catalog
        self._tables = tables
        self._wait = wait
        self._url, self._headers = _addressed(url, user)
        self._headers |= {
            "X-Trino-Catalog": catalog,
            "X-Trino-Time-Zone": "UTC",
            "X-Trino-Source": "eventlake",
            "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME",
        }

    def query(
        self, sql: str, parameters: Parameters | None = None, *, cancelled: Cancelled | None = None, each: Each | None = None
    ) -> Result:
        """Return the rows of one SELECT; what Trino read of the store is `bytes_read`.

        An interrupt stops the query on Trino too, and so does `cancelled`, asked with each page, about every second. each: is given all rows
        at once.
        Raises QueryError and its kinds, ConfigurationError, ServiceError.
        """
        started = time.perf_counter()
        statement = self._statement(sql, parameters)
        require_question(statement)
        columns: list[tuple[str, Type]] = []
        rows: list[list[Any]] = []
        scanned = 0
        with contextlib.closing(self._pages(statement, cancelled)) as pages:
            for page in pages:
                columns = columns or [(column["name"], trino_type(column["typeSignature"])) for column in page.get("columns") or []]
                rows += page.get("data") or []
                scanned = page.get("stats", {}).get("physicalInputBytes", 0)
                if len(rows) > MAX_ROWS:
                    raise QueryLimitError(f"The answer has more than {MAX_ROWS:,} rows: add LIMIT, or group them.")
        converted = _converted(rows, [kind for _, kind in columns])
        if each is not None:
            each(converted)
        return Result(
            tuple(name for name, _ in columns),
            tuple(str(kind) for _, kind in columns),
            converted,
            seconds=time.perf_counter() - started,
            bytes_read=scanned,
        )

    def explain(self, sql: str, parameters: Parameters | None = None) -> str:
        """Return the statement that would run and Trino's plan for it."""
        statement = self._statement(sql, parameters)
        require_question(statement)
        plan = [row for page in self._pages(f"EXPLAIN {statement}") for row in page.get("data") or []]
        return "\n".join([statement, "", *(str(line) for (line,) in plan)])

    def _statement(self, sql: str, parameters: Parameters | None) -> str:
        return (bound(sql, parameters) if parameters else sql).strip().rstrip(";").rstrip()

    def _pages(
        self, statement: str, cancelled: Cancelled | None = None
    ) -> Generator[Mapping[str, Any], None, None]:  # JSON as Trino defines it
        """Yield every page of an answer. Whoever stops before the last one cancels the query."""
        database = database_of(statement, self._tables)
        headers = {**self._headers, **({"X-Trino-Schema": database} if database else {})}
        page = self._asked(Request(f"{self._url}/v1/statement", statement.encode(), headers))
        following = ""
        try:
            while True:
                following = page.get("nextUri", "")
                self._require_success(page)
                yield page
                if not following:
                    return
                if cancelled is not None and cancelled():
                    raise QueryCancelledError
                page = self._asked(Request(following, headers=self._headers_for(following)))
        except (GeneratorExit, KeyboardInterrupt, QueryCancelledError):
            self._cancel(following)
            raise

    def _asked(self, request: Request) -> Mapping[str, Any]:  # JSON as Trino defines it
        """Send a request and return the answer; ask a busy server again."""
        pause = _FIRST_WAIT_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with urlopen(request, timeout=_TIMEOUT_S) as answer:
                    return _page(answer.read())
            except HTTPError as error:
                with error:
                    if error.code not in _BUSY or attempt == _ATTEMPTS:
                        raise self._refused(error) from None
            except (URLError, HTTPException, OSError) as error:
                raise ConfigurationError(
                    f"Trino at {self._url} cannot be reached ({getattr(error, 'reason', error)}): see that it runs and that EVENTLAKE_TRINO is right."
                ) from None
            except ValueError:
                raise ConfigurationError(f"{self._url} is no Trino server: its answer is no JSON. Correct EVENTLAKE_TRINO.") from None
            self._wait(pause)
            pause *= _GROWTH
        raise AssertionError("the last attempt ends it")  # pragma: no cover - mypy wants an end

    def _refused(self, error: HTTPError) -> ConfigurationError | ServiceError:
        if error.code in {401, 403}:
            return ConfigurationError(
                f"Trino at {self._url} does not take the user or password: write them in EVENTLAKE_TRINO, https://user:password@host."
            )
        if error.code in {404, 405}:
            return ConfigurationError(f"{self._url} is no Trino server: it answered {error.code}. Correct EVENTLAKE_TRINO.")
        said = " ".join(error.read(500).decode("utf-8", "replace").split())
        return ServiceError(f"Trino at {self._url} answered {error.code}: {said or error.reason}.", str(error.code))

    def _require_success(self, page: Mapping[str, Any]) -> None:  # JSON as Trino defines it
        """Raise what the error in a page means."""
        error = page.get("error")
        if error is None:
            return
        name, message = error.get("errorName", ""), error.get("message", "")
        if name == "CATALOG_NOT_FOUND":
            raise ConfigurationError(f'Trino at {self._url} has no catalog "{self._catalog}": name it in EVENTLAKE_TRINO_CATALOG.')
        raise query_error("Trino", name, message, blames_query=error.get("errorType") == "USER_ERROR", tables=self._tables)

    def _cancel(self, following: str) -> None:
        """Stop the query whose next page this is; what goes wrong then is no news."""
        if following:
            with contextlib.suppress(OSError, HTTPException):
                urlopen(Request(following, headers=self._headers_for(following), method="DELETE"), timeout=5).close()

    def _headers_for(self, uri: str) -> dict[str, str]:
        """Return the headers for a page; a password goes to the server that was named and to no other."""
        same = urlsplit(uri)[:2] == urlsplit(self._url)[:2]
        return self._headers if same else {name: value for name, value in self._headers.items() if name != "Authorization"}


def _addressed(url: str, user: str) -> tuple[str, dict[str, str]]:
    """Split a URL into the one without user and password, and the headers that carry them. Raises ConfigurationError."""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            f'"{url.rpartition("@")[2]}" is not the URL of a Trino server; write EVENTLAKE_TRINO as http://127.0.0.1:8080.'
        )
    name = unquote(parts.username or user)
    headers = {"X-Trino-User": name}
    if parts.password:
        headers["Authorization"] = "Basic " + base64.b64encode(f"{name}:{unquote(parts.password)}".encode()).decode()
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", "")), headers


def _page(body: bytes) -> Mapping[str, Any]:  # JSON as Trino defines it
    """Parse the page that an answer holds. Raises ValueError."""
    page = json.loads(body)
    if not isinstance(page, dict):
        raise ValueError
    return page


def _converted(rows: Sequence[Sequence[Any]], types: Sequence[Type]) -> list[tuple[Any, ...]]:  # values are the query's
    makers = [from_json(kind) for kind in types]
    return [tuple(value if make is None or value is None else make(value) for value, make in zip(row, makers, strict=True)) for row in rows]
