"""Flips one bit of a lake's spool, catalog or objects, many times, and then looks what is left.

    python tests/flip_many.py --flips 1000 --seed 1

Each flip is of a copy of a small lake, with objects that are delivered and events that wait in its spool. Whoever writes it next must start, or
say in a sentence what to do; after that (`doctor --rebuild` where the sentence or `doctor` says so) every event is stored that the flip did not hit, and what
is damaged was told: by the writer, or by `doctor`. Ends with 1 and says where that does not hold.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from eventlake.errors import CorruptObjectError, EventlakeError
from eventlake.lake import Finding
from eventlake.local.examine import check_lake
from eventlake.local.folder import open_catalog
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.rebuilding import rebuild
from eventlake.local.spool.frames import GROUP
from eventlake.local.spool.frames import spans as frames_in
from eventlake.sources import load
from oracle import identities

SOURCES = load()
DELIVERED, WAITING = 24, 16
PARTS = ("spool", "catalog.db", "objects")


@dataclass(frozen=True)
class Flip:
    """One bit of a file: its path below the lake, which byte, which bit."""

    path: str
    at: int
    bit: int

    def do(self, folder: Path) -> None:
        """Flip it."""
        with (folder / self.path).open("r+b") as file:
            file.seek(self.at)
            byte = file.read(1)[0]
            file.seek(self.at)
            file.write(bytes([byte ^ 1 << self.bit]))


def event(number: int) -> Item:
    """A pipeline event, or every fourth something that no rule wants."""
    kind = "CodePipeline Pipeline Execution State Change" if number % 4 else "Other"
    envelope = {"id": f"e{number}", "detail-type": kind, "source": "aws.codepipeline", "time": "2026-11-20T10:00:00Z"}
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED", "pipeline": "web"}}).encode())


def made(folder: Path, log_format: str) -> Path:
    """A lake of some objects, and events that wait."""
    for first in range(0, DELIVERED, 6):
        with Importer(folder, SOURCES, log_format=log_format) as importer:
            importer.accept([event(number) for number in range(first, first + 6)])
            importer.deliver()
    with Importer(folder, SOURCES) as importer:
        for number in range(DELIVERED, DELIVERED + WAITING, 2):
            importer.accept([event(number), event(number + 1)])
    return folder


def chosen(folder: Path, part: str, choice: random.Random) -> Flip:
    """Choose a bit of a part of a lake."""
    files = [path for path in [folder / part, *sorted((folder / part).rglob("*"))] if path.is_file() and path.stat().st_size]
    path = choice.choice(files)
    return Flip(path.relative_to(folder).as_posix(), choice.randrange(path.stat().st_size), choice.randrange(8))


def hit(folder: Path, flip: Flip) -> set[str]:
    """The events that a flip may cost: those of its object, or those that were written together in the spool."""
    if flip.path.startswith("objects/"):
        return set(identities(folder, flip.path.removeprefix("objects/")))
    if not flip.path.startswith("spool/"):
        return set()
    data = (folder / flip.path).read_bytes()
    begins = [at for at, _, kind, _ in frames_in(data) if kind == GROUP]
    start = max([at for at in begins if at <= flip.at], default=0)
    end = min([at for at in begins if at > flip.at], default=len(data))
    return {f"e{number}" for number in range(DELIVERED + WAITING) if f'"e{number}"'.encode() in data[start:end]}


def wrong(folder: Path, may_be_lost: set[str]) -> str | None:
    """What does not hold after a flip; None if all does."""
    told: list[str] = []
    try:
        deliver(folder, told)
    except EventlakeError as error:
        told.append(str(error))
        if "doctor" not in str(error):
            return f"the sentence leads nowhere: {error}"
        rebuild(folder, SOURCES)
        deliver(folder, told)
    findings = check_lake(folder)
    told += [one.sentence for one in findings]
    if any("--rebuild" in one.remedy for one in findings):
        rebuild(folder, SOURCES)
        deliver(folder, told)
        findings = check_lake(folder)
    stored = Counter(readable(folder, findings))
    lost = {f"e{number}" for number in range(DELIVERED + WAITING)} - set(stored)
    if lost - may_be_lost:
        return f"{sorted(lost - may_be_lost)} are lost"
    if twice := [identity for identity, count in stored.items() if count > 1]:
        return f"{twice} are stored twice"
    return f"{sorted(lost)} are lost, and nothing was told" if lost and not told else None


def deliver(folder: Path, told: list[str]) -> None:
    """Open the lake to write, and deliver what waits."""
    with Importer(folder, SOURCES, told=told.append) as importer:
        importer.deliver()


def readable(folder: Path, findings: list[Finding]) -> Iterator[str]:
    """The events in the objects that no finding names, failed records among them; those that a damaged stretch of the spool keeps do not count."""
    with closing(open_catalog(folder)) as catalog:
        keys = {one.key for table in catalog.tables() for one in catalog.objects(table.name)} | {
            one.key for one in catalog.failed_objects()
        }
    named = " ".join(one.sentence for one in findings)
    for key in sorted(keys):
        if key in named:
            continue
        if key.startswith("error/"):
            records = map(json.loads, gzip.decompress((folder / "objects" / key).read_bytes()).splitlines())
            yield from (json.loads(base64.b64decode(one["rawData"]))["id"] for one in records if one["errorCode"] != "DamagedSpool")
        else:
            yield from identities(folder, key)


def main() -> int:
    """Flip, and count."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    found = run(options.flips, options.seed)
    print(f"{options.flips:,} flips, {len(found)} wrong.", *found, sep="\n")
    return 1 if found else 0


def run(count: int, seed: int) -> list[str]:
    """What does not hold, flip by flip; the formats in turns."""
    choice = random.Random(seed)
    found: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        lakes = [made(Path(name) / log_format, log_format) for log_format in ("json", "parquet")]
        for number in range(count):
            lake = lakes[number % 2]
            flip = chosen(lake, PARTS[number // 2 % len(PARTS)], choice)
            copy = shutil.copytree(lake, Path(name) / "copy")
            flip.do(copy)
            if (what := tried(copy, hit(lake, flip))) is not None:
                found.append(f"{lake.name}: {flip.path} byte {flip.at} bit {flip.bit}: {what}")
            shutil.rmtree(copy)
    return found


def tried(folder: Path, may_be_lost: set[str]) -> str | None:
    """As `wrong`, with every failure that is no sentence."""
    try:
        return wrong(folder, may_be_lost)
    except CorruptObjectError as error:
        return f"after the way out: {error}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    sys.exit(main())
