"""The words that Athena keeps for its grammar: as names they stand in double quotes.

https://trino.io/docs/476/language/reserved.html
"""

from __future__ import annotations

RESERVED = frozenset(
    " ".join(
        (
            "ALTER AND AS AUTO BETWEEN BY CASE CAST CONSTRAINT CREATE CROSS CUBE CURRENT_CATALOG CURRENT_DATE CURRENT_PATH CURRENT_ROLE",
            "CURRENT_SCHEMA CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER DEALLOCATE DELETE DESCRIBE DISTINCT DROP ELSE END ESCAPE EXCEPT",
            "EXISTS EXTRACT FALSE FOR FROM FULL GROUP GROUPING HAVING IN INNER INSERT INTERSECT INTO IS JOIN JSON_ARRAY",
            "JSON_EXISTS JSON_OBJECT JSON_QUERY JSON_TABLE JSON_VALUE LEFT LIKE LISTAGG LOCALTIME LOCALTIMESTAMP NATURAL NORMALIZE NOT",
            "NULL ON OR ORDER OUTER PREPARE RECURSIVE RIGHT ROLLUP SELECT SKIP TABLE THEN TRIM TRUE UESCAPE UNION UNNEST USING VALUES",
            "WHEN WHERE WITH",
        )
    ).split()
)

NOT_ATHENA = {
    "QUALIFY": "QUALIFY is not in Athena: put the window function in a subquery and filter it outside.",
    "ILIKE": "ILIKE is not in Athena: write lower(a) LIKE lower(b).",
    "RLIKE": "RLIKE is not in Athena: write regexp_like(text, pattern).",
}
"""Words of other dialects, and what to write instead: names to Athena, so they are told only where a statement goes wrong beside them."""

NOT_ANSWERED = {
    "MATCH_RECOGNIZE": "MATCH_RECOGNIZE has no counterpart in DuckDB: write it with window functions.",
    "TABLESAMPLE": "TABLESAMPLE draws other rows each time: filter with WHERE.",
    "NATURAL": "NATURAL JOIN is not in Athena: write JOIN ... USING (column).",
    "JSON_TABLE": "JSON_TABLE has no counterpart in DuckDB: write UNNEST(CAST(json_extract(...) AS ARRAY(...))).",
}
"""Words of Athena's grammar that are refused by name, and what to write instead."""
