"""A build, as CodeBuild's API tells it -> the events that EventBridge sent of it: its beginning, its phases, its end.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from eventlake.apis.aws.derived import Derived, Place, Teller, told

BUILD = "CodeBuild Build State Change"
PHASE = "CodeBuild Build Phase Change"

Told = Mapping[str, Any]
"""What an API told of one thing, as boto3 reads it."""


class BuildEvents:
    """The events of one build that is complete."""

    def __init__(self, place: Place, build: Told) -> None:
        self._tell = Teller(place, "codebuild", [build["arn"]])
        self._build = build
        self._phases: Sequence[Told] = build.get("phases") or []

    def __iter__(self) -> Iterator[Derived]:
        """Yield the events in order of time."""
        yield self._state(self._build["startTime"], "IN_PROGRESS", "SUBMITTED", "[]", self._about(None, is_complete=False))
        for place, phase in enumerate(self._phases, 1):
            if phase.get("endTime") is not None:
                yield self._phase(phase, self._phases[:place])
        if self._build.get("endTime") is not None:
            last = self._build.get("currentPhase") or "COMPLETED"
            yield self._state(self._build["endTime"], self._build["buildStatus"], last, "[: ]", self._about(self._phases, is_complete=True))

    def _state(self, moment: datetime, status: str, phase: str, context: str, about: Told) -> Derived:
        detail = {
            **self._constant,
            "build-status": status,
            "additional-information": about,
            "current-phase": phase,
            "current-phase-context": context,
        }
        return self._tell.event(BUILD, moment, detail, self._build["id"], status)

    def _phase(self, phase: Told, so_far: Sequence[Told]) -> Derived:
        detail = {
            **self._constant,
            "completed-phase": phase["phaseType"],
            "completed-phase-status": phase.get("phaseStatus"),
            "completed-phase-context": f"[{', '.join(_contexts(phase))}]",
            "completed-phase-start": _written(phase["startTime"]),
            "completed-phase-end": _written(phase["endTime"]),
            "completed-phase-duration-seconds": float(phase.get("durationInSeconds") or 0),
            "additional-information": self._about(so_far, is_complete=False),
        }
        return self._tell.event(PHASE, phase["endTime"], detail, self._build["id"], phase["phaseType"])

    @property
    def _constant(self) -> dict[str, Any]:
        return {"project-name": self._build["projectName"], "build-id": self._build["arn"], "version": "1"}

    def _about(self, phases: Sequence[Told] | None, *, is_complete: bool) -> dict[str, Any]:
        """Return the additional information of an event, with the phases so far; None if none has begun."""
        build, logs = self._build, self._build.get("logs") or {}
        return told(
            {
                "cache": _kebab(build.get("cache"), ("type", "location", "modes")),
                "build-number": _number(build.get("buildNumber")),
                "timeout-in-minutes": _number(build.get("timeoutInMinutes")),
                "queued-timeout-in-minutes": _number(build.get("queuedTimeoutInMinutes")),
                "build-complete": is_complete,
                "initiator": build.get("initiator"),
                "build-start-time": _written(build["startTime"]),
                "source": _kebab(build.get("source"), ("location", "type", "buildspec")),
                "source-version": build.get("sourceVersion"),
                "artifact": {"location": (build.get("artifacts") or {}).get("location", "")},
                "environment": self._environment(),
                "logs": _kebab(logs, ("groupName", "streamName", "deepLink")) if phases is not None else None,
                "phases": [_told_phase(phase) for phase in phases] if phases is not None else None,
            }
        )

    def _environment(self) -> dict[str, Any] | None:
        given = self._build.get("environment")
        if given is None:
            return None
        named = _kebab(given, ("image", "privilegedMode", "imagePullCredentialsType", "computeType", "type")) or {}
        return {**named, "environment-variables": [dict(one) for one in given.get("environmentVariables") or []]}


def _told_phase(phase: Told) -> dict[str, Any]:
    is_over = phase.get("endTime") is not None
    return told(
        {
            "phase-context": _contexts(phase) if is_over else None,
            "start-time": _written(phase["startTime"]),
            "end-time": _written(phase["endTime"]) if is_over else None,
            "duration-in-seconds": _number(phase.get("durationInSeconds")) if is_over else None,
            "phase-type": phase["phaseType"],
            "phase-status": phase.get("phaseStatus") if is_over else None,
        }
    )


def _contexts(phase: Told) -> list[str]:
    """Say what went wrong in a phase, as events do."""
    return [f"{one.get('statusCode', '')}: {one.get('message', '')}" for one in phase.get("contexts") or [] if any(one.values())]


def _kebab(given: Told | None, names: Sequence[str]) -> dict[str, Any] | None:
    """Return some members, spelt as events spell them: `group-name` for `groupName`."""
    if given is None:
        return None
    return told({"".join(f"-{one.lower()}" if one.isupper() else one for one in name): given.get(name) for name in names})


def _number(value: int | None) -> float | None:
    """Return a number as events write it: `43.0`."""
    return None if value is None else float(value)


def _written(moment: datetime) -> str:
    """Write a moment as CodeBuild's events do: `Sep 1, 2017 4:12:29 PM`, in UTC."""
    there = moment.astimezone(UTC)
    month = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")[there.month - 1]
    return f"{month} {there.day}, {there.year} {there.hour % 12 or 12}:{there:%M:%S} {'AM' if there.hour < 12 else 'PM'}"
