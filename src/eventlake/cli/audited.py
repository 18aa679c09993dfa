"""The journal of a lake's audit, brought into its table `audit` before a statement is answered that names it."""

from __future__ import annotations

from eventlake.cli.settings import Settings


def bring_audit_in(statement: str, current: Settings) -> None:
    """Bring in what is new in the journal of a lake in a folder, if a statement is about it."""
    if current.is_on_aws:
        return
    from eventlake.local.audit_asked import bring_audit_in

    bring_audit_in(statement, current.lake_folder, current.load_sources, current.say, gives_way=True)
