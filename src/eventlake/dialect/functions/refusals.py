"""Functions Athena has and this engine does not answer, each with what to do instead."""

from __future__ import annotations

_DRAWN = "it gives another answer each time"
_NO_COUNTERPART = "DuckDB has nothing that gives the same answer"
_NAMES = """
    approx_most_frequent approx_set bar beta_cdf checksum color cosine_distance cosine_similarity current_groups
    empty_approx_set exclude_columns from_iso8601_timestamp_nanos from_unixtime_nanos
    hash_counts hmac_sha512 intersection_cardinality inverse_beta_cdf inverse_normal_cdf jaccard_index
    jarowinkler_similarity make_set_digest merge merge_set_digest murmur3 normal_cdf numeric_histogram qdigest_agg
    quantile_at_value render rgb sha512 spooky_hash_v2_32 spooky_hash_v2_64 t_cdf t_pdf tdigest_agg
    to_ieee754_32 to_ieee754_64 value_at_quantile values_at_quantiles wilson_interval_lower wilson_interval_upper
    word_stem xxhash64
"""

REFUSED: dict[str, str] = {
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
