"""A change is shown as the lines that went and those that came."""

from __future__ import annotations

import re

import pytest

from eventlake.web.charts.changes import MOST_LINES, difference
from web.conftest import WINDOW, Browser


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ('{"a":1,"b":2}', '{"b":3,"a":1}', '<del><bdi>-  "b": 2</bdi></del><ins><bdi>+  "b": 3</bdi></ins>'),
        ('{"a":1}', '{"a":1}', "<span>as before</span>"),
        (None, "[]", "<ins><bdi>+ []</bdi></ins>"),
        (None, None, ""),
        (
            '{"a":[1,2,3]}',
            '{"a":9}',
            '<del><bdi>-  "a": [</bdi></del><del><bdi>-   1,</bdi></del><del><bdi>-   2,</bdi></del>'
            '<del><bdi>-   3</bdi></del><del><bdi>-  ]</bdi></del><ins><bdi>+  "a": 9</bdi></ins>',
        ),
        ("{", "}", "<del><bdi>- {</bdi></del><ins><bdi>+ }</bdi></ins>"),
        (None, '"<b>"', '<ins><bdi>+ "&lt;b&gt;"</bdi></ins>'),
    ],
)
def test_a_difference_is_told_line_by_line(before: str | None, after: str | None, shown: str) -> None:
    """Whatever was sent, JSON or not."""
    assert "".join(map(str, difference(before, after))) == shown


def test_a_long_change_is_cut() -> None:
    """And says by how much."""
    lines = list(difference(None, str(list(range(100)))))

    assert len(lines) == MOST_LINES + 1
    assert "more lines" in str(lines[-1])


def test_the_page_marks_what_weakens(browser: Browser) -> None:
    """Each change that takes protection away, in the first column: the one that a narrow screen shows."""
    weakened = sum(bool(one.weakens) for one in browser.truth.changes)

    page = browser.get("/changes", WINDOW).text
    assert page.count("weakens: ") == weakened > 0
    assert f'<p class="bad-text">{weakened:,} of these {page.count("<tr") - 1:,} take protection away.</p>' in page
    assert (
        len(re.findall(r'<tr class="weakened"><td class="when"><bdi>[^<]+</bdi><strong class="bad-text weakens">weakens: ', page))
        == weakened
    )
