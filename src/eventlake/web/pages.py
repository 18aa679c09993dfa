"""The pages, and which tiles each shows: data alone."""

from __future__ import annotations

from dataclasses import dataclass

from eventlake.web.tile import Tile

_PIPELINE = "/pipeline?pipeline={pipeline}"
_APPLICATION = "/application?application={application}"
_EXECUTION = "/execution?execution={executionid}"
_USER = "/user?user={user_name}"
_ADDRESS = "/address?address={ip}"
_NO_EVENTS = "No such event came in this window; take a longer one, or see on the page Lake what came at all."

_CHANGES = Tile("changes", "changes", "", "Nobody changed the tenant in this window.", wide=True)
_MEASURED = ("median_lead_time_minutes", "time_to_restore_minutes")
_RUNNING = Tile("running", "table", _EXECUTION, "Nothing runs.", wide=True, lasting=("age_minutes", "usual_minutes"))
_BROKEN = Tile("broken", "table", _EXECUTION, "No pipeline is broken.", wide=True)
_OPEN = Tile("alerts_open", "table", "/detection/{detection}", empty="No alert of this window is open.", wide=True)
_DELIVERIES = (
    Tile("measures", "numbers", empty=_NO_EVENTS, wide=True, lasting=_MEASURED),
    _BROKEN,
    Tile("measure_trends", "sparks", empty="No execution ended in the 13 weeks before the window's end.", wide=True, lasting=_MEASURED),
    Tile("deployments", "bars", empty="Nothing was deployed in this window; take a longer one."),
    Tile("outcomes", "bars", empty=_NO_EVENTS),
    Tile("last_executions", "outcomes", _EXECUTION, _NO_EVENTS, wide=True),
    Tile("failing_actions", "table", _EXECUTION, "No action failed in this window.", wide=True),
    Tile(
        "lead_time",
        "ranked",
        _PIPELINE,
        "No deployment names its commit: only Git triggers of V2 pipelines do.",
        lasting=("median_minutes",),
    ),
    Tile("approval_wait", "ranked", _PIPELINE, "No approval was answered in this window.", lasting=("median_minutes",)),
    Tile("slow_actions", "ranked", _PIPELINE, _NO_EVENTS, lasting=("mean_seconds",)),
    Tile("retries", "ranked", _PIPELINE, "Nobody retried a stage in this window."),
    Tile("failing_providers", "ranked", "", "No action failed in this window."),
    Tile("who_started", "ranked", "", _NO_EVENTS),
    Tile("delivery_heat", "heat", empty="Nothing was deployed in this window; take a longer one."),
    _RUNNING,
)


@dataclass(frozen=True, slots=True)
class Page:
    """A page. path: its address. wants: the name in the address without which it has nothing to show. default: its window's beginning.

    source: the one whose page it is, if any.
    """

    path: str
    title: str
    tiles: tuple[Tile, ...]
    wants: str = ""
    default: str = "-7d"
    source: str = ""


PAGES: tuple[Page, ...] = (
    Page(
        "/",
        "Now",
        (
            _BROKEN,
            _OPEN,
            _RUNNING,
            Tile("last_executions", "outcomes", _EXECUTION, _NO_EVENTS, wide=True),
            Tile("logins", "bars", empty=_NO_EVENTS, wide=True),
            Tile("outcomes", "bars", empty=_NO_EVENTS),
        ),
        default="-14d",
    ),
    Page(
        "/deliveries",
        "Deliveries",
        _DELIVERIES,
        default="-30d",
    ),
    Page(
        "/logins",
        "Logins",
        (
            Tile("logins", "bars", empty=_NO_EVENTS, wide=True),
            Tile("login_heat", "heat", empty="No login failed in this window."),
            Tile("reasons", "ranked", "", "No login failed in this window."),
            Tile("addresses", "table", _ADDRESS, "No login failed in this window.", wide=True),
            Tile("users", "table", _USER, "No login failed in this window.", wide=True),
            Tile("blocks", "bars", empty="Nothing was blocked, and no leaked password was used."),
            Tile("second_factor", "ranked", "", "Nobody was asked for a second factor."),
            Tile("countries", "ranked", "", _NO_EVENTS),
            Tile("applications", "ranked", _APPLICATION, _NO_EVENTS),
            Tile("connections", "ranked", "", _NO_EVENTS),
            Tile("organizations", "ranked", "", "No login named an organization."),
            Tile("signups", "bars", empty="Nobody signed up in this window."),
            Tile("machines", "ranked", "", "No machine asked for a token."),
            Tile("log_types", "ranked", "", _NO_EVENTS),
            Tile("fingerprints", "ranked", "", "No failed login has a fingerprint of its client."),
            _CHANGES,
        ),
        default="-14d",
    ),
    Page("/changes", "Changes", (_CHANGES,), default="-30d"),
    Page("/pipeline", "Pipeline", _DELIVERIES, wants="pipeline", default="-90d"),
    Page(
        "/application",
        "Application",
        (
            Tile("one_application", "bars", empty="Nobody used this application in this window.", wide=True),
            Tile("one_application_entries", "table", empty="Nobody used this application in this window.", wide=True),
        ),
        wants="application",
        default="-30d",
    ),
    Page(
        "/alerts",
        "Alerts",
        (
            _OPEN,
            Tile("alerts_told", "bars", empty="No detection found anything in this window.", wide=True),
        ),
        default="-14d",
    ),
    Page(
        "/execution",
        "Execution",
        (
            Tile("execution", "waterfall", empty="No action of this execution lies in this window; take a longer one.", wide=True),
            Tile("execution_events", "table", empty="No event of this execution lies in this window; take a longer one.", wide=True),
        ),
        wants="execution",
        default="-90d",
    ),
    Page(
        "/user",
        "User",
        (
            Tile("one_user", "bars", empty="This user did nothing in this window.", wide=True),
            Tile("one_user_entries", "table", empty="This user did nothing in this window.", wide=True),
        ),
        wants="user",
        default="-30d",
    ),
    Page(
        "/address",
        "Address",
        (
            Tile("one_address", "bars", empty="Nothing came from this address in this window.", wide=True),
            Tile("one_address_entries", "table", empty="Nothing came from this address in this window.", wide=True),
        ),
        wants="address",
        default="-30d",
    ),
)

BY_PATH = {page.path: page for page in PAGES}
TILES = {tile.name: tile for page in PAGES for tile in page.tiles}
"""Every tile by name; one that stands on several pages is the same."""
