"""One envelope to every table whose rule wants it, or the reason why none does."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from eventlake.backends.msgspec_codec import FAST
from eventlake.model import Source
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.router import Router
from eventlake.sources import load

SOURCES = load()
EVENT = {
    "id": "e-1",
    "detail-type": "CodePipeline Stage Execution State Change",
    "source": "aws.codepipeline",
    "detail": {"state": "STARTED"},
}

pytestmark = pytest.mark.parametrize("codec", [STANDARD, FAST], ids=["standard", "fast"])


def routed(event: dict[str, Any], codec: Codec, sources: tuple[Source, ...] = SOURCES) -> tuple[list[str], list[str]]:
    """The tables that took an event, and the codes of its failures."""
    found = Router(sources, codec).route(json.dumps(event).encode())
    return [table.name for table, _ in found.lines], [error.code for _, error in found.failures]


def test_an_event_nobody_wants_is_a_failure_and_not_silence(codec: Codec) -> None:
    """It can be found and redriven."""
    assert routed({**EVENT, "source": "aws.other"}, codec) == ([], ["NoRuleMatched"])
    assert routed({"detail-type": 5, "source": "x"}, codec) == ([], ["NoRuleMatched"])


def test_an_event_that_its_source_refuses_says_why(codec: Codec) -> None:
    """Auth0's Event Streams are no log."""
    event = {"id": "1", "detail-type": "user.created", "source": "aws.partner/auth0.com/t/s", "detail": {}}
    found = Router(SOURCES, codec).route(json.dumps(event).encode())

    assert found.failures[0][1].code == "Refused"
    assert str(found.failures[0][1]).startswith("Auth0 Event Streams: ")


def test_one_table_takes_its_event(codec: Codec) -> None:
    """Of twelve, the one whose rule matches."""
    assert routed(EVENT, codec) == (["stage_execution_state_change"], [])


@pytest.mark.parametrize("detail_type", [[EVENT["detail-type"]], [{"prefix": "CodePipeline"}], [{"exists": True}]])
def test_every_table_that_wants_it_takes_it(codec: Codec, detail_type: list[Any]) -> None:
    """A second source may select the same events, by exact detail-type or not."""
    (codepipeline,) = (source for source in SOURCES if source.name == "codepipeline")
    other = replace(
        codepipeline.tables[1], name="all_changes", prefix="all", pattern={"source": ["aws.codepipeline"], "detail-type": detail_type}
    )
    mine = replace(codepipeline, name="mine", tables=(other,))

    assert sorted(routed(EVENT, codec, (*SOURCES, mine))[0]) == ["all_changes", "stage_execution_state_change"]
    assert routed({**EVENT, "detail-type": "CodePipeline New"}, codec, (*SOURCES, mine))[0] == (
        [] if detail_type[0] == EVENT["detail-type"] else ["all_changes"]
    )


@pytest.mark.parametrize(
    ("condition", "detail", "wanted"),
    [
        ({"a": [{"numeric": [">", 0]}]}, '{"a": 1e12}', True),
        ({"a": [{"numeric": [">", 0]}]}, '{"a": 0.1000000000000000055}', False),
        ({"a": [{"anything-but": 0.1}]}, '{"a": 0.1000000000000000055}', True),
        ({"a": [12345678901234567890]}, '{"a": 12345678901234567890}', True),
        ({"a": {"b": ["x"]}}, '{"a": {"b": "x"}, "a": {"b": "y"}}', True),
        ({"a": {"b": ["x"]}}, '{"a": {"b": "y"}, "\\u0061": {"b": "x"}}', True),
        ({"a": {"b": ["x"]}}, '{"\\u0061": {"b": "x"}, "a": {"b": "y"}}', True),
        ({"a": {"b": ["x"]}}, '{"a": {"b": "y"}}', False),
    ],
)
def test_numbers_and_keys_that_stand_twice_are_seen_as_they_are_written(
    codec: Codec, condition: dict[str, Any], detail: str, wanted: bool
) -> None:
    """Where the parsed event would hide them from a rule."""
    (codepipeline,) = (source for source in SOURCES if source.name == "codepipeline")
    table = replace(codepipeline.tables[0], pattern={"source": ["mine"], "detail-type": ["t"], "detail": condition})
    router = Router((replace(codepipeline, tables=(table,)),), codec)

    found = router.route(f'{{"id": "1", "source": "mine", "detail-type": "t", "detail": {detail}}}'.encode())

    assert [table.name for table, _ in found.lines] == ([table.name] if wanted else [])


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"source": "shop", "detail-type": "Order"}, 'source "shop" with detail-type "Order"'),
        ({"detail-type": "Order"}, 'no source with detail-type "Order"'),
        ({"source": "shop", "detail": {}}, 'source "shop" with no detail-type'),
        ({"source": 7, "detail-type": "Order"}, 'source "7" with detail-type "Order"'),
    ],
)
def test_what_no_rule_wants_is_named_by_what_it_has(codec: Codec, event: dict[str, object], said: str) -> None:
    """A key that is not there is no text."""
    ((_, error),) = Router(SOURCES, codec).route(json.dumps(event).encode()).failures

    assert str(error) == f"No rule matches {said}; declare a source for it, then redrive."


def test_a_text_without_its_end_is_told_by_where_it_begins(codec: Codec) -> None:
    """As the standard library finds it."""
    ((_, error),) = Router(SOURCES, codec).route(b'{"detail-type": "Orde').failures

    assert str(error) == "The event is not JSON: unterminated string starting at character 17."
