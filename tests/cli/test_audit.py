"""`audit`, and what the ways to ask a lake leave in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import eventlake
from eventlake.cli import run
from eventlake.dbapi.errors import DatabaseError
from eventlake.local.importing import Importer
from eventlake.local.lock import LakeLock
from eventlake.web.opening import page_of
from visits import statuses

sys.path.insert(0, str(Path(__file__).parent.parent))
from closing_lake import PAST, RUNS, SOURCES, event, store

SECRET = "pipeline-of-the-answer"


def told(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[dict[str, object]], str]:
    """Exit code, rows and sentences of a command."""
    capsys.readouterr()
    code = run(words)
    got = capsys.readouterr()
    return code, [json.loads(line) for line in got.out.splitlines()], got.err


def test_each_way_to_ask_leaves_one_line_and_no_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line, Python, what is refused, and what changes the lake; reading the audit is no line."""
    store(tmp_path, [(PAST, [event("a", pipeline=SECRET)])])
    lake = ("--lake", str(tmp_path))
    asked = f"select pipeline from {RUNS}"

    assert told(capsys, "query", asked, *lake)[1] == [{"pipeline": SECRET}]
    assert told(capsys, "audit", *lake)[1] == []
    told(capsys, "audit", "demanded", *lake)
    assert told(capsys, "query", asked, *lake)[1] == [{"pipeline": SECRET}]
    told(capsys, "query", "select nothing from nowhere", *lake)
    with eventlake.connect(tmp_path) as connection, connection.cursor() as cursor:
        cursor.execute(asked)
        assert cursor.fetchall() == [(SECRET,)]
    told(capsys, "hold", "case", *lake)
    told(capsys, "retain", *lake)
    told(capsys, "audit", "off", *lake)
    told(capsys, "query", asked, *lake)

    found = told(capsys, "audit", *lake)[1]
    lines = [(one["action"], one["via"], one["rows"], one["outcome"]) for one in reversed(found)]
    assert lines == [
        ("audit demanded", "cli", None, "ok"),
        ("query", "cli", 1, "ok"),
        ("query", "cli", None, "failed"),
        ("query", "python", 1, "ok"),
        ("hold case", "cli", None, "ok"),
        ("retain", "cli", None, "ok"),
        ("audit off", "cli", None, "ok"),
    ]
    assert found[-2]["tables"] == RUNS
    assert SECRET not in "".join(file.read_text() for file in (tmp_path / "audit").iterdir())


@pytest.mark.slow
def test_what_must_be_noted_and_cannot_be_is_not_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither on the command line nor to Python; where it need not be, a sentence says so."""
    store(tmp_path, [(PAST, [event("a")])])
    (tmp_path / "audit").write_text("a file where the folder is to be")
    (tmp_path / "audit.toml").write_text('audit = "demanded"')
    words = ("query", f"select event_id from {RUNS}", "--lake", str(tmp_path))

    code, rows, said = told(capsys, *words)
    assert (code > 0, rows) == (True, [])
    assert "nothing is answered" in said
    with eventlake.connect(tmp_path) as connection, connection.cursor() as cursor, pytest.raises(DatabaseError):
        cursor.execute(words[1])
    assert told(capsys, "hold", "case", *words[2:])[0] > 0
    assert told(capsys, "holds", *words[2:])[1] == []
    (tmp_path / "audit.toml").write_text('audit = "on"')
    code, rows, said = told(capsys, *words)
    assert rows == [{"event_id": "a"}]
    assert "is not noted" in said


def test_who_is_erased_and_which_keys_there_are_is_a_deed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it worked or not; neither a name nor a key stands in the line."""
    store(tmp_path, [(PAST, [event("a", pipeline=SECRET)])])
    lake = ("--lake", str(tmp_path))
    told(capsys, "audit", "on", *lake)

    told(capsys, "keys", "new", "--since", "2026-01-01", *lake)
    told(capsys, "keys", "new", "--since", "2026-01-01", *lake)
    told(capsys, "erase", "--user", SECRET, "--yes", *lake)
    told(capsys, "tombstones", "remove", "--user", SECRET, *lake)

    lines = [(one["action"], one["outcome"]) for one in reversed(told(capsys, "audit", *lake)[1])]
    assert lines[1:] == [("keys new", "ok"), ("keys new", "failed"), ("erase", "ok"), ("tombstones remove", "ok")]
    assert SECRET not in "".join(file.read_text() for file in (tmp_path / "audit").iterdir())


def test_what_mends_or_rewrites_the_lake_is_a_deed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whether it worked or not; a dry run is none."""
    store(tmp_path, [(PAST, [event("a")])])
    lake = ("--lake", str(tmp_path))
    told(capsys, "audit", "on", *lake)

    told(capsys, "close", "--dry-run", *lake)
    told(capsys, "close", *lake)
    told(capsys, "doctor", "--adopt", *lake)
    told(capsys, "doctor", "--rebuild", *lake)
    bus = LakeLock(tmp_path, shares=True)
    told(capsys, "doctor", "--adopt", *lake)
    bus.release()

    lines = [(one["action"], one["outcome"]) for one in reversed(told(capsys, "audit", *lake)[1])]
    assert lines[1:] == [("close", "ok"), ("doctor --adopt", "ok"), ("doctor --rebuild", "ok"), ("doctor --adopt", "failed")]


def fetched(lake: Path, *addresses: str) -> list[int]:
    """Fetch pages, as a browser does; the status of each."""
    site = page_of(lake, SOURCES, lambda: False)
    found = statuses(site, *addresses)
    site.close()
    return found


@pytest.mark.slow
def test_a_page_is_one_line_and_the_one_for_sql_has_its_statement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names to complete are none; where it must be noted and cannot be, the page is not shown."""
    store(tmp_path, [(PAST, [event("a")])])
    lake = ("--lake", str(tmp_path))
    told(capsys, "audit", "demanded", *lake)

    assert fetched(tmp_path, "/logins?from=-14d", "/sql?q=select+1+from+alerts", "/tiles/logins.csv", "/sql/names.json") == [
        200,
        200,
        200,
        200,
    ]

    lines = [(one["action"], one["via"], one["statement"], one["tables"]) for one in reversed(told(capsys, "audit", *lake)[1])]
    assert lines[1:] == [
        ("page /logins", "page", "from=-14d", None),
        ("page /sql", "page", "select 1 from alerts", "alerts"),
        ("page /tiles/logins.csv", "page", None, None),
    ]
    (tmp_path / "audit").rename(tmp_path / "kept")
    (tmp_path / "audit").write_text("a file where the folder is to be")
    assert fetched(tmp_path, "/sql?q=select+1") == [400]


def test_the_journal_is_a_table_that_knows_all_deeds_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line once, however often it is asked; rows, bytes and tables as the journal has them."""
    store(tmp_path, [(PAST, [event("a", pipeline=SECRET)])])
    lake = ("--lake", str(tmp_path))
    told(capsys, "audit", "on", *lake)
    told(capsys, "query", f"select pipeline from {RUNS}", *lake)
    told(capsys, "query", "select nothing from nowhere", *lake)
    asked = "select action, outcome, rows_answered, tables_named from audit order by event_time"

    rows = told(capsys, "query", asked, *lake)[1]

    assert [(one["action"], one["outcome"], one["rows_answered"]) for one in rows] == [
        ("audit on", "ok", None),
        ("query", "ok", 1),
        ("query", "failed", None),
    ]
    assert rows[1]["tables_named"] == f'["{RUNS}"]'
    assert len(told(capsys, "query", asked, *lake)[1]) == 4
    (counted,) = told(capsys, "query", "select count(*) n, count(distinct event_id) ids from audit", *lake)[1]
    assert counted == {"n": 5, "ids": 5}
    assert [one for one in told(capsys, "doctor", *lake)[1] if "audit" in str(one["finding"])] == []


@pytest.mark.slow
def test_python_and_the_page_know_all_deeds_before_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whichever way it is asked, the newest line is there."""
    store(tmp_path, [(PAST, [event("a")])])
    told(capsys, "audit", "on", "--lake", str(tmp_path))
    asked = "select count(*) from audit"

    with eventlake.connect(tmp_path) as connection, connection.cursor() as cursor:
        assert [cursor.execute(asked).fetchall() for _ in range(2)] == [[(1,)], [(2,)]]
    assert fetched(tmp_path, "/sql?q=select+count(*)+from+audit") == [200]
    with eventlake.connect(tmp_path) as connection, connection.cursor() as cursor:
        assert cursor.execute("select via from audit order by event_time").fetchall() == [("cli",), ("python",), ("python",), ("page",)]


@pytest.mark.slow
def test_python_answers_where_the_journal_cannot_be_brought_in_and_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As while another process writes the lake alone."""
    store(tmp_path, [(PAST, [event("a")])])
    told(capsys, "audit", "on", "--lake", str(tmp_path))
    told(capsys, "query", "select 1 from audit", "--lake", str(tmp_path))

    with Importer(tmp_path, SOURCES), eventlake.connect(tmp_path) as connection, connection.cursor() as cursor:
        with pytest.warns(UserWarning, match="newest lines of the audit are not in its table"):
            cursor.execute("select count(*) from audit")
        assert cursor.fetchall() == [(1,)]


def test_a_table_of_that_name_is_the_users(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal becomes none then, and it is told."""
    store(tmp_path / "lake", [(PAST, [event("a")])])
    own = tmp_path / "own" / "books"
    own.mkdir(parents=True)
    text = (Path(eventlake.__file__).parent / "sources" / "optional" / "audit" / "source.toml").read_text("utf-8")
    (own / "source.toml").write_text(text.replace('name = "audit"\ntitle = "Audit"', 'name = "books"\ntitle = "Books"'), "utf-8")
    lake = ("--lake", str(tmp_path / "lake"), "--sources", str(tmp_path / "own"))
    told(capsys, "audit", "on", *lake)

    _, rows, said = told(capsys, "query", "select 1 one where 'audit' is not null", *lake)

    assert rows == [{"one": 1}]
    assert 'a table "audit"' in said
