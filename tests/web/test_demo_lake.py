"""What the demo puts into its lake fills every tile, through the window that each page opens with."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

import pytest

from eventlake.history import demo_history
from eventlake.web.pages import PAGES
from web.conftest import END, Browser, filled

pytestmark = pytest.mark.slow

ALL_IS_WELL = {
    "Nothing failed in this window.",
    "Every table has the columns that its declaration says.",
    "No alert of this window is open.",  # detections, which run beside a bus, have told none yet
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """A lake of the demo's history, which ends now."""
    folder, history = tmp_path_factory.mktemp("demo"), demo_history(END)
    return Browser(folder, filled(folder, history.lines()), history.truth)


@pytest.mark.parametrize("path", ["/lake", *(page.path for page in PAGES if not page.wants and page.path != "/alerts")])
def test_no_tile_of_the_demo_is_empty(demo: Browser, path: str) -> None:
    """And none says a problem; alerts are told by detections, which run beside a bus."""
    said = re.findall(r'class="(?:empty|problem)"[^>]*>([^<]*)', demo.get(path).text)
    assert set(said) <= ALL_IS_WELL


def test_a_page_of_one_thing_is_full_too(demo: Browser) -> None:
    """Of the first pipeline, execution, user, address and application that the other pages lead to."""
    text = "".join(demo.get(path).text for path in ("/", "/deliveries", "/logins"))
    for page in PAGES:
        if page.wants:
            value = re.search(rf'href="{page.path}\?{page.wants}=([^"&]+)', text)
            assert value is not None, page.path
            shown = demo.get(page.path, {page.wants: unquote_plus(value[1])})
            assert 'class="problem"' not in shown.text
