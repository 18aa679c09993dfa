"""`eventlake conformance`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventlake.cli import eventlake

FIXTURE = {"t": {"columns": [{"name": "a", "type": "integer"}], "rows": [[1], [2]]}}
RIGHT = {"name": "f: right", "sql": "select count(*) from t", "ordered": True, "columns": ["_col0"], "types": ["bigint"], "rows": [[2]]}
REFUSED = {"name": "g: refused", "sql": "select rand()", "ordered": True, "columns": ["_col0"], "types": ["double"], "rows": [[0.5]]}
WRONG = {
    "name": "g: wrong",
    "sql": "select a from t order by 1",
    "ordered": True,
    "columns": ["a"],
    "types": ["integer"],
    "rows": [[2], [1]],
}
LENIENT = {"name": "g: lenient", "sql": "select a from t", "error": {"name": "TABLE_NOT_FOUND", "type": "USER_ERROR"}}


def asked(folder: Path, cases: list[dict[str, object]], *words: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of the command over these cases."""
    (folder / "fixture.json").write_text(json.dumps(FIXTURE))
    (folder / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)))
    result = CliRunner().invoke(
        eventlake, ["conformance", str(folder / "fixture.json"), str(folder / "cases.jsonl"), *words], standalone_mode=False
    )
    return result.exit_code or result.return_value, result.stdout, result.stderr


def test_a_faithful_engine_ends_with_zero(tmp_path: Path) -> None:
    """What is right or refused is no fault; the refusal is listed."""
    code, out, err = asked(tmp_path, [RIGHT, REFUSED], "--output", "jsonl")

    assert code == 0
    assert [json.loads(line)["name"] for line in out.splitlines()] == ["g: refused"]
    assert err.startswith("1 right, 1 refused, 0 failed, 0 wrong, 0 misnamed, 0 lenient, 0 lenient-by-data: 50.0 % right.")


@pytest.mark.parametrize("case", [WRONG, LENIENT], ids=lambda case: str(case["name"]))
def test_one_wrong_answer_ends_with_one(case: dict[str, object], tmp_path: Path) -> None:
    """Other rows, or rows where Athena refuses."""
    code, out, _ = asked(tmp_path, [RIGHT, case], "--output", "jsonl")

    assert code == 1
    assert json.loads(out)["verdict"] == str(case["name"]).removeprefix("g: ")


def test_an_engine_that_cannot_be_opened_is_no_verdict(tmp_path: Path) -> None:
    """Athena does not answer for a lake in a folder: the command says so and asks nothing."""
    assert asked(tmp_path, [RIGHT], "--engine", "athena", "--lake", str(tmp_path))[0] != 0


def test_cases_are_chosen_by_family_and_verdict(tmp_path: Path) -> None:
    """Only those of the family are asked, only those of the verdict are listed."""
    code, out, _ = asked(tmp_path, [RIGHT, WRONG], "--family", "f", "--verdict", "right", "--output", "jsonl")

    assert code == 0
    assert json.loads(out)["name"] == "f: right"
    assert asked(tmp_path, [RIGHT], "--verdict", "good")[0] != 0
