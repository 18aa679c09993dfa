from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from eventlake.deploy.packaging import aws_command, normalise, package
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


@pytest.mark.parametrize(("code", "ours"), [(0, 0), (2, 252), (252, 252), (255, 255)])
def test_the_exit_code_is_the_aws_clis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, ours: int) -> None:
    """Its first version says 2 for wrong usage where the second says 252."""
    command = tmp_path / "aws"
    command.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/said\nexit {code}\n')
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "src").mkdir()
    assert package(tmp_path, ["--s3-bucket", "code"]) == ours
    assert (tmp_path / "said").read_text() == "cloudformation package --template templates/root.yaml --s3-bucket code\n"
