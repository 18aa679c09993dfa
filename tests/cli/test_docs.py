"""The docs as a command shows them."""

from __future__ import annotations

import json

import pytest

from eventlake.cli import run
from project import ROOT

PAGES = {str(path.relative_to(ROOT / "docs").with_suffix("")) for path in (ROOT / "docs").rglob("*.md")}


def test_every_page_is_listed_with_its_heading(capsys: pytest.CaptureFixture[str]) -> None:
    """The general ones first, then those of the sources."""
    assert run(["docs", "--output", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["page"] for one in listed} == PAGES
    assert {"page": "webhook", "about": "Auth0 by webhook"} in listed
    assert listed[-1]["page"].startswith("sources/")


@pytest.mark.parametrize("name", ["sources/auth0", "docs/sources/auth0.md"])
def test_a_page_is_shown_as_it_was_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By its name, or by the path that other pages have of it; in a pipe too."""
    assert run(["docs", name]) == 0
    assert capsys.readouterr().out == (ROOT / "docs/sources/auth0.md").read_text("utf-8")


def test_a_page_that_is_not_there_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    """And what lists all."""
    assert run(["docs", "webhok"]) == 252
    assert capsys.readouterr().err == 'There is no page "webhok". Did you mean "webhook"? `eventlake docs` lists all.\n'
