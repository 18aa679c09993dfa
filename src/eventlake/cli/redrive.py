"""`failed redrive`: failed events tried again with the declarations of today; what becomes of each is counted, and adds up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from eventlake.cli.moments import moment
from eventlake.cli.opening import shared_lake
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show
from eventlake.errors import UsageError

if TYPE_CHECKING:
    from eventlake.backends.catalog.entries import FailedEntry
    from eventlake.backends.sqlite_catalog import SqliteCatalog
    from eventlake.local.redriving import Tried
    from eventlake.model import Source
    from eventlake.pipeline.redrive import Filter

_PREVIEW = ("table", "code", "shape", "events", "becomes", "reason", "row")
_COUNTS = ("table", "code", "failed", "redriven", "still_failing", "into", "reason")


@click.command(name="redrive", short_help="Try failed events again, and store those that are right now.")
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--reason", default="", help="Only those with this code, or these words in their reason.", metavar="TEXT")
@click.option("--code", default="", help="Only those with this code, exactly.", metavar="CODE")
@click.option(
    "--stream", "--table", "stream", default="", help="Only those of this table, or of `unmatched` or `rejected`.", metavar="TABLE"
)
@click.option("--since", help="Only those that arrived since: YYYY-MM-DD or YYYY-MM-DDTHH:MM, in UTC.", metavar="TIME")
@click.option("--dry-run", is_flag=True, help="Show what each kind would become now, and change nothing.")
@global_options
def redrive(ids: tuple[str, ...], reason: str, code: str, stream: str, since: str | None, dry_run: bool) -> int:
    """Try failed events again with the declarations of today; each that is right now becomes a row in the hour in which it arrived.

    What no rule had matched becomes a row in the hour in which it happened.
    On AWS each that is right now is sent to its table's stream, and becomes a row in the hour in which it comes there; what EventBridge could
    not deliver is tried too.

    ID: how ids begin, as `failed` shows them; all failed events without one. Trying again what was redriven changes nothing. What still fails
    stays, with its new reason, and the command ends with 1.
    """
    from eventlake.local.folder import require_lake
    from eventlake.pipeline.redrive import Filter

    current = settings()
    chosen = Filter(tuple(one.lower() for one in ids), reason, stream, _microseconds(since), code)
    if current.is_on_aws:
        return _on_aws(chosen, current, dry_run=dry_run)
    if dry_run:
        show(_PREVIEW, _previews(_tried(chosen, current)), current.form)
        return 0
    require_lake(current.lake_folder)
    with shared_lake(current) as catalog:
        entries = _wanted(catalog, chosen, current)
        return _shown(_redriven(catalog, entries, current), current)


def _tried(chosen: Filter, current: Settings) -> Iterator[Tried]:
    """Try the records without writing, beside a bus that runs."""
    from eventlake.local.folder import open_catalog
    from eventlake.local.redriving import tried

    entries = _wanted(open_catalog(current.lake_folder), chosen, current)
    return tried(entries, current.lake_folder, current.load_sources())


def _on_aws(chosen: Filter, current: Settings, *, dry_run: bool) -> int:
    """Try failed events of a lake on AWS, and send what is right unless it is a dry run; return 1 if some still fail then."""
    from eventlake.cli.opening import noting_on_aws, open_deployment
    from eventlake.cloud.redriving import AwsRedriver

    deployment, session = open_deployment(current)
    if not deployment.name:
        raise UsageError(f'The name of "{deployment.named}" does not tell its streams: name the lake by its stack, aws:NAME.')
    redriver = AwsRedriver(deployment, session)
    code = 0
    try:
        entries = redriver.wanted(chosen)
        _require_ids(entries, chosen, redriver.events.find)
        _require_stream(entries, chosen, deployment.sources)
        if dry_run:
            show(_PREVIEW, _previews(redriver.tried(entries)), current.form)
        else:
            with noting_on_aws(deployment, session, current):
                code = _shown(_told(redriver.redrive(entries), len(entries), current), current)
    finally:
        redriver.events.put_back()
    if redriver.events.not_seen:
        current.say(redriver.events.not_seen)
    return code


def _wanted(catalog: SqliteCatalog, chosen: Filter, current: Settings) -> list[FailedEntry]:
    """Return the records that were chosen. Raises UsageError for an id or a table that none has."""
    from eventlake.local.redriving import wanted

    found = wanted(catalog, chosen)
    _require_ids(found, chosen, catalog.find_failed)
    _require_stream(found, chosen, current.load_sources())
    return found


def _require_ids(found: Sequence[FailedEntry], chosen: Filter, find: Callable[[str], Sequence[FailedEntry]]) -> None:
    """Raise UsageError for an id that none of the chosen has. find: finds records by how their ids begin, the redriven ones too."""
    for written in chosen.ids:
        if not any(entry.id.startswith(written) for entry in found):
            known = find(written)
            done = f"was redriven into {known[0].into} already" if known else "is no failed event; `eventlake failed` lists them"
            raise UsageError(f'"{written}" {done}.')


def _require_stream(found: Sequence[FailedEntry], chosen: Filter, sources: Iterable[Source]) -> None:
    """Raise UsageError for a table that neither a failed event nor a declaration knows."""
    from eventlake.naming import nearest
    from eventlake.pipeline.failed_records import REJECTED, UNMATCHED

    known = [UNMATCHED, REJECTED, *(table.name for source in sources for table in source.tables)]
    if chosen.stream and not found and chosen.stream not in known:
        raise UsageError(f'There is no table "{chosen.stream}".{nearest(chosen.stream, known)} `eventlake tables` lists them.')


def _redriven(catalog: SqliteCatalog, entries: Sequence[FailedEntry], current: Settings) -> Iterator[Tried]:
    from eventlake.local.redriving import Redriver

    redriver = Redriver(catalog, current.lake_folder, current.load_sources())
    return _told(redriver.redrive(entries), len(entries), current)


def _told(found: Iterable[Tried], count: int, current: Settings) -> Iterator[Tried]:
    """Yield what became of each, and tell how many are done."""
    for number, one in enumerate(found, 1):
        yield one
        current.progress(f"{number:,} of {count:,} failed events", is_done=number == count)


def _previews(found: Iterable[Tried]) -> list[list[object]]:
    """Group records by table, reason and shape; each group with how its first is refused, and the row that it would become."""
    groups: dict[tuple[str, ...], Tried] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    for one in found:
        group = one.entry.stream, one.entry.code, one.shape, one.into or (one.error.code if one.error else "")
        groups.setdefault(group, one)
        counts[group] += 1
    return [
        [table, code, shape, counts[table, code, shape, becomes], becomes, one.entry.message, _row(one)]
        for (table, code, shape, becomes), one in groups.items()
    ]


def _row(one: Tried) -> str:
    """Return the row that a record becomes, as its log lines; or why it still fails."""
    return " ".join(json.dumps(json.loads(line), ensure_ascii=False) for _, line in one.lines) if one.error is None else str(one.error)


@dataclass(slots=True)
class _Count:
    """What became of the failed records of one table and reason."""

    failed: int = 0
    failing: int = 0
    erased: int = 0
    into: set[str] = field(default_factory=set)
    reason: str | None = None

    def add(self, one: Tried) -> None:
        """Count a record."""
        self.failed += 1
        self.erased += one.is_erased
        if one.error is None:
            self.into.add(one.into)
        else:
            self.failing += 1
            self.reason = self.reason or str(one.error)


def _shown(found: Iterable[Tried], current: Settings) -> int:
    """Show what became of the records; return 1 if some still fail."""
    counts = _counts(found, current)
    show(_COUNTS, counts, current.form)
    return int(any(row[_COUNTS.index("still_failing")] for row in counts))


def _counts(found: Iterable[Tried], current: Settings) -> list[list[object]]:
    """Count what became of the records, by table and reason, and say that it adds up."""
    groups: dict[tuple[str, str], _Count] = {}
    for one in found:
        groups.setdefault((one.entry.stream, one.entry.code), _Count()).add(one)
    failed, failing = sum(one.failed for one in groups.values()), sum(one.failing for one in groups.values())
    erased = sum(one.erased for one in groups.values())
    left_out = f" + {erased:,} of who was erased, left out" if erased else ""
    current.say(f"{failed:,} failed = {failed - failing - erased:,} redriven + {failing:,} still failing{left_out}.")
    return [
        [*key, one.failed, one.failed - one.failing - one.erased, one.failing, "; ".join(sorted(one.into)) or None, one.reason]
        for key, one in groups.items()
    ]


def _microseconds(since: str | None) -> int:
    """Return a moment as microseconds since 1970, 0 if none is named. Raises UsageError."""
    return 0 if since is None else round(moment(since).timestamp() * 1_000_000)
