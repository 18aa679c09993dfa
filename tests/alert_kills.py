"""Kills a bus that runs detections at random instants, many times, and then counts its alerts.

    python tests/alert_kills.py --kills 100 --seed 1

Each life brings in the orders of a new key, each three times and in any order, and some of them two hours late; then the bus, the process of
its detections or both are killed (-9). After the last kill it runs until everything is told. Ends with 1 and says what is wrong unless each
key has exactly one alert, in the table before its hours are closed and in a file that it is told by, and a command was told of each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "src"))

from eventlake.local.folder import open_lake
from eventlake.sources import load
from local.detecting.alerting import ORDERS, SHOP

SOURCE_ROOT = Path(__file__).parent.parent / "src"
LATE = timedelta(hours=2)


def made(folder: Path, detections: dict[str, str] | None = None) -> tuple[Path, Path]:
    """A folder of a lake with two sinks, and one of declarations."""
    lake, sources = folder / "lake", folder / "sources"
    lake.mkdir()
    told = json.dumps(str(folder / "told"))
    code = json.dumps(f"import os,sys; os.write(os.open({told}, os.O_WRONLY | os.O_CREAT | os.O_APPEND), sys.stdin.buffer.read())")
    command = f'[[sink]]\nname = "command"\nkind = "command"\nargv = ["{sys.executable}", "-c", {code}]\n'
    sinks = f'[[sink]]\nname = "file"\nkind = "file"\npath = "alerts.jsonl"\n{command}'
    (lake / "sinks.toml").write_text(sinks, "utf-8")
    (sources / "shop" / "detections").mkdir(parents=True)
    (sources / "shop" / "source.toml").write_text(SHOP, "utf-8")
    for name, text in (detections or {"many_orders": ORDERS.replace("-- quiet", "-- lateness 3h\n-- quiet")}).items():
        (sources / "shop" / "detections" / f"{name}.sql").write_text(text, "utf-8")
    return lake, sources


@contextmanager
def serving(lake: Path, sources: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A bus that runs detections, in a session of its own, and its URL; killed in the end."""
    command = [sys.executable, "-m", "eventlake", "serve", "--lake", str(lake), "--sources", str(sources), "--port", "0"]
    bus = subprocess.Popen(
        [*command, "--buffer-seconds", "0.1", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
        start_new_session=True,
    )
    try:
        line = bus.stdout.readline() if bus.stdout else ""
        if not line.startswith("Ready: "):
            raise SystemExit(f"It does not start: {bus.stderr.read() if bus.stderr else ''}")
        yield bus, line.split()[1]
    finally:
        if bus.poll() is None:
            bus.kill()
        bus.communicate()


def send(url: str, events: list[dict[str, Any]]) -> None:
    """Put events."""
    request = urllib.request.Request(f"{url}/events", json.dumps(events).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        answer.read()


def orders(key: str, when: datetime) -> list[dict[str, Any]]:
    """Three orders of one key."""
    envelope = {"source": "shop", "detail-type": "Order", "detail": {"who": key}}
    return [{**envelope, "id": f"{key}-{number}", "time": (when + timedelta(seconds=number)).isoformat()} for number in range(3)]


def child_of(bus: subprocess.Popen[str]) -> int | None:
    """The process of its detections, if there is one."""
    with contextlib.suppress(OSError):
        for word in Path(f"/proc/{bus.pid}/task/{bus.pid}/children").read_text().split():
            with contextlib.suppress(OSError):
                if b"detecting.process" in Path(f"/proc/{word}/cmdline").read_bytes():
                    return int(word)
    return None


def kill(bus: subprocess.Popen[str], choice: random.Random) -> None:
    """Kill the bus, the process of its detections, or both, once that has begun."""
    target = choice.choice(["bus", "detections", "both"])
    child = child_of(bus)
    if target != "bus" and child is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        time.sleep(choice.uniform(0, 0.2) if target == "detections" else 0)
    bus.kill()


def alerts_of(lake: Path, sources: Path) -> list[tuple[Any, ...]]:
    """What the table holds of alerts that opened: event and key."""
    return list(open_lake(lake, load([sources])).engine.query("select event_id, key from alerts where state = 'opened'").rows)


def told_in(file: Path) -> list[tuple[str, str]]:
    """What a sink was told of alerts that opened."""
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    events = [json.loads(line) for line in lines]
    return [(one["id"], one["detail"]["key"]) for one in events if one["detail"]["state"] == "opened"]


def main(kills: int, seed: int) -> int:
    """Kill it so many times, and say what is wrong."""
    choice = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lake, sources = made(folder)
        sent: list[dict[str, Any]] = []
        for number in range(kills):
            late = LATE if number % 3 == 0 else timedelta(0)
            sent += orders(f"key-{number}", datetime.now(UTC) - late)
            with serving(lake, sources) as (bus, url):
                batch = [*sent[-3:], *sent[-3:], *choice.sample(sent, min(len(sent), 12)), *sent[-3:]]
                choice.shuffle(batch)
                send(url, batch)
                time.sleep(choice.uniform(0.2, 4.0))
                kill(bus, choice)
        keys = [f"key-{number}" for number in range(kills)]
        found = _settled(lake, sources, folder, keys)
    wrong = [f"{where}: {told}" for where, told in found.items() if told]
    print(f"seed {seed}: {kills} kills, {len(keys)} keys, {len(wrong)} wrong")
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


def _settled(lake: Path, sources: Path, folder: Path, keys: list[str]) -> dict[str, dict[str, int]]:
    """Run until everything is told, and return by place which keys have not exactly one alert."""
    give_up = time.monotonic() + 600
    with serving(lake, sources) as (bus, _):
        while time.monotonic() < give_up and not all(
            {key for _, key in told} >= set(keys)
            for told in (told_in(folder / "told"), told_in(lake / "alerts.jsonl"), alerts_of(lake, sources))
        ):
            time.sleep(0.5)
        time.sleep(3)  # for what comes twice
        bus.send_signal(signal.SIGTERM)
        bus.wait(60)
    table, file, command = alerts_of(lake, sources), told_in(lake / "alerts.jsonl"), set(told_in(folder / "told"))
    places = {"the table": table, "the file": file, "the command, each once": list(command)}
    return {where: _not_one(Counter(key for _, key in told), keys) for where, told in places.items()}


def _not_one(counts: Counter[str], keys: list[str]) -> dict[str, int]:
    return {key: counts[key] for key in [*keys, *(counts.keys() - set(keys))] if counts[key] != 1 or key not in keys}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    sys.exit(main(options.kills, options.seed))
