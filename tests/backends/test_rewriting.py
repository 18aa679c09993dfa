"""The process that rewrites hours: one database for many tasks, each with its own limits and its own folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from eventlake.backends.duckdb_rewriter import DuckDBRewriter
from eventlake.backends.rewriting import OBJECTS, Rewriting, Task

Asked = Callable[..., dict[str, object]]
SORTED = (
    "select count(*) from (select hash(a) as h, a::varchar || repeat('x', 200) as t from range(200000) as n(a) order by h, t limit 199000)"
)


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """Asks one rewriting, each time with a folder of its own to spill to."""
    rewriting, number = Rewriting(), iter(range(100))

    def ask(sql: str, memory_mb: int = 250, disk_mb: int = 500, objects: int = 1) -> dict[str, object]:
        folder = tmp_path / f"spill-{next(number)}"
        folder.mkdir()
        return rewriting.answer(Task((), sql, "", "", memory_mb, str(folder), disk_mb, objects=objects))

    return ask


@pytest.mark.slow
def test_after_one_that_spilled_the_next_has_its_own_folder(asked: Asked) -> None:
    """A folder that was spilled to cannot be left: another database is opened."""
    assert asked(SORTED, memory_mb=50) == {"rows": [[199_000]]}
    assert asked(SORTED, memory_mb=50) == {"rows": [[199_000]]}
    assert asked("select current_setting('temp_directory') like '%spill-2'") == {"rows": [[True]]}


@pytest.mark.slow
def test_each_has_its_own_limits(asked: Asked) -> None:
    """Those of the one before do not stay."""
    assert asked("select 1") == {"rows": [[1]]}
    assert "offload" in str(asked(SORTED, memory_mb=50, disk_mb=1)["error"])
    assert asked(SORTED, memory_mb=50) == {"rows": [[199_000]]}


def test_one_that_fails_leaves_nothing_to_the_next(asked: Asked) -> None:
    """Neither a table nor a setting; and the error is a sentence."""
    asked("select 1")
    assert "nothing" in str(asked("select * from nothing")["error"])
    assert asked("select current_setting('disabled_optimizers')") == {"rows": [[""]]}


def test_a_process_whose_asker_was_killed_ends_without_a_word(tmp_path: Path) -> None:
    """Nobody is there for its answer."""
    heard_by_nobody, said = os.pipe()
    os.close(heard_by_nobody)
    task = Task((), "select 1", "", "", 250, str(tmp_path), 500).encode() + "\n"
    command = [sys.executable, "-P", "-m", "eventlake.backends.rewriting"]
    ended = subprocess.run(command, input=task.encode(), stdout=said, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(said)

    assert (ended.returncode, ended.stderr) == (-signal.SIGPIPE, b"")


def test_a_database_that_has_read_many_objects_is_left(asked: Asked) -> None:
    """What it remembers of them would fill its memory."""
    assert asked("select 1", objects=OBJECTS - 1) == {"rows": [[1]]}
    assert asked("create table kept as select 1 as one", objects=0)["rows"]
    assert asked("select one from kept", objects=0) == {"rows": [[1]]}
    assert "kept" in str(asked("select one from kept", objects=1)["error"])


def test_ctrl_c_reaches_no_process_that_rewrites(tmp_path: Path) -> None:
    """Not while it begins, when it has no handler of its own yet: who asks ends it, and it tells nothing."""
    rewriter = DuckDBRewriter(tmp_path)
    process = rewriter._started()
    os.kill(process.pid, signal.SIGINT)

    answer = rewriter._asked(Task((), "select 1", "", "", 250, str(tmp_path), 500))
    rewriter.close()

    assert answer == {"rows": [[1]]}
