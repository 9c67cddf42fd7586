"""The backorders that are over: the latest one by one, of those before only what each day comes to. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from backorder.domain.backorder import Backorder
from backorder.domain.reservation import ReservationTerms
from backorder.domain.states import State
from reconciliation.page.outcomes import Zones
from reconciliation.page.unfunded import unfunded_changes


@dataclass(frozen=True, slots=True)
class Day:
    """What the backorders come to that came to their end on one day (UTC). Amounts in the account's currency."""

    states: Mapping[str, Mapping[State, int]] = field(default_factory=dict)
    """How many in each, by zone."""
    charged: Mapping[str, Decimal] = field(default_factory=dict)
    """For the names that were won, with tax, by zone."""
    unfunded: Mapping[datetime, Decimal] = field(default_factory=dict)
    """By how much the fees changed of those that were missed for want of funds, by the full hour (UTC)."""

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


def add_up(backorders: Iterable[Backorder], terms: ReservationTerms) -> Day:
    """What they come to."""
    zones = Zones()
    unfunded: defaultdict[datetime, Decimal] = defaultdict(Decimal)
    for backorder in backorders:
        zones.add(backorder)
        for at, amount in unfunded_changes(backorder, terms):
            unfunded[at.replace(minute=0, second=0, microsecond=0)] += amount
    return Day(
        {zone: dict(counts) for zone, counts in zones.states.items()},
        {zone: amount for zone, amount in zones.charged.items() if amount},
        {at: amount for at, amount in sorted(unfunded.items()) if amount},
    )
