"""The forms of an answer: a table, CSV, JSON, Markdown, Parquet."""
