"""Queries and what stands in them: SELECT, FROM, expressions, aggregates, windows."""
