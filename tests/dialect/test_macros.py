"""The macros as they stand in their file."""

from __future__ import annotations

import re
from importlib.resources import files

from eventlake.dialect.macros import macros

WRITTEN = files("eventlake.dialect").joinpath("macros.sql").read_text(encoding="utf-8")


def test_each_macro_is_written_once_and_read() -> None:
    """A second one of a name would take the place of the first without a word."""
    names = re.findall(r"^(\w+)\(.*:=", WRITTEN, re.MULTILINE)

    assert sorted(names) == sorted(macros())


def test_macros_call_only_macros_that_are_there() -> None:
    """By a name that is misspelt, a statement would fail where it runs."""
    assert {called for macro in macros().values() for called in macro.calls} <= set(macros())
