"""What `doctor` says of the layers."""

from __future__ import annotations

import pytest

from eventlake.query.box import landlock
from eventlake.query.box.standing import layers


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (7, "Landlock 7 (files, TCP, signals are kept from it)"),
        (4, "Landlock 4 (files, TCP are kept from it)"),
        (1, "Landlock 1 (files are kept from it; TCP is not, Linux 6.7 does that)"),
        (0, "no Landlock on "),
    ],
)
def test_every_layer_is_named_with_what_it_holds_here(monkeypatch: pytest.MonkeyPatch, version: int, said: str) -> None:
    """Older kernels have less of Landlock, other systems none."""
    monkeypatch.setattr(landlock, "abi", lambda: version)

    assert said in layers()
    assert layers().startswith("Query box: statement, engine, process, ")
