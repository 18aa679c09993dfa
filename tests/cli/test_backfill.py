"""`backfill`: what the command says of files that are new, known, broken or not there."""

from __future__ import annotations

import errno
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from eventlake.cli import run
from eventlake.errors import StorageFullError
from eventlake.local.additions import Additions

EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "time": "2026-03-20T10:00:00Z",
    "detail": {"pipeline": "web", "state": "STARTED"},
}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files below another, and a lake that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVENTLAKE_LAKE", "lake")
    monkeypatch.delenv("EVENTLAKE_SOURCES", raising=False)
    (tmp_path / "exports/march").mkdir(parents=True)
    (tmp_path / "exports/a.json").write_text(json.dumps(EVENT))
    (tmp_path / "exports/march/b.json.gz").write_bytes(gzip.compress(json.dumps({**EVENT, "id": "e-2"}).encode()))
    return tmp_path


def test_every_file_below_a_folder_is_brought_in_once(capfd: pytest.CaptureFixture[str]) -> None:
    """Named again, each is known."""
    assert run(["backfill", "files", "exports"]) == 0
    first = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert run(["backfill", "files", "exports", "exports/a.json"]) == 0
    again = [json.loads(line) for line in capfd.readouterr().out.splitlines()]

    assert [(row["file"], row["state"], row["rows"]) for row in first] == [
        ("exports/a.json", "done", 1),
        ("exports/march/b.json.gz", "done", 1),
    ]
    assert [row["state"] for row in again] == ["known", "known", "known"]
    run(["query", 'select event_id, "date", hour from pipeline_execution_state_change order by 1'])
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [(row["event_id"], row["date"], row["hour"]) for row in rows] == [("e-1", "2026-03-20", "10"), ("e-2", "2026-03-20", "10")]


def test_a_file_that_is_cut_off_is_told_and_the_others_are_brought_in(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The command ends with 1."""
    packed = folder / "exports/march/b.json.gz"
    packed.write_bytes(packed.read_bytes()[:-8])

    assert run(["backfill", "files", "exports/march", "exports/a.json"]) == 1

    captured = capfd.readouterr()
    assert [json.loads(line)["state"] for line in captured.out.splitlines()] == ["unfinished", "done"]
    assert "b.json.gz" in captured.err


def test_a_full_disk_is_told_with_what_stays_and_how_it_goes_on(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """The row of the file says that it is unfinished; the same command brings it in once there is room."""

    def full(*_: object) -> None:
        raise StorageFullError('"x.parquet" cannot be written: the disk is full.')

    with monkeypatch.context() as patched:
        patched.setattr(Additions, "stage", full)
        assert run(["backfill", "files", "exports/a.json"]) == 1
    said = capfd.readouterr()

    assert json.loads(said.out)["state"] == "unfinished"
    assert said.err == (
        'a.json: "x.parquet" cannot be written: the disk is full. '
        "What is stored stays; once there is room, the same command goes on where it was.\n"
    )
    assert run(["backfill", "files", "exports/a.json"]) == 0


def test_files_are_found_where_links_lead_and_each_once(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A link that leads back to where it came from ends there."""
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere/c.json").write_text(json.dumps({**EVENT, "id": "e-3"}))
    (folder / "exports/march/elsewhere").symlink_to(folder / "elsewhere")
    (folder / "exports/march/back").symlink_to(folder / "exports")

    assert run(["backfill", "files", "exports"]) == 0

    files = [json.loads(line)["file"] for line in capfd.readouterr().out.splitlines()]
    assert files == ["exports/a.json", "exports/march/b.json.gz", "exports/march/elsewhere/c.json"]


def test_a_folder_that_may_not_be_looked_into_is_told(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies in it would be missing, and nobody would know."""
    closed, scandir = str(folder / "exports/march"), os.scandir

    def denied(path: str) -> Any:  # what a test that runs as root may always open
        if os.fspath(path) == "exports/march":
            raise PermissionError(errno.EACCES, "Permission denied", closed)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", denied)
    assert run(["backfill", "files", "exports"]) == 253
    assert capfd.readouterr() == ("", f'"{closed}" cannot be read: Permission denied.\n')


def test_a_file_that_may_not_be_read_is_told_and_the_others_are_brought_in(
    folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `send` does it; the command ends with 1."""
    path_open = Path.open

    def denied(path: Path, *words: Any, **named: Any) -> Any:  # what a test that runs as root may always open
        if path.name == "a.json":
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return path_open(path, *words, **named)

    monkeypatch.setattr(Path, "open", denied)
    assert run(["backfill", "files", "exports/a.json", "exports/march"]) == 1

    captured = capfd.readouterr()
    assert [json.loads(line)["state"] for line in captured.out.splitlines()] == ["unfinished", "done"]
    assert captured.err == '"exports/a.json" cannot be read: Permission denied.\n'


def test_a_pipe_is_refused_and_nothing_of_it_is_read(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A file is read twice, for what it is known by and for its events; a pipe would be empty the second time, and its events gone."""
    reader, writer = os.pipe()
    try:
        os.write(writer, json.dumps(EVENT).encode())
        assert run(["backfill", "files", f"/dev/fd/{reader}"]) == 252
        assert os.read(reader, 1)
    finally:
        os.close(reader)
        os.close(writer)
    assert "write what comes out of it into a file" in capfd.readouterr().err


def test_a_lake_below_a_folder_is_left_out_and_that_is_told(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its lines would come in once more, as other events."""
    (folder / "exports").rename(folder / "work")
    assert run(["backfill", "files", "work/a.json", "--lake", "work/lake"]) == 0
    capfd.readouterr()

    assert run(["backfill", "files", "work", "--lake", "work/lake"]) == 0

    captured = capfd.readouterr()
    assert [json.loads(line)["file"] for line in captured.out.splitlines()] == ["work/a.json", "work/march/b.json.gz"]
    assert captured.err == '"work/lake" is a lake, and left out.\n'


@pytest.mark.parametrize("place", ["lake", "lake/objects", "lake/catalog.db"])
def test_what_lies_in_a_lake_is_no_history(folder: Path, capfd: pytest.CaptureFixture[str], place: str) -> None:
    """The way from one lake to another is said."""
    assert run(["backfill", "files", "exports", "--lake", "lake"]) == 0
    capfd.readouterr()

    assert run(["backfill", "files", place, "--lake", "another"]) == 252

    assert capfd.readouterr().err == (
        f'"{place}" lies in a lake, whose lines are no events any more: `eventlake replay --lake lake --from ... --to FILE` gives its events again.\n'
    )


def test_what_is_no_file_below_a_folder_is_told_and_the_files_are_brought_in(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A link that leads nowhere stands for events that are missing; a pipe would be waited for without end. The command ends with 1."""
    (folder / "exports/march/gone.json").symlink_to("nowhere.json")
    os.mkfifo(folder / "exports/march/pipe")

    assert run(["backfill", "files", "exports/march"]) == 1

    captured = capfd.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [(row["file"], row["state"], row["failed"]) for row in rows] == [
        ("exports/march/b.json.gz", "done", 0),
        ("exports/march/gone.json", "unfinished", 1),
        ("exports/march/pipe", "unfinished", 1),
    ]
    assert captured.err.splitlines() == [
        '"exports/march/gone.json" cannot be read: No such file or directory.',
        '"exports/march/pipe" is a pipe or a device, and a history is read twice: write what comes out of it into a file first.',
    ]


def test_where_the_reason_of_a_failure_is_found_is_told(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The answer only counts."""
    (folder / "words.json").write_text('{"source": "nobody"}')

    assert run(["backfill", "files", str(folder / "words.json")]) == 1
    assert "`eventlake failed` lists it, each with its reason." in capfd.readouterr().err


@pytest.mark.parametrize("words", [["files", "nowhere"], ["files"], ["filse", "exports"]])
def test_what_cannot_be_meant_is_refused(words: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    """A path that is not there, no path, a typo: one sentence each."""
    assert run(["backfill", *words]) == 252
    assert len(capfd.readouterr().err.strip().splitlines()) == 1
