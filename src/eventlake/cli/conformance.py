"""`conformance`: how faithfully an engine answers Athena's SQL."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from eventlake.cli.opening import open_engine
from eventlake.cli.query import ENGINES
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.cli.show import show

if TYPE_CHECKING:
    from eventlake.conformance.judging import Judged

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(short_help="Compare an engine's answers with golden answers.")
@click.argument("fixture", type=_FILE)
@click.argument("queries", type=_FILE)
@click.option("--engine", type=click.Choice(ENGINES), default="duckdb", show_default=True, help="What answers.")
@click.option(
    "--verdict", "wanted", metavar="NAME", multiple=True, help="List the cases of this verdict; default: every one that is not right."
)
@click.option("--family", help="Ask the cases of one family only.")
@global_options
def conformance(fixture: Path, queries: Path, engine: str, wanted: tuple[str, ...], family: str | None) -> int:
    """Answer the SQL of QUERIES over the tables of FIXTURE and compare with its golden answers.

    Each case gets a verdict: right; refused (the sentence names what cannot be answered); failed; wrong (other rows); misnamed (other
    names of columns); lenient (an answer where Athena refuses for a type, a name or the grammar) and lenient-by-data.
    Ends with 1 if any is wrong, misnamed or lenient.
    Athena and Trino are asked on the lake that the options name, where the tables of FIXTURE must stand.
    docs/sql.md describes both files.
    """
    from eventlake.conformance.fixture import FixtureEngine, load_fixture
    from eventlake.conformance.golden import load_cases
    from eventlake.conformance.judging import BAD, VERDICTS, judge_all

    if unknown := [name for name in wanted if name not in VERDICTS]:
        raise click.UsageError(f'"{unknown[0]}" is no verdict. Verdicts: {", ".join(VERDICTS)}.')
    cases = [case for case in load_cases(queries) if family in {None, case.family}]
    if engine == "duckdb":
        with closing(FixtureEngine(load_fixture(fixture))) as tables:
            judged = judge_all(cases, tables.query)
    else:
        judged = judge_all(cases, open_engine(settings(), engine).query)
    _show(judged, wanted or VERDICTS[1:], settings())
    return int(any(one.verdict in BAD for one in judged))


def _show(judged: list[Judged], wanted: tuple[str, ...], current: Settings) -> None:
    """Print the cases of those verdicts on stdout, the counts on stderr."""
    from eventlake.conformance.judging import counted

    listed = [one for one in judged if one.verdict in wanted]
    show(("verdict", "name", "detail"), [(one.verdict, one.case.name, one.detail) for one in listed], current.form)
    counts = counted(judged)
    share = 100 * counts["right"] / max(len(judged), 1)
    kinds = sum(one.mistyped for one in judged)
    current.say(f"{', '.join(f'{count:,} {name}' for name, count in counts.items())}: {share:.1f} % right.")
    if kinds:
        current.say(f"{kinds:,} of the right answers have another type than Athena's.")
