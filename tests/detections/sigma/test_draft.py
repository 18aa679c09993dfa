"""Sigma rules become detections that find what the rules mean; what is not read is refused with its line."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlake.backends.duckdb import DuckDBEngine
from eventlake.detections.detection import read_detection
from eventlake.detections.sigma.draft import draft_of
from eventlake.detections.sliding import slid
from eventlake.errors import DeclarationError, UsageError
from eventlake.history import INCIDENTS, History
from eventlake.local.trial import trial_lake
from eventlake.sources import load

SOURCES = load()
TABLES = [table.name for source in SOURCES for table in source.tables]
RULES = Path(__file__).parent / "rules"
END = datetime(2026, 11, 20, 14, 37, 12, tzinfo=UTC)

RULE = """\
title: A rule
logsource: {product: auth0}
detection:
  selection: SELECTION
  filter: {user_name: null}
  condition: CONDITION
"""


def _sql(selection: str, condition: str = "selection") -> str:
    sql = draft_of(RULE.replace("SELECTION", selection).replace("CONDITION", condition), "rule.yml", SOURCES).sql
    return sql.split("event_time < :until\n  and ")[1].split("\ngroup by")[0]


@pytest.mark.parametrize(
    ("selection", "predicate"),
    [
        ("{type: FP}", "lower(\"type\") = 'fp'"),
        ("{data.type: [f, fp]}", "(lower(\"type\") = 'f' or lower(\"type\") = 'fp')"),
        ("{type: f, ip: 192.0.2.1}", "(lower(\"type\") = 'f' and lower(\"ip\") = '192.0.2.1')"),
        ("[{type: f}, {ip: null}]", '(lower("type") = \'f\' or "ip" is null)'),
        ("{type|cased: FP}", "\"type\" = 'FP'"),
        ("{user_name: 'a*b?'}", "lower(\"user_name\") like 'a%b_'"),
        (r"{user_name|contains: '10%\*_'}", r"""lower("user_name") like '%10\%*\_%' escape '\'"""),
        ('{user_name: "o\'neil"}', "lower(\"user_name\") = 'o''neil'"),
        ("{user_name|startswith: Ada}", "lower(\"user_name\") like 'ada%'"),
        ("{user_name|endswith: .ORG}", "lower(\"user_name\") like '%.org'"),
        ("{scope|contains|all: [read, write]}", "(lower(\"scope\") like '%read%' and lower(\"scope\") like '%write%')"),
        ("{type|re: '^f[pu]$'}", "regexp_like(\"type\", '^f[pu]$')"),
        ("{type|re|i: '^f'}", "regexp_like(\"type\", '(?i)^f')"),
        (
            "{ip|cidr: 10.0.0.0/8}",
            "try_cast(\"ip\" as ipaddress) between cast('10.0.0.0' as ipaddress) and cast('10.255.255.255' as ipaddress)",
        ),
        ("{ip|exists: false}", '"ip" is null'),
        ("{is_mobile: true}", "lower(cast(\"is_mobile\" as varchar)) = 'true'"),
        ("{data.details.request.method: PUT}", "lower(json_extract_scalar(\"details\", '$.request.method')) = 'put'"),
        ("{details.count|gte: 3}", "try_cast(json_extract_scalar(\"details\", '$.count') as double) >= 3"),
    ],
)
def test_a_selection_becomes_a_predicate(selection: str, predicate: str) -> None:
    """Texts without regard to case, wildcards and what LIKE takes for some told apart, quotes doubled."""
    assert _sql(selection) == predicate


@pytest.mark.parametrize(
    ("condition", "predicate"),
    [
        ("selection and not filter", "(T and not coalesce(N, false))"),
        ("not filter or selection and filter", "(not coalesce(N, false) or (T and N))"),
        ("(selection or filter) and selection", "((T or N) and T)"),
        ("1 of them", "(T or N)"),
        ("all of sel*", "T"),
        ("[selection, filter]", "(T or N)"),
    ],
)
def test_a_condition_joins_selections(condition: str, predicate: str) -> None:
    """`or` binds least, then `and`, then `not`, which holds where there is nothing to compare."""
    wanted = predicate.replace("T", "lower(\"type\") = 'f'").replace("N", '"user_name" is null')
    assert _sql("{type: f}", condition) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{type|base64: x}", 'rule.yml, line 4: the modifier "base64" of "type" is not read'),
        ("{tpye: f}", 'line 4: the table auth0_logs has no column for the field "tpye". Did you mean "type"?'),
        ("[word]", "line 4: a keyword without a field is not read"),
        ("{type: f, type: g}", '"type" stands there twice'),
        ("{type: *other}", "the alias *other is not read"),
        ("{event_time: x}", "with which a rule compares nothing"),
        ("{ip|cidr: 10.0.0.300/8}", "no network"),
        ("{type|re: '('}", "the expression cannot be read"),
        ("{type: [f", "is no YAML"),
        ("{ip|lt: many}", "no number"),
        ("{type|contains|endswith: x}", "are not read together"),
        ("{}", "the selection is empty"),
        ("{type: []}", '"type" has no value'),
    ],
)
def test_what_a_selection_says_that_is_not_read_is_refused(text: str, words: str) -> None:
    """With the file, the line and the word."""
    with pytest.raises(DeclarationError) as error:
        _sql(text)
    assert words in str(error.value)
    assert str(error.value).endswith(".")


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("selektion", 'line 6: the condition names "selektion", which is no selection: there is selection, filter'),
        ("selection and", "ends where a selection should be named"),
        ("(selection", 'a ")" is missing'),
        ("selection filter", 'goes on with "filter"'),
        ("1 of other_*", 'no selection is named "other_*"'),
        ("selection | near filter", "only count() or count(field)"),
        ("selection | sum(ip) by user_name > 3", "only count() or count(field)"),
        ("selection | count() < 3", "only count() or count(field)"),
        ("selection ; filter", 'cannot be read from "; filter" on'),
        ("'" + "not " * 50 + "selection'", "nested too deeply"),
    ],
)
def test_a_condition_that_is_not_read_is_refused(condition: str, words: str) -> None:
    """With the line that it stands in."""
    with pytest.raises(DeclarationError, match=re.escape(words)):
        _sql("{type: f}", condition)


CORRELATION = """\
title: A
name: a
logsource: {product: auth0}
detection: {s: {type: f}, condition: s}
---
title: Many
correlation: {type: TYPE, rules: [RULE], group-by: [ip, type], timespan: SPAN, condition: CONDITION}
"""


@pytest.mark.parametrize(
    ("kind", "rule", "span", "condition", "words"),
    [
        ("temporal", "a", "1h", "{gte: 3}", "line 7: the correlation temporal is not read: there is event_count, value_count"),
        ("event_count", "", "1h", "{gte: 3}", "it names no rule"),
        ("event_count", "b", "1h", "{gte: 3}", 'the file has no rule "b"'),
        ("event_count", "a", "90s", "{gte: 3}", "is no length of time in whole minutes"),
        ("event_count", "a", "1h", "{lt: 3}", "says gt or gte and a number"),
        ("event_count", "a", "1h", "{gte: 3, field: user_name}", "event_count names none"),
        ("value_count", "a", "1h", "{gte: 3}", "value_count counts the values of a field"),
        ("value_count", "a", "1h", "{gte: x, field: user_name}", "a whole number is expected"),
    ],
)
def test_a_correlation_that_is_not_read_is_refused(kind: str, rule: str, span: str, condition: str, words: str) -> None:
    """One that counts values names the field, and only one that does."""
    text = CORRELATION.replace("TYPE", kind).replace("RULE", rule).replace("SPAN", span).replace("CONDITION", condition)
    with pytest.raises(DeclarationError) as error:
        draft_of(text, "rule.yml", SOURCES)
    assert words in str(error.value)


def test_a_correlation_counts_by_several_fields() -> None:
    """More than three is at least four, a parameter of the draft; a short window looks back farther for what comes late."""
    text = (
        CORRELATION.replace("TYPE", "value_count")
        .replace("RULE", "a")
        .replace("SPAN", "5m")
        .replace("CONDITION", "{gt: 3, field: user_id}")
    )
    draft = draft_of(text, "rule.yml", SOURCES)
    assert draft.name == "many"
    assert 'cast("ip" as varchar) || \' \' || cast("type" as varchar) as key' in draft.sql
    assert 'having count(distinct "user_id") >= :least' in draft.sql
    assert "-- param least int = 4 " in draft.sql
    assert "-- lateness 30m" in draft.sql
    assert list(json.loads(draft.tests)["cases"][0]["finds"]) == ["somebody f"]


def test_a_rule_that_names_no_table_wants_one() -> None:
    """What has several tables as well; a typo gets the nearest."""
    for product in ("windows", "codepipeline"):
        with pytest.raises(UsageError, match="--table"):
            draft_of(RULE.replace("auth0", product), "rule.yml", SOURCES)
    with pytest.raises(UsageError, match='Did you mean "auth0_logs"'):
        draft_of(RULE, "rule.yml", SOURCES, "auth0_log")


Event = Mapping[str, Any]


def _tried(entry: Event) -> bool:
    return entry["type"] in {"f", "fp", "fu"} and not entry["ip"].startswith("10.")


def _signed_up(entry: Event) -> bool:
    return entry["type"] in {"ss", "fs", "signup_pwd_leak"}


def _weakened(entry: Event) -> bool:
    request = (entry.get("details") or {}).get("request") or {}
    path, method = str(request.get("path")), str(request.get("method"))
    touched = "/attack-protection/" in path or re.search(r"/log-streams/[^/]+$", path)
    is_deployment = (entry.get("client_name") or "").lower().startswith("deploy")
    return entry["type"] == "sapi" and method.lower() in {"patch", "put", "delete"} and bool(touched) and not is_deployment


def _ip(entry: Event) -> str:
    return str(entry["ip"])


def _who(entry: Event) -> str:
    return str(next(value for name in ("user_name", "user_id", "ip", "client_name", "log_id") if (value := entry.get(name))))


MEANT: dict[str, tuple[Callable[[Event], bool], Callable[[Event], str], str, int]] = {
    "tried_users": (_tried, _ip, "user_name", 10),
    "sign_ups": (_signed_up, _ip, "log_id", 20),
    "weakened": (_weakened, _who, "log_id", 1),
}
"""Rule -> which entries it means, whose they are, what of them is counted, and how many there must be."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MEANT)
def test_a_rule_finds_in_a_history_what_it_means(name: str, history: tuple[list[Event], DuckDBEngine]) -> None:
    """At every hour of 30 days the same keys, each with as many events, as a count in Python."""
    entries, engine = history
    means, whose, counts, least = MEANT[name]
    draft = draft_of((RULES / f"{name}.yml").read_text("utf-8"), f"{name}.yml", SOURCES)
    one = read_detection(draft.sql, draft.name, "auth0", TABLES, where=name)
    meant = [entry for entry in entries if means(entry)]
    moments = [END - timedelta(hours=hours) for hours in range(720)]
    found = {(moment, each.key): each.events for moment, seen in slid(one, engine, moments) for each in seen}
    wanted = {
        (moment, key): len({entry["log_id"] for entry in theirs})
        for moment in moments
        for key, theirs in _by(whose, [entry for entry in meant if moment - one.reach <= entry["at"] < moment]).items()
        if len({entry.get(counts) for entry in theirs} - {None}) >= least
    }
    assert found == wanted
    assert wanted


@pytest.fixture(scope="module")
def history() -> Iterator[tuple[list[Event], DuckDBEngine]]:
    """The entries of Auth0 in 30 days with every incident, some twice, and an engine over them."""
    lines = list(History(5, END - timedelta(days=30), END, 0.2, users=150, incidents=INCIDENTS, duplicates=0.05).lines())
    with trial_lake(SOURCES, lines) as engine:
        yield list(_entries(lines)), engine


def _entries(lines: list[bytes]) -> Iterator[Event]:
    for line in lines:
        event = json.loads(line)
        if event["detail-type"] == "Auth0 log":
            entry = event["detail"]["data"]
            yield entry | {"log_id": event["detail"]["log_id"], "at": datetime.fromisoformat(entry["date"])}


def _by(whose: Callable[[Event], str], entries: list[Event]) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for entry in entries:
        found[whose(entry)].append(entry)
    return found
