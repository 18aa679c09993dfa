"""What `doctor` finds about retention: settings and holds that cannot be read, and hours that are still there long after their time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventlake.backends.sqlite_catalog import SqliteCatalog
from eventlake.errors import ConfigurationError
from eventlake.lake import Finding
from eventlake.local.retaining.retainer import Retainer

_LATE = timedelta(days=1)


def check_retention(folder: Path, catalog: SqliteCatalog) -> Iterator[Finding]:
    """Tell what keeps hours from going: a file that is wrong, or nobody who removes them."""
    try:
        over = Retainer(catalog, folder).over()
    except ConfigurationError as error:
        yield Finding("error", str(error), "Until then every hour is kept.")
        return
    late = [one for one in over if not one.hold and one.goes <= datetime.now(UTC) - _LATE]
    if late:
        first = late[0]
        yield Finding(
            "warning",
            f"{len(late):,} hours or objects of failed records are still there a day and more after their time, such as {first.table} {first.hour}.",
            "Run `eventlake retain`; `eventlake serve` does it once an hour, unless --no-close.",
        )
