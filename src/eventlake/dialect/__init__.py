"""Athena's SQL -> DuckDB's: `translate.translate` is the entry.

`text` reads the words and the grammar and refuses what Athena's grammar refuses; `queries` binds names and types Trino's way and emits
DuckDB's SQL piece by piece; `types` are Trino's types, their literals, operators and casts; `functions` are Athena's functions, a line
each; `macros` are what Trino does in one function and DuckDB in several. The answer is a `translation.Translation`.

Nothing of the user's text reaches DuckDB: only what the translation understood is emitted again.
"""
