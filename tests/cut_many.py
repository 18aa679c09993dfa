"""Cuts the power of a bus whose lake lies on a file system of its own, many times, and then counts.

    sudo python tests/cut_many.py --file-system xfs --cuts 10 --seed 1

The file system lies in an image that is mounted through a loop device, so it takes root and the file system's own `mkfs`. For each cut the bus
and its delivery are stopped in the middle of what they do and the image is copied as its disk has it: what was not synchronised is not in it.
The copy takes the image's place, the bus is started over it, and `oracle.examine` reads everything that is left. Ends with 1 and says what is
wrong if anything acknowledged is missing, stored twice or unreadable. Half of the cuts are of a lake of JSON lines, half of Parquet.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from disks import MAKE, Disk
from kill_many import SOURCE_ROOT, Lake, finish, send, start


@dataclass
class CutDisk(Disk):
    """One whose power can be cut."""

    def copy(self) -> None:
        """Copy what is on the disk now."""
        subprocess.run(["cp", "--sparse=always", str(self.image), str(self.folder / "copy.img")], check=True)

    def take_copy(self) -> None:
        """Let the copy be the disk."""
        self.unmount()
        (self.folder / "copy.img").replace(self.image)
        self.mount()


def cut(lake: Lake, disk: CutDisk) -> None:
    """One life of the bus, with senders at work, and the cut at its end; what was acknowledged before is what counts."""
    bus, port = start(lake)
    stop, lock = threading.Event(), threading.Lock()
    senders = [threading.Thread(target=send, args=(lake, port, stop, lock), daemon=True) for _ in range(3)]
    for sender in senders:
        sender.start()
    time.sleep(lake.random.uniform(0.3, 3.0))
    os.killpg(bus.pid, signal.SIGSTOP)
    with lock:
        acknowledged = set(lake.acknowledged)
    disk.copy()
    os.killpg(bus.pid, signal.SIGKILL)
    stop.set()
    for sender in senders:
        sender.join()
    bus.communicate()
    disk.take_copy()
    lake.acknowledged = acknowledged


def examined(lake: Lake) -> str:
    """What is wrong with the lake, empty if nothing; in a process of its own, so that none of its files stays open here."""
    code = "import json, sys; from pathlib import Path; from oracle import examine; print(examine(Path(sys.argv[1]), json.load(sys.stdin)) or '')"
    environment = {**os.environ, "PYTHONPATH": f"{SOURCE_ROOT}:{Path(__file__).parent}"}
    command = [sys.executable, "-c", code, str(lake.folder)]
    said = json.dumps(sorted(lake.acknowledged))
    return subprocess.run(command, input=said, text=True, stdout=subprocess.PIPE, check=True, env=environment).stdout.strip()


def main() -> int:
    """Cut so many times; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file-system", choices=sorted(MAKE), default="ext4")
    parser.add_argument("--options", default="", help="of mount, such as data=writeback")
    parser.add_argument("--cuts", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cut-many-") as name:
        disk = CutDisk(Path(name), options.file_system, options.options)
        disk.make()
        try:
            for log_format in ("json", "parquet"):
                lake = Lake(disk.place / log_format, log_format, random.Random(options.seed))
                for _ in range(options.cuts // 2):
                    cut(lake, disk)
                    finish(lake)
                    if wrong := examined(lake):
                        print(f"{options.file_system}, {log_format}: {wrong}")
                        return 1
                print(f"{options.cuts // 2} cuts, {log_format}: {len(lake.acknowledged):,} acknowledged, none lost, none twice", flush=True)
        finally:
            disk.unmount()
    return 0


if __name__ == "__main__":
    sys.exit(main())
