"""A saved query answers the same of events that were delivered again, and beside events of long ago."""

from __future__ import annotations

from typing import Any

import pytest

from eventlake.query.saved import SavedQuery, load_saved
from eventlake.sources import load

World = Any  # conftest's World, which importlib mode does not let tests import

pytestmark = pytest.mark.slow  # every day, the worlds of the other tests hold repeated events, and test_edges.py some of long ago

SAVED = load_saved([source for source in load() if source.name != "eventlake"])  # the worlds hold no alerts
LOWERED = {"failed_logins_by_ip": {"failures": 1}, "credential_stuffing": {"users": 1}}
"""Thresholds that so small a history reaches."""


def _given(world: World, saved: SavedQuery) -> dict[str, str]:
    """A value that occurs in the world for each parameter without a default."""
    found = {
        "execution": "select min(executionid) from action_execution_state_change",
        "deployment": "select min(deploymentid) from instance_state_change",
        "user": "select min(user_name) from auth0_logs where user_name <> ''",
        "ip": "select max(ip) from auth0_logs",
    }
    wanted = [parameter.name for parameter in saved.parameters if parameter.default is None]
    return {name: world.lake.engine.query(found[name]).rows[0][0] for name in wanted}


@pytest.mark.parametrize("saved", SAVED.values(), ids=SAVED)
def test_a_history_sent_three_times_with_an_old_copy_answers_the_same(plain_and_repeated: tuple[World, World], saved: SavedQuery) -> None:
    """Every event counts once, wherever its copies came in, and none that is older than was asked for."""
    plain, repeated = plain_and_repeated
    given = {**_given(plain, saved), **LOWERED.get(saved.name, {})}

    answer = plain.ask(saved.name, **given)

    assert answer
    assert repeated.ask(saved.name, **given) == answer
