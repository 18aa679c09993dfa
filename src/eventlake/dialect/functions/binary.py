"""Bytes and hashes: https://trino.io/docs/current/functions/binary.html"""

from __future__ import annotations

from eventlake.dialect.functions.function import Function as F
from eventlake.dialect.functions.function import Syntactic

_READ = {
    "from_hex": "el_from_hex({0})",
    "from_base64": "el_from_base64({0})",
    "from_base64url": "el_from_base64(el_base64url({0}))",
    "from_base32": "el_from_base32({0})",
}
"""What reads bytes from letters, which may be bytes themselves."""

FUNCTIONS = [
    F("to_utf8", "varchar -> varbinary", "encode({0})"),
    F("to_utf8", "char -> varbinary", "encode({0})"),
    F("from_utf8", "varbinary -> varchar", "el_utf8({0}, chr(65533))"),
    F("from_utf8", "varbinary, varchar -> varchar", "el_utf8({0}, {1})"),
    F("to_hex", "varbinary -> varchar", "hex({0})"),
    *(F(name, "varchar -> varbinary", sql) for name, sql in _READ.items()),
    *(F(name, "varbinary -> varbinary", sql.format("el_utf8({0}, chr(65533))")) for name, sql in _READ.items()),
    F("to_base64", "varbinary -> varchar", "to_base64({0})"),
    F("to_base64url", "varbinary -> varchar", "translate(to_base64({0}), '+/', '-_')"),
    F("to_base32", "varbinary -> varchar", "el_to_base32({0})"),
    F("to_big_endian_64", "bigint -> varbinary", "el_big_endian({0}, 64)"),
    F("to_big_endian_32", "integer -> varbinary", "el_big_endian({0}, 32)"),
    F("from_big_endian_64", "varbinary -> bigint", "CAST(el_from_big_endian({0}, 64) AS BIGINT)"),
    F("from_big_endian_32", "varbinary -> integer", "CAST(el_from_big_endian({0}, 32) AS INTEGER)"),
    F("from_ieee754_64", "varbinary -> double", "el_ieee754({0}, 11, 52)"),
    F("from_ieee754_32", "varbinary -> real", "CAST(el_ieee754({0}, 8, 23) AS FLOAT)"),
    F("reverse", "varbinary -> varbinary", "el_byte_reverse({0})"),
    F("substr", "varbinary, bigint -> varbinary", "el_byte_substring({0}, {1}, 2147483647)"),
    F("substr", "varbinary, bigint, bigint -> varbinary", "el_byte_substring({0}, {1}, {2})"),
    F("lpad", "varbinary, bigint, varbinary -> varbinary", "el_byte_lpad({0}, {1}, {2})"),
    F("rpad", "varbinary, bigint, varbinary -> varbinary", "el_byte_rpad({0}, {1}, {2})"),
    F("md5", "varbinary -> varbinary", "unhex(md5({0}))"),
    F("sha1", "varbinary -> varbinary", "unhex(sha1({0}))"),
    F("sha256", "varbinary -> varbinary", "unhex(sha256({0}))"),
    F("crc32", "varbinary -> bigint", "el_crc32({0})"),
    F("hmac_md5", "varbinary, varbinary -> varbinary", "el_hmac_md5({0}, {1})"),
    F("hmac_sha1", "varbinary, varbinary -> varbinary", "el_hmac_sha1({0}, {1})"),
    F("hmac_sha256", "varbinary, varbinary -> varbinary", "el_hmac_sha256({0}, {1})"),
]

SYNTACTIC: dict[str, Syntactic] = {}
