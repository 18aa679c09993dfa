"""SQL on a page: saved queries as forms, a statement of one's own, and the rows with a chart where their shape asks for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eventlake.errors import NameNotFoundError
from eventlake.interfaces import Result
from eventlake.model import Table
from eventlake.query.run import MAX_ROWS
from eventlake.query.saved import Parameter, SavedQuery, Unread, render
from eventlake.web.answer_chart import answer_chart
from eventlake.web.answered import Answered
from eventlake.web.cells import counted
from eventlake.web.charts import CHARTS, Drawing
from eventlake.web.elements import Child, Element, element
from eventlake.web.schema import schema
from eventlake.web.shell import left_out, sentence
from eventlake.web.tile import Tile
from eventlake.web.window import Window

_HIDDEN = ("tz",)
_SQL = "Athena's SQL"
_EXPLAIN = element("button", "Explain", name="explain", value="1", title="What it would read and cost, without running it")


def chosen_of(values: Mapping[str, str], saved: Mapping[str, SavedQuery]) -> SavedQuery | None:
    """Return the saved query that an address names, if any. Raises NameNotFoundError."""
    name = values.get("query", "")
    if name and name not in saved:
        raise NameNotFoundError(f'There is no saved query "{name[:60]}"; choose one of the list.')
    return saved.get(name)


def statement_of(values: Mapping[str, str], chosen: SavedQuery | None) -> str:
    """Return the statement that an address asks for: its own, or that of a saved query with its values; nothing if it asks none.

    Raises UsageError.
    """
    if chosen is None:
        return values.get("q", "").strip()
    known = {parameter.name for parameter in chosen.parameters}
    return render(chosen, {key: value for key, value in values.items() if key in known and value != ""})


def forms(values: Mapping[str, str], sql: str, saved: Mapping[str, SavedQuery], tables: Sequence[Table]) -> Iterator[Child]:
    """Yield the form for a statement, and that of the saved query that was chosen."""
    hidden = [element("input", type="hidden", name=name, value=values[name]) for name in _HIDDEN if name in values]
    area = element("textarea", sql, name="q", rows=8, spellcheck="false", autocomplete="off", aria_label=_SQL, placeholder=_example(tables))
    yield element("form", *hidden, area, element("button", "Run"), " ", _EXPLAIN, action="/sql", method="get", class_="statement")
    chosen = saved.get(values.get("query", ""))
    if chosen is not None:
        yield _form(chosen, values, hidden)


def lists(saved: Mapping[str, SavedQuery], unread: Sequence[Unread], tables: Sequence[Table], *, is_open: bool) -> Iterator[Child]:
    """Yield what may be asked: the saved queries, and what the tables have. is_open: whether nothing was asked yet, so that they are read now.

    unread: what would be in the list if it could be read.
    """
    names = [element("li", element("a", query.name, href=f"/sql?query={query.name}&show=1"), f" {query.title}") for query in saved.values()]
    yield element("details", element("summary", f"{len(names)} saved queries"), element("ul", *names, class_="names"), open=is_open)
    yield from left_out(unread)
    yield from schema(tables)


def _example(tables: Sequence[Table]) -> str:
    """Return what stands in the empty field: what it takes, and a statement that the lake answers."""
    asked = f", for example: select * from {tables[0].name} order by event_time desc limit 20" if tables else ""
    return f"{_SQL}{asked}"


def _form(query: SavedQuery, values: Mapping[str, str], hidden: list[Element]) -> Element:
    fields = [_field(parameter, values) for parameter in query.parameters]
    meaning = element("p", " ".join(query.doc.split("\n")[1:]), class_="meaning")
    name = element("input", type="hidden", name="query", value=query.name)
    return element(
        "form",
        *hidden,
        name,
        element("h2", query.title),
        meaning,
        *fields,
        element("span", element("button", "Run"), " ", _EXPLAIN),
        action="/sql",
        method="get",
        class_="saved",
    )


def _field(parameter: Parameter, values: Mapping[str, str]) -> Element:
    given = values.get(parameter.name, parameter.default or "")
    return element("label", f"{parameter.name} ", element("input", name=parameter.name, value=given), element("small", f" {parameter.doc}"))


def answer(answered: Answered, window: Window) -> Iterator[Element]:
    """Yield what an answer cost, a chart if its shape asks for one, and its rows."""
    result = answered.result
    if answered.problem:
        yield sentence(answered.problem, is_problem=True)
        return
    cost = element("p", _said(result, is_cut=answered.cut), class_="note", id="cost")
    if not result.rows:
        yield element("section", cost, sentence("The statement has no rows."), class_="tile")
        return
    table = CHARTS["table"](Drawing(Tile("answer", "table", title="The answer"), result, window, "/sql"))
    yield element("section", cost, answer_chart(result, window, is_cut=answered.cut), table, class_="tile")


def explained(plan: str) -> Iterator[Element]:
    """Yield what a statement would read and cost, then how it would be answered."""
    cost = cost_of(plan)
    yield element("h2", "What it would read")
    if cost:
        yield element("p", *[[element("br") if place else None, said] for place, said in enumerate(cost)], class_="note", id="cost")
    yield element("pre", plan, class_="plan")


def cost_of(plan: str) -> list[str]:
    """Return the lines of a plan that say what is read, table by table, and what that costs; none if it says no cost."""
    lines = plan.split("\n")
    last = next((place for place, text in enumerate(lines) if text.startswith("Cost: ")), -1)
    first = max((place for place in range(last) if not lines[place]), default=-1)
    return lines[first + 1 : last + 1] if last >= 0 else []


def _said(result: Result, *, is_cut: bool) -> str:
    """Return how many rows there are, and what they cost. is_cut: whether there are more than are kept, of which nobody may think that they are all."""
    rows, objects = counted(len(result.rows), "row"), counted(result.objects_read, "object")
    if is_cut:
        rows = f"More than {rows}, of which the first {len(result.rows):,} are here (eventlake query gives up to {MAX_ROWS:,}),"
    return f"{rows} in {result.seconds:.2f} s; {objects}, {result.bytes_read:,} bytes read."
