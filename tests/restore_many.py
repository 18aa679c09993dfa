"""Copies a busy lake in pieces, each at another instant, and counts what is in the lakes that are put together from them.

    python tests/restore_many.py --instants 1000 --seed 1

A lake is written in four lives by a clock that goes back now and then, and copied after every durable step: catalog, spool and objects. From each
of these instants a copy begins in each of the six orders of the parts, its second and third part taken then or later; doctor's way out is gone
where it names one, the lake is opened to write and drained. Whatever was acknowledged when the first part was copied must be there once, however
the lake is put together. Where one lake has not enough instants, others are written. Ends with 1 and says what is wrong.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from eventlake.errors import ConfigurationError
from eventlake.local import crash
from eventlake.local.examine import check_lake
from eventlake.local.importing import Importer
from eventlake.local.item import Item
from eventlake.local.rebuilding import rebuild
from eventlake.sources import load
from oracle import identities

SOURCES = [source for source in load() if source.name == "codepipeline"]
PARTS = ("catalog.db", "objects", "spool")
ORDERS = tuple(itertools.permutations(PARTS))
FORMATS = ("json", "parquet")
KINDS = ("Pipeline", "Stage", "Other")
"""Two tables, and a kind that no rule wants."""
LIVES = 4


@dataclass
class History:
    """A lake that was busy: a folder for each instant, and what was acknowledged then."""

    folder: Path
    log_format: str
    acknowledged: list[str] = field(default_factory=list)
    instants: list[tuple[Path, int]] = field(default_factory=list)

    @property
    def lake(self) -> Path:
        """The lake itself."""
        return self.folder / "lake"

    def now(self) -> datetime:
        """An hour that every third group of four finds later than its neighbours do."""
        return datetime(2026, 11, 20, 10 + len(self.acknowledged) // 4 % 3 % 2, 30, tzinfo=UTC)

    def copy(self, _name: str = "") -> None:
        """Copy the parts of the lake as they are now."""
        target = self.folder / f"instant-{len(self.instants)}"
        target.mkdir()
        count = len(self.acknowledged)
        for part in PARTS:
            copy_part(self.lake, part, target)
        self.instants.append((target, count))


def copy_part(lake: Path, part: str, target: Path) -> None:
    """Copy a part as a backup does: the catalog by SQLite's own backup, folders file by file; an object never changes, so a link is a copy."""
    if part == "catalog.db":
        if (lake / part).exists():
            with closing(sqlite3.connect(lake / part)) as source, closing(sqlite3.connect(target / part)) as copy:
                source.backup(copy)
    elif (lake / part).is_dir():
        shutil.copytree(lake / part, target / part, copy_function=os.link if part == "objects" else shutil.copy)


def busy(folder: Path, log_format: str, seed: int = 1) -> History:
    """Write a lake in several lives, and copy it after every durable step. seed: how much comes at once, and after which of it is delivered."""
    history, chance = History(folder, log_format), random.Random(seed)
    crash.at_each(history.copy)
    try:
        for life in range(LIVES):
            with Importer(history.lake, SOURCES, log_format=log_format, now=history.now) as importer:
                for group in range(4):
                    events = [(f"{life}-{group}-{number}", KINDS[number % 3]) for number in range(chance.randint(2, 6))]
                    importer.accept([event(*one) for one in events])
                    history.acknowledged += [identity for identity, _ in events]
                    history.copy()
                    if chance.random() < 0.5:
                        importer.deliver()
    finally:
        crash.at_each()
    return history


def event(identity: str, kind: str = "Pipeline") -> Item:
    """A pipeline event."""
    envelope = {"id": identity, "detail-type": f"CodePipeline {kind} Execution State Change", "source": "aws.codepipeline"}
    return Item(1, json.dumps({**envelope, "detail": {"state": "STARTED"}}).encode())


def restored(history: History, order: tuple[str, ...], instants: list[int], lake: Path) -> list[str]:
    """Put a lake together, each part from its instant; what was acknowledged when its first part was copied."""
    lake.mkdir()
    for part, instant in zip(order, instants, strict=True):
        copy_part(history.instants[instant][0], part, lake)
    return history.acknowledged[: history.instants[instants[0]][1]]


def drain(lake: Path) -> None:
    """Go the way that doctor or a refusal names, then deliver what the spool holds."""
    if any("--rebuild" in finding.remedy for finding in check_lake(lake)):
        rebuild(lake, SOURCES)
    try:
        deliver(lake)
    except ConfigurationError as error:
        if "--rebuild" not in str(error):
            raise
        rebuild(lake, SOURCES)
        deliver(lake)


def deliver(lake: Path, *items: Item, log_format: str | None = None) -> None:
    """Accept events, and deliver everything that the spool holds."""
    with Importer(lake, SOURCES, log_format=log_format) as importer:
        if items:
            importer.accept(items)
        importer.deliver()


def wrong(lake: Path, acknowledged: list[str]) -> str | None:
    """What is wrong with a lake for its readers; None if nothing. Files that the catalog does not name are nobody's."""
    with closing(sqlite3.connect(lake / "catalog.db")) as catalog:
        keys = [row[0] for row in catalog.execute("select key from object where state = 'live' union all select key from failed_object")]
    missing = [key for key in keys if not (lake / "objects" / key).is_file()]
    if missing:
        return f"{missing[0]} is in the catalog and not in the folder"
    stored = Counter(identity for key in keys for identity in identities(lake, key))
    lost = set(acknowledged) - set(stored)
    twice = [identity for identity, count in stored.items() if count > 1]
    return f"lost {sorted(lost)}, twice {sorted(twice)}" if lost or twice else None


def chosen(history: History, most: int, chance: random.Random) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """Yield the copies that begin at so many of the instants, each in every order of the parts; parts are often copied soon after each other."""
    last = len(history.instants) - 1
    for first, order in itertools.product(chance.sample(range(last + 1), min(most, last + 1)), ORDERS):
        reach = chance.choice((1, 3, 10, last))
        later = sorted(min(first + chance.randint(0, reach), last) for _ in range(2))
        yield order, [first, *later]


def tried(history: History, order: tuple[str, ...], instants: list[int], folder: Path) -> str | None:
    """What is wrong with the lake that these copies make; None if nothing."""
    lake = folder / "restored"
    acknowledged = restored(history, order, instants, lake)
    try:
        if not any(lake.iterdir()):
            return None if not acknowledged else "nothing was copied"
        drain(lake)
        found = wrong(lake, acknowledged)
        return found and f"{history.log_format}, {order} copied at {instants}: {found}"
    finally:
        shutil.rmtree(lake)


def wrong_of(log_format: str, instants: int, seed: int) -> str | None:
    """Try the copies that begin at so many instants of lakes of one format; what is wrong with one, None if nothing."""
    chance, begun = random.Random(seed), 0
    while begun < instants:
        with tempfile.TemporaryDirectory() as name:
            history = busy(Path(name), log_format, chance.randrange(1 << 30))
            for order, parts in chosen(history, instants - begun, chance):
                if found := tried(history, order, parts, Path(name)):
                    return found
            begun += min(instants - begun, len(history.instants))
        print(f"{log_format}: {begun:,} instants, each in {len(ORDERS)} orders: nothing lost, nothing twice", flush=True)
    return None


def main() -> int:
    """Try the lakes; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instants", type=int, default=1000, help="of which each format has its part")
    parser.add_argument("--format", choices=FORMATS, help="only of lakes of this format, all of the instants")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    formats = (options.format,) if options.format else FORMATS
    for log_format in formats:
        if found := wrong_of(log_format, options.instants // len(formats), options.seed):
            print(found)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
