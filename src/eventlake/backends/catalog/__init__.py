"""The catalog in SQLite, noun by noun: what `backends.sqlite_catalog` puts together."""
