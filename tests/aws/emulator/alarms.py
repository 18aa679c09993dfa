"""An alarm's state from its metrics, as CloudWatch works it out: by dimensions, period by period, M of N, missing data as declared.

Alarms are looked at whenever somebody asks for them or puts a metric, by the tester's clock (`control`). Unlike CloudWatch's, the
periods end now and not at the full minute, so that nothing has to be waited for.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html#alarm-evaluation
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import ministack.services.cloudwatch as cloudwatch

from aws.emulator import control, metrics

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def install() -> None:
    """Take the place of ministack's evaluation, which knows neither dimensions nor periods."""
    describe = cloudwatch._describe_alarms

    def describe_evaluated(*arguments: Any, **keywords: Any) -> Any:
        cloudwatch._evaluate_all_alarms()
        return describe(*arguments, **keywords)

    cloudwatch._describe_alarms = describe_evaluated
    cloudwatch._evaluate_all_alarms = evaluate_all
    cloudwatch._evaluate_alarm = evaluate


def evaluate_all() -> None:
    """Bring every alarm up to date."""
    metrics.measure()
    for alarm in list(cloudwatch._alarms.values()):
        evaluate(alarm)


def evaluate(alarm: dict[str, Any]) -> None:
    """Bring one alarm up to date, and tell its topics if its state changes."""
    datapoints = statistics(alarm, control.now())
    old, new = alarm["StateValue"], state(alarm, datapoints)
    if new == old:
        return
    reason = f"Threshold Crossed: {alarm['MetricName']} was {datapoints}, latest first; {alarm['ComparisonOperator']} {alarm['Threshold']}"
    alarm.update(StateValue=new, StateReason=reason, StateUpdatedTimestamp=int(control.now()))
    cloudwatch._record_history(alarm["AlarmName"], old, new, reason)
    cloudwatch._dispatch_alarm_actions(alarm, old, new, reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def statistics(alarm: dict[str, Any], now_s: float) -> list[float | None]:
    """The statistic of each of the alarm's periods, the latest first; None where nothing was published."""
    wanted = {dimension["Name"]: dimension["Value"] for dimension in alarm.get("Dimensions") or []}
    points = [
        point
        for (namespace, name, _), published in list(cloudwatch._metrics.items())
        if (namespace, name) == (alarm["Namespace"], alarm["MetricName"])
        for point in list(published)
        if point["Dimensions"] == wanted
    ]
    period_s = alarm.get("Period", 60)
    return [
        statistic(alarm, [point for point in points if now_s - (n + 1) * period_s < point["Timestamp"] <= now_s - n * period_s])
        for n in range(alarm.get("EvaluationPeriods", 1))
    ]


def statistic(alarm: dict[str, Any], points: list[dict[str, Any]]) -> float | None:
    """One period's value, None without points."""
    if not points:
        return None
    name = alarm.get("ExtendedStatistic") or alarm.get("Statistic") or "Average"
    value: float | None = cloudwatch._stat_value(cloudwatch._calc_stats(points), name, points)
    return value


def state(alarm: dict[str, Any], datapoints: Sequence[float | None]) -> str:
    """The state that these datapoints put the alarm into."""
    missing = alarm.get("TreatMissingData") or "missing"
    if all(value is None for value in datapoints) and missing in ("missing", "ignore"):
        return "INSUFFICIENT_DATA" if missing == "missing" else str(alarm["StateValue"])
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(missing == "breaching" if value is None else breaches(value, alarm["Threshold"]) for value in datapoints)
    return "ALARM" if breaching >= (alarm.get("DatapointsToAlarm") or len(datapoints)) else "OK"
