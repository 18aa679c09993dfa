"""What docs/querying.md says of Python, run."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "querying.md"


def test_the_examples_run_in_order(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """In a folder with a lake, each with what those before it made; a test among them passes."""
    (tmp_path / "lake").symlink_to(lake)
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, object] = {}

    for example in examples:
        exec(compile(example, str(PAGE), "exec"), names)
    for name, value in list(names.items()):
        if name.startswith("test_") and callable(value):
            value()

    assert len(examples) == 3
    assert capsys.readouterr().out == "web FAILED 2\n"
