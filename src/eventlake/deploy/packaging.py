"""`aws cloudformation package`, so that an unchanged clone uploads nothing new and redeploys nothing.

The AWS CLI zips every file of the functions' folder with its time of modification, bytecode included, and names the upload by its hash: a
fresh checkout, or a test that ran, would redeploy every function (https://github.com/aws/aws-cli/issues/3131). So the times and modes of the
files are made the same and bytecode is removed first; then the command is the README's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from eventlake.errors import ConfigurationError

CODE = "src"
ROOT_TEMPLATE = "templates/root.yaml"

SAME_TIME_S = 946_684_800
"""2000-01-01T00:00:00Z, which a zip archive can say in every time zone."""


WRONG_USAGE = 252
_WRONG_USAGE_OF_VERSION_1 = 2


def package(folder: Path, arguments: Sequence[str], where: Path | None = None) -> int:
    """Run the command for the templates in a folder; return its exit code. Raises ConfigurationError if the AWS CLI is missing.

    arguments: those of `aws cloudformation package` besides the template. where: the folder it runs in, which paths in them are relative to;
    by default that of the templates.
    """
    aws = aws_command()
    sys.dont_write_bytecode = True
    normalise(folder / CODE)
    template = ROOT_TEMPLATE if where in (None, folder) else str(folder / ROOT_TEMPLATE)
    command = [aws, "cloudformation", "package", "--template", template, *arguments]
    code = subprocess.run(command, cwd=where or folder, env={**os.environ, "TZ": "UTC"}, check=False).returncode
    return WRONG_USAGE if code == _WRONG_USAGE_OF_VERSION_1 else code


def aws_command() -> str:
    """Find the AWS CLI: the one on the PATH, else the one beside this Python. Raises ConfigurationError if there is none."""
    found = shutil.which("aws") or shutil.which("aws", path=str(Path(sys.executable).parent))
    if found is None:
        raise ConfigurationError(
            "The AWS CLI is not installed: see https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html."
        )
    return found


def normalise(folder: Path) -> None:
    """Remove bytecode, and give every file the same time and mode."""
    for cache in sorted(folder.rglob("__pycache__")):
        shutil.rmtree(cache, ignore_errors=True)
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o644)
            os.utime(path, (SAME_TIME_S, SAME_TIME_S))
