"""Record format conversion: what fits a column and how, and what does not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aws.emulator.firehose_conversion import Unfit, convert
from aws.objects import parquet_rows

pytestmark = pytest.mark.aws

UNREADABLE, MISFIT = "DataFormatConversion.ParseError", "DataFormatConversion.MalformedData"


def converted(data: bytes, kind: str, openx: dict[str, Any] | None = None) -> list[Any]:
    """The values of a column `value` of this type in the rows of one record. Raises Unfit."""
    conversion = {"InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": openx or {}}}}
    body, unfit = convert([data], conversion, [{"Name": "value", "Type": kind}])
    for _, error in unfit:
        raise error
    return [row["value"] for row in parquet_rows(body or b"")]


@pytest.mark.parametrize(
    ("data", "kind", "code"),
    [
        (b'{"value": ', "string", UNREADABLE),
        (b" ", "string", UNREADABLE),
        (b'{"value": NaN}', "double", UNREADABLE),
        (b"\xff", "string", UNREADABLE),
        (b'[{"value": 1}]', "int", MISFIT),
        (b'{"value": "many"}', "int", MISFIT),
        (b'{"value": 2147483648}', "int", MISFIT),
        (b'{"value": {"a": 1}}', "bigint", MISFIT),
        (b'{"value": true}', "bigint", MISFIT),
        (b'{"value": "yesterday"}', "timestamp", MISFIT),
        (b'{"value": 1}', "struct<a:int>", MISFIT),
    ],
)
def test_what_does_not_fit_is_refused_by_code(data: bytes, kind: str, code: str) -> None:
    """A record that cannot be read and one that does not fit its column have each their code."""
    with pytest.raises(Unfit) as refused:
        converted(data, kind)
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("value", "kind", "stored"),
    [
        (None, "int", None),
        ("é", "string", "é"),
        ({"Key": [1, None]}, "string", '{"key":[1,null]}'),
        (7, "string", "7"),
        ("42", "bigint", 42),
        ("true", "boolean", True),
        ("word", "array<string>", ["word"]),
        ({"A": 1}, "struct<a:int,b:array<string>>", {"a": 1, "b": None}),
        ({"k": "1"}, "map<string,int>", {"k": 1}),
        ("2026-11-21", "date", "2026-11-21"),
        ("2026-11-21T07:05:06.789Z", "timestamp", "2026-11-21 07:05:06.789000"),
        ("2026-1-2 3:04:05", "timestamp", "2026-01-02 03:04:05"),
        (1795244706, "timestamp", "2026-11-21 07:05:06"),
        (1795244706789, "timestamp", "2026-11-21 07:05:06.789000"),
    ],
)
def test_a_value_is_stored_as_its_column_has_it(value: Any, kind: str, stored: Any) -> None:
    """Values become the column's type as Firehose makes them."""
    (seen,) = converted(json.dumps({"value": value}).encode(), kind)
    assert (str(seen) if kind in ("date", "timestamp") else seen) == stored


def test_keys_match_columns_without_regard_to_case() -> None:
    """VALUE fills the column `value`, unless the deserializer minds the case."""
    assert converted(b'{"VALUE": "a"}', "string") == ["a"]
    assert converted(b'{"VALUE": "a"}', "string", {"CaseInsensitive": False}) == [None]


def test_a_record_may_hold_several_objects() -> None:
    """Each JSON object of a record is a row, whatever blank lies between."""
    assert converted(b'{"value": 1}{"value": 2} \n {"value": 3}', "int") == [1, 2, 3]


def test_a_bad_record_fails_alone() -> None:
    """The rows of the other records are delivered, the bad one is named by its number."""
    body, unfit = convert([b'{"value": 1}', b"no", b'{"value": 3}'], {}, [{"Name": "value", "Type": "int"}])
    assert [number for number, _ in unfit] == [1]
    assert parquet_rows(body or b"") == [{"value": 1}, {"value": 3}]
