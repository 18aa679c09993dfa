"""A lake that names a person in every way, and an independent search for her in all its bytes; for the tests of erasing."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import duckdb

from closing_lake import PAST, close, event, store
from eventlake.local.item import Item

ANNA, MAIL = "auth0|5f7c8e", "Anna@Example.org"
BOTH = (ANNA, MAIL)
LATER = datetime(2026, 6, 30, 12, 5, tzinfo=UTC)


def told(log_format: str | None, lake: Path) -> None:
    """Fill a lake: rows of Anna's own, rows that name her in every spelling, rows of others, and what fails."""
    own = [event("a", PAST, **{"execution-id": ANNA}), event("b", PAST, **{"execution-id": ANNA.upper()})]
    named = [
        event("c", PAST, trigger={"detail": f"{ANNA},{ANNA} and {MAIL.lower()}"}),
        event("d", PAST, other=[{"by": f"https://x/?u={quote(ANNA, safe='')}&m={quote(MAIL, safe='')}"}]),
        event("e", PAST, other={"packed": base64.b64encode(f"{{{ANNA}}}".encode()).decode(), MAIL: 1}),
    ]
    others = [event("f", PAST, trigger={"detail": f"{ANNA}99"}), event("g", PAST)]
    failed = [Item(1, b'{"who": "Auth0|5F7c8E", this is no JSON'), Item(2, b"{this neither")]
    store(lake, [(PAST, [*own, *named]), (PAST, [*others, *failed])], log_format)
    close(lake)
    store(lake, [(LATER, [event("h", PAST, **{"execution-id": ANNA}), event("i", PAST)])])


def decompressed(lake: Path) -> Iterator[tuple[str, bytes]]:
    """Every byte of a folder, and what is packed in it."""
    for path in sorted(path for path in lake.rglob("*") if path.is_file()):
        yield str(path), path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(path.read_bytes())
            yield str(path), data
            for line in data.splitlines():
                if b'"rawData"' in line:
                    yield str(path), base64.b64decode(json.loads(line)["rawData"])
        if path.suffix == ".parquet":
            yield str(path), repr(duckdb.execute("select * from read_parquet(?)", [str(path)]).fetchall()).encode()


def hits(lake: Path) -> list[str]:
    """The files in which an independent search finds her."""
    wanted = set()
    for one in BOTH:
        for spelled in (one, one.lower(), one.upper(), quote(one, safe=""), quote(one.lower(), safe=""), quote(one, safe="").lower()):
            wanted.add(spelled.encode())
            wanted |= {base64.b64encode(b"x" * at + spelled.encode())[-(-at * 8 // 6) : (at + len(spelled)) * 8 // 6] for at in range(3)}
    searched = ((path, data.replace(b"5f7c8e99", b"").replace(b"5F7C8E99", b"")) for path, data in decompressed(lake))
    return [path for path, data in searched if any(one in data for one in wanted)]
