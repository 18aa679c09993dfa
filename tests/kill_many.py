"""Kills the bus and its delivery at random instants, many times, and then counts.

    python tests/kill_many.py --kills 200 --seed 1
    python tests/kill_many.py --kills 50 --only bus
    python tests/kill_many.py --kills 50 --closing

Each lake lives through ten kills (-9) of the accepting process, the delivering one, or both, while senders put events, and is started
again at once, whoever still lives; after a last start and an orderly end, `oracle.examine` reads everything that is left. Ends with 1 and
says what is wrong if a start is refused, or anything acknowledged is missing, stored twice or unreadable. With --closing each lake holds
hours of the past in which each event arrived twice, the bus closes them while it is killed, and so is what closes; in the end all are closed.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

sys.path.insert(0, str(Path(__file__).parent))

from oracle import examine

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from eventlake.local.item import Item

SOURCE_ROOT = Path(__file__).parent.parent / "src"
KILLS_PER_LAKE = 10


@dataclass
class Lake:
    """A lake under attack, and what its senders were told."""

    folder: Path
    log_format: str
    random: random.Random
    acknowledged: set[str] = field(default_factory=set)
    sent: int = 0
    closing: bool = False


def event(identity: str, number: int) -> dict[str, object]:
    """A small event of one of three tables."""
    envelope = {"id": identity, "account": "123456789012", "time": "2026-11-20T10:00:00Z", "region": "eu-west-1", "resources": []}
    if number % 3 == 0:
        data = {"type": "s", "date": "2026-11-20T10:00:00.000Z", "log_id": identity}
        return {
            **envelope,
            "detail-type": "Auth0 log",
            "source": "aws.partner/auth0.com/example/auth0.logs",
            "detail": {"log_id": identity, "data": data},
        }
    kind = ("Pipeline", "Action")[number % 2]
    detail = {"pipeline": "web", "state": "STARTED", "version": 1.0}
    return {**envelope, "detail-type": f"CodePipeline {kind} Execution State Change", "source": "aws.codepipeline", "detail": detail}


def start(lake: Lake) -> tuple[subprocess.Popen[str], int]:
    """A bus over the lake, when it is ready, and its port."""
    command = [sys.executable, "-c", "from eventlake.cli import main; main()", "serve", "--lake", str(lake.folder)]
    options = ["--port", "0", "--buffer-seconds", "0.1", "--log-format", lake.log_format, "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE_ROOT)}
    bus = subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True, stderr=subprocess.PIPE
    )
    line = _first_line(bus.stdout)
    if line.startswith("Ready: "):
        return bus, int(line.rsplit(":", 1)[1])
    raise SystemExit(f"The bus did not start: {bus.communicate()[1]}")


def _first_line(stream: IO[str] | None) -> str:
    return stream.readline() if stream else ""


def send(lake: Lake, port: int, stop: threading.Event, lock: threading.Lock) -> None:
    """Put batches of events until the bus is gone; note what it acknowledged."""
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        while not stop.is_set() and _send_some(lake, connection, lock):
            pass


def _send_some(lake: Lake, connection: http.client.HTTPConnection, lock: threading.Lock) -> bool:
    """Put one batch; False if the bus is gone."""
    with lock:
        numbers = range(lake.sent, lake.sent + lake.random.randint(1, 40))
        lake.sent = numbers.stop
    identities = [f"{lake.folder.name}-{number}" for number in numbers]
    body = b"\n".join(json.dumps(event(identity, number)).encode() for identity, number in zip(identities, numbers, strict=True))
    try:
        connection.request("POST", "/events", body)
        response = connection.getresponse()
        said = json.loads(response.read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    if response.status == 200 and said["accepted"] == len(identities):
        with lock:
            lake.acknowledged.update(identities)
    return True


def kill_once(lake: Lake, only: str | None) -> None:
    """One life of the bus: senders at work, then a kill; the next begins while the delivering process may still live."""
    bus, port = start(lake)
    stop, lock = threading.Event(), threading.Lock()
    senders = [threading.Thread(target=send, args=(lake, port, stop, lock), daemon=True) for _ in range(3)]
    for sender in senders:
        sender.start()
    time.sleep(lake.random.uniform(*((0.5, 5.0) if lake.closing else (0.005, 0.4))))
    kill(bus, only or lake.random.choice(["bus", "delivery", "both", *(["closing"] * lake.closing)]), lake.random)
    stop.set()
    for sender in senders:
        sender.join()
    bus.wait()
    for pipe in (bus.stdout, bus.stderr):
        if pipe is not None:
            pipe.close()


def kill(bus: subprocess.Popen[str], which: str, choice: random.Random) -> None:
    """Kill the accepting process, the delivering one (and what closes), both, or first one of all that work for the bus."""
    if which == "closing":
        below = [one for child in children(bus.pid) for one in (child, *children(child))]
        _kill(choice.choice(below or [bus.pid]))
        time.sleep(choice.uniform(0.0, 2.0))
    if which == "delivery":
        for child in children(bus.pid):
            _kill(child)
        time.sleep(choice.uniform(0.0, 0.3))
    if which == "both":
        os.killpg(bus.pid, signal.SIGKILL)
    else:
        _kill(bus.pid)


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def finish(lake: Lake) -> None:
    """Start once more, then end in an orderly way: everything must be delivered, and what is over closed."""
    bus, _ = start(lake)
    end = time.monotonic() + 600
    while lake.closing and open_hours(lake.folder):
        if time.monotonic() > end:
            raise SystemExit("Hours of the past are not closed.")
        time.sleep(0.1)
    bus.send_signal(signal.SIGTERM)
    _, errors = bus.communicate(timeout=600)
    if bus.returncode != 0:
        raise SystemExit(f"The bus ended with {bus.returncode}: {errors}")


def stock(lake: Lake) -> None:
    """Let each of 60 events arrive twice in the hours of a day of the past, at random distances."""
    from closing_lake import PAST, store

    arrivals: dict[datetime, list[Item]] = {}
    for number in range(60):
        identity = f"{lake.folder.name}-past-{number}"
        lake.acknowledged.add(identity)
        for _ in range(2):
            moment = PAST + timedelta(hours=lake.random.randrange(24))
            arrivals.setdefault(moment, []).append(Item(1, json.dumps(event(identity, number)).encode()))
    store(lake.folder, sorted(arrivals.items(), key=lambda one: one[0]), lake.log_format)


def open_hours(folder: Path) -> int:
    """How many hours of the past are not closed."""
    with sqlite3.connect(folder / "catalog.db") as connection:
        query = "select count(*) from partition where objects > 0 and state <> 'closed' and \"date\" < '2026-07-02'"
        return int(connection.execute(query).fetchone()[0])


def attack(folder: Path, log_format: str, kills: int, seed: int, only: str | None = None, *, closing: bool = False) -> str | None:
    """Kill a lake so many times; what is wrong afterwards, None if nothing."""
    lake = Lake(folder, log_format, random.Random(seed), closing=closing)
    if closing:
        stock(lake)
    for _ in range(kills):
        kill_once(lake, only)
    finish(lake)
    return examine(lake.folder, lake.acknowledged)


def main() -> int:
    """Attack lake after lake until the kills are spent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--only", choices=["bus", "delivery", "both"])
    parser.add_argument("--closing", action="store_true")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    done = 0
    root = Path(tempfile.mkdtemp(prefix="kill-many-"))
    while done < options.kills:
        kills = min(KILLS_PER_LAKE, options.kills - done)
        log_format = ("json", "parquet")[done // KILLS_PER_LAKE % 2]
        wrong = attack(root / f"lake-{done}", log_format, kills, options.seed + done, options.only, closing=options.closing)
        done += kills
        if wrong:
            print(f"After {done} kills, {log_format}, lake kept in {root}: {wrong}", flush=True)
            return 1
        shutil.rmtree(root / f"lake-{done - kills}")
        print(f"{done} kills, nothing lost, nothing twice", flush=True)
    shutil.rmtree(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
