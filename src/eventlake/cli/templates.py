"""`templates` and `package`: what derives from the declarations, and its upload for a deployment."""

from __future__ import annotations

import click

from eventlake.cli.settings import global_options, settings


@click.command(short_help="Write the CloudFormation templates and docs that derive from declarations.")
@click.option("--check", is_flag=True, help="Only compare; 1 if a file is not up to date.")
@global_options
def templates(check: bool) -> None:
    """Write what derives from the declarations into this clone.

    These are templates/root.yaml, sources.yaml and sources/, the functions' mappings, and docs/sources/.
    With --sources DIR (or EVENTLAKE_SOURCES) your own sources become stacks beside the built-in ones.
    """
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
        raise SystemExit(1)
    if not check:
        write(clone, files, found)
    current.say(f"{len(files)} files of {len(sources)} sources are up to date.")


@click.command(
    short_help="Upload the templates and functions for a deployment.",
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="--s3-bucket NAME [OPTION...]")
@global_options
def package(arguments: tuple[str, ...]) -> None:
    """Run `aws cloudformation package --template templates/root.yaml` in this clone, with the options given.

    Times and modes of the functions' files are made the same first, and bytecode is removed, so that an unchanged clone uploads nothing new.
    """
    from eventlake.deploy.derived import clone_folder
    from eventlake.deploy.packaging import package as run_package

    raise SystemExit(run_package(clone_folder(), [*_of_the_cli(), *arguments]))


def _of_the_cli() -> list[str]:
    """Return the global options that the AWS CLI has as well, as it takes them."""
    current = settings()
    given = {"--profile": current.profile, "--region": current.region, "--endpoint-url": current.endpoint_url}
    return [word for option, value in given.items() if value for word in (option, value)]
