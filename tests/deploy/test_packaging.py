from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from eventlake.deploy.packaging import aws_command, normalise
from eventlake.errors import ConfigurationError


def test_normalising_makes_two_checkouts_the_same(tmp_path: Path) -> None:
    """Times and modes no longer tell one checkout from another, and bytecode is gone; contents stay."""
    for name, time_s, mode in (("one", 1_700_000_000, 0o600), ("two", 1_800_000_000, 0o664)):
        code = tmp_path / name / "eventlake"
        (code / "__pycache__").mkdir(parents=True)
        (code / "__pycache__" / "a.cpython-314.pyc").write_bytes(b"bytecode")
        (code / "a.py").write_text("answer = 42\n")
        (code / "a.py").chmod(mode)
        os.utime(code / "a.py", (time_s, time_s))
        normalise(tmp_path / name)
    seen = [
        [(path.name, path.read_text(), path.stat().st_mtime, stat.S_IMODE(path.stat().st_mode)) for path in (tmp_path / name).rglob("*.py")]
        for name in ("one", "two")
    ]
    assert seen[0] == seen[1]
    assert not list(tmp_path.rglob("*.pyc"))


def test_a_machine_without_the_aws_cli_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One sentence with the address of its installation."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(ConfigurationError, match="The AWS CLI is not installed: see https"):
        aws_command()
