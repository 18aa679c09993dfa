"""Kills `backfill auth0` at random instants, many times, and then counts.

    python tests/backfill_kills.py --kills 50 --logs 100000 --seed 1

The tenant is a stand-in that limits its requests, drops connections, cuts answers off and fails. After the last kill the command runs to its
end. Ends with 1 and says what is wrong if the lake does not hold each entry once, before its hours are closed and after; or if the stand-in
was asked more than it allows, but for the first request of a process, which cannot know.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from auth0_api import CLIENT, SECRET, Auth0Api, log_of, serving

sys.path.insert(0, str(Path(__file__).parent.parent / "src"))
from eventlake.local.folder import open_catalog, open_lake
from eventlake.sources import load

SOURCE_ROOT = Path(__file__).parent.parent / "src"
FAULTS = ("drop", "cut", "half", "500")


def faults(choice: random.Random) -> Iterator[str]:
    """Yield what becomes of each request: of a hundred, one of each fault."""
    while True:
        yield choice.choice([*FAULTS, *[""] * (100 - len(FAULTS))])


def start(lake: Path, api: Auth0Api) -> subprocess.Popen[str]:
    """The command, begun."""
    command = [sys.executable, "-m", "eventlake", "backfill", "auth0", "--domain", api.url, "--since", "2026-10-01", "--lake", str(lake)]
    environment = {
        **os.environ,
        "PYTHONPATH": str(SOURCE_ROOT),
        "AUTH0_CLIENT_ID": CLIENT,
        "AUTH0_CLIENT_SECRET": SECRET,
        "AUTH0_TOKEN": "",
    }
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(lake: Path, api: Auth0Api, choice: random.Random) -> bool:
    """Let the command ask, and kill it within a second; False if it was at its end before."""
    asked = len(api.asked)
    process = start(lake, api)
    give_up = time.monotonic() + 60
    while process.poll() is None and len(api.asked) == asked and time.monotonic() < give_up:
        time.sleep(0.005)
    time.sleep(choice.uniform(0.0, 1.0))
    process.kill()
    said = process.communicate()
    if process.returncode > 0:
        raise SystemExit(f"It ended with {process.returncode}: {said[1]}")
    return process.returncode != 0


def counted(lake: Path) -> tuple[object, ...]:
    """How many rows the lake has, and how many entries."""
    return open_lake(lake, load()).engine.query("select count(*), count(distinct log_id) from auth0_logs").rows[0]


def main(kills: int, logs: int, seed: int) -> int:
    """Kill it so many times, and say what is wrong."""
    choice = random.Random(seed)
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Auth0Api(log_of(logs, step=timedelta(seconds=2.6)), limit=100, window_s=1.0)) as api,
    ):
        api.faults = faults(choice)
        lake = Path(folder) / "lake"
        done = sum(killed(lake, api, choice) for _ in range(kills))
        before_the_end = counted(lake)[0] if lake.exists() else 0
        process = start(lake, api)
        _, told = process.communicate(timeout=600)
        found = [("the command", process.returncode, 0, told), ("before closing", counted(lake), (logs, logs), "")]
        subprocess.run(
            [sys.executable, "-m", "eventlake", "close", "--all", "--lake", str(lake), "--quiet"],
            env={**os.environ, "PYTHONPATH": str(SOURCE_ROOT)},
            stdout=subprocess.DEVNULL,
            check=True,
        )
        found += [("after closing", counted(lake), (logs, logs), ""), ("failed records", open_catalog(lake).failed_count(), 0, "")]
        found.append(("more than the limit allows", max(api.above_limit - kills - 1, 0), 0, ""))
    print(
        f"seed {seed}: {done} kills, {before_the_end:,} of {logs:,} rows before the last run, {len(api.asked):,} requests, {api.above_limit} refused"
    )
    wrong = [f"{name}: {is_} instead of {wanted} {words}" for name, is_, wanted, words in found if is_ != wanted]
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--logs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    options = parser.parse_args()
    sys.exit(main(options.kills, options.logs, options.seed))
