"""The backorders that are over: the latest one by one, of those before only what each day comes to. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.states import State
from reconciliation.page.needs import turns
from reconciliation.page.outcomes import Zones


@dataclass(frozen=True, slots=True)
class Day:
    """What the backorders come to that came to their end on one day (UTC). Amounts in the account's currency."""

    states: Mapping[str, Mapping[State, int]] = field(default_factory=dict)
    """How many in each, by zone."""
    charged: Mapping[str, Decimal] = field(default_factory=dict)
    """For the names that were won, with tax, by zone."""
    needed: Mapping[datetime, Decimal] = field(default_factory=dict)
    """By how much they changed what was needed, by the full hour (UTC)."""

    @property
    def count(self) -> int:
        return sum(sum(states.values()) for states in self.states.values())


@dataclass(frozen=True, slots=True)
class Past:
    """What is over. Each backorder is in one of the two."""

    latest: Collection[Backorder] = ()
    """One by one, by domain, then cycle; without their histories."""
    days: Mapping[date, Day] = field(default_factory=dict)

    @property
    def counted(self) -> int:
        """How many are in `days` only."""
        return sum(day.count for day in self.days.values())

    @property
    def states(self) -> Counter[State]:
        """Of those in `days`."""
        states: Counter[State] = Counter()
        for day in self.days.values():
            for counts in day.states.values():
                states.update(counts)
        return states


def add_up(backorders: Iterable[Backorder]) -> Day:
    """What they come to."""
    zones = Zones()
    needed: defaultdict[datetime, Decimal] = defaultdict(Decimal)
    for backorder in backorders:
        zones.add(backorder)
        if backorder.plan.fee is not None:
            for at, sign in turns(backorder):
                needed[at.replace(minute=0, second=0, microsecond=0)] += sign * backorder.plan.fee
    return Day(
        {zone: dict(counts) for zone, counts in zones.states.items()},
        {zone: amount for zone, amount in zones.charged.items() if amount},
        {at: amount for at, amount in sorted(needed.items()) if amount},
    )
