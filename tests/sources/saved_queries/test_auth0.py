"""Every saved query about logins gives what the history knows to be true, and names the attacks that were planted.

`world` is a pair of a lake and the truth about it; see conftest.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pytest

from eventlake.history.timeline import DAY, HOUR, MINUTE
from eventlake.history.truth import Incident, SignIn, UserEvent

World = Any  # conftest's World, which importlib mode does not let tests import

windows = pytest.mark.parametrize("days", [30, pytest.param(5, marks=pytest.mark.slow)])


def _sign_ins(world: World, days: int, kinds: Iterable[str] = ("s", "f", "fp", "fu")) -> list[SignIn]:
    return [fact for fact in world.truth.sign_ins if fact.at >= world.since(days) and fact.kind in kinds]


def _user_events(world: World, days: int, *kinds: str) -> list[UserEvent]:
    return [fact for fact in world.truth.user_events if fact.at >= world.since(days) and fact.kind in kinds]


def _planted(world: World, days: int, kind: str) -> list[Incident]:
    return [incident for incident in world.truth.incidents if incident.kind == kind and incident.start >= world.since(days)]


def _logins(facts: Iterable[SignIn]) -> int:
    return sum(fact.kind == "s" for fact in facts)


def _failed(facts: Iterable[SignIn]) -> int:
    return sum(fact.kind != "s" for fact in facts)


def _users(facts: Iterable[SignIn]) -> int:
    return len({fact.user_id for fact in facts if fact.kind == "s"})


@pytest.mark.parametrize(
    ("days", "tenant"), [(2, ""), *(pytest.param(30, tenant, marks=pytest.mark.slow) for tenant in ("", "aurora-staff"))]
)
def test_logins_by_hour_counts_logins_failures_and_users(world: World, days: int, tenant: str) -> None:
    """Each hour's logins, failures and users; of one tenant if asked."""
    hours: defaultdict[int, list[SignIn]] = defaultdict(list)
    for fact in _sign_ins(world, days):
        if not tenant or (fact.application == "Staff Console") == (tenant == "aurora-staff"):
            hours[fact.at - fact.at % HOUR].append(fact)
    expected = [(world.time(hour), _logins(facts), _failed(facts), _users(facts)) for hour, facts in sorted(hours.items())]
    assert [tuple(row.values()) for row in world.ask("logins_by_hour", days=days, tenant=tenant)] == expected


@windows
def test_logins_by_application_tells_connections_apart(world: World, days: int) -> None:
    """Logins, failures and users by application and connection."""
    used: defaultdict[tuple[str, str], list[SignIn]] = defaultdict(list)
    for fact in _sign_ins(world, days):
        used[fact.application, fact.connection].append(fact)
    expected = {key: (_logins(facts), _failed(facts), _users(facts)) for key, facts in used.items()}
    answer = world.ask("logins_by_application", days=days)
    assert {(row["client_name"], row["connection"]): tuple(row.values())[2:] for row in answer} == expected


@windows
def test_logins_by_organization_counts_companies(world: World, days: int) -> None:
    """Logins, users and the last login by organization."""
    by_name: defaultdict[str, list[SignIn]] = defaultdict(list)
    for fact in _sign_ins(world, days, "s"):
        if fact.organization:
            by_name[fact.organization].append(fact)
    expected = {name: (len(facts), _users(facts), world.time(max(fact.at for fact in facts))) for name, facts in by_name.items()}
    answer = world.ask("logins_by_organization", days=days)
    assert {row["organization_name"]: (row["logins"], row["users"], row["last_login"]) for row in answer} == expected


def _by_ip(facts: Iterable[SignIn]) -> dict[str, list[SignIn]]:
    found: defaultdict[str, list[SignIn]] = defaultdict(list)
    for fact in facts:
        found[fact.ip].append(fact)
    return found


@pytest.mark.parametrize(("days", "failures"), [(30, 10), (30, 1), (3, 5)])
def test_failed_logins_by_ip_counts_failures_and_successes(world: World, days: int, failures: int) -> None:
    """Addresses with at least so many failures: users, logins, country and the last failure."""
    expected = {}
    for ip, facts in _by_ip(_sign_ins(world, days)).items():
        failed = [fact for fact in facts if fact.kind != "s"]
        if len(failed) >= failures:
            country = max((fact.country for fact in facts if fact.country), default=None)
            expected[ip] = (country, len(failed), len({fact.user_name for fact in failed}), _logins(facts), world.time(failed[-1].at))
    answer = world.ask("failed_logins_by_ip", days=days, failures=failures)
    assert {row["ip"]: tuple(row.values())[1:] for row in answer} == expected


@windows
def test_failure_reasons_come_from_the_details(world: World, days: int) -> None:
    """Failures by type and message, with users, addresses and the last one."""
    reasons: defaultdict[tuple[str, str], list[SignIn]] = defaultdict(list)
    for fact in _sign_ins(world, days, ("f", "fp", "fu")):
        reasons[fact.kind, fact.reason].append(fact)
    expected = {
        key: (len(facts), len({fact.user_name for fact in facts}), len({fact.ip for fact in facts}), world.time(facts[-1].at))
        for key, facts in reasons.items()
    }
    answer = world.ask("failure_reasons", days=days)
    assert {(row["type"], row["message"]): tuple(row.values())[2:] for row in answer} == expected


@pytest.mark.parametrize(("days", "users"), [(30, 15), (7, 15), (30, 2)])
def test_credential_stuffing_names_addresses_and_who_was_entered(world: World, days: int, users: int) -> None:
    """Addresses that tried at least so many users in vain, with those they entered."""
    expected = {}
    for ip, facts in _by_ip(_sign_ins(world, days)).items():
        tried = {fact.user_name for fact in facts if fact.kind != "s"}
        entered = sorted({fact.user_name for fact in facts if fact.kind == "s"})
        if len(tried) >= users:
            names = ", ".join(entered) or None
            expected[ip] = (len(tried), _failed(facts), len(entered), names, world.time(facts[0].at), world.time(facts[-1].at))
    answer = world.ask("credential_stuffing", days=days, users=users)
    assert {row["ip"]: tuple(row.values())[2:] for row in answer} == expected


@pytest.mark.parametrize("kind", ["credential stuffing", "password spraying"])
def test_credential_stuffing_finds_every_planted_attack(world: World, kind: str) -> None:
    """Each address of each attack is in the answer, and every victim was entered from one of them."""
    answer = {row["ip"]: row for row in world.ask("credential_stuffing", days=30, users=10)}
    incidents = _planted(world, 30, kind)
    assert incidents
    for incident in incidents:
        assert set(incident.ips) <= answer.keys()
        entered = {name for ip in incident.ips for name in (answer[ip]["entered"] or "").split(", ")}
        assert set(incident.victims) <= entered


def _first_logins(world: World, days: int, history: int) -> dict[tuple[str, str], SignIn]:
    """The first login from each country, for users who were known before from another one, in the last days."""
    first: dict[tuple[str, str], SignIn] = {}
    known: dict[str, int] = {}
    for fact in _sign_ins(world, days + history, "s"):
        if fact.country:
            first.setdefault((fact.user_name, fact.country), fact)
            known.setdefault(fact.user_name, fact.at)
    return {key: fact for key, fact in first.items() if fact.at > known[fact.user_name] and fact.at >= world.since(days)}


@pytest.mark.parametrize(("days", "failures", "hours", "history"), [(30, 5, 24, 30), (7, 5, 24, 30), (30, 1, 6, 0), (30, 12, 1, 30)])
def test_takeover_candidates_need_failures_and_a_new_country(world: World, days: int, failures: int, hours: int, history: int) -> None:
    """A login from a new country after failures, with what was changed in the hours after it."""
    changing = _user_events(world, days + history, "scp", "gd_unenroll", "gd_enrollment_complete")
    failing = _sign_ins(world, days + history, ("f", "fp", "fu"))
    expected = set()
    for (name, country), login in _first_logins(world, days, history).items():
        before = sum(fact.user_name == name and login.at - hours * HOUR <= fact.at < login.at for fact in failing)
        after = {fact.kind for fact in changing if fact.user_name == name and login.at < fact.at <= login.at + hours * HOUR}
        if before >= failures:
            expected.add((world.time(login.at), name, login.ip, country, before, ", ".join(sorted(after)) or None))
    answer = world.ask("takeover_candidates", days=days, failures=failures, hours=hours, history=history)
    assert {tuple(row.values()) for row in answer} == expected
    assert len(answer) == len(expected)


def test_takeover_candidates_finds_every_planted_takeover(world: World) -> None:
    """Each victim is named, with the changes that locked the door behind the attacker."""
    answer = {(row["user_name"], row["ip"]): row["changed"] for row in world.ask("takeover_candidates", days=30, failures=10)}
    incidents = [incident for incident in _planted(world, 30, "takeover") if incident.end < world.end]
    assert incidents
    for incident in incidents:
        assert answer.get((incident.victims[0], incident.ips[1])) == "gd_enrollment_complete, gd_unenroll, scp"


@windows
def test_blocks_tells_accounts_from_addresses(world: World, days: int) -> None:
    """Blocks by type, address and, unless the address is blocked for all, account."""
    blocks: defaultdict[tuple[str, str, str | None], list[int]] = defaultdict(list)
    for fact in _user_events(world, days, "limit_wc", "limit_mu", "limit_sul"):
        blocks[fact.kind, fact.ip, None if fact.kind == "limit_mu" else fact.user_name].append(fact.at)
    expected = {key: (len(times), world.time(min(times)), world.time(max(times))) for key, times in blocks.items()}
    answer = world.ask("blocks", days=days)
    assert {(row["type"], row["ip"], row["user_name"]): tuple(row.values())[3:] for row in answer} == expected


@windows
def test_breached_passwords_says_whether_they_were_changed(world: World, days: int) -> None:
    """Warnings by user, and whether the password was changed after the last one."""
    warnings: defaultdict[str, list[UserEvent]] = defaultdict(list)
    for fact in _user_events(world, days, "pwd_leak", "reset_pwd_leak", "signup_pwd_leak"):
        warnings[fact.user_name].append(fact)
    expected = {}
    for name, facts in warnings.items():
        changed = max((fact.at for fact in _user_events(world, days, "scp") if fact.user_name == name), default=None)
        types = ", ".join(sorted({fact.kind for fact in facts}))
        expected[name] = (len(facts), types, world.time(facts[-1].at), world.time(changed), bool(changed and changed > facts[-1].at))
    answer = world.ask("breached_passwords", days=days)
    assert {row["user_name"]: tuple(row.values())[1:] for row in answer} == expected
    assert {row["changed_since"] for row in world.ask("breached_passwords", days=30)} == {True, False}


@pytest.mark.parametrize(("days", "pushes", "minutes"), [(30, 5, 60), (30, 2, 10), (5, 5, 60)])
def test_mfa_fatigue_takes_the_worst_burst(world: World, days: int, pushes: int, minutes: int) -> None:
    """Of each user the burst with most notifications, its rejections, and whether somebody gave in."""
    by_user: defaultdict[str, list[UserEvent]] = defaultdict(list)
    for fact in _user_events(world, days, "gd_send_pn", "gd_auth_rejected", "gd_auth_succeed"):
        by_user[fact.user_name].append(fact)
    expected = set()
    for name, facts in by_user.items():
        bursts = []
        for start in (fact.at for fact in facts if fact.kind == "gd_send_pn"):
            kinds = Counter(fact.kind for fact in facts if start <= fact.at <= start + minutes * MINUTE)
            bursts.append((-kinds["gd_send_pn"], start, kinds["gd_auth_rejected"], kinds["gd_auth_succeed"]))
        if bursts and -min(bursts)[0] >= pushes:
            sent, start, rejected, confirmed = min(bursts)
            expected.add((name, world.time(start), -sent, rejected, bool(rejected and confirmed)))
    assert {tuple(row.values()) for row in world.ask("mfa_fatigue", days=days, pushes=pushes, minutes=minutes)} == expected


def test_mfa_fatigue_finds_every_victim_who_gave_in(world: World) -> None:
    """Whoever was planted as a victim is named as having given in."""
    gave_in = {row["user_name"] for row in world.ask("mfa_fatigue") if row["gave_in"]}
    victims = {incident.victims[0] for incident in _planted(world, 30, "mfa fatigue")}
    assert victims
    assert victims <= gave_in


@pytest.mark.parametrize(("days", "hours"), [(30, 4), (5, 4), (30, 24)])
def test_impossible_travel_compares_a_login_with_the_one_before(world: World, days: int, hours: int) -> None:
    """Logins from another country than the login before, sooner than so many hours."""
    before: dict[str, SignIn] = {}
    expected = set()
    for fact in _sign_ins(world, days, "s"):
        if fact.country:
            last = before.get(fact.user_id)
            if last and last.country != fact.country and fact.at < last.at + hours * HOUR:
                minutes = world.minutes(last.at, fact.at)
                expected.add((fact.user_name, last.country, fact.country, minutes, last.ip, fact.ip, world.time(fact.at)))
            before[fact.user_id] = fact
    assert {tuple(row.values()) for row in world.ask("impossible_travel", days=days, hours=hours)} == expected


def test_impossible_travel_finds_every_planted_one(world: World) -> None:
    """Each victim is named with the address of whoever had the password."""
    answer = {(row["user_name"], row["ip"]) for row in world.ask("impossible_travel", days=30)}
    incidents = _planted(world, 30, "impossible travel")
    assert incidents
    assert {(incident.victims[0], incident.ips[0]) for incident in incidents} <= answer


@pytest.mark.parametrize(("days", "history"), [(30, 30), (7, 30), (7, 3)])
def test_new_countries_are_first_logins_of_users_known_elsewhere(world: World, days: int, history: int) -> None:
    """The first login from each new country, how many followed, and since when the user is known."""
    logins = [fact for fact in _sign_ins(world, days + history, "s") if fact.country]
    expected = set()
    for (name, country), first in _first_logins(world, days, history).items():
        there = [fact for fact in logins if (fact.user_name, fact.country) == (name, country)]
        known = min(fact.at for fact in logins if fact.user_name == name)
        expected.add((name, country, world.time(first.at), first.ip, len(there), world.time(known)))
    assert {tuple(row.values()) for row in world.ask("new_countries", days=days, history=history)} == expected


@pytest.mark.parametrize(("days", "who"), [(30, ""), (3, ""), (30, "Deploy CLI")])
def test_tenant_changes_names_people_and_tools(world: World, days: int, who: str) -> None:
    """Each call of the Management API, the latest first, with who made it and what it did."""
    changes = [fact for fact in world.truth.changes if fact.at >= world.since(days) and who in {"", fact.who}]
    expected = [(world.time(fact.at), fact.who, fact.ip, fact.description, fact.method, fact.path, fact.kind) for fact in reversed(changes)]
    answer = world.ask("tenant_changes", days=days, who=who, top=1000)
    assert [(*list(row.values())[:6], row["type"]) for row in answer] == expected
    assert {row["status"] for row in answer} <= {"200", "204"}
    assert world.ask("tenant_changes", days=days, who=who, top=3) == answer[:3]


@windows
def test_weakened_protection_finds_what_was_taken_away_and_nothing_else(world: World, days: int) -> None:
    """Every change that takes protection away, and none of the ordinary ones."""
    expected = [
        (world.time(fact.at), fact.who, fact.ip, fact.weakens)
        for fact in reversed(world.truth.changes)
        if fact.weakens and fact.at >= world.since(days)
    ]
    assert len({weakens for *_, weakens in expected}) == 7
    assert [tuple(row.values())[:4] for row in world.ask("weakened_protection", days=days)] == expected


@windows
def test_machine_to_machine_counts_tokens_and_refusals(world: World, days: int) -> None:
    """Tokens, refusals and addresses by machine and API."""
    asked: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for fact in world.truth.tokens:
        if fact.at >= world.since(days):
            asked[fact.client, fact.audience].append(fact)
    expected = {
        key: (
            sum(fact.kind == "seccft" for fact in facts),
            sum(fact.kind == "feccft" for fact in facts),
            len({fact.ip for fact in facts}),
            world.time(facts[-1].at),
        )
        for key, facts in asked.items()
    }
    answer = world.ask("machine_to_machine", days=days)
    assert {(row["client_name"], row["audience"]): tuple(row.values())[3:] for row in answer} == expected


@windows
def test_active_users_counts_each_user_once_a_day(world: World, days: int) -> None:
    """Active users, logins and new users by day."""
    active: defaultdict[int, set[str]] = defaultdict(set)
    for (day, age), users in world.truth.active.items():
        if age <= days:
            active[day] |= users
    logins = Counter(fact.at // DAY for fact in _sign_ins(world, days, "s"))
    new = Counter(fact.at // DAY for fact in _user_events(world, days, "ss"))
    expected = [(world.time(day * DAY), len(active[day]), logins[day], new[day]) for day in sorted(active.keys() | new.keys())]
    assert [tuple(row.values()) for row in world.ask("active_users", days=days)] == expected


@windows
def test_user_history_is_found_by_id_and_by_name(world: World, days: int) -> None:
    """All entries of the user with most logins, by type, whether asked by id or by name."""
    user = Counter((fact.user_id, fact.user_name) for fact in world.truth.sign_ins if fact.kind == "s").most_common(1)[0][0]
    expected: Counter[str] = Counter()
    for (user_id, kind, age), count in world.truth.user_kinds.items():
        if user_id == user[0] and age <= days:
            expected[kind] += count
    by_id = world.ask("user_history", days=days, user=user[0], top=5000)
    assert Counter(row["type"] for row in by_id) == expected
    assert world.ask("user_history", days=days, user=user[1], top=5000) == by_id
    assert [row["event_time"] for row in by_id] == sorted((row["event_time"] for row in by_id), reverse=True)


def test_ip_history_shows_what_an_attacker_did(world: World) -> None:
    """Whom an attacker's address tried and whom it entered, with numbers and times."""
    incident = _planted(world, 30, "credential stuffing")[-1]
    tried: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for fact in _sign_ins(world, 30):
        if fact.ip == incident.ips[0]:
            tried[fact.user_name, fact.kind].append(fact.at)
    expected = {key: (len(times), world.time(min(times)), world.time(max(times))) for key, times in tried.items()}
    answer = {(row["user_name"], row["type"]): tuple(row.values())[2:] for row in world.ask("ip_history", ip=incident.ips[0])}
    assert {key: row for key, row in answer.items() if key[1] in {"s", "f", "fp", "fu"}} == expected


@windows
def test_log_types_counts_every_type(world: World, days: int) -> None:
    """Entries and users of each type; types that never have details have none."""
    entries: Counter[str] = Counter()
    users: defaultdict[str, set[str]] = defaultdict(set)
    for (kind, age), count in world.truth.kinds.items():
        if age <= days:
            entries[kind] += count
    for user_id, kind, age in world.truth.user_kinds:
        if age <= days:
            users[kind].add(user_id)
    answer = {row["type"]: row for row in world.ask("log_types", days=days)}
    assert {kind: (row["entries"], row["users"]) for kind, row in answer.items()} == {
        kind: (count, len(users[kind])) for kind, count in entries.items()
    }
    assert answer["s"]["without_details"] == 0
    assert answer["seccft"]["without_details"] == answer["seccft"]["entries"]
