"""Saved queries: one .sql file each, its meaning and parameters in the comment at its top.

    -- Deployments per pipeline
    -- How often each pipeline succeeded in the last days.
    -- param days int = 30  how many days back
    -- param pipeline string = ''  one pipeline, or all
    SELECT ... WHERE "date" > date_add('day', -:days, current_date) AND (:pipeline = '' OR pipeline = :pipeline)

`:name` stands where a literal may stand; `render` puts a literal of the declared type there, so the result is plain Athena SQL.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from eventlake.dialect.text.parameters import TYPES, literal, names_in, places_in, replaced, typed
from eventlake.errors import DeclarationError, NameNotFoundError, UsageError, not_utf8
from eventlake.model import Source
from eventlake.naming import nearest_or_all


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: name, type of `TYPES`, default as written (None: it must be given), meaning."""

    name: str
    type: str
    default: str | None
    doc: str


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A saved query: the source it belongs to, its title and meaning, its parameters and its SQL."""

    name: str
    source: str
    doc: str
    parameters: tuple[Parameter, ...]
    sql: str

    @property
    def title(self) -> str:
        """Return the first line of its meaning."""
        return self.doc.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Unread:
    """A file of a source that cannot be read: the name of what it would be, its source, and the sentence that says why, with the file."""

    name: str
    source: str
    sentence: str


_PARAMETER = re.compile(r"param\s+(?P<name>[a-z_]\w*)\s+(?P<type>\w+)(?:\s*=\s*(?P<default>'(?:[^']|'')*'|\S+))?(?:\s+(?P<doc>.*))?")


def load_saved(sources: Sequence[Source]) -> dict[str, SavedQuery]:
    """Load every saved query of the sources by name: the file's stem, or `source/stem` where two sources use the same.

    Raises DeclarationError for a file that does not say what it must.
    """
    saved, unread = readable_saved(sources)
    if unread:
        raise DeclarationError(unread[0].sentence)
    return saved


def readable_saved(sources: Sequence[Source]) -> tuple[dict[str, SavedQuery], list[Unread]]:
    """Load the saved queries of the sources that can be read, by name as `load_saved` does, and say which cannot."""
    found: list[SavedQuery] = []
    unread: list[Unread] = []
    for source in (one for one in sources if one.folder):
        for path in sorted((Path(source.folder) / "queries").glob("*.sql")):
            try:
                found.append(_read(path, source.name))
            except DeclarationError as error:
                unread.append(Unread(path.stem, source.name, str(error)))
    names = [*(one.name for one in found), *(one.name for one in unread)]
    unique = [query if names.count(query.name) == 1 else _prefixed(query) for query in found]
    return {query.name: query for query in sorted(unique, key=lambda query: query.name)}, unread


def _prefixed(query: SavedQuery) -> SavedQuery:
    return SavedQuery(f"{query.source}/{query.name}", query.source, query.doc, query.parameters, query.sql)


def _read(path: Path, source: str) -> SavedQuery:
    where = f"{source}/queries/{path.name}"
    return read_saved(text_of(path, where), path.stem, source, where=where)


def text_of(path: Path, where: str) -> str:
    """Return what a file of SQL holds, without a byte order mark. where: the file as sentences name it. Raises DeclarationError."""
    try:
        return path.read_text("utf-8").removeprefix("\ufeff")
    except OSError as error:
        raise DeclarationError(f"{where}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise DeclarationError(f"{where}: {not_utf8(error)}.") from None


def read_saved(content: str, name: str, source: str, *, where: str) -> SavedQuery:
    """Read the saved query that a file's text holds. where: the file as sentences name it. Raises DeclarationError."""
    lines = content.splitlines()
    comments = []
    while lines and (lines[0].startswith("--") or not lines[0].strip()):
        line = lines.pop(0)
        if line.strip():
            comments.append(line[2:].strip())
    doc = [line for line in comments if not line.startswith("param ")]
    parameters = tuple(_parameter(line, where) for line in comments if line.startswith("param "))
    sql = "\n".join(lines).strip().rstrip(";").rstrip()
    if not doc or not sql:
        raise DeclarationError(f"{where}: begin with a comment that says what is asked, then the SQL.")
    used, declared = set(names_in(sql)), {parameter.name for parameter in parameters}
    if used != declared:
        wrong = sorted(used ^ declared)[0]
        raise DeclarationError(
            f'{where}: the parameter "{wrong}" is {"used but not declared: add -- param " + wrong + " TYPE" if wrong in used else "declared but not used"}.'
        )
    return SavedQuery(name, source, "\n".join(doc), parameters, sql)


def _parameter(line: str, where: str) -> Parameter:
    match = _PARAMETER.fullmatch(line)
    if match is None or match["type"] not in TYPES:
        raise DeclarationError(
            f'{where}: "-- {line}" is no parameter: write -- param NAME TYPE = DEFAULT  meaning, with a type of {", ".join(TYPES)}.'
        )
    default = match["default"]
    if default is not None and default.startswith("'"):
        default = default[1:-1].replace("''", "'")
    parameter = Parameter(match["name"], match["type"], default, (match["doc"] or "").strip())
    if default is not None and not (default == "" and parameter.type == "string"):
        try:
            _literal(parameter, default, where=f"{where}: ")
        except UsageError as error:
            raise DeclarationError(str(error)) from None
    return parameter


def render(saved: SavedQuery, values: Mapping[str, Any] | None = None) -> str:  # values are the user's
    """Return Athena's SQL with literals for the parameters.

    Raises NameNotFoundError for a parameter it does not have, UsageError for a value of the wrong type or one that is missing.
    """
    given = dict(values or {})
    known = [parameter.name for parameter in saved.parameters]
    for name in given:
        if name not in known:
            raise NameNotFoundError(f'The query "{saved.name}" has no parameter "{name}".{nearest_or_all(name, known)}')
    literals = {}
    for parameter in saved.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            raise UsageError(
                f'The query "{saved.name}" wants the parameter "{parameter.name}" ({parameter.type}): {parameter.doc or "give it a value"}.'
            )
        literals[parameter.name] = _literal(parameter, value, where=f'The query "{saved.name}": ')
    return replaced(saved.sql, literals)


def positional(saved: SavedQuery) -> tuple[str, list[Parameter]]:
    """Return the SQL with `?` for each place of a parameter, and the parameter of each place in order: what Athena's ExecutionParameters fill."""
    by_name = {parameter.name: parameter for parameter in saved.parameters}
    return replaced(saved.sql, dict.fromkeys(by_name, "?")), [by_name[name] for name in places_in(saved.sql)]


def _literal(parameter: Parameter, value: Any, *, where: str) -> str:  # values are the user's
    """Return the value as a literal of the parameter's type, whole: it can hold nothing but itself."""
    written = value.isoformat(" ") if isinstance(value, datetime) else str(value)
    if parameter.type == "date" and isinstance(value, datetime):
        written = written[:10]
    return literal(parameter.name, typed(f'{where}the parameter "{parameter.name}"', parameter.type, written))
