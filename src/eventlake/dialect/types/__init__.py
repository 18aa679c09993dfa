"""Trino's types: how they are written, compared, computed with and cast."""
