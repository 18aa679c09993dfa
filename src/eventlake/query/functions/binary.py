"""Bytes and hashes: https://trino.io/docs/current/functions/binary.html"""

from __future__ import annotations

from eventlake.query.functions import Function as F
from eventlake.query.functions import Syntactic

FUNCTIONS = [
    F("to_utf8", "varchar -> varbinary", "encode({0})"),
    F("from_utf8", "varbinary -> varchar", "decode({0})"),
    F("to_hex", "varbinary -> varchar", "hex({0})"),
    F("from_hex", "varchar -> varbinary", "unhex({0})"),
    F("to_base64", "varbinary -> varchar", "to_base64({0})"),
    F("from_base64", "varchar -> varbinary", "from_base64({0})"),
    F("md5", "varbinary -> varbinary", "unhex(md5({0}))"),
    F("sha1", "varbinary -> varbinary", "unhex(sha1({0}))"),
    F("sha256", "varbinary -> varbinary", "unhex(sha256({0}))"),
]

SYNTACTIC: dict[str, Syntactic] = {}
