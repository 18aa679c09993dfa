"""What is written as HTML is what was meant: text stays text, links lead where they may."""

from __future__ import annotations

import pytest

from eventlake.web.elements import element


def test_text_stays_text() -> None:
    """In an element and in an attribute."""
    assert str(element("p", "<i>&", title='"><i>')) == '<p title="&quot;&gt;&lt;i&gt;">&lt;i&gt;&amp;</p>'


@pytest.mark.parametrize(
    "link",
    ["javascript:x", "JAVASCRIPT:x", " javascript:x", "data:text/html,x", "//elsewhere.example", "/\\elsewhere.example", "http://x", "x"],
)
def test_links_that_lead_astray_are_left_out(link: str) -> None:
    """An element without them is text."""
    assert str(element("a", "x", href=link)) == "<a>x</a>"


@pytest.mark.parametrize("link", ["/", "/lake?a=1", "?a=1", "#top", "https://console.aws.amazon.com/x"])
def test_links_of_ours_and_https_stay(link: str) -> None:
    """As they are."""
    assert f'href="{link}"' in str(element("a", "x", href=link))


def test_what_hides_or_turns_text_is_written_as_an_escape() -> None:
    """As on a terminal."""
    assert str(element("p", "a\u202eb\x00")) == "<p>a\\u202eb\\x00</p>"


def test_attributes_are_named_as_html_names_them() -> None:
    """And left out where they are not."""
    assert (
        str(element("input", class_="a", aria_label="b", checked=True, disabled=False, value=None, size=2.0))
        == '<input class="a" aria-label="b" checked="" size="2">'
    )
