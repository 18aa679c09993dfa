"""Which layers of the query box hold on this machine, for whoever asks `doctor`: each is tried alone, in a process of its own."""

from __future__ import annotations

import platform
import sys
import tempfile
from pathlib import Path

from eventlake.dialect.sql import quoted_text
from eventlake.dialect.types.type import VARCHAR
from eventlake.errors import CorruptObjectError, QueryError
from eventlake.query.box import landlock
from eventlake.query.box.pool import Box
from eventlake.query.box.trials import KEPT, Ground
from eventlake.query.box.walls import Cell
from eventlake.query.run import Job

_MEMORY_MB = 512
_SECONDS = 20.0
CLAIMS: dict[str, dict[str, tuple[str, ...]]] = {
    "process": {"writing": ("writing",), "memory": ("memory",), "processes": ("processes",)},
    "landlock": {"files": ("reading", "writing", "emptying"), "TCP": ("TCP",), "signals": ("signals",)},
    "seccomp": {
        "writing": ("writing", "emptying"),
        "processes": ("processes", "programs"),
        "sockets": ("sockets", "TCP"),
        "signals": ("signals",),
    },
}
"""What each of the system's layers keeps a query from where it holds whole, with the names of `trials.TRIALS` that show it."""


def layers() -> str:
    """Return one line: the layers that hold, and what does not.

    Raises ConfigurationError if the process of a query cannot be started.
    """
    held = {layer: tried(layer) for layer in CLAIMS}
    process, fence, calls = (described(layer, held[layer]) for layer in CLAIMS)
    return f"Query box: statement, {_engine()}, {process}, {fence}, {calls}, answer."


def tried(*layers: str) -> frozenset[str]:
    """Return what a process with these layers alone is kept from, by names of `trials.TRIALS`. Raises ConfigurationError."""
    with tempfile.TemporaryDirectory() as folder, Box(_cell(*layers)).turn() as worker:
        Path(folder, KEPT).write_bytes(b"kept")
        return frozenset(worker.try_walls(Ground(folder, 8 * _MEMORY_MB)))


def _cell(*layers: str) -> Cell:
    return Cell("", _MEMORY_MB, 1, _SECONDS, layers)


def _engine() -> str:
    """Say whether DuckDB's own locks hold: with them alone, a file outside the lake is asked for."""
    with tempfile.TemporaryDirectory() as folder, Box(_cell("engine")).turn() as worker:
        kept = Path(folder, KEPT)
        kept.write_bytes(b"kept")
        sql = f"SELECT content FROM read_text({quoted_text(str(kept))})"
        try:
            worker.ask(Job(sql, (), (VARCHAR,), "", _MEMORY_MB, 1, _SECONDS))
        except (QueryError, CorruptObjectError):
            return "engine"
    return "no engine (DuckDB read a file outside the lake: another version is installed than the one locked)"


def described(layer: str, held: frozenset[str]) -> str:
    """Say what a layer keeps a query from, of what it claims."""
    name = _name(layer)
    kept = [claim for claim, trials in CLAIMS[layer].items() if held.issuperset(trials)]
    missing = [claim for claim in CLAIMS[layer] if claim not in kept]
    if not kept:
        return f"no {name} on {platform.system()} {platform.release()} (the other layers hold without it)"
    without = f"; not {', '.join(missing)}{_reason(layer, missing)}" if missing else ""
    return f"{name} ({', '.join(kept)} {'is' if len(kept) == 1 else 'are'} kept from it{without})"


def _name(layer: str) -> str:
    if layer == "landlock":
        version = landlock.abi()
        return f"Landlock {version}" if version else "Landlock"
    return layer


def _reason(layer: str, missing: list[str]) -> str:
    """Say why, where that is known."""
    if layer == "landlock":
        return ": Linux 6.7 does TCP, 6.12 signals"
    if layer == "process" and missing == ["processes"] and sys.platform.startswith("linux"):
        return ", which the system does not count for root"
    if layer == "process":
        return f", which {platform.system()} does not bound for a process"
    return ""
