"""The modules of `eventlake.functions.declared`: a table's mapping as Python, so that a Lambda function reads no declaration.

Written by `eventlake templates`, beside the templates; the code itself is `eventlake.pipeline.mapping`'s, the same that runs here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eventlake.model import Source, Table
from eventlake.pipeline.mapping import line_source

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
    return "\n".join(header) + "\n" + line_source(table)


def declared_modules(sources: Iterable[Source]) -> dict[str, str]:
    """Write the text of every module, by file name."""
    return {f"{table.name}.py": declared_module(table) for source in sources for table in source.tables}
