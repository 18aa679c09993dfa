"""`cost --lake aws:STACK`: what a lake on AWS costs in a month, as CloudWatch metered it, beside the estimate."""

from __future__ import annotations

from datetime import UTC, datetime

from eventlake.cli.settings import Settings
from eventlake.cli.show import show

_COLUMNS = ("service", "quantity", "unit", "dollars", "estimated", "from", "price")


def show_metered(current: Settings) -> None:
    """Show the bill of a month at the pace of the last one, a line for each price. Raises ConfigurationError, ServiceError."""
    from eventlake.bill.metered import beside
    from eventlake.bill.month import month
    from eventlake.bill.prices import READ_ON
    from eventlake.cli.opening import open_deployment
    from eventlake.cloud.metering import looked_at, plan, usage

    now = datetime.now(UTC)
    deployment, session = open_deployment(current)
    used = usage(deployment, session, now)
    planned = plan(deployment, used, now)
    lines = beside(used, month(planned), converts=planned.log_format == "parquet")
    rows = [
        [
            one.price.service,
            f"{one.quantity:.6g}",
            one.price.unit,
            round(one.dollars, 2),
            round(one.estimated, 2),
            one.source,
            one.price.page,
        ]
        for one in lines
    ]
    show(_COLUMNS, rows, current.form)
    hours = looked_at(deployment, now).total_seconds() / 3600
    current.say(
        f"Together ${sum(one.dollars for one in lines):,.2f} a month, estimated ${sum(one.estimated for one in lines):,.2f}, "
        f"for {used.events:,.0f} records a month at the pace of the last {hours:,.0f} hours, at list prices of us-east-1 read on {READ_ON}."
    )
