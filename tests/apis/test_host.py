"""The host of an API: what a person may name, and that nothing is sent without encryption."""

from __future__ import annotations

import pytest

from eventlake.apis.host import Host
from eventlake.errors import UsageError


@pytest.mark.parametrize(
    ("named", "url"),
    [
        ("tenant.eu.auth0.com", "https://tenant.eu.auth0.com"),
        ("https://Tenant.EU.auth0.com/", "https://tenant.eu.auth0.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
    ],
)
def test_a_host_is_asked_over_https_but_on_this_machine(named: str, url: str) -> None:
    """With a scheme before it or none."""
    assert Host(named).url == url


@pytest.mark.parametrize(
    "named",
    [
        *("http://tenant.eu.auth0.com", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://10.0.0.1"),
        *("", "ten ant", "https://", "ftp://tenant.auth0.com", "tenant.auth0.com/api", "tenant.auth0.com?x=1", "-a.com", "a..b"),
        *("https://user:word@tenant.auth0.com", "tenant.auth0.com:port", "tenant.auth0.com\r\nX: y", "[::1", "täglich.de"),
    ],
)
def test_what_is_no_host_or_would_be_asked_in_the_open_is_refused(named: str) -> None:
    """One sentence, before anything is sent."""
    with pytest.raises(UsageError, match=r"domain|encryption"):
        Host(named)
