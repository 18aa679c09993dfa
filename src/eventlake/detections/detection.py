"""A detection: a SQL file of a source, `detections/NAME.sql`, whose header says how it runs, and whose rows are what it finds.

    -- Many users tried from one address
    -- What it means.
    -- severity high
    -- every 5m
    -- window 1h
    -- key ip
    -- param users int = 10  why it is ten
    -- do What to do.
    SELECT ip AS key, count(DISTINCT log_id) AS events, min(event_time) AS first_event, max(event_time) AS last_event
    FROM auth0_logs WHERE event_time >= :since AND event_time < :until GROUP BY ip HAVING count(DISTINCT user_name) >= :users

`:since` and `:until` are given: the window with the lateness, up to now. It is a saved query as well, about the window that ends now.
One that knows what was there before says so, `-- history 30d`, and `:before` is given too. `:arrived` is for the partitions, so that few are opened.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from eventlake.detections.header import require_all, settings_in
from eventlake.dialect.text.lexicon import words
from eventlake.dialect.text.parameters import literal, names_in, replaced
from eventlake.errors import DeclarationError
from eventlake.model import Source
from eventlake.query.saved import Parameter, SavedQuery, Unread, read_saved, render, text_of

FOLDER = "detections"
GIVEN = ("since", "until")
"""The parameters that every detection uses, and that nobody declares: timestamps in UTC, the second not included."""
BEFORE = "before"
"""The one that is given to those with a history: from when on that is known."""
ARRIVED = "arrived"
"""The one that those use that say which partitions they read: what happened from :before on, or else from :since on, arrived from then on."""
_EARLY_HOURS = 2
"""How much earlier than it happened something may seem to arrive: Firehose names an object after the first of its records, which is up to a
quarter of an hour older than the last, and clocks differ."""


@dataclass(frozen=True, slots=True)
class Detection:
    """A detection.

    doc: its title, and what it means. every: how often it runs. window: how far back it looks, and lateness: how much farther, for events
    that come late. history: how much farther it looks for what was known before, which keeps it from finding and never makes it find; so what it
    finds without is looked for first, or with so much of it as briefly says. key: what a key is. per: the column whose values are the keys, where of a
    key the rows that hold it alone matter, and a longer window, or a shorter history, finds no less; empty where that is not so.
    quiet: how long nothing more is told of a key.
    parameters: its thresholds. advice: what to do.
    tables: those that it reads.
    """

    name: str
    source: str
    doc: str
    severity: str
    every: timedelta
    window: timedelta
    history: timedelta
    briefly: timedelta
    lateness: timedelta
    key: str
    per: str
    quiet: timedelta
    parameters: tuple[Parameter, ...]
    advice: str
    sql: str
    tables: tuple[str, ...]

    @property
    def title(self) -> str:
        """Return the first line of its meaning."""
        return self.doc.partition("\n")[0]

    @property
    def reach(self) -> timedelta:
        """Return how far back it looks, the lateness included."""
        return self.window + self.lateness

    @property
    def saved(self) -> SavedQuery:
        """Return it as a saved query about the window that ends now."""
        minutes = self.reach // timedelta(minutes=1)
        now = {"since": f"(localtimestamp - interval '{minutes}' minute)", "until": "localtimestamp"}
        return self.query(now)

    def query(self, bounds: Mapping[str, str]) -> SavedQuery:
        """Return it as a saved query with these expressions for `:since` and `:until`."""
        return SavedQuery(self.name, self.source, self.doc, self.parameters, self._with(bounds))

    @property
    def brief(self) -> Detection:
        """Return the same without its history, or with little of it, which may find more; itself if it has none."""
        return replace(self, history=self.briefly)

    def statement(self, since: datetime, until: datetime, values: Mapping[str, Any] | None = None) -> str:  # values are the user's
        """Return Athena's SQL over the events of [since, until), both aware. values: other thresholds than the usual ones."""
        moments = {**dict(zip(GIVEN, (since, until), strict=True)), ARRIVED: self.arrived(since)}
        return self.over({name: literal(name, utc(moment)) for name, moment in moments.items()}, values)

    def arrived(self, since: datetime) -> datetime:
        """Return from when on arrived what it looks at in a window that begins then."""
        return since - self.history - timedelta(hours=_EARLY_HOURS)

    def over(self, bounds: Mapping[str, str], values: Mapping[str, Any] | None = None) -> str:  # values are the user's
        """Return Athena's SQL with these expressions for `:since` and `:until`, and what follows from them if nothing else is said."""
        return render(self.query(bounds), values)

    def _with(self, bounds: Mapping[str, str]) -> str:
        before = self._before(bounds[GIVEN[0]])
        given = {BEFORE: before, ARRIVED: f"date_add('hour', -{_EARLY_HOURS}, {before})", **bounds}
        return replaced(self.sql, {**{one.name: f":{one.name}" for one in self.parameters}, **given})

    def _before(self, since: str) -> str:
        if not self.history:
            return since
        days, rest = divmod(self.history, timedelta(days=1))
        return f"date_add('minute', -{self.history // timedelta(minutes=1)}, {since})" if rest else f"date_add('day', -{days}, {since})"


def utc(moment: datetime) -> datetime:
    """Return an aware moment as the lake's timestamps are, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def load_detections(sources: Sequence[Source]) -> dict[str, Detection]:
    """Load every detection of the sources by name. Raises DeclarationError for a file that does not say what it must, or a name used twice."""
    detections, unread = readable_detections(sources)
    if unread:
        raise DeclarationError(unread[0].sentence)
    return detections


def readable_detections(sources: Sequence[Source]) -> tuple[dict[str, Detection], list[Unread]]:
    """Load the detections of the sources that can be read, by name, and say which cannot; of two of one name that is the second."""
    tables = [table.name for source in sources for table in source.tables]
    found: dict[str, Detection] = {}
    unread: list[Unread] = []
    for source, path in ((one, path) for one in sources for path in files_of(one)):
        name, where = path.stem, f"{source.name}/{FOLDER}/{path.name}"
        if name in found:
            sentence = f'{where}: a detection of {found[name].source} is named "{name}" already; choose another name.'
            unread.append(Unread(f"{source.name}/{name}", source.name, sentence))
            continue
        try:
            found[name] = read_detection(text_of(path, where), name, source.name, tables, where=where)
        except DeclarationError as error:
            unread.append(Unread(name, source.name, str(error)))
    return dict(sorted(found.items())), unread


def as_queries(detections: Mapping[str, Detection]) -> list[SavedQuery]:
    """Return detections as saved queries about the window that ends now, called `detections/NAME`."""
    return [replace(one.saved, name=f"detections/{name}") for name, one in detections.items()]


def files_of(source: Source) -> list[Path]:
    """List the files of a source's detections."""
    return sorted((Path(source.folder) / FOLDER).glob("*.sql")) if source.folder else []


def read_detection(content: str, name: str, source: str, tables: Sequence[str], *, where: str) -> Detection:
    """Read the detection that a file's text holds. tables: all that there are. where: the file as sentences name it. Raises DeclarationError."""
    header, body = _parts(content)
    settings, others = settings_in(header, where)
    require_all(settings, where)
    if settings["briefly"] and settings["briefly"] >= settings["history"]:
        raise DeclarationError(
            f'{where}: "-- briefly" is how much of the history is looked at first: say a longer -- history, or leave it out.'
        )
    needed = (*GIVEN, BEFORE) if settings["history"] else GIVEN
    _require_bounds(body, others, needed, where)
    given_names = [name for name in (*needed, ARRIVED) if name in names_in(body)]
    given = [f"param {one} timestamp" for one in given_names]
    saved = read_saved("\n".join([*(f"-- {line}" for line in [*others, *given]), body]), name, source, where=where)
    return Detection(
        name=name,
        source=source,
        doc=saved.doc,
        severity=settings["severity"],
        every=settings["every"],
        window=settings["window"],
        history=settings["history"],
        briefly=settings["briefly"],
        lateness=settings["lateness"],
        key=settings["key"],
        per=settings["per"],
        quiet=settings["quiet"],
        parameters=tuple(one for one in saved.parameters if one.name not in given_names),
        advice=settings["do"],
        sql=saved.sql,
        tables=_tables_in(body, tables, where),
    )


def _parts(content: str) -> tuple[list[str], str]:
    """Split a file into the lines of its header, without their dashes, and the SQL."""
    lines = content.splitlines()
    length = next((number for number, line in enumerate(lines) if line.strip() and not line.startswith("--")), len(lines))
    return [line[2:].strip() for line in lines[:length] if line.strip()], "\n".join(lines[length:])


def _require_bounds(sql: str, header: Sequence[str], needed: Sequence[str], where: str) -> None:
    used = names_in(sql)
    for name in needed:
        if name not in used:
            wanted = "event_time >= :before of what was known" if name == BEFORE else "event_time >= :since AND event_time < :until"
            raise DeclarationError(f"{where}: the statement does not use :{name}: ask for {wanted}.")
    for name in (*needed, ARRIVED):
        if any(re.match(rf"param\s+{name}\b", line) for line in header):
            raise DeclarationError(f"{where}: :{name} is given to the detection; leave -- param {name} out.")


def _tables_in(sql: str, tables: Sequence[str], where: str) -> tuple[str, ...]:
    named = {word.lower() for word in words(sql)}
    found = tuple(table for table in tables if table.lower() in named)
    if not found:
        raise DeclarationError(f"{where}: the statement names no table of a source; `eventlake tables` lists them.")
    return found
