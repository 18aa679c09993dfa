"""What a repair is about to change, in a file that is durable before anything is changed, and what puts it back.

A file of JSON lines: the first says what it is, each other holds a partition as it was, and where the repair puts it. What is put back is what
still is as the repair left it, so that putting back may be stopped and run again, and what somebody else changed since stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from eventlake.backends.disk import write_whole
from eventlake.errors import CorruptObjectError, UsageError
from eventlake.pipeline.repairing import Change, Changes, Described, location

_SAYS = "partitions before `eventlake doctor --repair`"
_OWNER_ONLY = 0o600


def write(path: Path, changes: Sequence[Changes], named: str, now: datetime) -> None:
    """Write down how to put back these changes. Raises UsageError if there is such a file, StorageError."""
    if path.exists():
        raise UsageError(f'"{path}" is there already: name another file, or put back what it holds with `eventlake doctor --undo {path}`.')
    head = {"file": _SAYS, "lake": named, "written": now.isoformat(timespec="seconds")}
    lines = [head, *(line for one in changes for line in _lines(one))]
    write_whole(path, "".join(f"{json.dumps(line, default=str, separators=(',', ':'))}\n" for line in lines), _OWNER_ONLY)


def read(path: Path) -> list[Changes]:
    """Read what a repair changed, by table. Raises UsageError if there is no such file, CorruptObjectError for one that is none of ours."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f'"{path}" cannot be read: {error.strerror}. A repair says which file puts it back.') from None
    except UnicodeDecodeError:
        raise _none_of_ours(path) from None
    try:
        head, *lines = [json.loads(line) for line in text.splitlines()] or [None]
        if head["file"] != _SAYS:
            raise _none_of_ours(path)
        return list(_by_table(lines))
    except (ValueError, KeyError, TypeError):
        raise _none_of_ours(path) from None


def put_back(changes: Changes, partitions: Iterable[Described]) -> tuple[Changes, list[tuple[str, ...]]]:
    """Return what puts changes back, and the partitions that are neither as they were nor as the repair left them, which stay.

    partitions: of the table, as Glue has them now.
    """
    now = {tuple(one["Values"]): one for one in partitions}
    wanted, others = [], []
    for change in changes.changes:
        one = now.get(change.values)
        if _place(one) == _place(change.before) and (one is None or _columns(one) == _columns(change.before or {})):
            continue
        if _place(one) == _place(change.after):
            wanted.append(Change(change.values, one, change.before, change.why))
        else:
            others.append(change.values)
    return Changes(changes.database, changes.table, tuple(wanted)), others


def _lines(changes: Changes) -> Iterator[dict[str, Any]]:  # JSON
    for one in changes.changes:
        said = {"database": changes.database, "table": changes.table, "values": one.values, "why": one.why}
        yield said | {"before": one.before, "after": None if one.after is None else location(one.after)}


def _by_table(lines: Sequence[dict[str, Any]]) -> Iterator[Changes]:  # JSON
    for (database, table), some in groupby(lines, key=lambda line: (line["database"], line["table"])):
        yield Changes(str(database), str(table), tuple(map(_change, some)))


def _change(line: dict[str, Any]) -> Change:  # JSON
    after = None if line["after"] is None else {"StorageDescriptor": {"Location": line["after"]}}
    return Change(tuple(line["values"]), line["before"], after, line["why"])


def _place(one: Described | None) -> str | None:
    return None if one is None else location(one)


def _columns(one: Described) -> Any:  # Glue's columns
    return one.get("StorageDescriptor", {}).get("Columns")


def _none_of_ours(path: Path) -> CorruptObjectError:
    return CorruptObjectError(
        f'"{path}" is no file that a repair wrote, or is not whole: its first line does not say so, or a line is no JSON.'
    )
