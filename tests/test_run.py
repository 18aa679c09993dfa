"""`./run`: it makes its environment once, makes up for what was interrupted, and repairs what was moved or damaged.

Real pips install a real package here, from a folder, into clones whose `eventlake` only tells what it was given.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import venv
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from by_day import one_in

ROOT = Path(__file__).parent.parent
TELLS = "import os, sys\nimport pebble\n\ndef main():\n    print(sys.argv[1:], os.getcwd(), pebble.VERSION)\n    return 7\n"
MADE = "Creating .venv ...\nInstalling 1 packages of requirements.lock ...\n"
INSTALLED = "Installing 1 packages of requirements.lock ...\n"


def put_wheel(folder: Path, version: str) -> str:
    """A wheel of the package `pebble`, put into a folder; the line of a lock file that names it."""
    folder.mkdir(exist_ok=True)
    wheel, info = folder / f"pebble-{version}-py3-none-any.whl", f"pebble-{version}.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("pebble/__init__.py", f"VERSION = '{version}'\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: pebble\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", f"pebble/__init__.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return f"pebble=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@dataclass
class Clone:
    """A clone, and the settings under which its packages come from a folder."""

    folder: Path
    settings: dict[str, str]

    @property
    def packages(self) -> Path:
        """Where its environment keeps packages."""
        (found,) = self.folder.glob(".venv/lib/python*/site-packages")
        return found

    def start(self, *words: str, cwd: Path | None = None, more: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """`./run WORDS`, in a process group of its own."""
        settings = {**os.environ, **self.settings, **(more or {})}
        pipe = subprocess.PIPE
        return subprocess.Popen(
            [self.folder / "run", *words], cwd=cwd, env=settings, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        )

    def run(self, *words: str, cwd: Path | None = None, more: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """`./run WORDS` to its end: exit code, stdout, stderr."""
        process = self.start(*words, cwd=cwd, more=more)
        out, errors = process.communicate(timeout=600)
        return process.returncode, out, errors


@pytest.fixture(autouse=True)
def _no_modules_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH", raising=False)  # it would stand before the clone's own eventlake


def make_clone(place: Path) -> Clone:
    """Make a clone that has no environment yet."""
    folder, wheels = place / "a clone", place / "wheels"
    (folder / "src" / "eventlake" / "cli").mkdir(parents=True)
    (folder / "src" / "eventlake" / "__init__.py").touch()
    (folder / "src" / "eventlake" / "cli" / "__init__.py").write_text(TELLS)
    (folder / "requirements.lock").write_text(put_wheel(wheels, "1.0"))
    shutil.copy(ROOT / "run", folder)
    return Clone(folder, {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)})


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """A clone that has no environment yet."""
    return make_clone(tmp_path)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """A clone whose environment was set up once, and beside it what it looked like then."""
    made = make_clone(tmp_path_factory.mktemp("made"))
    code, _, errors = made.run(more={"PYTHONPATH": ""})
    assert (code, errors) == (7, MADE)
    shutil.copytree(made.folder, made.folder.with_name("kept"), symlinks=True)
    return made


@pytest.fixture
def ready(made: Clone) -> Clone:
    """A clone whose environment is set up, whatever the test before did to it; an environment works in its own place alone."""
    shutil.rmtree(made.folder, ignore_errors=True)
    shutil.copytree(made.folder.with_name("kept"), made.folder, symlinks=True)
    return made


@pytest.fixture
def silent_index() -> Iterator[socket.socket]:
    """A package index that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(600)
        yield server


def asking(server: socket.socket) -> dict[str, str]:
    """The settings under which pip asks that index."""
    return {
        "PIP_NO_INDEX": "",
        "PIP_FIND_LINKS": "",
        "PIP_RETRIES": "0",
        "PIP_INDEX_URL": f"http://127.0.0.1:{server.getsockname()[1]}/simple",
    }


@pytest.mark.slow
def test_the_first_run_sets_up_and_the_second_says_nothing(clone: Clone, tmp_path: Path) -> None:
    """Words, working folder and exit code are the command's, from wherever it is started."""
    first = clone.run("query", "a b", cwd=tmp_path)
    second = clone.run("query", "a b", cwd=tmp_path)

    assert first == (7, f"['query', 'a b'] {tmp_path} 1.0\n", MADE)
    assert second == (7, first[1], "")


@pytest.mark.slow
def test_the_command_of_the_environment_is_the_same(ready: Clone) -> None:
    """`.venv/bin/eventlake` takes words as `./run` does."""
    python, command = ready.folder / ".venv" / "bin" / "python", ready.folder / ".venv" / "bin" / "eventlake"

    said = subprocess.run([python, command, "--help"], capture_output=True, text=True, check=False)

    assert (said.returncode, said.stdout.split()[0]) == (7, "['--help']")


def test_ctrl_c_while_modules_are_loaded_is_one_sentence(ready: Clone) -> None:
    """As it is once the command runs."""
    (ready.folder / "src" / "eventlake" / "cli" / "__init__.py").write_text("raise KeyboardInterrupt\n")

    assert ready.run("query") == (130, "", "Interrupted.\n")


def test_modules_in_the_working_folder_are_not_imported(ready: Clone, tmp_path: Path) -> None:
    """A user's `pebble.py` or `json.py` is the user's."""
    (tmp_path / "pebble.py").write_text("raise SystemExit('the wrong one')")

    assert ready.run(cwd=tmp_path)[1] == f"[] {tmp_path} 1.0\n"


@pytest.mark.slow
def test_an_environment_without_a_stamp_is_completed(ready: Clone) -> None:
    """One made by hand, for example: what is there is used."""
    (ready.folder / ".venv" / "requirements.lock.installed").unlink()

    assert ready.run()[2] == INSTALLED


@pytest.mark.slow
def test_a_changed_lock_file_is_installed(ready: Clone) -> None:
    """Into the environment that is there."""
    (ready.folder / "requirements.lock").write_text(put_wheel(Path(ready.settings["PIP_FIND_LINKS"]), "2.0"))

    code, out, errors = ready.run()

    assert (code, out.split()[-1], errors) == (7, "2.0", INSTALLED)


@pytest.mark.slow
def test_an_interrupted_installation_begins_again(ready: Clone) -> None:
    """Half a package looks like a whole one, so nothing of it is kept."""
    (ready.folder / ".venv" / "requirements.lock.installed").rename(ready.folder / ".venv" / "unfinished")
    (ready.packages / "pebble" / "__init__.py").unlink()

    code, out, errors = ready.run()

    assert (code, out.split()[-1], errors) == (7, "1.0", MADE)


@pytest.mark.slow
def test_a_folder_that_was_moved_gets_a_new_environment(ready: Clone, tmp_path: Path) -> None:
    """Its commands would look for the old place."""
    ready.folder.rename(tmp_path / "moved")
    moved = Clone(tmp_path / "moved", ready.settings)

    assert moved.run()[2] == MADE
    assert moved.run()[2] == ""


@pytest.mark.slow
def test_an_environment_that_lost_a_package_is_made_again(ready: Clone) -> None:
    """pip alone would believe its list."""
    shutil.rmtree(ready.packages / "pebble")

    assert ready.run()[2] == MADE


@pytest.mark.slow
def test_an_environment_whose_python_is_gone_is_made_again(ready: Clone) -> None:
    """After an upgrade of the machine, for example."""
    python = ready.folder / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3")

    assert ready.run()[2] == MADE


@pytest.mark.slow
@pytest.mark.parametrize("noted", one_in(3, ["nonsense\nof\nmany\nlines\n", "\n", ""]))
def test_a_stamp_that_is_torn_counts_as_none(ready: Clone, noted: str) -> None:
    """Whatever it says."""
    (ready.folder / ".venv" / "requirements.lock.installed").write_text(noted)

    code, _, errors = ready.run()

    assert (code, errors) == (7, MADE)


@pytest.mark.slow
def test_a_file_in_the_place_of_the_environment_is_replaced(clone: Clone) -> None:
    """A link that leads nowhere, too."""
    (clone.folder / ".venv").symlink_to("nowhere")

    assert clone.run()[2] == MADE


def test_clones_can_share_an_environment(ready: Clone, tmp_path: Path) -> None:
    """By a link; each runs its own code."""
    other = Clone(tmp_path / "other", ready.settings)
    shutil.copytree(ready.folder, other.folder, ignore=shutil.ignore_patterns(".venv"))
    (other.folder / ".venv").symlink_to(ready.folder / ".venv")
    (other.folder / "src" / "eventlake" / "cli" / "__init__.py").write_text("def main():\n    print('its own')\n")

    assert other.run() == (0, "its own\n", "")


@pytest.mark.slow
def test_two_at_once_wait_for_each_other(clone: Clone) -> None:
    """Both end well, and only one of them installs."""
    both = [clone.start(), clone.start()]

    told = [process.communicate(timeout=600)[1] for process in both]

    assert [process.returncode for process in both] == [7, 7]
    assert sum("Installing" in errors for errors in told) == 1


@pytest.mark.slow
def test_ctrl_c_during_the_set_up_is_one_sentence(clone: Clone, silent_index: socket.socket) -> None:
    """Exit code 130, no traceback of ours, and the next run begins where nothing is half done."""
    process = clone.start(more=asking(silent_index))
    connection, _ = silent_index.accept()
    os.killpg(process.pid, signal.SIGINT)

    _, errors = process.communicate(timeout=600)

    connection.close()
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "Interrupted; the next run goes on here."
    assert "Traceback" not in errors
    assert clone.run()[0] == 7


@pytest.mark.slow
def test_an_installer_that_outlives_its_run_is_waited_for(clone: Clone, silent_index: socket.socket) -> None:
    """A run that was killed leaves a pip behind, which holds the lock until it ends."""
    killed = clone.start(more=asking(silent_index))
    connection, _ = silent_index.accept()
    killed.kill()

    following = clone.start()
    assert following.stderr is not None
    assert following.stderr.readline() == "Waiting for another set-up in this folder ...\n"
    silent_index.close()
    connection.close()
    _, errors = following.communicate(timeout=600)
    killed.communicate(timeout=600)

    assert (following.returncode, errors) == (7, MADE)


@pytest.mark.slow
def test_what_cannot_be_installed_is_told(clone: Clone) -> None:
    """One sentence after pip's own words, exit code 253, and no stamp."""
    (clone.folder / "requirements.lock").write_text("pebble==3.0 --hash=sha256:" + "0" * 64 + "\n")

    code, _, errors = clone.run()

    assert code == 253
    assert "No matching distribution found for pebble==3.0" in errors
    assert errors.splitlines()[-1] == "requirements.lock could not be installed; the reason stands above. Run this again when it is mended."
    assert not (clone.folder / ".venv" / "requirements.lock.installed").exists()


@pytest.mark.slow
def test_a_package_with_another_hash_is_refused(clone: Clone) -> None:
    """The lock file decides what is installed, not the index."""
    lock = (clone.folder / "requirements.lock").read_text()
    (clone.folder / "requirements.lock").write_text(re.sub("sha256:[0-9a-f]{8}", "sha256:00000000", lock))

    code, _, errors = clone.run()

    assert (code, "DO NOT MATCH THE HASHES" in errors) == (253, True)


@pytest.mark.slow
def test_settings_that_lead_elsewhere_are_left_out(clone: Clone, tmp_path: Path) -> None:
    """Packages go into the environment, whatever pip is told for other work."""
    elsewhere = str(tmp_path / "elsewhere")

    code, _, _ = clone.run(
        more={"PIP_TARGET": elsewhere, "PIP_PREFIX": elsewhere, "PIP_ROOT": elsewhere, "PIP_USER": "1", "PIP_DRY_RUN": "1"}
    )

    assert code == 7
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.slow
def test_pip_installs_when_uv_cannot(clone: Clone, tmp_path: Path) -> None:
    """An index that only pip knows of, for example; uv is told pip's settings as far as it has them."""
    (tmp_path / "bin").mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.write_text('#!/bin/sh\necho "uv: $UV_NO_INDEX $UV_DEFAULT_INDEX"\nexit 2\n')
    uv.chmod(0o755)

    code, _, errors = clone.run(more={"PATH": f"{uv.parent}:{os.environ['PATH']}", "PIP_INDEX_URL": "http://index.example.com/simple"})

    assert (code, errors) == (7, MADE + "uv: 1 http://index.example.com/simple\n")


def test_a_machine_without_pip_is_told_what_to_install(clone: Clone, tmp_path: Path) -> None:
    """As on a bare Debian, whose Python comes without `ensurepip`."""
    venv.create(tmp_path / "bare")
    (tmp_path / "ensurepip.py").write_text("raise SystemExit(1)")

    code, _, errors = clone.run(more={"PATH": str(tmp_path / "bare" / "bin"), "PYTHONPATH": str(tmp_path)})

    assert code == 253
    assert errors.splitlines()[-1] == "There is neither uv nor pip on this machine: on Debian and Ubuntu, apt install python3-pip."


def test_an_old_python_is_told_so() -> None:
    """Python 3.6 can read the script, so that it can answer in a sentence."""
    text = (ROOT / "run").read_text()

    ast.parse(text, feature_version=(3, 6))
    assert text.index("sys.version_info < (3, 11)") < text.index("def main")
    assert "from __future__" not in text


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """`run` as a module."""
    loader = SourceFileLoader("run_script", str(ROOT / "run"))
    specification = spec_from_loader("run_script", loader)
    assert specification is not None
    module = module_from_spec(specification)
    loader.exec_module(module)
    return module


@pytest.mark.parametrize("given", [["-n", "4"], ["-n0", "tests"], ["--pdb"], ["--collect-only"]])
def test_pytest_gets_what_it_was_given(script: ModuleType, given: list[str]) -> None:
    """Who says how many workers, or wants to look, gets that."""
    assert script.test_arguments(given) == given


def test_pytest_gets_two_workers(script: ModuleType) -> None:
    """Unless told otherwise; the one that is done first takes from the other's end."""
    assert script.test_arguments(["-k", "run"]) == ["-n", "2", "--dist", "worksteal", "-k", "run"]


@pytest.mark.parametrize(("given", "more"), [(["test", "-k", "run"], False), (["test", "-m", "slow"], True), (["test", "-maws"], True)])
def test_tests_with_a_marker_may_need_more(script: ModuleType, given: list[str], more: bool) -> None:
    """A linter of templates and the AWS CLI are larger than all that runs every day."""
    assert script.asks_for_more(given) == more


@pytest.mark.slow
def test_several_lock_files_are_installed_at_once(ready: Clone) -> None:
    """The last holds the others, and later a command alone finds its own installed."""
    shutil.rmtree(ready.folder / ".venv")
    shutil.copy(ready.folder / "requirements.lock", ready.folder / "requirements-test.lock")
    (ready.folder / "pytest.py").write_text("")

    assert ready.run("test") == (0, "", MADE.replace("requirements.lock", "requirements-test.lock"))
    assert ready.run()[2] == ""


@pytest.mark.slow
def test_style_types_and_imports_are_looked_at_in_turn(ready: Clone, tmp_path: Path) -> None:
    """In the clone, from wherever it is started; the first that finds something ends it, with its exit code."""
    for lock in ("requirements-test.lock", "requirements-check.lock"):
        shutil.copy(ready.folder / "requirements.lock", ready.folder / lock)
    for name, code in (("ruff", 0), ("mypy", 3), ("lint-imports", 0)):
        tool = ready.folder / ".venv" / "bin" / name
        tool.write_text(f'#!/bin/sh\necho "{name} $* in $PWD"\nexit {code}\n')
        tool.chmod(0o755)

    code, out, _ = ready.run("check", cwd=tmp_path)

    assert (code, out.splitlines()) == (3, [f"{words} in {ready.folder}" for words in ("ruff check .", "ruff format --check .", "mypy ")])


@pytest.mark.slow
def test_tests_may_keep_what_was_compiled(ready: Clone) -> None:
    """Even where Python is told not to: they start many interpreters."""
    shutil.copy(ready.folder / "requirements.lock", ready.folder / "requirements-test.lock")
    (ready.folder / "pytest.py").write_text("import sys; print(sys.dont_write_bytecode, sys.argv[1:])")

    code, out, _ = ready.run("test", "-n0", more={"PYTHONDONTWRITEBYTECODE": "1"})

    assert (code, out) == (0, "False ['-n0']\n")


def pins(lock: str) -> dict[str, int]:
    """The packages of a lock file with their versions, and how many hashes each has."""
    entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text())
    return {entry.split()[0]: entry.count("--hash=sha256:") for entry in entries}


def test_the_tests_run_with_what_users_run(script: ModuleType) -> None:
    """Every version of a lock file is in the next."""
    assert pins(script.RUNTIME).items() <= pins(script.TESTS).items() <= pins(script.CHECKS).items()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock", "requirements-check.lock"])
def test_every_package_is_held_by_its_hashes(lock: str) -> None:
    """And no lock file says where packages come from."""
    assert all("==" in pin and hashes > 0 for pin, hashes in pins(lock).items())
    assert "://" not in (ROOT / lock).read_text()
