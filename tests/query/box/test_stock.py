"""What is ready before a process is forked: a DuckDB with one thread, and macros that change no answer."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

from eventlake.dialect.translate import translate
from eventlake.query.box.stock import Stock
from eventlake.query.run import Job, answer, confined, run

NOW = datetime(2026, 11, 20, tzinfo=UTC)
PROGRAM = """
from pathlib import Path
from eventlake.query.box.stock import Stock
stock = Stock()
stock.make_next()
print(len(list(Path("/proc/self/task").iterdir())) if Path("/proc/self/task").exists() else 1)
"""


def test_a_process_is_forked_while_there_is_one_thread() -> None:
    """What another thread holds at that moment would be held for ever in the new process."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=600, check=True)

    assert done.stdout.strip() == "1"


def test_what_is_made_ahead_is_what_a_statement_asks_for_and_answers_alike() -> None:
    """Every macro, each after those that it calls; the process of a query makes none of them again."""
    stock = Stock()
    statement = """select json_extract_scalar('{"a": [1, 2]}', '$.a[1]'), from_iso8601_timestamp('2026-11-20T10:00:00Z')"""
    translation = translate(statement, [], NOW)
    job = Job(translation.sql([], []), translation.macros, translation.types, "", 512, 1, 120.0)

    while not stock.is_whole:
        stock.make_next()

    assert len(translation.macros) > 5
    assert stock.macros.issuperset(translation.macros)
    assert answer(confined(stock.database, job), replace(job, macros=())) == run(job)
