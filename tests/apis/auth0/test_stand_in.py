"""The stand-in for Auth0's API refuses what Auth0 refuses, so that a client which would fail there fails here."""

from __future__ import annotations

import pytest

from auth0_api import CLIENT, SECRET, Auth0Api, Clock, log_of, serving
from eventlake.apis.asking import Asker, Said
from eventlake.apis.auth0.access import ClientCredentials
from eventlake.apis.host import Host


def answer(api: Auth0Api, clock: Clock, query: str) -> Said:
    """What it says to one request for the log."""
    asker = Asker(Host(api.url), clock.now, clock.pause)
    token = ClientCredentials(CLIENT, SECRET, clock.now).token(asker)
    said = asker.ask("GET", f"/api/v2/logs?{query}", {"Authorization": f"Bearer {token}"})
    asker.host.close()
    return said


@pytest.mark.parametrize(
    ("query", "status", "count"),
    [
        ("page=9&per_page=100", 200, 100),
        ("page=10&per_page=100", 400, None),
        ("per_page=101", 400, None),
        ("", 200, 50),
        ("from=0&take=100", 200, 100),
        ("take=101", 400, None),
    ],
)
def test_search_ends_at_a_thousand_entries_and_pages_at_a_hundred(query: str, status: int, count: int | None) -> None:
    """Which is why the log is read by checkpoint."""
    clock = Clock()
    with serving(Auth0Api(log_of(1200), clock.now)) as api:
        said = answer(api, clock, query)
    assert (said.status, len(said.value) if count else None) == (status, count)
