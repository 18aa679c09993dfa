"""What `doctor` says of the layers: what was tried and refused, not what a version promises."""

from __future__ import annotations

import os
import sys

import pytest

from eventlake.query.box import landlock, seccomp
from eventlake.query.box.standing import CLAIMS, described, layers, tried

EVERYTHING = {layer: {trial for trials in claims.values() for trial in trials} for layer, claims in CLAIMS.items()}


def test_without_a_layer_nothing_is_refused() -> None:
    """The trials succeed where nothing holds, so that a refusal means a layer."""
    assert tried() == frozenset()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the limits are those of Linux")
def test_the_process_alone_is_kept_from_what_it_claims() -> None:
    """But for the number of processes, where it is root's: there the system does not count."""
    assert EVERYTHING["process"] - tried("process") == ({"processes"} if os.geteuid() == 0 else set())


@pytest.mark.skipif(landlock.abi() < 6, reason="no Landlock, or an old one")
def test_landlock_alone_keeps_it_from_what_it_claims() -> None:
    """As root too."""
    assert EVERYTHING["landlock"] <= tried("landlock")


@pytest.mark.skipif(not seccomp.is_available(), reason="no seccomp")
def test_seccomp_alone_keeps_it_from_what_it_claims() -> None:
    """As root too."""
    assert EVERYTHING["seccomp"] <= tried("seccomp")


def test_every_layer_is_named_with_what_it_holds_here() -> None:
    """In one line, in the order in which a statement meets them."""
    said = layers()

    assert said.startswith("Query box: statement, engine, ")
    assert said.endswith(", answer.")
    assert described("seccomp", tried("seccomp")) in said
    assert described("landlock", tried("landlock")) in said


@pytest.mark.parametrize(
    ("version", "held", "said"),
    [
        (7, {"reading", "writing", "emptying", "TCP", "signals"}, "Landlock 7 (files, TCP, signals are kept from it)"),
        (
            4,
            {"reading", "writing", "emptying", "TCP"},
            "Landlock 4 (files, TCP are kept from it; not signals: Linux 6.7 does TCP, 6.12 signals)",
        ),
        (1, {"reading", "writing"}, "no Landlock 1 on "),
        (0, set(), "no Landlock on "),
    ],
)
def test_a_claim_is_made_where_everything_that_shows_it_was_refused(
    monkeypatch: pytest.MonkeyPatch, version: int, held: set[str], said: str
) -> None:
    """Older kernels have less of Landlock: the first one lets a file be emptied."""
    monkeypatch.setattr(landlock, "abi", lambda: version)

    assert said in described("landlock", frozenset(held))
