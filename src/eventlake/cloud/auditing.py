"""Deeds on a lake on AWS, put on the event bus as events of their own: the source `audit`, where it is deployed, makes rows of them.

Who may ask Athena needs no command of ours, so this tells what was done by ours, with the identity that AWS knows; CloudTrail tells the rest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

from eventlake.auditing.entry import DETAIL_TYPE, SOURCE, Entry
from eventlake.auditing.notes import Notes
from eventlake.backends.aws import Session, failing
from eventlake.cloud.deployment import Deployment
from eventlake.errors import EventlakeError, ServiceError

NAME = "audit"
_SWITCH = "Audit"
"""The parameter that deploys the source."""


class BusNotes(Notes):
    """Notes deeds on the default bus of a lake's account and region, if the lake keeps them.

    told: hears why a deed cannot be noted, once until one can be; what is done goes on. now: the moment, aware. Threads may share it.
    """

    def __init__(
        self,
        deployment: Deployment,
        session: Session,
        told: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._told, self._now = told, now
        self._is_on = deployment.parameters.get(_SWITCH) == "on" or any(source.name == NAME for source in deployment.sources)
        if self._is_on:  # boto3 makes a client in one thread at a time
            self._events, self._sts = session.client("events"), session.client("sts")
        self._who = ""
        self._has_told = False

    def note(self, entry: Entry) -> None:
        """Note a deed; when it returns, EventBridge has it."""
        if not self._is_on:
            return
        try:
            self._put(entry)
            self._has_told = False
        except EventlakeError as error:
            if not self._has_told:
                self._has_told = True
                self._told(f"{error} What is done here is not noted in the lake's audit.")

    def _put(self, entry: Entry) -> None:
        detail = json.dumps(entry.detail(self._identity()), ensure_ascii=False)
        event = {"Source": SOURCE, "DetailType": DETAIL_TYPE, "Time": self._now(), "Detail": detail}
        with failing("A line of the audit cannot be put on the event bus"):
            answer = self._events.put_events(Entries=[event])
        if answer["FailedEntryCount"]:
            raise ServiceError(f"EventBridge took no line of the audit: {answer['Entries'][0].get('ErrorMessage')}.")

    def _identity(self) -> str:
        """Return the ARN of who asks; AWS tells it to everybody."""
        if not self._who:
            with failing("AWS cannot be asked who you are"):
                self._who = str(self._sts.get_caller_identity()["Arn"])
        return self._who
