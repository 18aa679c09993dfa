"""What `pip install` of the project gives: every file of the package, and the command."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BUILD = "import sys; from flit_core.buildapi import build_wheel; print(build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip builds it."""
    folder = tmp_path_factory.mktemp("dist")
    said = subprocess.run([sys.executable, "-c", BUILD, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / said.stdout.strip()


def test_a_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Declarations, samples, saved queries and the page as well, and nothing that Python made."""
    package = ROOT / "src" / "eventlake"
    files = {str(path.relative_to(package.parent)) for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}

    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert held == files
    assert {".py", ".toml", ".json", ".sql", ".tsv"} <= {Path(name).suffix for name in held}


def test_a_wheel_is_the_command_and_its_sources(wheel: Path, tmp_path: Path) -> None:
    """Unpacked beside the packages it needs, far from the clone, it lists the built-in sources."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    (metadata,) = tmp_path.glob("*.dist-info/METADATA")
    (points,) = tmp_path.glob("*.dist-info/entry_points.txt")

    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import eventlake, eventlake.cli as cli; print(eventlake.__file__); cli.run(['sources', '--output', 'jsonl'])",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.startswith(str(tmp_path))
    assert '"source": "codepipeline"' in said.stdout
    assert "eventlake=eventlake.cli:main" in points.read_text()
    assert "Requires-Python: >=3.11" in metadata.read_text()
