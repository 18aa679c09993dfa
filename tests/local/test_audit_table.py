"""The journal as a history: read from where it was read to, whatever was cut or erased in it."""

from __future__ import annotations

import json
from pathlib import Path

from eventlake.local.audit_table import JournalHistory
from eventlake.local.journal import FOLDER


def line(name: str) -> bytes:
    """A line of a journal."""
    return json.dumps({"id": name, "detail": {"action": name}}).encode()


def journal(folder: Path, month: str, text: bytes) -> JournalHistory:
    """A journal that has a file of a month."""
    (folder / FOLDER).mkdir(exist_ok=True)
    (folder / FOLDER / f"{month}.jsonl").write_bytes(text)
    return JournalHistory(folder)


def read(history: JournalHistory, cursor: str = "") -> tuple[list[str], str]:
    """The ids behind a cursor, and the cursor behind them."""
    ids = []
    for page in history.pages(cursor):
        ids += [json.loads(event)["id"] for event in page.events]
        cursor = page.cursor
    return ids, cursor


def test_months_are_read_in_order_and_each_line_once(tmp_path: Path) -> None:
    """A second reading begins behind the first."""
    journal(tmp_path, "2026-11", line("c") + b"\n")
    history = journal(tmp_path, "2026-10", line("a") + b"\n" + line("b") + b"\n")

    ids, cursor = read(history)

    assert ids == ["a", "b", "c"]
    assert read(history, cursor) == ([], cursor)
    journal(tmp_path, "2026-12", line("d") + b"\n")
    assert read(history, cursor)[0] == ["d"]


def test_a_line_that_is_still_written_is_left_for_the_next_time(tmp_path: Path) -> None:
    """It has no end yet."""
    ids, cursor = read(journal(tmp_path, "2026-10", line("a") + b"\n" + line("b")[:9]))
    assert ids == ["a"]

    assert read(journal(tmp_path, "2026-10", line("a") + b"\n" + line("b") + b"\n"), cursor)[0] == ["b"]


def test_what_a_crash_cut_is_left_out(tmp_path: Path) -> None:
    """The journal puts the next line behind an end of it."""
    assert read(journal(tmp_path, "2026-10", line("a")[:9] + b"\n" + line("b") + b"\n"))[0] == ["b"]


def test_what_is_erased_in_a_line_moves_no_other(tmp_path: Path) -> None:
    """Lines become shorter, and stay as many."""
    _, cursor = read(journal(tmp_path, "2026-10", line("a somebody") + b"\n"))

    assert read(journal(tmp_path, "2026-10", line("a") + b"\n" + line("b") + b"\n"), cursor)[0] == ["b"]
