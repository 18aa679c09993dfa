"""The buttons that try failed events again, what they answer, and what an event was before and would become now.

A button sends a form that holds a token of this page's own, so that only a page that was read here can have sent it.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from eventlake.backends.catalog.entries import FailedEntry
from eventlake.errors import EventlakeError, UsageError
from eventlake.pipeline.failed_records import UNTRIED
from eventlake.web.cells import cut, heading
from eventlake.web.elements import Child, Element, element
from eventlake.web.redriving import Redriving
from eventlake.web.shell import sentence
from eventlake.web.tables import framed_table

PATH = "/failed/redrive"
MOST_BYTES = 8192
"""How much a form holds at most."""
_MOST_TEXT = 20_000
_COLUMNS = ("table", "code", "failed", "redriven", "still_failing", "into", "reason")


class RedriveForm:
    """The buttons of one page. redriving: tries the events; None where the lake is only looked at."""

    def __init__(self, redriving: Redriving | None) -> None:
        self._redriving = redriving
        self._token = secrets.token_urlsafe(32)

    def shown(self, entry: FailedEntry) -> Iterator[Element]:
        """Yield what an event would become now, and the buttons that bring it in, or all of its kind."""
        if self._redriving is None:
            yield sentence(
                "This lake is only looked at here: eventlake failed redrive with --lake and its name sends again what is right by now."
            )
            return
        try:
            yield _became(self._redriving.preview(entry.id))
        except EventlakeError as error:
            yield sentence(str(error), is_problem=True)
        yield self._button("Redrive this one", id=entry.id)
        if entry.code not in UNTRIED:
            yield self._button(f"Redrive all of {entry.stream} with {entry.code}", table=entry.stream, code=entry.code)

    def answer(self, body: bytes) -> Iterator[Element]:
        """Yield what became of the events that a form names. Raises UsageError for a form that is none of this page's, ServiceError."""
        form = dict(parse_qsl(body.decode("latin-1")))
        if not hmac.compare_digest(form.get("token", "").encode(), self._token.encode()):
            raise UsageError("This form is not of the page as it is served now: open the page Failed again, and press the button there.")
        if self._redriving is None or not (form.get("id") or (form.get("table") and form.get("code"))):
            raise UsageError("There is nothing to redrive: choose a failed event on the page Failed.")
        yield from _counted(self._redriving.redrive(id=form.get("id", ""), table=form.get("table", ""), code=form.get("code", "")))

    def _button(self, text: str, **values: str) -> Element:
        hidden = [element("input", type="hidden", name=name, value=value) for name, value in {"token": self._token, **values}.items()]
        return element("form", *hidden, element("button", text), action=PATH, method="post", class_="redrive")


def _became(told: Mapping[str, Any]) -> Element:  # as the command prints it
    """Return the row that an event would become, or why it still fails."""
    row = str(told.get("row", ""))
    is_row = told.get("becomes") != told.get("code") and row.startswith("{")
    title = f"What it would become now: a row of {told['becomes']}" if is_row else "It still fails"
    return element("section", element("h2", title), element("pre", cut(_indented(row) if is_row else row, _MOST_TEXT)), class_="tile wide")


def _indented(row: str) -> str:
    try:
        return json.dumps(json.loads(row), indent=1, ensure_ascii=False)
    except ValueError:  # rows of several tables, one after another
        return row


def _counted(found: list[dict[str, Any]]) -> Iterator[Element]:
    """Yield how many were redriven, and that it adds up."""
    failed, redriven, failing = (sum(one[name] for one in found) for name in ("failed", "redriven", "still_failing"))
    yield element("p", f"{failed:,} failed = {redriven:,} redriven + {failing:,} still failing.", role="status")
    rows = [element("tr", *[element("td", element("bdi", _text(one[name]))) for name in _COLUMNS]) for one in found]
    if rows:
        yield element("section", framed_table("What became of them", map(heading, _COLUMNS), rows), class_="tile wide")
    yield element("p", element("a", "What failed and still does", href="/failed"))


def _text(value: str | int | None) -> Child:
    return f"{value:,}" if isinstance(value, int) else cut(value or "", 300)
