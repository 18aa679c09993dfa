"""The commands of the page on the first day, in order, for a company with a tenant at Auth0 and archives."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from auth0_api import CLIENT, SECRET, Auth0Api, log_of, serving
from eventlake.cli import eventlake
from eventlake.sources import load

PAGE = Path(__file__).parent.parent / "docs/first-day.md"
COMMANDS = [
    shlex.split(line[2:])
    for block in re.findall(r"```console\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]


def archive(folder: Path) -> None:
    """Put the samples of every source into files, as an archive has them."""
    folder.mkdir()
    events = [
        json.dumps(json.loads(file.read_text("utf-8")))
        for source in load()
        for file in sorted((Path(source.folder) / "samples").glob("*.event.json"))
    ]
    (folder / "2026-03.jsonl.gz").write_bytes(gzip.compress("\n".join(events[::2]).encode()))
    (folder / "2026-04.jsonl").write_text("\n".join(events[1::2]), "utf-8")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_the_page_names_commands_that_exist(words: list[str]) -> None:
    """So a command that is renamed is renamed there too."""
    assert words[0] == "eventlake"
    assert words[1] in eventlake.list_commands(None)  # type: ignore[arg-type]  # it looks at no context


@pytest.mark.slow
def test_the_commands_of_the_first_day_run(tmp_path: Path) -> None:
    """With 1 only where something is kept as failed, which the page speaks of; then each entry of the tenant is there once."""
    archive(tmp_path / "archive")
    environment = {**os.environ, "AUTH0_CLIENT_ID": CLIENT, "AUTH0_CLIENT_SECRET": SECRET}
    with serving(Auth0Api(log_of(350))) as api:
        for words in COMMANDS:
            named = [api.url if word == "acme.eu.auth0.com" else word for word in words[1:]]
            said = subprocess.run(
                [sys.executable, "-m", "eventlake", *named], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
            )
            may_fail = words[1:3] == ["backfill", "files"] or words[1] in {"explain", "doctor"}
            assert said.returncode in ({0, 1} if may_fail else {0}), (words, said.stderr)
    counting = "select count(*), count(distinct log_id) from auth0_logs where event_origin = 'auth0-api'"
    words = [sys.executable, "-m", "eventlake", "query", counting, "--output", "csv"]
    said = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[1] == "350,350"
