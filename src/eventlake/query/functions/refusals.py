"""Functions Athena has and this engine does not answer, each with what to do instead."""

from __future__ import annotations

_DRAWN = "it gives another answer each time"
_NO_COUNTERPART = "DuckDB has nothing that gives the same answer"
_NAMES = """
    approx_set merge empty_approx_set qdigest_agg tdigest_agg value_at_quantile values_at_quantiles numeric_histogram
    checksum xxhash64 murmur3 spooky_hash_v2_32 spooky_hash_v2_64 sha512 hmac_sha512 word_stem jarowinkler_similarity
    inverse_normal_cdf normal_cdf from_unixtime_nanos
    approx_most_frequent reduce_agg from_iso8601_timestamp_nanos to_ieee754_64 to_ieee754_32 color bar
    rgb render trim_array multimap_from_entries beta_cdf wilson_interval_lower wilson_interval_upper
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
        "substring",
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
