"""Whether bytes match a pattern, asked of RE2 in DuckDB: a long pattern of many spellings costs it a hundredth of what it costs Python's `re`."""

from __future__ import annotations

from pathlib import Path

import duckdb

from eventlake.dialect.sql import quoted_text

_LITERAL = {ord(one): f"[{one}]" for one in "*?["}
"""DuckDB takes a path for a pattern."""


def rows_of(*paths: Path, options: str = "") -> str:
    """Write what reads the rows of Parquet files, by their paths as they are. options: more of read_parquet's."""
    listed = ", ".join(quoted_text(str(path).translate(_LITERAL)) for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false{options})"


class Spotter:
    """Looks for one pattern, as RE2 reads it, in UTF-8 and in whatever else: what is not UTF-8 matches nothing."""

    def __init__(self, pattern: str) -> None:
        self._connection = duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False})
        self._pattern = quoted_text(pattern)

    def __enter__(self) -> Spotter:
        """Use it in a `with` statement."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._connection.close()

    def spots(self, data: bytes) -> bool:
        """Return True if the pattern matches anywhere in the bytes."""
        found = self._connection.execute(f"SELECT regexp_matches($1, {self._pattern})", [data.decode("utf-8", "replace")]).fetchone()
        return bool(found and found[0])

    def count(self, texts: str) -> int:
        """Count the rows of a SELECT of one text that match. Raises duckdb.Error."""
        found = self._connection.execute(
            f"SELECT count(*) FROM ({texts}) AS t(el_text) WHERE regexp_matches(el_text, {self._pattern})"
        ).fetchone()
        return int(found[0]) if found else 0

    def named(self, texts: str) -> set[str]:
        """Return the names of those rows of a SELECT of name and text whose text matches. Raises duckdb.Error."""
        wanted = f"SELECT DISTINCT el_name FROM ({texts}) AS t(el_name, el_text) WHERE regexp_matches(el_text, {self._pattern})"
        return {str(name) for (name,) in self._connection.execute(wanted).fetchall()}
