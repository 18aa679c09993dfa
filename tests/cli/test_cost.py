"""`cost estimate`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eventlake.cli import run


def test_the_bill_is_lines_and_a_sum(capfd: pytest.CaptureFixture[str]) -> None:
    """Of the demo's mix where no sample is given; the sum is told beside them."""
    assert run(["cost", "estimate", "--events", "1M", "--output", "jsonl"]) == 0

    told = capfd.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    assert {"EventBridge", "Firehose", "S3", "Athena"} <= {line["service"] for line in lines}
    assert "a month for 1,000,000 events" in told.err
    assert float(told.err.split("$")[1].split()[0]) == pytest.approx(sum(line["dollars"] for line in lines), abs=0.1)


def test_a_sample_of_ones_own_is_measured(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Events of AWS services alone cost nothing on the bus."""
    one = {
        "id": "1",
        "source": "aws.codebuild",
        "detail-type": "CodeBuild Build State Change",
        "time": "2026-11-20T10:00:00Z",
        "detail": {},
    }
    (tmp_path / "mine.jsonl").write_text(json.dumps(one))

    assert run(["cost", "estimate", "--events", "2.5M", "--sample", str(tmp_path / "mine.jsonl"), "--output", "jsonl"]) == 0

    assert "EventBridge" not in {json.loads(line)["service"] for line in capfd.readouterr().out.splitlines()}


def test_what_would_change_it_is_ranked(capfd: pytest.CaptureFixture[str]) -> None:
    """Each parameter with its bill."""
    assert run(["cost", "estimate", "--events", "1M", "--changes", "--output", "jsonl"]) == 0

    found = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [one["difference"] for one in found] == sorted(one["difference"] for one in found)


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["cost", "estimate"], 252, "Missing option '--events'"),
        (["cost", "estimate", "--events", "many"], 252, '--events is "many", expected a number of events a month such as 500k, 1M or 10B'),
        (["cost", "estimate", "--events", "0"], 252, '--events is "0"'),
        (["cost", "estimate", "--events", "1M", "--sample", "none.json"], 253, '"none.json" cannot be read'),
        (["cost", "estimat", "--events", "1M"], 252, 'Did you mean "estimate"?'),
    ],
)
def test_a_slip_is_told(capfd: pytest.CaptureFixture[str], words: list[str], code: int, sentence: str) -> None:
    """In one sentence."""
    assert run(words) == code
    assert sentence in capfd.readouterr().err
