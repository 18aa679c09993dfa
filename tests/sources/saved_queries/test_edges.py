"""What seldom happens in a history: each case with the few events it needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

World = Any  # conftest's World, which importlib mode does not let tests import
Event = dict[str, Any]  # JSON as EventBridge sends it
WorldOf = Callable[[list[tuple[float, Event]]], World]


def _change(kind: str, pipeline: str, execution: str, state: str, **detail: Any) -> Event:
    return {
        "detail-type": f"CodePipeline {kind} Execution State Change",
        "source": "aws.codepipeline",
        "detail": {"pipeline": pipeline, "execution-id": execution, "state": state, **detail},
    }


def _failed_action(pipeline: str, execution: str, stage: str, summary: str) -> Event:
    return _change(
        "Action", pipeline, execution, "FAILED", stage=stage, action=stage, **{"execution-result": {"external-execution-summary": summary}}
    )


def _entry(kind: str, log_id: str, **data: Any) -> Event:
    return {
        "detail-type": "Auth0 log",
        "source": "aws.partner/auth0.com/x/auth0.logs",
        "detail": {"data": {"type": kind, "log_id": log_id, **data}},
    }


def test_broken_now_names_the_last_of_several_failures(world_of: WorldOf) -> None:
    """An execution that failed in two attempts is broken where it failed last, even if another one is under way."""
    world = world_of(
        [
            (9, _failed_action("shop", "1", "Test", "flaky")),
            (9, _change("Pipeline", "shop", "1", "FAILED")),
            (5, _failed_action("shop", "1", "Deploy", "no room")),
            (5, _change("Pipeline", "shop", "1", "FAILED")),
            (1, _change("Pipeline", "shop", "2", "STARTED")),
        ]
    )
    assert [(row["executionid"], row["stage"], row["action"], row["error"]) for row in world.ask("broken_now")] == [
        ("1", "Deploy", "Deploy", "no room")
    ]


def test_broken_now_leaves_out_what_was_repaired_by_a_retry(world_of: WorldOf) -> None:
    """The last end of a pipeline counts, also if it is of the same execution."""
    world = world_of(
        [
            (9, _change("Pipeline", "shop", "1", "FAILED")),
            (8, _change("Pipeline", "shop", "1", "RESUMED")),
            (7, _change("Pipeline", "shop", "1", "SUCCEEDED")),
        ]
    )
    assert world.ask("broken_now") == []


def test_broken_now_shows_failures_of_which_no_action_is_known(world_of: WorldOf) -> None:
    """An execution that failed without an action in the lake is shown without one, the latest first."""
    world = world_of([(9, _change("Pipeline", "shop", "1", "FAILED")), (3, _change("Pipeline", "app", "2", "FAILED"))])
    assert [(row["pipeline"], row["stage"]) for row in world.ask("broken_now")] == [("app", None), ("shop", None)]


def test_stuck_now_counts_from_the_last_state_while_waiting_for_a_stage(world_of: WorldOf) -> None:
    """Without a running action, an execution has been stuck since it was resumed."""
    world = world_of(
        [
            (30, _change("Pipeline", "shop", "1", "STARTED")),
            (29, _change("Pipeline", "shop", "1", "FAILED")),
            (6, _change("Pipeline", "shop", "1", "RESUMED")),
        ]
    )
    assert [(row["state"], row["stage"], row["hours"]) for row in world.ask("stuck_now")] == [("RESUMED", None, 6.0)]
    assert world.ask("stuck_now", hours=7) == []


def test_stuck_now_shows_actions_side_by_side(world_of: WorldOf) -> None:
    """Each action that runs is a row; one that has ended is none."""
    kind = {"type": {"category": "Approval"}, "stage": "Ask"}
    world = world_of(
        [
            (9, _change("Pipeline", "shop", "1", "STARTED")),
            (8, _change("Action", "shop", "1", "STARTED", action="Lead", **kind, **{"action-execution-id": "a"})),
            (8, _change("Action", "shop", "1", "STARTED", action="Risk", **kind, **{"action-execution-id": "b"})),
            (8, _change("Action", "shop", "1", "STARTED", action="Done", **kind, **{"action-execution-id": "c"})),
            (7, _change("Action", "shop", "1", "SUCCEEDED", action="Done", **kind, **{"action-execution-id": "c"})),
        ]
    )
    assert [(row["action"], row["category"], row["hours"]) for row in world.ask("stuck_now")] == [
        ("Lead", "Approval", 8.0),
        ("Risk", "Approval", 8.0),
    ]


def test_blocks_gives_the_first_and_the_last(world_of: WorldOf) -> None:
    """Two blocks of one address for one account are one row."""
    who = {"ip": "192.0.2.1", "user_name": "ada@example.com"}
    world = world_of([(9, _entry("limit_wc", "1", **who)), (2, _entry("limit_wc", "2", **who)), (2, _entry("limit_wc", "2", **who))])
    (block,) = world.ask("blocks")
    (history,) = world.ask("ip_history", ip="192.0.2.1")
    assert (block["blocks"], history["entries"]) == (2, 2)
    assert block["last_block"] - block["first_block"] == history["last_seen"] - history["first_seen"] == timedelta(hours=7)


def test_questions_see_nothing_older_than_they_reach(world_of: WorldOf) -> None:
    """An event a minute too old is not in the answer, though its partition is read."""
    just = 24 * 2 + 1 / 60
    world = world_of([(just, _entry("limit_mu", "1", ip="192.0.2.1")), (just - 1 / 30, _entry("limit_mu", "2", ip="192.0.2.2"))])
    assert [row["ip"] for row in world.ask("blocks", days=2)] == ["192.0.2.2"]


def test_log_types_shows_the_first_the_last_and_the_latest_words(world_of: WorldOf) -> None:
    """What a type's latest entry says stands for the type."""
    world = world_of([(9, _entry("w", "1", description="old words")), (2, _entry("w", "2", description="new words"))])
    (row,) = world.ask("log_types")
    assert (row["entries"], row["last_description"]) == (2, "new words")
    assert row["last_seen"] - row["first_seen"] == timedelta(hours=7)


def test_takeover_candidates_counts_changes_of_the_hours_after_only(world_of: WorldOf) -> None:
    """A password that was changed days later has nothing to do with the login."""
    who = {"user_name": "ada@example.com", "user_id": "auth0|1"}
    home, abroad = {"location_info": {"country_code": "SE"}}, {"location_info": {"country_code": "VN"}}
    failures = [(60.5, _entry("fp", f"f{number}", **who)) for number in range(5)]
    world = world_of(
        [
            (99, _entry("s", "home", **who, **home)),
            *failures,
            (60, _entry("s", "abroad", **who, **abroad)),
            (59, _entry("gd_unenroll", "at once", **who)),
            (30, _entry("scp", "later", **who)),
        ]
    )
    (row,) = world.ask("takeover_candidates")
    assert (row["country_code"], row["failures_before"], row["changed"]) == ("VN", 5, "gd_unenroll")
    assert world.ask("takeover_candidates", hours=36)[0]["changed"] == "gd_unenroll, scp"


def test_actions_without_an_id_of_their_run_count_each(world_of: WorldOf) -> None:
    """Before 2023, and in notifications, only the event tells one run from another."""
    kind = {"type": {"category": "Build", "provider": "CodeBuild"}}
    failed = [(hours, {**_failed_action("shop", "1", "Build", "no room"), "id": f"{hours}"}) for hours in (9, 8)]
    for _, event in failed:
        event["detail"].update(kind)
    succeeded = (7, {**_change("Action", "shop", "1", "SUCCEEDED", stage="Build", action="Build", **kind), "id": "7"})
    world = world_of([*failed, succeeded, *failed])

    (action,) = world.ask("failing_actions")
    (provider,) = world.ask("failures_by_provider")
    (slow,) = world.ask("slowest_actions")

    assert (action["failures"], provider["runs"], provider["failed"], provider["failed_percent"], slow["runs"]) == (2, 3, 2, 66.7, 3)


def test_stuck_now_sees_an_action_without_an_id_run_again(world_of: WorldOf) -> None:
    """It has started more often than it has ended."""
    ran = [(9, "STARTED"), (8, "FAILED"), (7, "STARTED"), (7, "STARTED")]
    runs = [(hours, {**_change("Action", "shop", "1", state, stage="Build", action="Build"), "id": f"{hours}"}) for hours, state in ran]
    world = world_of([(9, _change("Pipeline", "shop", "1", "STARTED")), *runs])

    assert [(row["action"], row["hours"]) for row in world.ask("stuck_now")] == [("Build", 7.0)]


def test_what_happens_within_one_second_has_its_last_state(world_of: WorldOf) -> None:
    """An end counts as later than a beginning of the same second, in whatever order both came."""
    started = _change("Pipeline", "shop", "1", "STARTED", **{"execution-trigger": {"trigger-type": "ManualRollback"}})
    world = world_of([(9, _change("Pipeline", "shop", "1", "SUPERSEDED")), (9, started)])

    assert [row["state"] for row in world.ask("rollbacks")] == ["SUPERSEDED"]
    assert world.ask("stuck_now") == []


def test_builds_of_long_ago_and_repeated_builds_do_not_count(world_of: WorldOf) -> None:
    """Of a build that is told twice and one of years ago, both sent today, the last days have one."""
    ended = {"build-status": "FAILED", "project-name": "shop", "additional-information": {"build-complete": True, "build-number": 1}}
    build = {"detail-type": "CodeBuild Build State Change", "source": "aws.codebuild", "id": "b", "detail": {**ended, "build-id": "shop:1"}}
    old = {**build, "id": "o", "time": "2019-09-01T16:14:28Z", "detail": {**ended, "build-id": "shop:0"}}
    world = world_of([(2, build), (2, build), (1, old)])

    assert [row["build_number"] for row in world.ask("failed_builds")] == [1]
    assert [(row["builds"], row["succeeded_percent"]) for row in world.ask("build_durations")] == [(1, 0.0)]


def test_entries_without_an_id_of_the_log_count_each(world_of: WorldOf) -> None:
    """Where Auth0 names none, only the event tells one entry from another."""
    entry = _entry("limit_mu", "", ip="192.0.2.1")
    del entry["detail"]["data"]["log_id"]
    world = world_of([(2, {**entry, "id": "a"}), (2, {**entry, "id": "a"}), (1, {**entry, "id": "b"})])

    (row,) = world.ask("blocks")

    assert row["blocks"] == 2
