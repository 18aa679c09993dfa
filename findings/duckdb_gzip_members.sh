#!/usr/bin/env bash
# A gzip file is read or refused by which of its members has the long extra field.
#
# Version: duckdb 2.0.0.
# Expected: RFC 1952 gives every member of a gzip file the same header, whose extra field has up to 65,535 bytes; a reader takes all of them or none.
# Happens: the first member's extra field may have its 65,535 bytes; that of any later one is refused from some 32 KiB on, as a header that is too large.
#     So a file that can be read becomes one that cannot, where another file is put in front of it, as `cat a.gz b.gz` does.
# Seen: alone, 65535: 1 row; behind another, 32747: 2 rows; behind another, 32748: refused
# eventlake: puts what an object says of itself into headers of at most 16 KiB, and what is longer behind the lines.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0
env/bin/python - <<'END'
import gzip
import struct
import zlib

import duckdb

LINE = b'{"a": 1}\n'

def member(extra):
    packed = zlib.compressobj(wbits=-15)
    body = packed.compress(LINE) + packed.flush()
    header = b"\x1f\x8b\x08\x04" + bytes(6) + struct.pack("<H", extra) + b"EL" + struct.pack("<H", extra - 4) + bytes(extra - 4)
    return header + body + struct.pack("<II", zlib.crc32(LINE), len(LINE))

def read(what, data):
    with open("file.json.gz", "wb") as file:
        file.write(data)
    assert gzip.decompress(data) == LINE * data.count(b"\x1f\x8b\x08\x04"), "Python reads it"
    try:
        (found,) = duckdb.execute("SELECT count(*) FROM read_json('file.json.gz', format = 'newline_delimited')").fetchone()
        found = f"{found} row{'s' * (found > 1)}"
    except duckdb.Error:
        found = "refused"
    print(f"{what}: {found}")
    return found

assert read("alone, 65535", member(65_535)) == "1 row"
assert read("behind another, 32747", member(8) + member(32_747)) == "2 rows"
assert read("behind another, 32748", member(8) + member(32_748)) == "refused"
END
