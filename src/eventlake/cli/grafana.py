"""`grafana`: the page's tiles as a dashboard that Grafana imports."""

from __future__ import annotations

import click

from eventlake.cli.settings import global_options, settings


@click.command(short_help="A dashboard for Grafana, over Athena or Trino.")
@click.argument("dashboard", metavar="deliveries|logins")
@click.option("--engine", default="athena", show_default=True, metavar="athena|trino", help="Whom Grafana asks.")
@global_options
def grafana(dashboard: str, engine: str) -> None:
    """Write a dashboard's JSON to stdout: import it in Grafana, and choose your data source there.

    It holds the queries of the page's tiles, so that its numbers are the page's. docs/grafana/ has all of them.
    """
    from eventlake.web.grafana import dashboard_text

    click.echo(dashboard_text(dashboard, engine, settings().load_sources()), nl=False)
