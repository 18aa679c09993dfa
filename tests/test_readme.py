"""The commands of the README and of the guides run, in order, in an empty folder."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


def commands(page: Path) -> list[str]:
    """The lines of a page's console blocks that begin with `$ `, in order."""
    blocks = re.findall(r"```console\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run `./run ...` or `eventlake ...` in a folder, with the environment that the tests have."""
    words = shlex.split(command)
    assert words[0] in {"./run", "eventlake"}
    return subprocess.run([sys.executable, "-m", "eventlake", *words[1:]], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_the_commands_of_the_readme_run(tmp_path: Path) -> None:
    """But for the tests themselves, and the bus, which has a test of its own."""
    wanted = [command for command in commands(ROOT / "README.md") if command.split()[1] not in {"test", "serve"}]
    for command in wanted:
        said = run(command, tmp_path)
        assert said.returncode == 0, said.stderr
    assert wanted[0] == "./run demo"


@pytest.mark.slow
def test_the_page_of_the_package_runs(tmp_path: Path) -> None:
    """Its commands, and its Python on the lake they made."""
    page = ROOT / "docs/package.md"
    for command in commands(page):
        said = run(command, tmp_path)
        assert said.returncode == 0, said.stderr
    code = re.search(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert code is not None

    answer = subprocess.run([sys.executable, "-c", code[1]], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("[('")


def test_the_bus_of_the_readme_starts_and_ends(tmp_path: Path) -> None:
    """It says that it is ready, and SIGTERM ends it with 0."""
    (command,) = [command for command in commands(ROOT / "README.md") if command.split()[1] == "serve"]
    words = [*shlex.split(command)[1:], "--port", "0"]
    bus = subprocess.Popen([sys.executable, "-m", "eventlake", *words], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert bus.stdout is not None
    assert bus.stdout.readline().startswith("Ready: http://127.0.0.1:")
    bus.send_signal(signal.SIGTERM)
    bus.communicate(timeout=120)
    assert bus.returncode == 0


@pytest.mark.slow
def test_a_source_is_added_as_the_guide_says(tmp_path: Path) -> None:
    """From the pasted event to a row."""
    page = ROOT / "docs/adding-a-source.md"
    event = re.search(r"```json\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    assert event is not None
    (tmp_path / "push.json").write_text(event[1])
    for command in commands(page):
        said = run(command, tmp_path)
        assert said.returncode == 0, said.stderr
    assert said.stdout == '{"repository_name": "web", "image_tag": "latest"}\n'


@pytest.mark.slow
def test_a_fresh_clone_runs_with_nothing_set_up(tmp_path: Path) -> None:
    """`git clone`, then the README's first command from another folder: the environment is made, the demo answers."""
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(tmp_path / "clone")], check=True)
    program = str(tmp_path / "clone" / "run")

    first = subprocess.run([program, "demo", "--no-serve"], cwd=tmp_path, capture_output=True, text=True, check=False)
    second = subprocess.run([program, "--version"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert first.returncode == 0, first.stderr
    assert first.stderr.startswith("Creating .venv ...\nInstalling ")
    assert (second.stdout.split()[0], second.stderr) == ("eventlake", "")
