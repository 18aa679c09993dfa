"""Samples: events of a source, each with the log lines it must become.

A sample is two files in the source's folder `samples/`: `<what>.event.json`, one item of input in any form that is taken, and
`<what>.log.json`, a JSON object of table -> log line (columns that are NULL are left out; `{}` for an event that is refused).
Called by `sources check`, which also writes the second files anew, by the tests and, to write the samples of a draft, by `draft`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventlake.errors import DeclarationError, EventError
from eventlake.model import Source, Table
from eventlake.naming import nearest
from eventlake.pipeline.codec import STANDARD, Codec
from eventlake.pipeline.envelope import Intake
from eventlake.pipeline.router import Router
from eventlake.sources.privacy import all_kept

EVENT, LOG = ".event.json", ".log.json"

LogLine = dict[str, Any]
"""Column -> value as in the log line: JSON."""


@dataclass(frozen=True, slots=True)
class Sample:
    """An event and the log lines it must become, by table."""

    name: str
    event: bytes
    lines: dict[str, LogLine]


@dataclass(frozen=True, slots=True)
class Mismatch:
    """What is wrong with a sample, or with the declaration it tests: a sentence that begins with the file."""

    source: str
    sentence: str

    def __str__(self) -> str:
        """Return the sentence."""
        return self.sentence


def names(source: Source) -> list[str]:
    """Return the names of a source's samples, sorted; also of those whose second file is missing."""
    found = {file.name.removesuffix(end) for end in (EVENT, LOG) for file in _folder(source).glob(f"*{end}")}
    return sorted(found)


def read_sample(source: Source, name: str) -> Sample:
    """Read one sample of a source. Raises DeclarationError if a file is missing or is not what it must be."""
    return Sample(name, _bytes(source, name, EVENT), _lines(source, name))


def check(source: Source, sources: Sequence[Source] = (), codec: Codec = STANDARD) -> list[Mismatch]:
    """Return what is wrong with the samples of a source; nothing if every event becomes its log lines and no others.

    sources: those whose rules the events meet, the source among them; by default the source alone. A log line that an event also becomes
    in a table of another source counts only if the sample names that table.
    """
    flow = Flow(sources or (source,), codec)
    return [Mismatch(source.name, sentence) for name in names(source) for sentence in _wrongs(source, name, flow)]


def accept(source: Source, sources: Sequence[Source] = ()) -> list[Path]:
    """Write what the events of a source become now as what they must become; the files that were written.

    An event that becomes nothing, or a sample that names an unknown table, stays as it is: it is rather the declaration that is wrong.
    """
    flow = Flow(sources or (source,))
    return [file for name in names(source) for file in _accepted(source, name, flow)]


def write_sample(source_folder: Path, name: str, event: Any, lines: dict[str, LogLine]) -> None:  # any JSON value
    """Write a sample into the folder of a source: the event, and the log lines it must become by table."""
    folder = source_folder / "samples"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}{EVENT}").write_text(_pretty(event), "utf-8")
    (folder / f"{name}{LOG}").write_text(_pretty(lines), "utf-8")


class Flow:
    """An item of input -> its log lines, by the rules and transforms of some sources; personal data is kept, as samples show it."""

    def __init__(self, sources: Sequence[Source], codec: Codec = STANDARD) -> None:
        self.tables = {table.name: table for source in sources for table in source.tables}
        self._intake = Intake(sources, codec)
        self._router = Router(all_kept(sources), codec)

    def lines(self, item: bytes) -> tuple[dict[str, LogLine], list[str]]:
        """Return the log lines of one item by table, and the reasons for those it did not become."""
        try:
            accepted = self._intake.accept(item)
        except EventError as error:
            return {}, [str(error)]
        routed = self._router.route(accepted.body)
        return {table.name: json.loads(line) for table, line in routed.lines}, [str(error) for _, error in routed.failures]


def _wrongs(source: Source, name: str, flow: Flow) -> Iterator[str]:
    try:
        sample = read_sample(source, name)
    except DeclarationError as error:
        yield str(error)
        return
    event, log = _shown_file(source, name, EVENT), _shown_file(source, name, LOG)
    for unknown in (table for table in sample.lines if table not in flow.tables):
        yield f'{log}: names "{unknown}", which is no table.{nearest(unknown, flow.tables)}'
    lines, reasons = flow.lines(sample.event)
    for table in flow.tables.values():
        expected, line = sample.lines.get(table.name), lines.get(table.name)
        if expected is not None and line is None:
            yield f'{event}: becomes no log line of "{table.name}": {" ".join(reasons) or "its rule does not match."}'
        elif expected is not None and line is not None:
            yield from (f'{log}: table "{table.name}"{difference}' for difference in _differences(table, expected, line))
        elif line is not None and table.source == source.name:
            yield f'{event}: becomes a log line of "{table.name}", which {name}{LOG} does not name.'


def _accepted(source: Source, name: str, flow: Flow) -> Iterator[Path]:
    """Write the second file of a sample if it is missing or has lines that are others; yield it then."""
    file = _folder(source) / f"{name}{LOG}"
    known = _lines(source, name) if file.exists() else {}
    becomes, _ = flow.lines(_bytes(source, name, EVENT))
    wanted = {table: line for table, line in becomes.items() if table in known or flow.tables[table].source == source.name}
    if not wanted or not known.keys() <= wanted.keys() or _canonical(known) == _canonical(wanted):
        return
    try:
        file.write_text(_pretty(wanted), "utf-8")
    except OSError as error:
        raise DeclarationError(f"{_shown_file(source, name, LOG)}: cannot be written: {error.strerror}.") from None
    yield file


def _pretty(value: Any) -> str:  # any JSON value
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _differences(table: Table, expected: LogLine, line: LogLine) -> Iterator[str]:
    columns = [column.name for column in table.columns]
    for column in (name for name in expected if name not in columns):
        yield f' has no column "{column}".{nearest(column, columns)}'
    for column in columns:
        if _canonical(expected.get(column)) != _canonical(line.get(column)):
            yield f', column "{column}": is {_shown(line, column)}, expected {_shown(expected, column)}.'


def _canonical(value: Any) -> str:  # any JSON value
    """Write the value as text, so that 1 is not 1.0 and not true."""
    return json.dumps(value, sort_keys=True)


def _shown(line: LogLine, column: str) -> str:
    return json.dumps(line[column], ensure_ascii=False) if line.get(column) is not None else "NULL"


def _folder(source: Source) -> Path:
    return Path(source.folder) / "samples"


def _shown_file(source: Source, name: str, end: str) -> str:
    return f"{source.name}/samples/{name}{end}"


def _bytes(source: Source, name: str, end: str) -> bytes:
    shown = _shown_file(source, name, end)
    try:
        return (_folder(source) / f"{name}{end}").read_bytes()
    except FileNotFoundError:
        what = "the event" if end == EVENT else "the log lines it becomes by table, {} if it is refused,"
        raise DeclarationError(f"{shown}: is missing; put {what} there.") from None
    except OSError as error:
        raise DeclarationError(f"{shown}: cannot be read: {error.strerror}.") from None


def _lines(source: Source, name: str) -> dict[str, LogLine]:
    shown = _shown_file(source, name, LOG)
    try:
        lines = json.loads(_bytes(source, name, LOG))
    except (ValueError, RecursionError) as error:
        raise DeclarationError(f"{shown}: is not JSON: {error}.") from None
    if not isinstance(lines, dict) or not all(isinstance(line, dict) for line in lines.values()):
        example = '{"build_state_change": {"project_name": "shop"}}'
        raise DeclarationError(f"{shown}: is not a JSON object of log lines by table, such as {example}.")
    return lines
