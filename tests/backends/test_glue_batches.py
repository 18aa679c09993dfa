"""Partitions in batches: what Glue refuses of one because it is busy is sent again, alone; the rest is told."""

from __future__ import annotations

from typing import Any

from eventlake.backends.glue_batches import GlueBatches

PARTITIONS = [{"Values": ["2026-11-20", f"{hour:02d}"]} for hour in range(3)]
BUSY, BROKEN, THERE = "InternalServiceException", "InvalidInputException", "AlreadyExistsException"


class Busy:
    """Glue, as far as it makes partitions: what it refuses in each call, by the hour."""

    def __init__(self, *answers: dict[str, str]) -> None:
        self._answers = list(answers)
        self.asked: list[list[str]] = []

    def batch_create_partition(self, **asked: Any) -> dict[str, Any]:
        """Make partitions; the codes of what is refused."""
        self.asked.append([one["Values"][1] for one in asked["PartitionInputList"]])
        refused = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        errors = [
            {"PartitionValues": ["2026-11-20", hour], "ErrorDetail": {"ErrorCode": code, "ErrorMessage": "so"}}
            for hour, code in refused.items()
        ]
        return {"Errors": errors}


def made(glue: Busy) -> dict[tuple[str, ...], str]:
    """What is refused in the end."""
    (answer,) = GlueBatches(glue, wait=lambda _: None).make("d", "t", PARTITIONS)
    assert answer.asked == 3
    return dict(answer.refused)


def test_what_glue_is_too_busy_for_is_sent_again() -> None:
    """Only that, until it is taken; what is there already is no refusal."""
    glue = Busy({"01": BUSY, "02": THERE}, {"01": BUSY}, {})
    assert made(glue) == {}
    assert glue.asked == [["00", "01", "02"], ["01"], ["01"]]


def test_what_glue_refuses_is_told() -> None:
    """With its reason, beside what it takes; a partition that it is too busy for to the end is told too."""
    assert made(Busy({"01": BROKEN})) == {("2026-11-20", "01"): "InvalidInputException: so"}
    assert made(Busy({"01": BUSY})) == {("2026-11-20", "01"): "Glue was too busy to the end."}
