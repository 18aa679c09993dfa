"""The modules of `eventlake.functions.declared`: a table's mapping as Python, so that a Lambda function reads no declaration.

Written by `eventlake templates`, beside the templates; the code itself is `eventlake.pipeline.mapping`'s, the same that runs here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eventlake.model import Source, Table
from eventlake.pipeline.forgetting import subject_paths
from eventlake.pipeline.literal import Brackets, broken_lines, string
from eventlake.pipeline.mapping import line_source
from eventlake.pipeline.masking import asks_for_pseudonyms, masked_places, time_paths

FOLDER = Path(__file__).parent.parent / "functions" / "declared"
"""Where the Lambda functions look for them."""


def declared_module(table: Table) -> str:
    """Write the text of `functions/declared/<table>.py`, which holds `log_line(event) -> bytes`."""
    header = [
        f'"""The log lines of {table.name}, from an event to the JSON of its columns.',
        "",
        f"Written by `eventlake templates` from the declaration of the source {table.source}; change that, not this.",
        '"""',
        "",
    ]
    constants = _subjects(table) + _personal(table)
    return "\n".join(header) + "\n" + line_source(table) + (f"\n\n{constants}" if constants else "")


def _subjects(table: Table) -> str:
    """Write where the table's events say whose they are, by which the function knows those of who was erased; nothing if nowhere."""
    paths = subject_paths(table)
    if not paths:
        return ""
    return "\n".join(broken_lines(Brackets("[", [string(path) for path in paths], "]"), before="SUBJECTS = ")) + "\n"


def _personal(table: Table) -> str:
    """Write where the table's events hold personal data that is not kept, for the function to mask; nothing if all of it is kept.

    With pseudonyms, also where an event says when it happened, as its day tells the key.
    """
    places = masked_places(table)
    if not places:
        return ""
    lines = broken_lines(Brackets("[", [f"({string(path)}, {string(how)})" for path, how in places], "]"), before="PERSONAL = ")
    if asks_for_pseudonyms(table):
        lines += broken_lines(Brackets("[", [string(path) for path in time_paths(table)], "]"), before="TIMES = ")
    return "\n".join(lines) + "\n"


def declared_modules(sources: Iterable[Source]) -> dict[str, str]:
    """Write the text of every module, by file name."""
    return {f"{table.name}.py": declared_module(table) for source in sources for table in source.tables}
