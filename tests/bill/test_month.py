"""Bills of a month, beside three that were worked by hand from AWS's pages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deploy.template_rules import resources
from eventlake.bill.month import MEMORY_GB, Plan, changes, month, objects, total, transforms
from eventlake.bill.prices import ALARMS
from eventlake.bill.traffic import Traffic
from eventlake.deploy.cloudformation import read_template
from project import ROOT

CODEPIPELINE = Traffic(
    "action_execution_state_change", "codepipeline", 0, charged=False, event_bytes=1500, counted_bytes=5000, bus_events=1, line_bytes=100
)
AUTH0 = Traffic("auth0_logs", "auth0", 0, charged=True, event_bytes=2000, counted_bytes=5000, bus_events=1, line_bytes=200)


def plan(events: float) -> Plan:
    """Half CodePipeline's actions, half Auth0's entries; a year kept."""
    return Plan([replace(CODEPIPELINE, events=events / 2), replace(AUTH0, events=events / 2)], tables=4, sources=2)


BY_HAND = {
    # 0.5M partner events; 1M records of 5 KB taken in and converted; two streams that call the function each minute and write each five
    # minutes, a registration for four objects; five polls in 20 s; 12 months of 0.5M lines of 85 and 170 bytes; 300
    # queries of 10 MB over 288 objects with 26 lists and results; two metrics; 8 + 2 + 4 x 5 alarms.
    1e6: 0.50
    + 5 * (0.029 + 0.018)
    + (86_400 + 4_320) / 1e6 * 0.20
    + (86_400 * 0.02 + 1e6 * 0.0003 + 4_320 * 0.1) * 0.256 * 0.0000133334
    + (2 * 17_280 + 648_000) / 1e6 * 0.40
    + (86_400 * 400 + 4_320 * 600) / 1e9 * 0.50
    + 2 * 2 * 720 / 1e6
    + (17_280 + 300 * 26) / 1e3 * 0.005
    + 12 * 0.5e6 * (85 + 170) / 1e9 * 0.023
    + 300 * 10e6 / 1e12 * 5
    + 300 * 288 / 1e3 * 0.0004
    + 2 * 0.30
    + 30 * 0.10,
    # 50M partner events, 100M records; the streams still call by the minute for CodePipeline (75 GB a month are 75,000 MB) and by the
    # megabyte for Auth0 (100,000); 64 MB come every 37 and 28 minutes, so objects by the five minutes.
    1e8: 50
    + 500 * (0.029 + 0.018)
    + (75_000 + 100_000 + 4_320) / 1e6 * 0.20
    + (175_000 * 0.02 + 1e8 * 0.0003) * 0.256 * 0.0000133334
    + 0.27
    + 175_000 * 400 / 1e9 * 0.50
    + (17_280 + 7_800) / 1e3 * 0.005
    + 12 * 50e6 * 255 / 1e9 * 0.023
    + 300 * 50e6 * 170 / 30 / 1e12 * 5
    + 3.63,
    # 5B partner events, 10B records of 5 KB, 17.5M calls of a megabyte, 273,000 objects of 64 MB, 12 months of 1.275 TB.
    1e10: 5_000
    + 50_000 * (0.029 + 0.018)
    + 17.5 * 0.20
    + (17.5e6 * 0.02 + 1e10 * 0.0003) * 0.256 * 0.0000133334
    + 6.1
    + 12 * 1_275 * 0.023
    + 42.5
    + 30,
}


@pytest.mark.parametrize("events", BY_HAND)
def test_a_bill_is_what_a_hand_makes_it(events: float) -> None:
    """Within a tenth."""
    assert total(month(plan(events))) == pytest.approx(BY_HAND[events], rel=0.1)


def test_events_that_wait_save_calls_of_the_transform_where_there_are_few() -> None:
    """A call each quarter of an hour in place of one a minute, and as many objects; of fifty million a month an object a minute, for a call."""
    few, many = (replace(plan(events), buffering_seconds=900) for events in (1e6, 1e8))
    (table, _), (busy, _) = few.traffic, many.traffic

    waiting = replace(few, buffering_of="events")
    assert (transforms(few, table), transforms(waiting, table)) == (43_200, 2_880)
    assert objects(few, table) == objects(waiting, table) == 2_880
    assert objects(many, busy) == 2_880
    assert objects(replace(many, buffering_of="events"), busy) == 43_200


def test_a_queue_that_is_asked_once_a_minute_costs_less_than_one_that_is_waited_at() -> None:
    """Five requests in 20 s against one a minute, by a call of 50 ms; and two more with 50 ms for each of 17,280 objects, which come one by one."""
    asked = plan(1e6)
    at_once = 648_000 / 1e6 * 0.40 + 4_320 / 1e6 * 0.20 + 4_320 * 0.10 * 0.256 * 0.0000133334
    by_minute = 43_200 / 1e6 * (0.40 + 1.00 + 0.20) + 17_280 / 1e6 * 0.40 + (43_200 + 17_280) * 0.05 * 0.256 * 0.0000133334
    said = (17_280 - 4_320) * 600 / 1e9 * 0.50

    (change,) = [one for one in changes(asked) if one.what == "Registering=by-minute"]

    assert change.difference == pytest.approx(by_minute + said - at_once)


def test_pseudonyms_cost_a_secret_and_its_readings() -> None:
    """$0.40 for the secret, and 8,640 readings at $0.05 for 10,000."""
    plain = plan(1e6)

    assert total(month(replace(plain, pseudonyms=True))) - total(month(plain)) == pytest.approx(0.40 + 0.864 * 0.05)


def test_a_webhook_costs_a_fifth_of_the_partner_bus_where_there_is_much_to_post() -> None:
    """Though each entry is taken to come alone: calls of 50 ms at 256 MB, no partner events; readings of its tokens and an alarm."""
    asked = replace(plan(1e6), webhooks=("auth0",))
    tokens = 8_640 / 1e4 * 0.03
    by_hand = 0.5 * 0.20 + 0.5e6 * 0.05 * 0.256 * 0.0000133334 + tokens + 0.10

    (change,) = [one for one in changes(asked) if one.what == "auth0 by webhook"]

    assert change.difference == pytest.approx(by_hand - 0.50)
    (change,) = [one for one in changes(replace(plan(1e8), webhooks=("auth0",))) if one.what == "auth0 by webhook"]
    assert change.difference == pytest.approx(10 + 50e6 * 0.05 * 0.256 * 0.0000133334 + tokens + 0.10 - 50)


def test_tokens_in_secrets_manager_cost_a_secret() -> None:
    """And more for each reading."""
    posted = replace(plan(1e6), posted=("auth0",))

    assert total(month(replace(posted, token_secrets=1))) - total(month(posted)) == pytest.approx(0.40 + 0.864 * (0.05 - 0.03))


def test_every_line_is_a_quantity_at_a_price_with_its_page() -> None:
    """And the lines add up."""
    lines = month(plan(1e6))

    assert all(line.price.page.startswith("https://aws.amazon.com/") and line.quantity > 0 for line in lines)
    assert total(lines) == pytest.approx(sum(line.quantity / line.price.quantity * line.price.dollars for line in lines))


def test_what_saves_most_stands_first() -> None:
    """Each with the bill that it makes."""
    asked = plan(1e6)
    found = changes(asked)

    assert found[0].what == "Alarms=off"
    assert [one.difference for one in found] == sorted(one.difference for one in found)
    assert all(one.dollars - one.difference == pytest.approx(total(month(asked))) for one in found)
    assert {one.what for one in found} >= {"Closing=daily", "Closing=hourly", "LogFormat=json", "Detections=on", "without auth0"}


def test_options_cost_what_they_are_said_to() -> None:
    """Detections one statement of 10 MB every five minutes, hourly closing two of each table and hour."""
    without, detecting, closing = plan(1e6), replace(plan(1e6), detections=True), replace(plan(1e6), closing="hourly")

    def athena(asked: Plan) -> float:
        return sum(line.dollars for line in month(asked) if line.price.service == "Athena")

    assert athena(detecting) - athena(without) == pytest.approx(8_640 * 10e6 / 1e12 * 5, rel=0.01)
    slower = replace(detecting, detection_minutes=15)
    assert athena(slower) - athena(without) == pytest.approx(2_880 * 10e6 / 1e12 * 5, rel=0.01)
    assert "DetectionMinutes=15" in {one.what for one in changes(detecting)}
    assert athena(closing) - athena(without) == pytest.approx(2 * 2 * 720 * 10e6 / 1e12 * 5, rel=0.01)


def test_alarms_are_as_many_as_the_templates_make() -> None:
    """Of the lake, of a source and each of its tables, and of each option."""
    wanted = Plan([replace(AUTH0, events=1e6)], tables=4, sources=2, closing="daily", detections=True, retention=True, posted=("auth0",))
    counted = sum(
        _alarms(name) for name in ("upkeep", "closing", "detections", "retention", "webhook", "sources/auth0", "sources/codepipeline")
    )

    assert sum(line.quantity for line in month(wanted) if line.price is ALARMS) == counted


def test_functions_have_the_memory_that_is_paid_for() -> None:
    """As the templates say, in thousands of megabytes."""
    found = {name: _memory(name) for name in ("functions", "closing", "detections", "retention", "webhook")}
    assert found == {name: {MEMORY_GB} for name in found}


def test_lambda_writes_nothing_of_calls_that_are_many() -> None:
    """What is paid for is what the functions write themselves."""
    busy = [function for name in ("functions", "webhook") for function in resources(_template(name), "AWS::Lambda::Function").values()]
    assert [function["LoggingConfig"]["SystemLogLevel"] for function in busy] == ["WARN"] * 3


def _alarms(name: str) -> int:
    return len(resources(_template(name), "AWS::CloudWatch::Alarm"))


def _memory(name: str) -> set[float]:
    return {function["MemorySize"] / 1000 for function in resources(_template(name), "AWS::Lambda::Function").values()}


def _template(name: str) -> Any:  # as CloudFormation reads it
    return read_template((ROOT / "templates" / f"{name}.yaml").read_text("utf-8"))


def test_no_event_is_no_record() -> None:
    """What costs without events is what watches and waits."""
    idle = Plan([], tables=4, sources=2, queries=0)

    assert {line.price.service for line in month(idle)} == {"SQS", "CloudWatch"}
