"""JSON by the C functions beneath `json`, and by `json` itself where there are none: the same values and the same errors."""

from __future__ import annotations

import json
import sys
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventlake.pipeline import codec

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)
"""Any JSON value."""


def without_c() -> ModuleType:
    """The module as an interpreter without CPython's C functions has it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "_json", None)
        other = ModuleType("codec_without_c")
        assert codec.__spec__ is not None
        assert codec.__spec__.loader is not None
        exec(codec.__spec__.loader.get_code(codec.__name__), vars(other))  # type: ignore[attr-defined]  # a loader of source has it
    return other


CODECS = {"C": codec.STANDARD, "without C": without_c().STANDARD}


@pytest.mark.parametrize("one", CODECS.values(), ids=CODECS)
@pytest.mark.parametrize("data", [b"", b"{", b"{}x", b"[1,]", b'"\xff"', b"9" * 5000, b"[" * 100_000])
def test_what_is_no_json_is_refused(one: Any, data: bytes) -> None:
    """With ValueError, or RecursionError for what is too deep."""
    with pytest.raises((ValueError, RecursionError)):
        one.loads(data)


@pytest.mark.parametrize("one", CODECS.values(), ids=CODECS)
@pytest.mark.parametrize("value", [float("nan"), [float("inf")]])
def test_what_json_does_not_have_is_not_written(one: Any, value: object) -> None:
    """NaN and Infinity."""
    with pytest.raises(ValueError, match="JSON"):
        one.dumps(value)


@pytest.mark.parametrize("one", CODECS.values(), ids=CODECS)
def test_what_is_no_json_value_is_a_mistake_of_ours(one: Any) -> None:
    """Dates and sets never get as far as this."""
    with pytest.raises(TypeError):
        one.dumps({1, 2})


@pytest.mark.parametrize("one", CODECS.values(), ids=CODECS)
@given(value=JSON)
def test_values_are_read_and_written_as_json_does_it(one: Any, value: Any) -> None:
    """Compact, characters as they are, in any encoding and with blanks around."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    assert one.dumps(value) == text
    assert one.loads(f" {text} \n".encode()) == one.loads(text.encode()) == one.loads(text.encode("utf-16")) == value
    assert one.encode(value) == text.encode()
