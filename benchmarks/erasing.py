"""What it takes to erase one person from a large lake: `python benchmarks/erasing.py [EVENTS] [FOLDER]`.

A lake of EVENTS (1,000,000) in 30 days of closed hours. The person is the user with the most logins but ten. Printed are the objects that were rewritten,
and the seconds by the clock and of the processor, of all processes together, of the whole command; the goal for a million events is 60 s.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from backfill import command
from questions import processor_s

from eventlake.history import sized_history

END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)
DAYS = 30


def made(folder: Path, events: int) -> str:
    """Make the lake; the id of the person."""
    users = Counter[str]()
    file = folder / "events.jsonl"
    with file.open("wb") as out:
        for _, body in sized_history(events, DAYS, END):
            out.write(body + b"\n")
            data = json.loads(body)["detail"].get("data")
            if isinstance(data, dict) and data.get("user_id"):
                users[data["user_id"]] += 1
    command("backfill", "files", str(file), "--lake", str(folder), fails=True)
    command("close", "--all", "--lake", str(folder))
    file.unlink()
    return users.most_common(11)[-1][0]


def main() -> None:
    """Print a line."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else name)
        person = made(folder, events)
        began, before = time.monotonic(), processor_s()
        command("erase", "--user", person, "--yes", "--lake", str(folder))
        took, used = time.monotonic() - began, processor_s() - before
        said = json.loads(next((folder / "erasures").iterdir()).read_text("utf-8"))
    print(
        f"{events:,} events: {said['rows_erased']:,} rows erased, {said['rows_edited']:,} edited, {len(said['objects']):,} objects rewritten"
    )
    print(f"{took:.1f} s, {used:.1f} s of the processor (goal 60 s for a million events)")


if __name__ == "__main__":
    main()
