"""One SQL, Athena's, on DuckDB.

`dialect.translate` is the entry: syntax (text -> tree, what Athena's grammar refuses) -> relations and expressions (names and types
bound Trino's way, the SQL of DuckDB emitted piece by piece) -> a `Translation`. `pruning` reads from the predicates which hours a
table is asked for, `run` executes a statement in a DuckDB that can read the lake's objects and nothing else, `box` has all of that done
in a process of its own, `intact` compares objects with their checksums, `saved` holds the saved queries, `cost` says what Athena would
have charged.

Nothing of the user's text reaches DuckDB: only what the translation understood is emitted again.
"""
