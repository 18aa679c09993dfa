"""The shape of an event, written as a Python object with holes, becomes a text to fill in.

Filling a text is several times faster than building objects and encoding them, and the shapes stay readable as what they are.
A hole is `<name>` inside a text, `<#name>` for a whole JSON value, and a member `"<+name>": ...` for members that some events lack.
Fill with `shape % {"name": value}`: the value of `<name>` is text as `escaped()` gives it, of `<#name>` JSON, of `<+name>` what
`members()` gives, or nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

Json = object
"""Anything that JSON can say."""


def shape(value: Json) -> str:
    """Turn a value into the text to fill in. A `<+name>` member must not be the last of its object."""
    text = _encode(value).replace("%", "%%")
    text = re.sub(r'"<\+(\w+)>":null,', r"%(\1)s", text)
    text = re.sub(r'"<#(\w+)>"', r"%(\1)s", text)
    return re.sub(r"<(\w+)>", r"%(\1)s", text)


def encoded(value: Json) -> str:
    """Write a value as compact JSON."""
    return _encode(value)


def escaped(text: str) -> str:
    """Write a text as it stands between the quotes of a JSON string."""
    return _encode(text)[1:-1]


def members(values: Mapping[str, Json]) -> str:
    """Write members of an object with a comma after each, for a `<+name>` hole."""
    return _encode(values)[1:-1] + "," if values else ""
