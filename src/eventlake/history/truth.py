"""What really happened in a history, noted by the stories themselves as they are told.

Nothing here is read from events: a story that lets a deployment fail notes a failure, and says the events apart from that. So the
answers to questions about the events can be checked against it. Facts are small and rarer than events: one for an execution, an
action, a login, not one for each of their events. Moments are milliseconds since 1970 in UTC; CodePipeline's events show only their second.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eventlake.history.timeline import DAY, SECOND


@dataclass(slots=True)
class Execution:
    """One pipeline execution.

    states: of the pipeline, each with the second it was reached, in order. trigger: its trigger-type. who: the person, rule or
    connection that started it, None if nobody did. author, commit, committed: of the Git commit that events after STARTED name, if any.
    """

    pipeline: str
    id: str
    start: int
    trigger: str
    who: str | None
    author: str | None = None
    commit: str | None = None
    committed: int | None = None
    comments: str | None = None
    states: list[tuple[str, int]] = field(default_factory=list)


class ActionEnd(NamedTuple):
    """An action that came to an end; `end` is a whole second. category tells approvals, `text` is what its provider said."""

    pipeline: str
    stage: str
    action: str
    category: str
    provider: str
    execution: str
    start: int
    end: int
    state: str
    text: str


class ActionBegin(NamedTuple):
    """An action that is under way."""

    pipeline: str
    stage: str
    action: str
    execution: str
    start: int


class StageRetry(NamedTuple):
    """A stage that was retried: the attempt that began, 2 the first time."""

    pipeline: str
    stage: str
    execution: str
    attempt: int
    at: int


class SignIn(NamedTuple):
    """Somebody tried to log in: kind `s` with success, `f`, `fp` or `fu` without, for a reason.

    country: None where the log does not know it. organization: its name, or nothing. fingerprint: of its TLS client (JA4).
    """

    at: int
    kind: str
    user_name: str
    user_id: str
    ip: str
    country: str | None
    application: str
    connection: str
    organization: str
    reason: str
    fingerprint: str


class UserEvent(NamedTuple):
    """Something else that happened to a user, by its log type: a sign-up, a block, a breached password, a second factor, a password change."""

    at: int
    kind: str
    user_name: str
    user_id: str
    ip: str


class MachineToken(NamedTuple):
    """A machine asked for an access token: kind `seccft` when it got one, else `feccft`."""

    at: int
    kind: str
    client: str
    audience: str
    ip: str


class Change(NamedTuple):
    """Somebody used the Management API: kind `sapi` for a change, `mgmt_api_read` for reading secrets.

    weakens: what protection it took away, or nothing. body: what it sent, as JSON.
    """

    at: int
    kind: str
    who: str
    ip: str
    description: str
    method: str
    path: str
    weakens: str
    body: str


class Incident(NamedTuple):
    """An attack, or what looks like one: when, from where, on whom (user names)."""

    kind: str
    start: int
    end: int
    ips: tuple[str, ...]
    victims: tuple[str, ...]


ACTIVITY = frozenset({"s", "ssa", "sertft"})
"""Log types that show a user at work: a login, a session kept alive, a token refreshed."""

Fact = Execution | StageRetry | SignIn | UserEvent | MachineToken | Change | Incident


class Truth:
    """The facts of a history up to the moment it has been told to.

    end: the history's end, from which ages count. recording: False keeps nothing, for histories of any length in flat memory.
    events: how many events, by detail-type. kinds: how many Auth0 log entries, by type and age; user_kinds: by user id, type and age.
    active: the ids of users who were active, by UTC day (since 1970) and age. under_way: actions that have begun and not ended.
    An age is how many days back from the end a question must reach to see the moment.
    """

    def __init__(self, end: int, *, recording: bool = True) -> None:
        self.end = end
        self.recording = recording
        self.events: Counter[str] = Counter()
        self.kinds: Counter[tuple[str, int]] = Counter()
        self.user_kinds: Counter[tuple[str, str, int]] = Counter()
        self.active: defaultdict[tuple[int, int], set[str]] = defaultdict(set)
        self.executions: list[Execution] = []
        self.actions: list[ActionEnd] = []
        self.under_way: dict[str, ActionBegin] = {}
        self.retries: list[StageRetry] = []
        self.sign_ins: list[SignIn] = []
        self.user_events: list[UserEvent] = []
        self.tokens: list[MachineToken] = []
        self.changes: list[Change] = []
        self.incidents: list[Incident] = []
        self._facts: dict[type, list[Any]] = {  # each holds facts of its own type
            Execution: self.executions,
            StageRetry: self.retries,
            SignIn: self.sign_ins,
            UserEvent: self.user_events,
            MachineToken: self.tokens,
            Change: self.changes,
            Incident: self.incidents,
        }

    def age(self, at: int) -> int:
        """Return how many days back from the end a question must reach to see this moment."""
        return -((at - self.end) // DAY)

    def counts(self, detail_type: str) -> None:
        """Count one more event of this detail-type."""
        if self.recording:
            self.events[detail_type] += 1

    def note(self, fact: Fact) -> None:
        """Keep a fact. An execution is noted when it begins; its story goes on writing into it."""
        if self.recording:
            self._facts[fact.__class__].append(fact)

    def begins(self, run: str, action: ActionBegin) -> None:
        """Note that an action begins, with the id of this run of it."""
        if self.recording:
            self.under_way[run] = action

    def ends(self, run: str, action: ActionEnd) -> None:
        """Note that the run came to its end."""
        if self.recording:
            del self.under_way[run]
            self.actions.append(action)

    def logged(self, kind: str, user_id: str, at: int) -> None:
        """Count one more entry of the tenant log, of a user if `user_id` is not empty."""
        if self.recording:
            age = self.age(at)
            self.kinds[kind, age] += 1
            if user_id:
                self.user_kinds[user_id, kind, age] += 1
            if kind in ACTIVITY:
                self.active[at // DAY, age].add(user_id)


def second(at: int) -> int:
    """Return the whole second a moment falls in, as CodePipeline's events show it."""
    return at - at % SECOND
