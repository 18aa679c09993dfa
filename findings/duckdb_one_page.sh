#!/usr/bin/env bash
# One column of one row group is one data page, however long its texts are.
#
# Version: duckdb 2.0.0; pyarrow 26.0.1 reads the file and writes its own for comparison.
# Expected: pages of about a megabyte, as Parquet's own advice and other writers have it, so that a reader may hold one page at a time.
# Happens: 20,000 texts of three kilobytes are one page of 64,720,008 bytes, to be held whole by whoever reads one of them; there is no page index
#     either. ROW_GROUP_SIZE counts rows, and nothing counts bytes of a page.
# Seen: duckdb: 1 page, the largest 64,720,008 bytes; pyarrow: 20 pages, the largest 3,313,671 bytes.
# eventlake: writes row groups of 20,480 rows at most, and of fewer where rows are long when it closes an hour.
. "$(dirname "$0")/with_packages.bash" duckdb==2.0.0 pyarrow==26.0.1
env/bin/python - <<'END'
import duckdb
import pyarrow.parquet as parquet

def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at

def past(data, at, kind):
    """Skip one value of Thrift's compact protocol."""
    if kind in (1, 2):
        return at
    if kind in (4, 5, 6):
        return varint(data, at)[1]
    if kind == 8:
        size, at = varint(data, at)
        return at + size
    if kind == 12:
        return header(data, at)[1]
    raise ValueError(kind)

def header(data, at):
    """Integers of a page's header by their numbers: 1 its type, 2 its bytes, 3 its compressed bytes."""
    fields, number = {}, 0
    while data[at]:
        kind, number, at = data[at] & 15, number + (data[at] >> 4), at + 1
        if kind in (4, 5, 6):
            raw, at = varint(data, at)
            fields[number] = (raw >> 1) ^ -(raw & 1)
        else:
            at = past(data, at, kind)
    return fields, at + 1

def pages(path):
    data, metadata = open(path, "rb").read(), parquet.ParquetFile(path).metadata
    assert metadata.num_row_groups == 1
    column = metadata.row_group(0).column(0)
    at, sizes = column.data_page_offset, []
    end = at + column.total_compressed_size
    while at < end:
        fields, at = header(data, at)
        sizes.append(fields[2])
        at += fields[3]
    print(f"{path}: {len(sizes)} pages, the largest {max(sizes):,} bytes, page index: {column.has_offset_index}")
    return sizes

duckdb.sql("COPY (SELECT md5(range::VARCHAR) || repeat(md5((range * 7)::VARCHAR), 100) AS text FROM range(20000)) TO 'duckdb.parquet'")
parquet.write_table(parquet.read_table("duckdb.parquet"), "pyarrow.parquet", use_dictionary=False, row_group_size=20000)
assert pages("duckdb.parquet") == [64720008]
assert max(pages("pyarrow.parquet")) < 4000000
END
