from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from eventlake.deploy.derived import clone_folder
from eventlake.deploy.standalone import write_deployment
from eventlake.errors import ConfigurationError, StorageError
from eventlake.query.saved import load_saved
from eventlake.sources import load


def _files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_a_folder_to_deploy_from_is_what_a_clone_has(tmp_path: Path) -> None:
    """Templates and code are the same byte for byte, so that what is installed deploys what was tested."""
    sources = load()
    write_deployment(tmp_path / "lake", sources, load_saved(sources))
    for part in ("templates", "src/eventlake"):
        assert _files(tmp_path / "lake" / part) == _files(clone_folder() / part)


@pytest.mark.parametrize("held", ["folder", "file"])
def test_what_is_there_already_is_left_alone(held: str, tmp_path: Path) -> None:
    """Nothing is overwritten, nothing is mixed with an older deployment."""
    target = tmp_path / "lake"
    if held == "folder":
        target.mkdir()
    (target / "mine" if held == "folder" else target).write_text("mine")
    with pytest.raises(ConfigurationError, match="holds something already"):
        write_deployment(target, (), {})
    assert [path.read_text() for path in tmp_path.rglob("*") if path.is_file()] == ["mine"]


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python tells every file that could not be copied at once."""

    def full(*_: object, **__: object) -> None:
        text = "[Errno 28] No space left on device: 'from/a.py' -> 'lake/src/a.py'"
        raise shutil.Error([("from/a.py", "lake/src/a.py", text), ("from/b.py", "lake/src/b.py", text)])

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(StorageError) as told:
        write_deployment(tmp_path / "lake", (), {})
    assert str(told.value) == '"lake/src/a.py" cannot be written: No space left on device. Make room, and give another new folder.'


@pytest.mark.slow
def test_an_installed_eventlake_writes_optional_and_own_sources(tmp_path: Path) -> None:
    """Far from the clone: the functions get their declarations, and without `--into` the person is told of it."""
    shutil.copytree(clone_folder() / "src" / "eventlake", tmp_path / "site" / "eventlake", ignore=shutil.ignore_patterns("__pycache__"))

    def said(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "eventlake", *words]
        return subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": "site"}, capture_output=True, text=True, check=False)

    assert "give a new folder with --into DIR" in said("templates").stderr
    written = said("templates", "--into", "lake", "--sources", "guardduty")
    assert written.returncode == 0, written.stderr
    assert "of 7 sources" in written.stderr
    assert (tmp_path / "lake/templates/sources/guardduty.yaml").is_file()
    assert (tmp_path / "lake/src/eventlake/functions/declared/guardduty/source.toml").is_file()
    assert said("templates", "--into", "lake").returncode == ConfigurationError.exit_code
