"""The modules of `eventlake.functions.declared`: a table's mapping as Python, so that a Lambda function reads no declaration.

Written by `eventlake templates`, beside the templates; the code itself is `eventlake.pipeline.mapping`'s, the same that runs here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from eventlake.errors import ConfigurationError
from eventlake.model import Source, Table
from eventlake.pipeline.literal import Brackets, broken_lines, string
from eventlake.pipeline.mapping import line_source
from eventlake.pipeline.masking import masked_places

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
    return "\n".join(header) + "\n" + line_source(table) + _personal(table)


def _personal(table: Table) -> str:
    """Write where the table's events hold personal data that is not kept, for the function to mask; nothing if all of it is kept."""
    places = masked_places(table)
    if not places:
        return ""
    if asking := next((path for path, how in places if how == "hmac"), ""):
        raise ConfigurationError(
            f'{asking} of {table.name} is to become a pseudonym, which a lake on AWS does not make: choose "mask", "network" or "drop" there.'
        )
    return (
        "\n".join(broken_lines(Brackets("[", [f"({string(path)}, {string(how)})" for path, how in places], "]"), before="PERSONAL = "))
        + "\n"
    )


def declared_modules(sources: Iterable[Source]) -> dict[str, str]:
    """Write the text of every module, by file name."""
    return {f"{table.name}.py": declared_module(table) for source in sources for table in source.tables}
