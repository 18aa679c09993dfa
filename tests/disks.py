"""File systems of their own for tests: in an image that is mounted through a loop device, or in memory. Both need the right to mount."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

MAKE = {
    "ext4": ["mkfs.ext4", "-q", "-F"],
    "xfs": ["mkfs.xfs", "-q", "-f", "--unsupported"],  # which makes small ones too
    "btrfs": ["mkfs.btrfs", "-q", "-f"],
}
SMALL = {"btrfs": ["--mixed"]}
"""What `mkfs` is told for an image of less than 128 MB."""
CHOSEN = os.environ.get("EVENTLAKE_TEST_FILE_SYSTEM", "tmpfs")
"""What small disks of tests are made of; `tests/file_systems.py` says what else."""
_TRIES = 60


@dataclass
class Disk:
    """An image with a file system, and where it is mounted. options: of the mount, beside `loop`."""

    folder: Path
    file_system: str
    options: str = ""
    size_bytes: int = 400 << 20

    @property
    def image(self) -> Path:
        """The image."""
        return self.folder / "disk.img"

    @property
    def place(self) -> Path:
        """Where it is mounted."""
        return self.folder / "disk"

    def make(self) -> None:
        """Make the file system, and mount it."""
        self.place.mkdir()
        if self.file_system != "tmpfs":
            with self.image.open("wb") as file:
                file.truncate(self.size_bytes)
            small = SMALL.get(self.file_system, []) if self.size_bytes < 128 << 20 else []
            subprocess.run([*MAKE[self.file_system], *small, str(self.image)], check=True, stdout=subprocess.DEVNULL)
        self.mount()

    def mount(self) -> None:
        """Mount it."""
        is_image = self.file_system != "tmpfs"
        options = ",".join(filter(None, ("loop" if is_image else f"size={self.size_bytes}", self.options)))
        device = str(self.image) if is_image else "tmpfs"
        subprocess.run(["mount", "-t", self.file_system, "-o", options, device, str(self.place)], check=True)

    def unmount(self) -> None:
        """Unmount it, once nobody has a file of it open any more."""
        for _ in range(_TRIES):
            if subprocess.run(["umount", str(self.place)], check=False, stderr=subprocess.DEVNULL).returncode == 0:
                return
            time.sleep(0.5)
        raise SystemExit(f"{self.place} stays busy.")
