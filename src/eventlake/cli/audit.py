"""`audit`: who asked what of the lake, and whether that is noted."""

from __future__ import annotations

import click

from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show

_MODES = ("on", "demanded", "off")


@click.command(short_help="Who asked what: the newest, or whether that is noted.")
@click.argument("mode", required=False, type=click.Choice(_MODES), metavar="[on|demanded|off]")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=100, show_default=True, help="How many lines, the newest first.")
@global_options
def audit(mode: str | None, limit: int) -> None:
    """List who asked or changed what, when, and what came of it, the newest first.

    `audit on` has each query noted before it is answered, by the command line, from Python and as pages of the browser, and so commands that
    change the lake. With `demanded`, what cannot be noted is not answered. `off` ends it, as without a word; each change is noted itself.
    """
    from eventlake.auditing.entry import Entry
    from eventlake.local.folder import require_lake
    from eventlake.local.journal import OFF, Journal

    current = settings()
    require_lake(current.lake_folder)
    journal = Journal(current.lake_folder, current.say)
    if mode is not None:
        journal.choose(mode, Entry(f"audit {mode}", "cli"))
        current.say(f"The audit is {mode}.")
        return
    if journal.mode == OFF:
        current.say("The audit is off, so nothing is noted: `eventlake audit on` begins it.")
    columns = ("time", "who", "via", "action", "statement", "tables", "rows", "bytes", "outcome", "problem")
    rows = [[event.get("time"), *(_shown(event["detail"].get(name)) for name in columns[1:])] for event in journal.newest(limit)]
    show(columns, rows, current.form)


def _shown(value: object) -> object:
    """Return a value as a cell: names in one text, nothing for an empty one."""
    return ", ".join(map(str, value)) or None if isinstance(value, list) else value if value != "" else None
