"""Functions Athena has and this engine does not answer, each with what to do instead."""

from __future__ import annotations

_DRAWN = "it gives another answer each time"
_NO_COUNTERPART = "DuckDB has nothing that gives the same answer"

REFUSED: dict[str, str] = {
    **dict.fromkeys(("random", "rand", "uuid", "shuffle"), _DRAWN),
    **dict.fromkeys(
        ("approx_set", "merge", "empty_approx_set", "qdigest_agg", "tdigest_agg", "value_at_quantile", "values_at_quantiles", "numeric_histogram", "checksum",
         "crc32", "xxhash64", "murmur3", "spooky_hash_v2_32", "spooky_hash_v2_64", "sha512", "hmac_md5", "hmac_sha1", "hmac_sha256", "hmac_sha512",
         "regr_count", "soundex", "word_stem", "jarowinkler_similarity", "inverse_normal_cdf", "normal_cdf", "combinations"),
        _NO_COUNTERPART,
    ),
    **dict.fromkeys(("current_user", "current_catalog", "current_schema", "version"), "it tells nothing about the lake"),
    "parse_duration": "use intervals",
    "json_object": "build the text with format() or cast a map to json",
    "json_array": "cast an array to json",
}  # fmt: skip
