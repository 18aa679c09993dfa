"""A tile of its own, at `/tiles/NAME`: a page with its rows and its SQL, each of its forms as a file, and the rows behind its marks."""

from __future__ import annotations

from collections.abc import Iterator

from eventlake.answers.forms import in_form
from eventlake.local.bus.answer import Answer
from eventlake.naming import nearest
from eventlake.web.answered import MOST_ROWS, Answered, Visit
from eventlake.web.answers import CSV, HTML, JSON, SVG, TEXT, answer, plain_answer
from eventlake.web.charts import CHARTS, Drawing
from eventlake.web.charts.drawing import frame, one_below_another
from eventlake.web.elements import Element, element
from eventlake.web.leads import leads_of
from eventlake.web.marks import MOST, MOST_FILED, branch, mark_of, rows_statement
from eventlake.web.rows_page import rows_page
from eventlake.web.shell import page, sentence, tile_frame
from eventlake.web.shown import Pairs, Shown
from eventlake.web.tile import Question, Tile
from eventlake.web.told import as_statement
from eventlake.web.window import Window

FOLDER = "/tiles/"
_FORMS = {".svg": SVG, ".json": JSON, ".csv": CSV, ".sql": TEXT}


class TileFiles:
    """The files of a lake's tiles."""

    def __init__(self, shown: Shown) -> None:
        self._shown = shown

    def answer(self, path: str, pairs: Pairs, visit: Visit, *, shrinks: bool) -> Answer:
        """Return what stands at an address. shrinks: whether the browser takes gzip. Raises EventlakeError."""
        name, dot, form = path.removeprefix(FOLDER).partition(".")
        name, slash, of_rows = name.partition("/")
        tile = self._shown.tiles.get(name)
        if tile is None:
            return plain_answer(404, f'There is no tile "{name[:80]}".{nearest(name, self._shown.tiles)}')
        if (dot and dot + form not in _FORMS) or (slash and of_rows != "rows"):
            return plain_answer(404, f"The tile {name} is also there as {', '.join(_FORMS)}, and what it counts as {name}/rows.")
        window = self._shown.window(pairs)
        asked = self._shown.question(tile, window)
        if of_rows:
            return self._rows(asked, window, pairs, visit, form, shrinks)
        if form == "sql" and tile.told is None:
            return answer(200, TEXT, asked.sql.encode(), shrinks=shrinks)
        answered = visit.answer(self._shown.asked(asked, window))
        if not dot:
            return answer(200, HTML, _tile_page(asked, answered, window, path), shrinks=shrinks)
        if answered.problem:
            return plain_answer(400, answered.problem)
        if answered.cut and form != "svg":
            return plain_answer(400, f"The tile {name} has more than {MOST_ROWS:,} rows here: narrow the window.")
        if form == "sql":
            return answer(200, TEXT, as_statement(answered.result).encode(), shrinks=shrinks)
        return answer(200, _FORMS[dot + form], _in_form(tile, answered, window, form), shrinks=shrinks)

    def _rows(self, asked: Question, window: Window, pairs: Pairs, visit: Visit, form: str, shrinks: bool) -> Answer:
        """Return the rows behind a mark of a tile: as a page with their SQL, or in one of the forms."""
        mark, path = mark_of(pairs), f"/tiles/{asked.tile.name}/rows"
        limit = MOST_FILED if form else MOST
        reading = branch(asked.reading, mark)
        sql, left = rows_statement(reading, mark, window.zone.key, limit)
        if form == "sql":
            return answer(200, TEXT, sql.encode(), shrinks=shrinks)
        answered = visit.answer(self._shown.asking.ask(sql))
        if form and answered.problem:
            return plain_answer(400, answered.problem)
        if form:
            return answer(200, _FORMS[f".{form}"], in_form(answered.result.columns, answered.result.rows, form).encode(), shrinks=shrinks)
        shown = rows_page(answered, reading.scans[0].table, window, path, sql, [*left, *asked.left], reading.sql)
        return answer(200, HTML, page(f"Rows behind {asked.tile.query.title}", path, window, *shown), shrinks=shrinks)


def _tile_page(asked: Question, answered: Answered, window: Window, path: str) -> bytes:
    rows: Element | None = None
    tile = asked.tile
    if tile.chart not in {"table", "telling"} and answered.result.rows:
        rows = CHARTS["table"](Drawing(tile, answered.result, window, path, leads_of(tile.name, path, window, asked.reading)))
    return page(
        tile.query.title,
        path,
        window,
        tile_frame(asked, answered, window, path),
        element("section", element("h2", "The rows that are drawn"), rows, class_="tile") if rows else None,
        element("section", element("h2", "The statement"), element("pre", asked.sql or as_statement(answered.result)), class_="tile"),
    )


def _in_form(tile: Tile, answered: Answered, window: Window, form: str) -> bytes:
    if form != "svg":
        return in_form(answered.result.columns, answered.result.rows, form).encode()
    return _picture(tile, answered, window)


def _picture(tile: Tile, answered: Answered, window: Window) -> bytes:
    """Return a tile's chart as a file of its own, which takes its colours from the page's stylesheet."""
    drawn = CHARTS[tile.chart](Drawing(tile, answered.result, window)) if answered.result.rows else sentence(tile.empty)
    pictures = list(_svgs_in(drawn))
    whole = (
        one_below_another(pictures, tile.query.title) if pictures else frame(30, tile.query.title, element("text", tile.empty, x=4, y=20))
    )
    return b'<?xml version="1.0" encoding="utf-8"?><?xml-stylesheet href="/static/page.css"?>' + str(whole).encode()


def _svgs_in(drawn: Element) -> Iterator[Element]:
    if drawn.tag == "svg":
        yield drawn
        return
    for child in drawn.children:
        if isinstance(child, Element):
            yield from _svgs_in(child)
