from __future__ import annotations

from typing import Any

import pytest

from by_day import one_in
from eventlake.query.saved import load_saved
from eventlake.sources import load

World = Any  # conftest's World, which importlib mode does not let tests import

QUESTIONS = [saved.name for saved in load_saved(load()).values() if saved.source in {"codepipeline", "auth0"}]


@pytest.mark.parametrize("name", one_in(6, QUESTIONS))
def test_every_question_has_an_answer(world: World, name: str) -> None:
    """In both worlds something happened for every query to find, so that none is right by finding nothing."""
    facts = world.truth
    attacker = next(incident.ips[0] for incident in facts.incidents if incident.kind == "credential stuffing")
    given = {
        "execution_history": {"execution": facts.executions[0].id},
        "user_history": {"user": facts.sign_ins[0].user_name},
        "ip_history": {"ip": attacker},
    }.get(name, {})
    assert world.ask(name, days=30, **given)


@pytest.mark.parametrize("kind", ["limit_wc", "limit_mu", "limit_sul", "pwd_leak", "reset_pwd_leak", "signup_pwd_leak", "gd_unenroll"])
def test_every_kind_of_event_happened_to_somebody(world: World, kind: str) -> None:
    """Blocks, warnings and changes of all kinds are in both worlds."""
    assert any(fact.kind == kind for fact in world.truth.user_events)


def test_partitions_are_pruned(world: World) -> None:
    """A question about the last two days opens fewer objects than one about all."""
    engine = world.lake.engine
    sql = "select count(*) from auth0_logs where \"date\" >= date_add('day', -{}, current_date)"
    few, all_of_them = engine.query(sql.format(2)), engine.query(sql.format(30))
    assert few.objects_read < few.objects_total == all_of_them.objects_read
