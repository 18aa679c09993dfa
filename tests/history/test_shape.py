from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from eventlake.history.shape import encoded, escaped, members, shape

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)


@given(st.text(), JSON, st.dictionaries(st.text(min_size=1), JSON, max_size=3))
def test_filled_shape_is_the_object_it_stands_for(text: str, value: object, optional: dict[str, object]) -> None:
    """Any text, any value and any optional members arrive as they are."""
    form = shape({"100%": ["<name>", "is <name>"], "value": "<#value>", "<+more>": None, "last": 1})
    filled = form % {"name": escaped(text), "value": encoded(value), "more": members({f"x{key}": inner for key, inner in optional.items()})}
    expected = {"100%": [text, f"is {text}"], "value": value, **{f"x{key}": inner for key, inner in optional.items()}, "last": 1}
    assert json.loads(filled) == expected


def test_absent_members_leave_no_trace() -> None:
    """A hole for members takes nothing as well."""
    assert shape({"<+more>": None, "last": 1}) % {"more": members({})} == '{"last":1}'
