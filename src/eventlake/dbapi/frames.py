"""An answer as a table of pandas, polars or Arrow, with the types that its columns have in Athena.

pandas gets the dtypes of PyAthena's: `Int64` for integers, `datetime64` for dates and timestamps, objects for the rest.
JSON (but objects and arrays in pandas, which are read), UUIDs, addresses and intervals are text; an array, a map or a row that Athena gave as text stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from eventlake.dbapi.errors import InterfaceError, NotSupportedError
from eventlake.dbapi.types import read_type
from eventlake.dialect.types.type import Type
from eventlake.interfaces import Result
from eventlake.naming import repeated

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

_INTEGERS = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64}
_NESTED = ("array", "map", "row")


def as_pandas(result: Result) -> pandas.DataFrame:
    """Convert the answer to a DataFrame. Raises InterfaceError if pandas is not installed."""
    pandas = _library("pandas", "as_pandas")
    columns = [_series(pandas, values, kind) for values, kind in _columns(result)]
    frame = pandas.DataFrame(dict(enumerate(columns)))
    frame.columns = list(result.columns)
    return frame


def as_polars(result: Result) -> polars.DataFrame:
    """Convert the answer to a DataFrame. Raises InterfaceError if polars is not installed, NotSupportedError for two columns of one name."""
    polars = _library("polars", "as_polars")
    _require_different(result.columns, "polars")
    columns = _columns(result)
    return polars.DataFrame(
        [
            polars.Series(name, [_shaped(value, kind, _struct) for value in values], _polars_type(polars, kind))
            for name, (values, kind) in zip(result.columns, columns, strict=True)
        ]
    )


def as_arrow(result: Result) -> pyarrow.Table:
    """Convert the answer to a Table. Raises InterfaceError if pyarrow is not installed."""
    arrow = _library("pyarrow", "as_arrow")
    arrays = [arrow.array([_shaped(value, kind, _pair) for value in values], _arrow_type(arrow, kind)) for values, kind in _columns(result)]
    return arrow.Table.from_arrays(arrays, names=list(result.columns))


def _library(name: str, method: str) -> Any:  # they are no dependencies
    try:
        return import_module(name)
    except ImportError:
        raise InterfaceError(f"{method}() needs {name}, which is not installed: pip install {name}, or use fetchall().") from None


def _require_different(names: Sequence[str], library: str) -> None:
    twice = repeated(names)
    if twice is not None:
        raise NotSupportedError(f'Two columns are called "{twice}", which {library} cannot hold: tell them apart with AS.')


def _columns(result: Result) -> list[tuple[list[Any], Type]]:
    """Return the values and type of each column; one whose values are text although its type is not, is text."""
    columns: Sequence[Sequence[Any]] = list(zip(*result.rows, strict=True)) or [()] * len(result.columns)
    return [(list(values), _held(values, read_type(spelling))) for values, spelling in zip(columns, result.types, strict=True)]


def _held(values: Sequence[Any], kind: Type) -> Type:
    """Return the type of the values themselves: Athena's arrays are text, and so is a day before the year 1."""
    if kind.name in {*_NESTED, "date", "time", "timestamp", "timestamptz"} and any(isinstance(value, str) for value in values):
        return Type("varchar")
    return Type("varchar") if kind.name in _NESTED and not kind.args else kind


# pandas


def _series(pandas: Any, values: list[Any], kind: Type) -> Any:  # pandas is no dependency
    if kind.name == "boolean":
        return pandas.Series(values, dtype=object if None in values else bool)
    unseen = kind.name in _NESTED or all(value is None for value in values)
    return pandas.Series(values, dtype=_PANDAS.get(kind.name, object if unseen else None))


_PANDAS: dict[str, Any] = {  # dtypes; where there is none, pandas sees for itself what it calls text
    **dict.fromkeys(_INTEGERS, "Int64"),
    "real": "float64",
    "double": "float64",
    "date": "datetime64[us]",
    "timestamp": "datetime64[us]",
    "timestamptz": "datetime64[us, UTC]",
    **dict.fromkeys(("time", "decimal", "varbinary", "json"), object),
}


# polars


def _polars_type(polars: Any, kind: Type) -> Any:  # polars is no dependency
    if kind.name == "array":
        return polars.List(_polars_type(polars, kind.args[0]))
    if kind.name == "map":
        return polars.List(polars.Struct({"key": _polars_type(polars, kind.args[0]), "value": _polars_type(polars, kind.args[1])}))
    if kind.name == "row":
        return polars.Struct({name: _polars_type(polars, part) for name, part in kind.fields()})
    if kind.name == "decimal":
        return polars.Decimal(*kind.numbers)
    if kind.name in _INTEGERS:
        return getattr(polars, f"Int{_INTEGERS[kind.name]}")
    made = {
        "boolean": polars.Boolean,
        "real": polars.Float32,
        "double": polars.Float64,
        "varbinary": polars.Binary,
        "date": polars.Date,
        "time": polars.Time,
        "timestamp": polars.Datetime("us"),
        "timestamptz": polars.Datetime("us", "UTC"),
        "unknown": polars.Null,
    }
    return made.get(kind.name, polars.String)


# Arrow


def _arrow_type(arrow: Any, kind: Type) -> Any:  # pyarrow is no dependency
    if kind.name == "array":
        return arrow.list_(_arrow_type(arrow, kind.args[0]))
    if kind.name == "map":
        return arrow.map_(_arrow_type(arrow, kind.args[0]), _arrow_type(arrow, kind.args[1]))
    if kind.name == "row":
        return arrow.struct([(name, _arrow_type(arrow, part)) for name, part in kind.fields()])
    if kind.name == "decimal":
        return arrow.decimal128(*kind.numbers)
    if kind.name in _INTEGERS:
        return getattr(arrow, f"int{_INTEGERS[kind.name]}")()
    made = {
        "boolean": arrow.bool_(),
        "real": arrow.float32(),
        "double": arrow.float64(),
        "varbinary": arrow.binary(),
        "date": arrow.date32(),
        "time": arrow.time64("us"),
        "timestamp": arrow.timestamp("us"),
        "timestamptz": arrow.timestamp("us", "UTC"),
        "unknown": arrow.null(),
    }
    return made.get(kind.name, arrow.string())


# values


def _shaped(value: Any, kind: Type, entry: Callable[[Any, Any], Any]) -> Any:  # a value of a row
    """Return the value with its maps as lists of entries."""
    if value is None or kind.name not in _NESTED:
        return value
    if kind.name == "array":
        return [_shaped(item, kind.args[0], entry) for item in value]
    if kind.name == "map":
        return [entry(_shaped(key, kind.args[0], entry), _shaped(item, kind.args[1], entry)) for key, item in value.items()]
    return {name: _shaped(item, part, entry) for (name, part), item in zip(kind.fields(), value.values(), strict=True)}


def _pair(key: Any, value: Any) -> tuple[Any, Any]:
    return key, value


def _struct(key: Any, value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}
