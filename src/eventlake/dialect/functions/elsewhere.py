"""Functions that people bring along from other databases, and the one of Athena that does the same or the nearest to it.

Called where a name is not in Athena; likeness of letters alone would lead from `string_agg` to `substring`.
"""

from __future__ import annotations

ELSEWHERE = {
    "array_contains": "contains",
    "array_length": "cardinality",
    "charindex": "strpos",
    "dateadd": "date_add",
    "datediff": "date_diff",
    "get_json_object": "json_extract_scalar",
    "getdate": "now",
    "group_concat": "listagg",
    "ifnull": "coalesce",
    "instr": "strpos",
    "json_extract_path_text": "json_extract_scalar",
    "json_extract_string": "json_extract_scalar",
    "left": "substr",
    "len": "length",
    "list_contains": "contains",
    "median": "approx_percentile",
    "nvl": "coalesce",
    "quantile": "approx_percentile",
    "regexp_matches": "regexp_like",
    "regexp_substr": "regexp_extract",
    "right": "substr",
    "size": "cardinality",
    "strftime": "date_format",
    "string_agg": "listagg",
    "strptime": "date_parse",
    "to_char": "date_format",
    "to_date": "date_parse",
    "to_timestamp": "date_parse",
    "unix_timestamp": "to_unixtime",
}
