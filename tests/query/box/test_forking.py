"""What the process of a query has loaded before its walls go up: behind them no module can be read."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

GOLDEN = Path(__file__).parents[2] / "conformance" / "golden" / "queries.jsonl.gz"
MISTYPED = (
    "select pipelin from pipeline_execution_state_change",
    "select cont(1)",
    "select * from auth_logs",
    "select 1 from",
    "select (1",
)
PROGRAM = """
import contextlib, json, sys
from datetime import UTC, datetime
from eventlake.conformance.fixture import load_fixture
from eventlake.errors import QueryError
from pathlib import Path
tables = [table.table for table in load_fixture(Path(sys.argv[1])).values()]
from eventlake.query.box.forking import import_everything
import_everything()
from eventlake.dialect.translate import translate
loaded = set(sys.modules)
for sql in json.load(sys.stdin):
    with contextlib.suppress(QueryError):
        translate(sql, tables, datetime.now(UTC))
print(sorted(set(sys.modules) - loaded))
"""


def test_no_statement_loads_a_module() -> None:
    """Whether it is answered, mistyped or refused: a module that is missed would end a query with no more than that it failed."""
    statements = [json.loads(line)["sql"] for line in gzip.decompress(GOLDEN.read_bytes()).splitlines()]

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(GOLDEN.parent / "fixture.json.gz")],
        input=json.dumps([*statements, *MISTYPED]),
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )

    assert done.stdout.strip() == "[]"
