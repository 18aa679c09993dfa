"""What the zygote has ready for every process that it forks: a DuckDB that is open, and the macros that are made in it."""

from __future__ import annotations

from functools import cached_property

from eventlake.dialect.macros import macros, needed
from eventlake.query.run import opened


class Stock:
    """A DuckDB of `run.opened`, which no query has used, and the macros that it holds, as a translation names them."""

    def __init__(self) -> None:
        self.database = opened()
        self.macros: set[str] = set()

    @property
    def is_whole(self) -> bool:
        """Return True if there is no macro left to make."""
        return not self._lacking

    def make_next(self) -> None:
        """Make one more macro, for every process that is forked from here on."""
        macro = self._lacking.pop()
        self.database.execute(macro.replace(" TEMP ", " ", 1))  # a temporary one is there for one connection only
        self.macros.add(macro)

    @cached_property
    def _lacking(self) -> list[str]:
        """Return those that are left to make; the next one, which calls none that comes after it, stands last."""
        return needed(macros())[::-1]
