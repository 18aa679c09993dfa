"""The journal of a lake's audit, brought into its table `audit` before a statement is answered that names it."""

from __future__ import annotations

from eventlake.cli.settings import Settings
from eventlake.errors import EventlakeError


def bring_audit_in(statement: str, current: Settings) -> None:
    """Bring in what is new in the journal, if a statement is about it; what cannot be is told, and what was brought in before is answered."""
    from eventlake.local.auditing.entry import named_in
    from eventlake.local.auditing.journal import FOLDER

    if current.is_on_aws or not named_in(statement, [FOLDER]) or not (current.lake_folder / FOLDER).is_dir():
        return
    from eventlake.local.audit_table import bring_in

    try:
        bring_in(current.lake_folder, current.load_sources())
    except EventlakeError as error:
        current.say(f"The newest lines of the audit are not in its table: {error}")
