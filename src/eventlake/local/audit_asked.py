"""Statements about the audit: what is new in its journal is brought into its table before they are answered, whichever way they are asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eventlake.auditing.entry import named_in
from eventlake.errors import EventlakeError
from eventlake.local.journal import FOLDER
from eventlake.model import Source


def bring_audit_in(
    statement: str, folder: Path, sources: Callable[[], Sequence[Source]], told: Callable[[str], None], *, gives_way: bool = False
) -> None:
    """Bring in what is new in a lake's journal, if a statement names its table.

    told: hears why it cannot be; then what was brought in before is answered. sources: loads the lake's other ones. gives_way: whether the
    process may become nicer for good, as one that ends with the answer.
    """
    if not named_in(statement, [FOLDER]) or not (folder / FOLDER).is_dir():
        return
    from eventlake.local.audit_table import bring_in

    try:
        bring_in(folder, sources(), gives_way=gives_way)
    except EventlakeError as error:
        told(f"The newest lines of the audit are not in its table: {error}")
