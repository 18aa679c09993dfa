"""The certificate of an erasure: a JSON file that says when, how much, from where, and with which proof; never whom in the clear."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from eventlake import __version__
from eventlake.backends.disk import make_durable, storage_error, write_whole
from eventlake.local.erasing.rewriting import Rewritten

FOLDER = "erasures"

REMAINING = (
    "Copies of the lake that were made before, wherever they are kept.",
    "What the sender of the events keeps; Auth0 forgets its logs by itself.",
    "Events on their way in a sender's queue: their tombstones keep them out.",
)
"""What no erasure of this lake reaches."""


@dataclass(slots=True)
class Certificate:
    """What one erasure did. at: aware. tombstones: the HMACs that stand for the identifiers. places: every other file, and what was done.

    remaining: what it does not reach.
    """

    at: datetime
    tombstones: Sequence[str] = ()
    objects: list[Rewritten] = field(default_factory=list)
    failed: int = 0
    old_objects: int = 0
    segments: int = 0
    places: dict[str, str] = field(default_factory=dict)
    remaining: Sequence[str] = REMAINING

    @property
    def name(self) -> str:
        """Return the name of its file."""
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H%M%S.%fZ}.json"

    @property
    def erased(self) -> int:
        """Return how many rows were the person's own."""
        return sum(one.erased for one in self.objects)

    @property
    def edited(self) -> int:
        """Return how many rows named the person, and stay without the name."""
        return sum(one.edited for one in self.objects)

    @property
    def summary(self) -> str:
        """Return a sentence that says how much was done."""
        return (
            f"{_counted(self.erased, 'row')} erased, {_counted(self.edited, 'row')} edited, "
            f"{_counted(self.failed, 'failed record')} erased; {_counted(len(self.objects), 'object')} rewritten."
        )

    def write(self, folder: Path) -> Path:
        """Write it into the lake's folder; where it lies. Raises StorageError."""
        path = folder / FOLDER / self.name
        try:
            path.parent.mkdir(mode=0o700, exist_ok=True)
            make_durable(folder)
        except OSError as error:
            raise storage_error(error, f'"{path.parent}" cannot be made') from None
        write_whole(path, self.text(), 0o600)
        return path

    def text(self) -> str:
        """Return it as JSON, with a checksum of its own."""
        said = {
            "certificate": "erasure of a person from a lake",
            "eventlake": __version__,
            "at": f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "tombstones": list(self.tombstones),
            "rows_erased": self.erased,
            "rows_edited": self.edited,
            "failed_records_erased": self.failed,
            "old_objects_removed": self.old_objects,
            "segments_removed": self.segments,
            "objects": [asdict(one) for one in self.objects],
            "other_files": self.places,
            "not_reached": list(self.remaining),
        }
        body = json.dumps(said, indent=1)
        digest = hashlib.sha256(body.encode()).hexdigest()
        return json.dumps({**said, "sha256_of_the_rest": digest}, indent=1) + "\n"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
