"""`templates`, `terraform` and `package`: what derives from the declarations, and its upload for a deployment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from eventlake.cli.paths import path_of
from eventlake.cli.settings import Settings, global_options, settings
from eventlake.errors import UsageError


@click.command(short_help="Write the CloudFormation templates and docs that derive from declarations.")
@click.option("--check", is_flag=True, help="Only compare; 1 if a file is not up to date.")
@click.option("--into", metavar="DIR", help="Write a new folder to deploy from, templates/ and src/; needs no clone.")
@global_options
def templates(check: bool, into: str | None) -> int:
    """Write what derives from the declarations into this clone, or with --into a folder to deploy from.

    In a clone these are templates/root.yaml, sources.yaml and sources/, the functions' mappings, and docs/sources/.
    With --sources DIR (or EVENTLAKE_SOURCES) your own sources become stacks beside the built-in ones.
    """
    if into is not None and check:
        raise UsageError("--check compares a clone, and --into writes another folder: give one of them.")
    if into is not None:
        _write_deployment(settings(), path_of(into))
        return 0
    from eventlake.deploy.derived import clone_folder, derived_files, differences, write
    from eventlake.query.saved import load_saved

    current = settings()
    clone = clone_folder()
    sources = current.load_sources()
    files = derived_files(sources, load_saved(sources))
    found = differences(clone, files)
    for path in found.outdated:
        click.echo(f"{path}: {'is not up to date' if check else 'written'}")
    for path in found.stale:
        click.echo(f"{path}: {'derives from no declaration' if check else 'removed'}")
    if check and found:
        current.say('Write them with "eventlake templates", and the same --sources.')
        return 1
    if not check:
        write(clone, files, found)
    current.say(f"{len(files)} files of {len(sources)} sources are up to date.")
    return 0


def _write_deployment(current: Settings, folder: Path) -> None:
    from eventlake.deploy.standalone import write_deployment
    from eventlake.query.saved import load_saved

    sources = current.load_sources()
    count = write_deployment(folder, sources, load_saved(sources))
    current.say(
        f"{count} templates of {len(sources)} sources, and the functions' code, are in {folder}. Deploy {folder}/templates/root.yaml."
    )


@click.command(short_help="Write the same deployment as a Terraform module.")
@click.argument("folder", metavar="DIR")
@global_options
def terraform(folder: str) -> None:
    """Write the deployment as a Terraform module into DIR, with the functions' code; needs no clone, and no Terraform.

    It is translated from the CloudFormation templates: the same resources, parameters as variables in snake_case, the same outputs.
    A folder that this command wrote is written anew, so run it again after an upgrade, with the same --sources.
    """
    from eventlake.deploy.terraform.folder import write_modules
    from eventlake.query.saved import load_saved

    current = settings()
    sources = current.load_sources()
    count = write_modules(path_of(folder), sources, load_saved(sources))
    current.say(f'{count} resources of {len(sources)} sources are in {folder}. Name it as a module\'s source: source = "{folder}".')


@click.command(
    short_help="Upload the templates and functions for a deployment.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="--s3-bucket NAME [OPTION...]")
@global_options
def package(arguments: tuple[str, ...]) -> int:
    """Run `aws cloudformation package --template templates/root.yaml` with the options given.

    In a clone it takes the clone's templates, and the folder it runs in is the clone. Installed without one, it writes them for the sources that
    are on into a folder that is gone afterwards, and runs where you are.

    Times and modes of the functions' files are made the same first, and bytecode is removed, so that an unchanged clone uploads nothing new.
    """
    from eventlake.deploy.packaging import package as run_package

    with _deployment(settings()) as (folder, where):
        return run_package(folder, [*_of_the_cli(), *arguments], where)


@contextmanager
def _deployment(current: Settings) -> Iterator[tuple[Path, Path]]:
    """Give the folder that holds templates/ and src/, and the folder to run in: the clone twice, or one for the time being and this one."""
    import tempfile

    from eventlake.deploy.derived import find_clone
    from eventlake.deploy.standalone import write_deployment
    from eventlake.query.saved import load_saved

    if (clone := find_clone()) is not None:
        yield clone, clone
        return
    with tempfile.TemporaryDirectory(prefix="eventlake-package-") as folder:
        sources = current.load_sources()
        write_deployment(Path(folder), sources, load_saved(sources))
        yield Path(folder), Path.cwd()


def _of_the_cli() -> list[str]:
    """Return the global options that the AWS CLI has as well, as it takes them."""
    current = settings()
    given = {"--profile": current.profile, "--region": current.region, "--endpoint-url": current.endpoint_url}
    return [word for option, value in given.items() if value for word in (option, value)]
