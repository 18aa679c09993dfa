"""`query`: parameters of ad-hoc SQL, answers into files, the line after an answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from eventlake.cli import run
from eventlake.cli.query import tell
from eventlake.cli.settings import Settings
from eventlake.interfaces import Result

Asked = Callable[..., tuple[int, str, str]]
EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Pipeline Execution State Change",
    "source": "aws.codepipeline",
    "account": "123456789012",
    "time": "2026-11-20T10:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:codepipeline:eu-west-1:123456789012:web"],
    "detail": {"pipeline": "web", "execution-id": "x-1", "state": "FAILED", "version": 6.0},
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with one event."""
    folder = tmp_path_factory.mktemp("query")
    (folder / "event.json").write_text(json.dumps(EVENT))
    assert run(["send", str(folder / "event.json"), "--lake", str(folder / "lake"), "--quiet"]) == 0
    return folder / "lake"


@pytest.fixture
def ask(lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Asked:
    """Asks the lake, in an empty folder; exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def asked(*words: str) -> tuple[int, str, str]:
        code = run(["query", "--lake", str(lake), *words])
        said = capfd.readouterr()
        return code, said.out, said.err

    return asked


def test_parameters_have_the_type_that_is_named(ask: Asked) -> None:
    """A text where none is: `hour = '07'` must not become a number."""
    sql = "SELECT :n + 1 AS n, :s AS s, :d AS d, :m * 2 AS m, :f AS f, :b AS b, :t AS t"
    words = ["n:int=-7", "s=07", "d:date=2026-11-07", "m:decimal=1.25", "f:double=1.5", "b:boolean=true", "t:timestamp=2026-11-07 10:00:00"]

    code, out, _ = ask(sql, *(word for given in words for word in ("--param", given)))

    assert (code, json.loads(out)) == (
        0,
        {"n": -6, "s": "07", "d": "2026-11-07", "m": "2.50", "f": 1.5, "b": True, "t": "2026-11-07 10:00:00.000"},
    )


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["SELECT :n", "--param", "n:int=many"], 252, 'The parameter "n" is a whole number of 19 digits at most, not "many".'),
        (
            ["SELECT :n", "--param", f"n:int={10**19}"],
            252,
            'The parameter "n" is a whole number of 19 digits at most, not "10000000000000000000".',
        ),
        (["SELECT :n", "--param", "n:integer=1"], 252, 'Did you mean "int"?'),
        (["SELECT :n", "--param", "n:=1"], 252, "is no type of a parameter"),
        (["SELECT :n", "--param", ":int=1"], 252, "--param takes NAME=VALUE or NAME:TYPE=VALUE"),
        (["SELECT :n"], 252, 'The statement wants a value for ":n": give it with --param n=VALUE.'),
        (["SELECT :n, :m", "--param", "n=1"], 252, 'The statement wants a value for ":m"'),
        (["SELECT :n", "--param", "m=1"], 252, 'no parameter ":m"'),
        (["SELECT :n", "--param", "n=1", "--param", "n:int=2"], 252, '--param n is given twice, as "1" and as "2"; name it once.'),
        (["deployment_frequency", "--param", "days:string=7"], 252, "is of type int, not string"),
        (["SELECT 1", "--output", "parquet"], 252, "Parquet goes to a file: add --to FILE.parquet."),
        (["SELECT 1", "--to", "answer.xlsx"], 252, 'The form of "answer.xlsx" is not clear'),
        (["SELECT 1", "--to", "none/answer.csv"], 253, '"none/answer.csv" cannot be written: No such file or directory.'),
        (["SELECT 1 AS a, 2 AS a", "--to", "a.parquet"], 254, "tell them apart with AS"),
        (["SELECT 1 AS a, 2 AS a"], 254, 'Two columns are called "a", which JSON cannot hold'),
    ],
)
def test_a_wrong_option_gets_its_one_sentence(ask: Asked, tmp_path: Path, words: list[str], code: int, says: str) -> None:
    """And no file is left."""
    found, out, err = ask(*words)

    assert (found, out) == (code, "")
    assert says in err
    assert list(tmp_path.iterdir()) == []


def test_a_lake_is_asked_about_itself(ask: Asked) -> None:
    """SHOW and DESCRIBE are statements like any other; EXPLAIN leads to the option."""
    code, out, err = ask("SHOW PARTITIONS pipeline_execution_state_change", "--output", "csv")
    assert (code, out.splitlines()[0]) == (0, "partition")
    assert "/hour=" in out
    assert "1 row in" in err

    code, _, err = ask("EXPLAIN SELECT 1")
    assert code == 254
    assert "`eventlake query --explain`" in err


def test_saved_queries_take_the_type_they_declare(ask: Asked) -> None:
    """Named or not."""
    assert ask("deployment_frequency", "--param", "days:int=7")[0] == 0
    assert ask("deployment_frequency", "--param", "days=7")[0] == 0


@pytest.mark.parametrize(
    ("name", "words", "content"),
    [
        ("a.csv", [], "n,s\n1,\n"),
        ("a.jsonl", [], '{"n": 1, "s": null}\n'),
        ("a.json", [], '[\n {\n  "n": 1,\n  "s": null\n }\n]\n'),
        ("a.md", [], "| n | s |\n| --- | --- |\n| 1 |  |\n"),
        ("a.txt", [], "n  s\n-  -\n1\n"),
        ("a.data", ["--output", "csv"], "n,s\n1,\n"),
    ],
)
def test_an_answer_goes_to_a_file(ask: Asked, tmp_path: Path, name: str, words: list[str], content: str) -> None:
    """In the form of its name, or of --output; stdout stays empty and the line after the answer is said."""
    code, out, err = ask("SELECT 1 AS n, CAST(NULL AS varchar) AS s", "--to", name, *words)

    assert (code, out) == (0, "")
    assert err.startswith("1 row in ")
    assert (tmp_path / name).read_text() == content


@pytest.mark.parametrize("words", [["--to", "a.parquet"], ["--output", "parquet", "--to", "a"]])
def test_an_answer_goes_to_parquet(ask: Asked, tmp_path: Path, words: list[str]) -> None:
    """With the types of its columns."""
    assert ask("SELECT pipeline, event_time, date FROM pipeline_execution_state_change", *words)[0] == 0

    path = tmp_path / words[-1]
    found: list[Any] = duckdb.execute(f"SELECT typeof(COLUMNS(*)) FROM read_parquet('{path}')").fetchall()
    assert found == [("VARCHAR", "TIMESTAMP", "DATE")]


def test_other_commands_print_no_parquet(lake: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """It goes to a file, and only `query` writes one."""
    assert run(["tables", "--lake", str(lake), "--output", "parquet"]) == 252
    assert "Parquet is no text" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("result", "charged", "says"),
    [
        (
            Result(("n",), ("bigint",), [(1,)], 0.123, 1, 24, 2_000_000, 48_000_000),
            False,
            "1 row in 0.12 s; 1 of 24 objects and 2.0 MB of 48.0 MB read; Athena would charge $0.000048 (prices of 2026-11-20).\n",
        ),
        (
            Result(("n",), ("bigint",), [], 2.5, bytes_read=10**12, warnings=("Mind the gap.",)),
            True,
            "0 rows in 2.50 s; 1.0 TB read; Athena charges $4.547477 (prices of 2026-11-20).\nMind the gap.\n",
        ),
        (
            Result(("n",), ("bigint",), [(1,), (2,)]),
            False,
            "2 rows in 0.00 s; 0 B read; Athena would charge $0.000000 (prices of 2026-11-20).\n",
        ),
    ],
)
def test_the_line_after_an_answer(result: Result, charged: bool, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, time, what was read of how much, what Athena charges by which price list, and what is to be known besides."""
    tell(result, Settings(), charged=charged)

    assert capsys.readouterr().err == says


@pytest.mark.parametrize("most", ["10", "0.1kB", "50 B"])
def test_what_would_read_more_is_refused_before_it_runs(ask: Asked, most: str) -> None:
    """With both sizes, the price, and the way out; a predicate on the day leaves nothing to read."""
    code, out, err = ask("SELECT * FROM pipeline_execution_state_change", "--max-bytes", most)

    assert (code, out) == (254, "")
    assert "and --max-bytes allows" in err
    assert "narrow it by date and hour" in err
    assert ask("SELECT * FROM pipeline_execution_state_change WHERE date = date '2020-01-01'", "--max-bytes", most)[0] == 0
    assert ask("SELECT pipeline FROM pipeline_execution_state_change", "--max-bytes", "1MB")[0] == 0


def test_a_size_that_is_none_is_told(ask: Asked) -> None:
    """With examples."""
    assert '--max-bytes is "much", expected a size such as 500MB or 2GB' in ask("SELECT 1", "--max-bytes", "much")[2]
