"""What became of the backorders, by zone and by week, and what a caught name costs. Each is told one by one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backorder.domain.backorder import Backorder
from backorder.domain.money import ZERO
from backorder.domain.states import WAITING, WON, State
from reconciliation.page.model import Outcomes

MOST_ZONES = 30
"""The rest is one line, "others"."""
WEEKS = 12

GROUPS: Mapping[State, str] = {
    **dict.fromkeys(State, "placed"),
    **dict.fromkeys(WAITING, "waiting"),
    **dict.fromkeys(WON, "won"),
    State.FAILED: "lost",
    State.AUCTION_LOST: "lost",
    State.MISSED: "missed",
    State.REJECTED: "refused",
    State.CANCELLED: "gone",
    State.VANISHED: "gone",
}
"""What a state comes to: what its colour says, and where it is counted."""
DECIDED = ("won", "lost", "missed", "refused", "gone")


class Zones:
    """How many backorders of each zone are in each state, and what was charged for those that were won, with tax."""

    def __init__(self) -> None:
        self.states: defaultdict[str, Counter[State]] = defaultdict(Counter)
        self.charged: defaultdict[str, Decimal] = defaultdict(Decimal)

    def add(self, backorder: Backorder) -> None:
        self.states[backorder.zone][backorder.state] += 1
        if backorder.state.is_won and backorder.charges:
            self.charged[backorder.zone] += backorder.charged

    def add_sums(self, states: Mapping[str, Mapping[State, int]], charged: Mapping[str, Decimal]) -> None:
        """Of others, which were added up before."""
        for zone, counts in states.items():
            self.states[zone].update(counts)
        for zone, amount in charged.items():
            self.charged[zone] += amount

    @property
    def outcomes(self) -> list[Outcomes]:
        """The zones with the most backorders first."""
        zones = sorted(
            (_outcomes(zone, states, self.charged.get(zone, ZERO)) for zone, states in self.states.items()),
            key=lambda zone: (-zone.decided - zone.undecided, zone.name),
        )
        if len(zones) <= MOST_ZONES:
            return zones
        shown, rest = zones[: MOST_ZONES - 1], zones[MOST_ZONES - 1 :]
        return [*shown, replace(summed(rest), name=f"{len(rest)} others")]


class Weeks:
    """What was decided in each week up to `now`, in the days of `time_zone`."""

    def __init__(self, now: datetime, time_zone: ZoneInfo) -> None:
        self._time_zone = time_zone
        self._this_week = _monday(now.astimezone(time_zone).date())
        self._states: defaultdict[date, Counter[State]] = defaultdict(Counter)

    def add(self, backorder: Backorder) -> None:
        if backorder.state.is_final and backorder.outcome_at is not None:
            self._states[_monday(backorder.outcome_at.astimezone(self._time_zone).date())][backorder.state] += 1

    def add_sums(self, day: date, states: Mapping[str, Mapping[State, int]]) -> None:
        """Of others, by zone, that came to their end on one day (UTC)."""
        for counts in states.values():
            self._states[_monday(day)].update(counts)

    @property
    def outcomes(self) -> list[Outcomes]:
        """The oldest first, from the first one with an outcome on; named by their Mondays."""
        weeks = (self._this_week - timedelta(weeks=ago) for ago in reversed(range(WEEKS)))
        first = min(self._states, default=self._this_week)
        return [_outcomes(week.isoformat(), self._states.get(week, {}), ZERO) for week in weeks if week >= first]


def summed(parts: Sequence[Outcomes], name: str = "all") -> Outcomes:
    """Several as one."""
    return Outcomes(
        name,
        won=sum(part.won for part in parts),
        lost=sum(part.lost for part in parts),
        missed=sum(part.missed for part in parts),
        refused=sum(part.refused for part in parts),
        gone=sum(part.gone for part in parts),
        undecided=sum(part.undecided for part in parts),
        charged=sum((part.charged for part in parts), ZERO),
    )


def _outcomes(name: str, states: Mapping[State, int], charged: Decimal) -> Outcomes:
    groups: Counter[str] = Counter()
    for state, number in states.items():
        groups[GROUPS[state]] += number
    decided = {group: groups[group] for group in DECIDED}
    return Outcomes(name, **decided, undecided=groups["waiting"] + groups["placed"], charged=charged)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
