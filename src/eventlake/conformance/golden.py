"""Golden answers: SQL with the rows, or the error, that Athena's engine gives, from a file; and whether an answer equals them.

Two forms. `.jsonl`: one query a line, `{"name": "family: what", "sql", "ordered", "columns", "types", "rows"}` or `{"name", "sql", "error": {"name"}}`;
`"approx": true` where a result is approximate. `.tsv`: one expression a line with its type and value, or with `!` and the error's name; a line
`# name` opens a family. Either may be compressed (`.gz`). In `.tsv` `\\u{e9}` stands for a character outside ASCII.

Values are JSON: a decimal is `{"decimal": "33.30"}`, a double that is no number `{"double": "NaN"}`, binary `{"hex": "6162"}`, a timestamp with
time zone `{"timestamptz": "2026-11-07T15:00:00.123Z"}`, a map `{"map": [[key, value], ...]}`; dates, timestamps, times, intervals and json are text.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import isclose, isinf, isnan
from pathlib import Path
from typing import Any

from eventlake.dialect.types.spelling import TypeSyntaxError, parse_type
from eventlake.dialect.types.type import Type
from eventlake.errors import UsageError


@dataclass(frozen=True, slots=True)
class Case:
    """A statement and what Athena answers: rows with the types of their columns, or the name of its error."""

    name: str
    family: str
    sql: str
    columns: tuple[str, ...] = ()
    types: tuple[Type, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()  # golden values
    error: str = ""
    ordered: bool = True
    approximate: bool = False


def load_cases(path: Path) -> list[Case]:
    """Load the cases of a file. Raises UsageError if it has neither of the two forms."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        lines = raw.decode("utf-8").splitlines()
        return list(_expressions(lines) if path.name.removesuffix(".gz").endswith(".tsv") else _queries(lines))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
        raise UsageError(
            f'"{path}" holds no golden answers ({reason}): give .jsonl with one query a line, or .tsv with one expression.'
        ) from None


def _queries(lines: Sequence[str]) -> Iterator[Case]:
    for line in filter(str.strip, lines):
        given = json.loads(line)
        family = str(given["name"]).partition(":")[0]
        if "error" in given:
            yield Case(given["name"], family, given["sql"], error=given["error"]["name"])
            continue
        rows = tuple(map(tuple, given["rows"]))
        types = tuple(map(golden_type, given["types"]))
        columns = tuple(given.get("columns", ()))
        yield Case(given["name"], family, given["sql"], columns, types, rows, "", given.get("ordered", True), given.get("approx", False))


def _expressions(lines: Sequence[str]) -> Iterator[Case]:
    family = ""
    for line in lines:
        if line.startswith("# "):
            family = line[2:]
            continue
        expression, kind, value = line.split("\t")
        expression = re.sub(r"\\u\{([0-9a-f]+)\}", lambda match: chr(int(match[1], 16)), expression)
        sql = f"SELECT {expression}"
        if kind == "!":
            yield Case(expression, family, sql, error=value)
        else:
            approximate = "approx_" in expression or "numeric_histogram" in expression
            yield Case(expression, family, sql, (), (golden_type(kind),), ((json.loads(value),),), approximate=approximate)


def golden_type(spelling: str) -> Type:
    """Return the type that Athena spells so; one we do not know keeps its name, so that its values are compared as text."""
    try:
        return parse_type(spelling)
    except (TypeSyntaxError, ValueError):
        return Type(spelling)


# equality


def same_rows(case: Case, rows: Sequence[Sequence[Any]]) -> bool:
    """Return True if the rows are the golden ones, in order if the case is ordered, else in any."""
    if len(rows) != len(case.rows):
        return False
    if case.ordered:
        return all(_same_row(case, golden, row) for golden, row in zip(case.rows, rows, strict=True))
    left = list(rows)
    for golden in case.rows:
        place = next((index for index, row in enumerate(left) if _same_row(case, golden, row)), None)
        if place is None:
            return False
        del left[place]
    return True


def _same_row(case: Case, golden: Sequence[Any], row: Sequence[Any]) -> bool:
    share = 0.05 if case.approximate else 0.0
    return len(golden) == len(row) and all(same(g, value, kind, share) for g, value, kind in zip(golden, row, case.types, strict=True))


def same(golden: Any, value: Any, kind: Type, share: float = 0.0) -> bool:  # JSON; a value of `interfaces.Result`
    """Return True if `value` equals the golden value of this type; numbers may differ by the relative `share`."""
    if golden is None or value is None:
        return golden is None and value is None
    if kind.name == "array":
        return (
            isinstance(value, list | tuple)
            and len(golden) == len(value)
            and all(same(g, item, kind.args[0], share) for g, item in zip(golden, value, strict=True))
        )
    if kind.name == "row":
        items = list(value.values()) if isinstance(value, dict) else value
        return (
            isinstance(items, list | tuple)
            and len(golden) == len(items)
            and all(same(g, item, part, share) for g, item, part in zip(golden, items, kind.args, strict=True))
        )
    if kind.name == "map":
        return _same_map(golden["map"], value, kind, share)
    if kind.is_number:
        return _same_number(golden, value, kind, share)
    return _same_scalar(golden, value, kind)


def _same_map(golden: Sequence[Any], value: Any, kind: Type, share: float) -> bool:
    left = list(value.items()) if isinstance(value, dict) else list(value) if isinstance(value, list | tuple) else []
    if len(left) != len(golden):
        return False
    for g_key, g_item in golden:
        found = (i for i, (k, v) in enumerate(left) if same(g_key, k, kind.args[0]) and same(g_item, v, kind.args[1], share))
        place = next(found, None)
        if place is None:
            return False
        del left[place]
    return True


def _same_number(golden: Any, value: Any, kind: Type, share: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return False
    wanted = _number(golden)
    if kind.name not in {"double", "real"} and not share:
        exact = not isinstance(value, float)
        return Decimal(wanted) == Decimal(value) if exact else isclose(float(wanted), value, rel_tol=1e-9)
    a, b = float(wanted), float(value)
    if isnan(a) or isinf(a) or isnan(b) or isinf(b):
        return (isnan(a) and isnan(b)) or a == b
    if share:
        return abs(a - b) <= max(share * abs(a), 1 if isinstance(wanted, int) else share * 1e-3)
    return isclose(a, b, rel_tol=1e-6 if kind.name == "real" else 1e-9, abs_tol=1e-12)


def _number(golden: Any) -> int | float | Decimal:
    if isinstance(golden, dict):
        return Decimal(golden["decimal"]) if "decimal" in golden else float(golden["double"])
    number: int | float = golden
    return number


def _same_scalar(golden: Any, value: Any, kind: Type) -> bool:
    match kind.name:
        case "boolean":
            return isinstance(value, bool) and golden == value
        case "varbinary":
            return isinstance(value, bytes | bytearray | memoryview) and bytes(value).hex() == golden["hex"]
        case "json":
            return _same_json(golden, value)
        case "date":
            return type(value) is date and value.isoformat() == golden
        case "timestamp":
            return isinstance(value, datetime) and value.tzinfo is None and value == _moment(golden)
        case "timestamptz":
            return isinstance(value, datetime) and value.tzinfo is not None and value == _moment(golden["timestamptz"])
        case "time":
            return isinstance(value, time) and value == time.fromisoformat(golden[:15])
        case "interval day" if isinstance(value, timedelta):
            return _interval(golden) == value
    return isinstance(value, str) and value == golden


def _same_json(golden: str, value: Any) -> bool:
    try:
        return bool(json.loads(golden) == json.loads(value))
    except (TypeError, ValueError):
        return bool(golden == value)


def _moment(golden: str) -> datetime:
    """Parse ISO text as a datetime; digits behind microseconds are cut."""
    moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", golden))
    return moment.astimezone(UTC) if moment.tzinfo else moment


def _interval(golden: str) -> timedelta | None:
    match = re.fullmatch(r"(-?)(\d+) (\d+):(\d+):(\d+)\.(\d+)", golden)
    if match is None:
        return None
    days, hours, minutes, seconds, millis = map(int, match.groups()[1:])
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds, milliseconds=millis)
    return -span if match[1] else span
