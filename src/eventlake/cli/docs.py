"""`docs`: the pages of this version's docs, all or one in full."""

from __future__ import annotations

from pathlib import Path

import click

import eventlake
from eventlake.cli.settings import global_options, settings
from eventlake.cli.show import show, show_records
from eventlake.errors import UsageError
from eventlake.naming import nearest

_EXTENSION = ".md"


@click.command(short_help="The docs of this version: all pages, or one in full.")
@click.argument("page", required=False)
@global_options
def docs(page: str | None) -> None:
    """List the pages of the docs; `docs PAGE` shows one, as Markdown.

    They are those of the version that is installed, and need no network.
    """
    current, pages = settings(), _pages()
    if page is None:
        show(("page", "about"), [[name, _title(file)] for name, file in pages.items()], current.form)
        return
    name = page.removeprefix("docs/").removesuffix(_EXTENSION)
    if name not in pages:
        raise UsageError(f'There is no page "{page}".{nearest(name, pages)} `eventlake docs` lists all.')
    text = pages[name].read_text("utf-8")
    if current.output in {None, "table"}:  # in a pipe too: it is read by `less`
        click.echo(text, nl=False)
    else:
        show_records([{"page": name, "about": _title(pages[name]), "text": text}], current.output, ("page", "about", "text"))


def _pages() -> dict[str, Path]:
    """Return the file of each page: those within an installed package, or those of the clone that it runs from."""
    package = Path(eventlake.__file__).parent
    folder = next(one for one in (package / "docs", package.parents[1] / "docs") if one.is_dir())
    files = sorted(folder.rglob(f"*{_EXTENSION}"), key=lambda file: (len(file.parts), file))
    return {file.relative_to(folder).as_posix().removesuffix(_EXTENSION): file for file in files}


def _title(file: Path) -> str:
    """Return the heading of a page."""
    with file.open(encoding="utf-8") as lines:
        return next(lines).removeprefix("# ").strip()
