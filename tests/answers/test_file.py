"""Where an answer is written: whole or not at all, and what is no file stays what it is."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from eventlake.answers.file import replacing
from eventlake.errors import StorageError


def test_a_pipe_gets_the_answer_and_stays_a_pipe(tmp_path: Path) -> None:
    """As a device does: taking the name of /dev/null would take it from the whole machine."""
    pipe, found = tmp_path / "answer.csv", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()

    with replacing(pipe) as unfinished:
        unfinished.write_text("n\n1\n")

    reader.join()
    assert found == [b"n\n1\n"]
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_link_still_leads_where_it_led(tmp_path: Path) -> None:
    """The file that it leads to has the answer."""
    file, link = tmp_path / "there" / "answer.csv", tmp_path / "link.csv"
    file.parent.mkdir()
    link.symlink_to(file)

    for content in ("first", "second"):
        with replacing(link) as unfinished:
            unfinished.write_text(content)

    assert link.is_symlink()
    assert file.read_text() == "second"
    assert list(file.parent.iterdir()) == [file]


def test_what_went_wrong_leaves_what_was_there(tmp_path: Path) -> None:
    """Whether the file cannot be written or the answer ends early; nothing unfinished stays."""
    file = tmp_path / "answer.csv"
    file.write_text("before")

    with pytest.raises(StorageError, match=r'answer\.csv" cannot be written: No such file or directory\.$'), replacing(file):
        pass
    with pytest.raises(UnicodeEncodeError), replacing(file) as unfinished:
        unfinished.write_text("half, then half a letter: \ud800")

    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("answer.csv", "before")]


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """It is no file, and no stream either."""
    with pytest.raises(StorageError, match="cannot be written"), replacing(tmp_path) as unfinished:
        unfinished.write_text("x")
