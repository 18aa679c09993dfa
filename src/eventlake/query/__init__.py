"""Running a question: what the dialect translated, over the lake's objects, bounded.

`run` executes a statement in a DuckDB that can read the lake's objects and nothing else, `box` has all of that done in a process of its
own, `reading` gives the SQL that reads objects, `intact` compares them with their checksums, `saved` holds the saved queries, `cost` says
what Athena would have charged.
"""
