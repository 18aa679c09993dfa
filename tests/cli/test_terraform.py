from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventlake.cli import run


@pytest.mark.slow
def test_terraform_writes_the_module_and_says_how_to_name_it(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is written is named on stderr."""
    folder = tmp_path / "eventlake"
    assert run(["terraform", str(folder)]) == 0
    said = capfd.readouterr()
    assert said.out == ""
    assert f'source = "{folder}"' in said.err
    assert "auth0_source" in json.loads((folder / "modules/sources/main.tf.json").read_text("utf-8"))["module"]


def test_terraform_leaves_a_folder_with_something_else_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """One sentence says what to do."""
    (tmp_path / "main.tf").write_text("")
    assert run(["terraform", str(tmp_path)]) != 0
    assert "holds something else: give a new folder" in capfd.readouterr().err
