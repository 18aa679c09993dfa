"""`query`: Athena's SQL, or a saved query, on a lake."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from eventlake.answers.forms import in_form
from eventlake.cli.audited import bring_audit_in
from eventlake.cli.opening import answering_name, open_duckdb, open_engine
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import DeclarationError, NameNotFoundError, QueryRefusedError, UsageError

if TYPE_CHECKING:
    from eventlake.interfaces import Result
    from eventlake.query.saved import SavedQuery, Unread

ENGINES = ("duckdb", "athena", "trino")

_NAME = re.compile(r"[\w./-]+")


@click.command(short_help="Answer Athena's SQL, or a saved query.")
@click.argument("sql", metavar="SQL|NAME|-")
@click.option("--param", "parameters", metavar="K[:TYPE]=V", multiple=True, help="A parameter of the query; several are allowed.")
@click.option(
    "--to", "target", metavar="FILE", help="Write the answer to a file: .parquet, .csv, .json, .jsonl, .md, or the form of --output."
)
@click.option("--engine", type=click.Choice(ENGINES), help="What answers; default: duckdb for a lake in a folder, athena for one on AWS.")
@click.option("--workgroup", metavar="NAME", help="Athena workgroup, another than that of the source or lake.")
@click.option("--max-bytes", "most", metavar="SIZE", help="Refuse what would read more, before it runs: 500MB, 2GB.")
@click.option("--explain", is_flag=True, help="Show the SQL that would run, the partitions and the bytes it would read.")
@global_options
def query(
    sql: str, parameters: tuple[str, ...], target: str | None, engine: str | None, workgroup: str | None, most: str | None, explain: bool
) -> None:
    """Answer SQL (Athena's), the saved query NAME, or the SQL on stdin (`-`).

    Tables are named as in Athena, `pipeline_execution_state_change` or `codepipeline_event_logs.pipeline_execution_state_change`;
    `eventlake tables` lists them, `eventlake queries` the saved queries.

    `:days` in SQL is filled by `--param days:int=7`; a type is int, decimal, double, boolean, string, date or timestamp, and string if none is
    named. A saved query knows the types of its parameters.

    Trino is the one whose URL is in EVENTLAKE_TRINO, with the lake's tables in its catalog EVENTLAKE_TRINO_CATALOG (default: lake).
    DuckDB copies what a question needs of a lake on AWS to EVENTLAKE_CACHE, at most EVENTLAKE_CACHE_MB (default: 10000).
    """
    current = settings()
    values = given(parameters)
    form = form_of(target, current)
    answering = open_engine(current, engine, workgroup)
    text, asked = _asked(sql, values, current.load_sources())
    bring_audit_in(text, current)
    if explain:
        click.echo(answering.explain(text, asked))
        return
    if most is not None:
        refuse_above(_size(most), text, asked, current)
    result = answering.query(text, asked)
    if target:
        write(result, Path(target), form)
    else:
        show(result.columns, result.rows, form)
    tell(result, current, charged=answering_name(current, engine) == "athena")


_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kMGT]?)B?", re.IGNORECASE)
_TIMES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def _size(written: str) -> int:
    """Read a size: 500MB, 2GB, 1000. Raises UsageError."""
    found = _SIZE.fullmatch(written.strip())
    if found is None:
        raise UsageError(f'--max-bytes is "{written}", expected a size such as 500MB or 2GB.')
    return int(float(found[1]) * _TIMES[found[2].lower()])


def refuse_above(most: int, sql: str, parameters: Mapping[str, Any], current: Settings) -> None:  # values are the user's
    """Raise QueryRefusedError if a query would read more bytes than that; whoever answers, the objects are found as they are here."""
    from eventlake.query.cost import athena_cost

    size = open_duckdb(current).bytes_to_read(sql, parameters)
    if size > most:
        raise QueryRefusedError(
            f"The query would read {size:,} bytes, {athena_cost(size).dollars:.4f} dollars on Athena, and --max-bytes allows {most:,}: "
            "narrow it by date and hour, or allow more."
        )


_FORMS = {".parquet": "parquet", ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".md": "markdown", ".txt": "table"}
"""The form that a file's name asks for."""


def form_of(target: str | None, current: Settings) -> str:
    """Choose the form of the answer: `--output`, else what the name of `--to` ends with, else the usual one. Raises UsageError."""
    if target is None:
        if current.output == "parquet":
            raise UsageError("Parquet goes to a file: add --to FILE.parquet.")
        return current.form
    if not current.is_on_aws and current.lake_folder.resolve() in Path(target).resolve().parents:
        raise UsageError(f'"{target}" lies within the lake, whose files are its own: name a file elsewhere.')
    form = current.output or _FORMS.get(Path(target).suffix.lower())
    if form is None:
        raise UsageError(f'The form of "{target}" is not clear: let it end with {", ".join(_FORMS)}, or name it with --output.')
    return form


def write(result: Result, path: Path, form: str) -> None:
    """Write an answer to a file, which is there whole or not at all. Raises StorageError, QueryRefusedError."""
    from eventlake.answers.file import replacing
    from eventlake.answers.parquet import write_parquet

    if form == "parquet":
        write_parquet(result, path)
        return
    with replacing(path) as unfinished:
        unfinished.write_text(in_form(result.columns, result.rows, form) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter as it was typed: its text, and its type if one was named."""

    text: str
    kind: str | None

    def value(self, name: str) -> Any:
        """Convert the value to its type, text if none was named. Raises UsageError."""
        from eventlake.dialect.text.parameters import typed

        return typed(f'The parameter "{name}"', self.kind or "string", self.text)


def given(parameters: tuple[str, ...]) -> dict[str, Given]:
    """Read the parameters of `--param k=v` and `--param k:type=v`. Raises UsageError."""
    values: dict[str, Given] = {}
    for parameter in parameters:
        named, equals, text = parameter.partition("=")
        name, colon, kind = named.partition(":")
        if not equals or not name.isidentifier():
            raise UsageError(f'--param takes NAME=VALUE or NAME:TYPE=VALUE, not "{parameter}"; for example --param days:int=7.')
        if name in values:
            raise UsageError(f'--param {name} is given twice, as "{values[name].text}" and as "{text}"; name it once.')
        values[name] = Given(text, _known_type(name, kind) if colon else None)
    return values


def _known_type(name: str, kind: str) -> str:
    from eventlake.dialect.text.parameters import TYPES
    from eventlake.naming import nearest_or_all

    if kind not in TYPES:
        raise UsageError(f'"{kind}" is no type of a parameter, as --param {name}:{kind} has it.{nearest_or_all(kind, TYPES)}')
    return kind


def _asked(sql: str, values: dict[str, Given], sources: Any) -> tuple[str, dict[str, Any]]:  # a tuple of Source; values of any type
    """Return the SQL to run and its parameters' values: as written, from stdin, or a saved query with its parameters filled in."""
    from eventlake.detections.detection import as_queries, readable_detections
    from eventlake.query.saved import readable_saved

    if sql == "-":
        sql = sys.stdin.read()
    if not _NAME.fullmatch(sql.strip()):
        _require_used(sql, values)
        return sql, {name: value.value(name) for name, value in values.items()}
    saved, unread = readable_saved(sources)
    detections, others = readable_detections(sources)
    asked = {**saved, **{query.name: query for query in as_queries(detections)}}
    off = [*unread, *(replace(one, name=f"detections/{one.name}") for one in others)]
    return _rendered(find(sql.strip(), asked, off), values), {}


def _require_used(sql: str, values: dict[str, Given]) -> None:
    """Raise UsageError for a value of `--param` that the statement does not ask for, and for one that it asks for and is not given."""
    from eventlake.dialect.text.parameters import names_in, require_used

    try:
        require_used(sql, values)
    except NameNotFoundError as error:
        raise UsageError(str(error)) from None
    missing = next((name for name in names_in(sql) if name not in values), None) if ":" in sql else None
    if missing is not None:
        raise UsageError(f'The statement wants a value for ":{missing}": give it with --param {missing}=VALUE.')


def _rendered(saved: SavedQuery, values: dict[str, Given]) -> str:
    """Fill the parameters of a saved query in; a type that was named must be the one it declares. Raises UsageError."""
    from eventlake.query.saved import render

    for parameter in saved.parameters:
        kind = values[parameter.name].kind if parameter.name in values else None
        if kind not in {None, parameter.type}:
            raise UsageError(
                f'The parameter "{parameter.name}" of "{saved.name}" is of type {parameter.type}, not {kind}: leave the type out.'
            )
    try:
        return render(saved, {name: value.text for name, value in values.items()})
    except NameNotFoundError as error:
        raise UsageError(str(error)) from None


def find(name: str, saved: dict[str, SavedQuery], unread: Sequence[Unread]) -> SavedQuery:
    """Find the saved query of that name. Raises UsageError with the nearest, DeclarationError for one of those that cannot be read."""
    from eventlake.naming import nearest

    if name not in saved:
        if wrong := next((one for one in unread if name in {one.name, f"{one.source}/{one.name}"}), None):
            raise DeclarationError(wrong.sentence)
        raise UsageError(
            f'There is no saved query "{name}".{nearest(name, saved)} `eventlake queries` lists them; SQL begins with SELECT, WITH, VALUES, SHOW or DESCRIBE.'
        )
    return saved[name]


def tell(result: Result, current: Settings, *, charged: bool = False) -> None:
    """Tell after an answer its rows, its time, what was read of how much, and what Athena charges, or would have if it had answered.

    And how many of the hours it is about are not closed, where the catalog knows that.
    """
    from eventlake.query.cost import PRICE_DATE, athena_cost

    rows = f"{len(result.rows):,} row{'' if len(result.rows) == 1 else 's'}"
    verb = "charges" if charged else "would charge"
    dollars = athena_cost(result.bytes_read).dollars
    current.say(f"{rows} in {result.seconds:.2f} s; {_read(result)} read; Athena {verb} ${dollars:.6f} (prices of {PRICE_DATE}).")
    if result.open_hours and not current.is_on_aws:
        current.say(f"{result.open_hours:,} open hour{'' if result.open_hours == 1 else 's'}: counts may still change.")
    for warning in result.warnings:
        current.say(warning)


def _read(result: Result) -> str:
    """Say what was read, and of how much, where that is known."""
    objects = f"{result.objects_read:,} of {result.objects_total:,} objects and " if result.objects_total else ""
    total = f" of {size(result.bytes_total)}" if result.bytes_total else ""
    return f"{objects}{size(result.bytes_read)}{total}"


def size(count: int) -> str:
    """Write a number of bytes as people read it."""
    value, unit = float(count), "B"
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            break
        value /= 1000
    return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
