"""Records a small lake of each version of the format, written by the code of that time: `python tests/lakes/record.py`.

A lake holds events that were delivered, one that failed, and events that its bus had accepted when it was killed; no hour of it is closed, because
none was over. Beside it lies what that version itself answered. `--back` goes back instead: what each version says of its lake once today's
code has written to it, and what it finds in it by the copy of its catalog.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
VERSIONS = {1: "7ec9a8c", 2: "5702d85", 3: "af94f49", 4: "7552e8d", 5: "2757314", 6: "9351ae1"}
"""Version of the catalog -> a commit that wrote it, the last but for the newest."""
TABLES = ("auth0_logs", "pipeline_execution_state_change")
POISON = {"id": "x", "source": "aws.codepipeline", "detail-type": "CodePipeline Pipeline Execution State Change", "detail": "no object"}


@dataclass(frozen=True)
class Version:
    """eventlake as it was."""

    folder: Path

    def run(self, *words: str) -> str:
        """What a command prints, and says where it fails."""
        done = subprocess.run(self._command(*words), env=self._environment(), capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else done.stderr

    def serve(self, *words: str) -> subprocess.Popen[bytes]:
        """Its bus."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(self._command("serve", *words), env=self._environment(), stdout=quiet, stderr=quiet, start_new_session=True)

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "eventlake", *words]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "PYTHONPATH": str(self.folder / "src")}


def checked_out(commit: str, folder: Path) -> Version:
    """The code of a commit, in a folder."""
    packed = subprocess.run(["git", "archive", commit, "src"], cwd=ROOT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return Version(folder)


def events(folder: Path) -> tuple[Path, Path]:
    """Two files of events: those that are delivered, and those that wait in the spool. The same each time."""
    samples = [
        path
        for source in ("auth0", "codepipeline")
        for path in sorted((ROOT / "src/eventlake/sources" / source / "samples").glob("*.event.json"))
    ]
    wanted = [event for path in samples if (event := json.loads(path.read_text("utf-8"))) and is_of_a_table(event)]
    halves = [[*wanted[::2], POISON], wanted[1::2]]
    files = folder / "delivered.jsonl", folder / "waiting.jsonl"
    for file, half in zip(files, halves, strict=True):
        file.write_text("".join(f"{json.dumps(event)}\n" for event in half), "utf-8")
    return files


def is_of_a_table(event: dict[str, object]) -> bool:
    """Whether it is an entry of Auth0's, or of a pipeline as a whole."""
    return "auth0" in str(event.get("source")) or event.get("detail-type") == POISON["detail-type"]


def answers(version: Version, lake: Path) -> dict[str, list[dict[str, object]]]:
    """{table: rows} as a version answers, by event."""
    found = {
        table: version.run("query", f"select * from {table} order by event_id", "--lake", str(lake), "--output", "jsonl")
        for table in TABLES
    }
    return {table: [json.loads(line) for line in text.splitlines()] for table, text in found.items()}


def recorded(version: Version, folder: Path) -> tuple[Path, dict[str, object]]:
    """A lake that a version wrote, and what it said of it."""
    lake = folder / "lake"
    delivered, waiting = events(folder)
    version.run("send", str(delivered), "--lake", str(lake))
    version.run("close", "--lake", str(lake))
    said = {"rows": answers(version, lake), "failed": len(version.run("failed", "--lake", str(lake), "--output", "jsonl").splitlines())}
    port = free_port()
    bus = version.serve("--lake", str(lake), "--port", str(port), "--buffer-seconds", "900")
    await_bus(port)
    version.run("send", str(waiting), "--bus", f"http://127.0.0.1:{port}")
    os.killpg(bus.pid, signal.SIGKILL)
    bus.wait()
    return lake, {**said, "waiting": [json.loads(line)["id"] for line in waiting.read_text("utf-8").splitlines()]}


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def await_bus(port: int) -> None:
    """Wait until a bus answers. Raises TimeoutError."""
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the bus does not answer")


def pack(lake: Path, said: dict[str, object], to: Path) -> None:
    """Write a lake and what was said of it as one archive."""
    (lake.parent / "said.json").write_text(json.dumps(said, indent=1, sort_keys=True), "utf-8")
    with gzip.GzipFile(to, "wb", mtime=0) as zipped, tarfile.open(fileobj=zipped, mode="w") as archive:
        for path in [lake.parent / "said.json", *sorted(path for path in lake.rglob("*") if path.is_file())]:
            archive.add(path, str(path.relative_to(lake.parent)), filter=of_nobody)


def of_nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """An entry without its owner and its time."""
    entry.uid = entry.gid = entry.mtime = 0
    entry.uname = entry.gname = ""
    return entry


def go_back(number: int, version: Version, place: Path) -> None:
    """Print what a version says of its lake that today's code wrote to, and how many rows each of the two finds after it went back."""
    with tarfile.open(HERE / f"schema-{number}.tar.gz") as archive:
        archive.extractall(place, filter="data")
    lake, today = place / "lake", Version(ROOT)
    today.run("send", str(events(place)[0]), "--lake", str(lake))
    refused = version.run("send", str(events(place)[0]), "--lake", str(lake)).strip()
    before = rows(today, lake)
    for file in ("catalog.db-wal", "catalog.db-shm"):
        (lake / file).unlink(missing_ok=True)
    (lake / f"catalog-schema-{number}.db").replace(lake / "catalog.db")
    version.run("doctor", "--rebuild", "--lake", str(lake))
    sys.stdout.write(f"{number}: {refused}\n{number}: {before} rows, and {rows(version, lake)} after going back\n")


def rows(version: Version, lake: Path) -> int:
    """How many rows a version finds."""
    return sum(len(found) for found in answers(version, lake).values())


def main(arguments: Sequence[str]) -> None:
    """Record the lakes, or go back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--back", action="store_true")
    goes_back = parser.parse_args(arguments).back
    for number, commit in VERSIONS.items():
        with tempfile.TemporaryDirectory() as place:
            version = checked_out(commit, Path(place))
            if not goes_back:
                pack(*recorded(version, Path(place)), HERE / f"schema-{number}.tar.gz")
            elif number < max(VERSIONS):
                go_back(number, version, Path(place))


if __name__ == "__main__":
    main(sys.argv[1:])
