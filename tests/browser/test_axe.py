"""axe-core finds nothing serious on any page, neither in light nor in dark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from browser.conftest import Served, Window
from browser.test_browser import PATHS

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS = "axe.run().then(found => found.violations.filter(one => ['serious', 'critical'].includes(one.impact)))"
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not AXE.is_file(), reason="needs axe-core: npm ci --prefix tests/browser")]


@pytest.mark.parametrize("path", PATHS)
def test_axe_finds_nothing_serious(chromium: Any, served: Served, path: str) -> None:
    """Names, roles, order and contrast; the policy lets no foreign script in, so it is put aside for this one."""
    window = Window(chromium, served.url, bypass_csp=True)
    page = window.open(path)
    page.add_script_tag(path=str(AXE))
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += [(scheme, one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in page.evaluate(SERIOUS)]
    window.context.close()

    assert found == []
