"""Refusals that run on: five names refused in the same words have something in common. Pure.

What they share is a setting of all orders, if they are of different zones; else one of their zone's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

MANY = 5
"""The same refusal for so many different names is no name's own fault."""
_MOST = 500
"""Kept at most; the oldest go first."""


@dataclass(frozen=True, slots=True)
class RefusedName:
    """A name that was refused, and not ordered since. `alone`: an order of another zone went through since, so that it
    counts for its own zone only."""

    name: str
    zone: str
    words: str
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Refusals:
    """All names that count, in order of their refusals, each once."""

    names: tuple[RefusedName, ...] = ()

    def plus(self, refused: RefusedName) -> Refusals:
        """With one more; of a name its last refusal counts."""
        return Refusals((*(each for each in self.names if each.name != refused.name), refused)[-_MOST:])

    def after_success(self, zones: Collection[str]) -> Refusals:
        """What still counts once orders of these zones went through."""
        if not zones:
            return self
        return Refusals(tuple(replace(each, alone=True) for each in self.names if each.zone not in zones))

    def without(self, names: Collection[str]) -> Refusals:
        """What still counts when these are decided."""
        return Refusals(tuple(each for each in self.names if each.name not in names))

    def halts(self, refused: RefusedName) -> Literal["line", "zone"] | None:
        """What a refusal that was just counted halts."""
        alike = [each for each in self.names if each.words == refused.words]
        of_zone = [each for each in alike if each.zone == refused.zone]
        shared = [each for each in alike if not each.alone]
        if len(shared) >= MANY and len(_zones(shared)) > 1:
            return "line"
        return "zone" if len(of_zone) >= MANY else None


def in_general(words: str, name: str) -> str:
    """A refusal's words without the name that they are about, for comparing."""
    return words.lower().replace(name.lower(), "…")


def _zones(names: Iterable[RefusedName]) -> set[str]:
    return {each.zone for each in names}
