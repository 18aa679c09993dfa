"""What `pip install` of the project gives: every file of the package, and the command; and what its source distribution can do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from project import ROOT, files_of_the_project, is_clone

BUILD = "import sys; from hatchling import build; print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"


def build(kind: str, folder: Path) -> Path:
    """Build a `wheel` or an `sdist` as pip does; return its file."""
    said = subprocess.run([sys.executable, "-c", BUILD, kind, folder], cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / said.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as pip builds it."""
    return build("wheel", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the unpacked source distribution, far from the clone."""
    folder = tmp_path_factory.mktemp("sdist")
    with tarfile.open(build("sdist", folder)) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = [path for path in folder.iterdir() if path.is_dir()]
    return unpacked


def test_a_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    """Declarations, samples, saved queries, the page and the docs as well, and nothing that Python made."""
    package, docs = ROOT / "src" / "eventlake", ROOT / "docs"
    files = {str(path.relative_to(package.parent)) for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    files |= {f"eventlake/docs/{path.relative_to(docs)}" for path in docs.rglob("*") if path.is_file()}

    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert held == files
    assert {".py", ".toml", ".json", ".sql", ".tsv"} <= {Path(name).suffix for name in held}


def test_a_wheel_is_the_command_and_its_sources(wheel: Path, tmp_path: Path) -> None:
    """Unpacked beside the packages it needs, far from the clone, it lists the built-in sources and shows its docs."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    (metadata,) = tmp_path.glob("*.dist-info/METADATA")
    (points,) = tmp_path.glob("*.dist-info/entry_points.txt")

    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import eventlake, eventlake.cli as cli; print(eventlake.__file__); cli.run(['sources', '--output', 'jsonl']); cli.run(['docs', 'webhook'])",
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout.startswith(str(tmp_path))
    assert '"source": "codepipeline"' in said.stdout
    assert (tmp_path / "eventlake/docs/webhook.md").read_text("utf-8") in said.stdout
    assert "eventlake = eventlake.__main__:main" in points.read_text()
    assert "Requires-Python: >=3.11" in metadata.read_text()


def test_the_page_on_an_index_leads_nowhere_dead(wheel: Path) -> None:
    """An index shows the description alone, so every link in it is absolute, and no command needs a clone."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = Parser().parsestr(archive.read(name).decode())
    description = str(metadata.get_payload())

    assert metadata["Description-Content-Type"].startswith("text/markdown")
    assert description.startswith("# eventlake\n")
    assert [link for link in re.findall(r"\]\(([^)]+)", description) if not link.startswith("https://")] == []
    assert "./run" not in description


def test_the_engine_installed_is_the_engine_tested() -> None:
    """The package asks for the version of DuckDB that the lock file holds."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    locked = re.search(r"^(duckdb==\S+)", (ROOT / "requirements.lock").read_text("utf-8"), re.MULTILINE)

    assert locked is not None
    assert locked[1] in declared


@pytest.mark.slow
@pytest.mark.skipif(not is_clone(), reason="only a clone knows which files are the project's")
def test_an_sdist_holds_every_file_of_the_clone(sdist: Path) -> None:
    """Templates, benchmarks and tests as well, and nothing that a tool has made."""
    expected = {str(path.relative_to(ROOT)) for path in files_of_the_project()}

    held = {str(path.relative_to(sdist)) for path in sdist.rglob("*") if path.is_file()}

    assert held == expected | {"PKG-INFO"}


@pytest.mark.slow
def test_an_sdist_runs_its_own_tests(sdist: Path) -> None:
    """Those that compare what derives from declarations, and those that look at all files, among them."""
    deploy = [f"tests/deploy/test_{name}.py" for name in ("declared", "derived", "packaging", "stack_page")]
    chosen = [*deploy, "tests/pipeline/test_path.py", "tests/sources/test_declaration.py", "tests/test_docs.py", "tests/test_layout.py"]
    source = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen],
        cwd=sdist,
        env={**os.environ, "PYTHONPATH": str(sdist / "src")},
        capture_output=True,
        text=True,
        check=False,
    )

    assert source.returncode == 0, source.stdout[-3000:]
    assert re.search(r"[1-9]\d* passed", source.stdout)
