"""Functions Athena has and this engine does not answer, each with what to do instead."""

from __future__ import annotations

_DRAWN = "it gives another answer each time"
_NO_COUNTERPART = "DuckDB has nothing that gives the same answer"
_NAMES = """
    bar beta_cdf checksum color current_groups exclude_columns inverse_beta_cdf inverse_normal_cdf jarowinkler_similarity murmur3 normal_cdf
    render rgb spooky_hash_v2_32 spooky_hash_v2_64 t_cdf t_pdf to_ieee754_32 to_ieee754_64 word_stem xxhash64
"""
_INSTEAD = {
    "numeric_histogram": "count by width_bucket(x, low, high, n), or by floor(x / step)",
    "tdigest_agg qdigest_agg merge value_at_quantile values_at_quantiles": "ask the rows themselves, with approx_percentile(x, share)",
    "quantile_at_value": "ask the rows themselves, with avg(if(x <= value, 1e0, 0e0))",
    "approx_set empty_approx_set make_set_digest merge_set_digest": "ask the rows themselves, with approx_distinct(x)",
    "intersection_cardinality jaccard_index hash_counts": "ask the rows themselves, with INTERSECT or a join",
    "from_iso8601_timestamp_nanos": "write from_iso8601_timestamp(x), which keeps milliseconds",
    "from_unixtime_nanos": "write from_unixtime(x / 1e9), which keeps milliseconds",
    "sha512 hmac_sha512": "DuckDB has no SHA-512; where the hash is yours to choose, take sha256 or hmac_sha256",
}

REFUSED: dict[str, str] = {
    **{name: instead for names, instead in _INSTEAD.items() for name in names.split()},
    **dict.fromkeys(_NAMES.split(), _NO_COUNTERPART),
    **dict.fromkeys(("random", "rand", "uuid", "shuffle"), _DRAWN),
    **dict.fromkeys(("current_user", "current_catalog", "current_schema", "version"), "it tells nothing about the lake"),
    **dict.fromkeys(("all", "some", "any"), "write the values behind it as a subquery, (SELECT ...)"),
}
"""Name -> what to do instead, or why there is no answer."""

PARTIAL = frozenset(
    (
        "truncate",
        "width_bucket",
        "reverse",
        "substr",
        "lpad",
        "rpad",
        "length",
        "from_utf8",
        "contains",
        "from_unixtime",
        "date_diff",
        "minute",
        "hour",
        "second",
        "day",
        "month",
        "year",
        "millisecond",
        "concat",
        "zip",
        "abs",
        "starts_with",
        "to_iso8601",
        "date_trunc",
        "date_add",
    )
)
"""Functions that Athena calls with more types than this engine does: other types are refused, not called wrong."""
