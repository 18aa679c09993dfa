"""The forms of an answer: a table, JSON, JSON lines, CSV and Markdown as text (`forms.in_form`), Parquet as a file.

`values` says how Athena prints a value; each form has a module. Used by the command line, the DB-API and whatever shows an answer.
"""
