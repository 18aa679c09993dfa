"""Ends a function of the lake at a chosen call, as when its container is taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Killed(BaseException):
    """The function ended here, as when its container is taken away."""


@dataclass
class Killing:
    """Ends the function at one of the calls by which it changes something, before the call or after it.

    step: the call's name, and its number where it is not the first. seen: the calls that were made, by name.
    """

    step: str = ""
    is_after: bool = False
    is_armed: bool = False
    seen: list[str] = field(default_factory=list)

    def watch(self, client: Any, service: str) -> Any:
        """See each call of a client."""
        for moment in ("before-call", "after-call"):
            client.meta.events.register(f"{moment}.{service}", self._ending(moment == "after-call"))
        return client

    def _ending(self, is_after: bool) -> Callable[..., None]:
        def look(model: Any, **_: Any) -> None:
            if is_after:
                self.seen.append(model.name)
            if self.is_armed and self._is_here(model.name, is_after):
                self.is_armed = False
                raise Killed(self.step)

        return look

    def _is_here(self, name: str, is_after: bool) -> bool:
        wanted, _, number = self.step.partition(" ")
        done = self.seen.count(name) if is_after else self.seen.count(name) + 1
        return name == wanted and is_after == self.is_after and done == int(number or 1)
