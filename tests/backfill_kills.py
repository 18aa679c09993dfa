"""Kills a backfill at random instants, many times, and then counts.

    python tests/backfill_kills.py auth0 --kills 50 --events 100000 --seed 1
    python tests/backfill_kills.py files --kills 50 --events 100000 --seed 1

`backfill auth0` asks a tenant that is a stand-in: it limits its requests, drops connections, cuts answers off and fails. `backfill files` reads
files of three days each, with the process beside that maps its events: at random that process is killed, the command, or both. After the last kill
the command runs to its end. Ends with 1 and says what is wrong if the lake does not hold each event once, before its hours are closed and
after; or if the stand-in was asked more than it allows, but for the first request of a process, which cannot know.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from auth0_api import CLIENT, SECRET, Auth0Api, log_of, serving

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from eventlake.history.history import sized_history
from eventlake.local.folder import open_catalog, open_lake
from eventlake.sources import load

SOURCE_ROOT = Path(__file__).parent.parent / "src"
Beside = Callable[[int], list[int]]
FAULTS = ("drop", "cut", "half", "500")


def faults(choice: random.Random) -> Iterator[str]:
    """Yield what becomes of each request: of a hundred, one of each fault."""
    while True:
        yield choice.choice([*FAULTS, *[""] * (100 - len(FAULTS))])


def start(lake: Path, *words: str) -> subprocess.Popen[str]:
    """The command, begun."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE_ROOT),
        "AUTH0_CLIENT_ID": CLIENT,
        "AUTH0_CLIENT_SECRET": SECRET,
        "AUTH0_TOKEN": "",
    }
    command = [sys.executable, "-m", "eventlake", "backfill", *words, "--lake", str(lake)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(
    process: subprocess.Popen[str],
    is_at_work: Callable[[], bool],
    choice: random.Random,
    beside: Beside = lambda _: [],
    within_s: float = 1.0,
) -> bool:
    """Let the command work, and kill it soon, or what works beside it and then the command; False if it was at its end before."""
    give_up = time.monotonic() + 300
    while process.poll() is None and not is_at_work() and time.monotonic() < give_up:
        time.sleep(0.005)
    time.sleep(choice.uniform(0.0, within_s))
    for other in choice.choice([[], beside(process.pid)]):
        with contextlib.suppress(ProcessLookupError):
            os.kill(other, signal.SIGKILL)
        time.sleep(choice.choice([0.0, choice.uniform(0.0, within_s)]))
    process.kill()
    said = process.communicate()
    if process.returncode > 0:
        raise SystemExit(f"It ended with {process.returncode}: {said[1]}")
    return process.returncode != 0


def children(pid: int) -> list[int]:
    """The processes that a process has begun."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def stored(lake: Path) -> int:
    """How many objects lie in the folder, without those that are not finished or put aside."""
    folder = lake / "objects"
    return sum(1 for path in folder.rglob("*") if path.is_file() and not path.relative_to(folder).parts[0].startswith("."))


def counted(lake: Path) -> tuple[object, ...]:
    """How many rows the lake has, and how many events."""
    engine = open_lake(lake, load()).engine
    counts = [
        engine.query(f"select count(*), count(distinct {table.key}) from {table.name}").rows[0]
        for table in open_lake(lake, load()).catalog.tables()
    ]
    return tuple(map(sum, zip(*counts, strict=True)))


def ended(process: subprocess.Popen[str], lake: Path, count: int) -> list[tuple[str, object, object, str]]:
    """Let the command run to its end, and close all hours; what is found, what is wanted, and what was said."""
    _, told = process.communicate(timeout=1200)
    found: list[tuple[str, object, object, str]] = [
        ("the command", process.returncode, 0, told),
        ("before closing", counted(lake), (count, count), ""),
    ]
    subprocess.run(
        [sys.executable, "-m", "eventlake", "close", "--all", "--lake", str(lake), "--quiet"],
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return [*found, ("after closing", counted(lake), (count, count), ""), ("failed records", open_catalog(lake).failed_count(), 0, "")]


def auth0(folder: Path, kills: int, count: int, choice: random.Random) -> list[tuple[str, object, object, str]]:
    """Kill what asks Auth0."""
    lake = folder / "lake"
    with serving(Auth0Api(log_of(count, step=timedelta(seconds=2.6)), limit=100, window_s=1.0)) as api:
        api.faults = faults(choice)
        words = ("auth0", "--domain", api.url, "--since", "2026-10-01")
        done = 0
        for _ in range(kills):
            asked = len(api.asked)
            done += killed(start(lake, *words), lambda asked=asked: len(api.asked) > asked, choice)  # type: ignore[misc]  # bound now
        print(f"{done} kills, {counted(lake)[0]:,} of {count:,} rows", flush=True)
        found = ended(start(lake, *words), lake, count)
        print(f"{len(api.asked):,} requests, {api.above_limit} refused")
        return [*found, ("more than the limit allows", max(api.above_limit - kills - 1, 0), 0, "")]


def storing(process: subprocess.Popen[str], lake: Path, least: int) -> Callable[[], bool]:
    """What tells whether a command maps events, and so many objects lie in the lake."""
    return lambda: bool(children(process.pid)) and stored(lake) >= least


def files(folder: Path, kills: int, count: int, choice: random.Random) -> list[tuple[str, object, object, str]]:
    """Kill what reads a file, and what maps its events beside it, soon: it stores thousands of events in a second."""
    lake, done, total = folder / "lake", 0, 0
    for number in itertools.count():
        end = datetime(2026, 6, 30, tzinfo=UTC) - timedelta(days=4 * number)  # a file that is at its end is followed by an earlier one
        lines = list(islice(sized_history(count, 3, end, number).lines(), count))
        file, total = folder / f"history-{number}.jsonl", total + len(lines)
        file.write_bytes(b"".join(lines))
        is_left = True
        while is_left and done < kills:
            process = start(lake, "files", str(file))
            is_left = killed(process, storing(process, lake, choice.choice([0, stored(lake) + 1])), choice, children, 0.2)
            done += is_left
        print(f"{done} kills, {counted(lake)[0]:,} of {total:,} rows", flush=True)
        if done >= kills:
            break
    return ended(start(lake, "files", str(file)), lake, total)


def main(kind: str, kills: int, count: int, seed: int) -> int:
    """Kill it so many times, and say what is wrong."""
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as folder:
        found = {"auth0": auth0, "files": files}[kind](Path(folder), kills, count, random.Random(seed))
    wrong = [f"{name}: {is_} instead of {wanted} {words}" for name, is_, wanted, words in found if is_ != wanted]
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=["auth0", "files"])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    sys.exit(main(options.kind, options.kills, options.events, options.seed))
