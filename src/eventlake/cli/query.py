"""`query`: Athena's SQL, or a saved query, on a lake."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from eventlake.cli.opening import answering_name, open_engine
from eventlake.cli.render import show
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.errors import NameNotFoundError, UsageError

if TYPE_CHECKING:
    from eventlake.interfaces import Result

ENGINES = ("duckdb", "athena", "trino")

_NAME = re.compile(r"[\w./-]+")


@click.command(short_help="Answer Athena's SQL, or a saved query.")
@click.argument("sql", metavar="SQL|NAME|-")
@click.option("--param", "parameters", metavar="K=V", multiple=True, help="A parameter of the query; several are allowed.")
@click.option("--engine", type=click.Choice(ENGINES), help="What answers; default: duckdb for a lake in a folder, athena for one on AWS.")
@click.option("--workgroup", metavar="NAME", help="Athena workgroup, another than the lake's own.")
@click.option("--explain", is_flag=True, help="Show the SQL that would run, the partitions and the bytes it would read.")
@global_options
def query(sql: str, parameters: tuple[str, ...], engine: str | None, workgroup: str | None, explain: bool) -> None:
    """Answer SQL (Athena's), the saved query NAME, or the SQL on stdin (`-`).

    Tables are named as in Athena, `pipeline_execution_state_change` or `codepipeline_event_logs.pipeline_execution_state_change`;
    `eventlake tables` lists them, `eventlake queries` the saved queries.

    Trino is the one whose URL is in EVENTLAKE_TRINO, with the lake's tables in its catalog EVENTLAKE_TRINO_CATALOG (default: lake).
    DuckDB copies what a question needs of a lake on AWS to EVENTLAKE_CACHE, at most EVENTLAKE_CACHE_MB (default: 10000).
    """
    current = settings()
    values = given(parameters)
    answering = open_engine(current, engine, workgroup)
    text, asked = _asked(sql, values, current.load_sources())
    if explain:
        click.echo(answering.explain(text, asked))
        return
    result = answering.query(text, asked)
    show(result.columns, result.rows, current.form)
    tell(result, current, charged=answering_name(current, engine) == "athena")


def given(parameters: tuple[str, ...]) -> dict[str, str]:
    """The parameters of `--param k=v`. Raises UsageError."""
    values: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = parameter.partition("=")
        if not equals or not name.isidentifier():
            raise UsageError(f'--param takes NAME=VALUE, not "{parameter}"; for example --param days=7.')
        values[name] = value
    return values


def _asked(sql: str, values: dict[str, str], sources: Any) -> tuple[str, dict[str, Any]]:  # a tuple of Source; values of any type
    """The SQL to run and its parameters' values: as written, from stdin, or of a saved query with its parameters filled in."""
    from eventlake.query.saved import load_saved, render

    if sql == "-":
        sql = sys.stdin.read()
    if not _NAME.fullmatch(sql.strip()):
        return sql, dict(values)
    saved = find(sql.strip(), load_saved(sources))
    try:
        return render(saved, values), {}
    except NameNotFoundError as error:
        raise UsageError(str(error)) from None


def find(name: str, saved: dict[str, Any]) -> Any:  # SavedQuery
    """The saved query of that name. Raises UsageError with the nearest."""
    from eventlake.sources.declaration import nearest

    if name not in saved:
        raise UsageError(
            f'There is no saved query "{name}".{nearest(name, saved)} `eventlake queries` lists them; SQL begins with SELECT or WITH.'
        )
    return saved[name]


def tell(result: Result, current: Settings, *, charged: bool = False) -> None:
    """The line after an answer: rows, time, what was read, and what Athena charges, or would have if something else answered."""
    from eventlake.query.cost import athena_cost

    rows = f"{len(result.rows):,} row{'' if len(result.rows) == 1 else 's'}"
    objects = f"{result.objects_read:,} of {result.objects_total:,} objects, " if result.objects_total else ""
    read = f"{objects}{size(result.bytes_read)} read"
    verb = "charges" if charged else "would charge"
    current.say(f"{rows} in {result.seconds:.2f} s; {read}; Athena {verb} ${athena_cost(result.bytes_read).dollars:.6f}.")
    for warning in result.warnings:
        current.say(warning)


def size(count: int) -> str:
    """A number of bytes as people read it."""
    value, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
