"""What became of the backorders: by zone, by week, today, and what a caught name costs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from backorder.model import WAITING, WON, Backorder, State
from backorder.money import ZERO
from backorder.store import ListRecord
from reconciliation.page.model import Outcomes, Today
from reconciliation.page.past import Past

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


def by_zone(
    backorders: Iterable[Backorder], charged: Mapping[str, Decimal], before: Past | None = None
) -> list[Outcomes]:
    """The zones with the most backorders first. `charged`: what was charged for each domain; `before`: those that are
    over and not among `backorders`."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    costs: defaultdict[str, Decimal] = defaultdict(Decimal)
    paid: set[str] = set()
    for backorder in backorders:
        counts[backorder.zone][GROUPS[backorder.state]] += 1
        if backorder.domain in charged and backorder.domain not in paid:
            # A domain of several cycles is charged once a cycle, and all of it is in `charged`.
            paid.add(backorder.domain)
            costs[backorder.zone] += charged[backorder.domain]
    for day in before.days.values() if before else ():
        for zone, states in day.states.items():
            for state, number in states.items():
                counts[zone][GROUPS[state]] += number
            costs[zone] += day.charged.get(zone, ZERO)
    zones = sorted(
        (_outcomes(zone, count, costs[zone]) for zone, count in counts.items()),
        key=lambda zone: (-zone.decided - zone.undecided, zone.name),
    )
    if len(zones) <= MOST_ZONES:
        return zones
    shown, rest = zones[: MOST_ZONES - 1], zones[MOST_ZONES - 1 :]
    return [*shown, replace(summed(rest), name=f"{len(rest)} others")]


def by_week(
    backorders: Iterable[Backorder], *, now: datetime, time_zone: ZoneInfo, before: Past | None = None
) -> list[Outcomes]:
    """The weeks up to now, the oldest first, from the first one with an outcome on; named by their Mondays. What is
    only in `before` counts by its day in UTC."""
    this_week = _monday(now.astimezone(time_zone).date())
    counts: defaultdict[date, Counter[str]] = defaultdict(Counter)
    for backorder in backorders:
        if backorder.state.is_final and backorder.outcome_at is not None:
            week = _monday(backorder.outcome_at.astimezone(time_zone).date())
            counts[week][GROUPS[backorder.state]] += 1
    for day, sums in before.days.items() if before else ():
        for states in sums.states.values():
            for state, number in states.items():
                counts[_monday(day)][GROUPS[state]] += number
    weeks = (this_week - timedelta(weeks=ago) for ago in reversed(range(WEEKS)))
    first = min(counts, default=this_week)
    return [_outcomes(week.isoformat(), counts[week], ZERO) for week in weeks if week >= first]


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


def charges(backorders: Iterable[Backorder]) -> dict[str, Decimal]:
    """What was charged for each domain that was won, with tax."""
    charged: defaultdict[str, Decimal] = defaultdict(Decimal)
    for backorder in backorders:
        if backorder.state.is_won and backorder.charges:
            charged[backorder.domain] += backorder.charged
    return dict(charged)


def today(backorders: Iterable[Backorder], lists: Iterable[ListRecord], *, now: datetime, time_zone: ZoneInfo) -> Today:
    """What happened since midnight in `time_zone`, and what stands now."""
    midnight = now.astimezone(time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
    read = [record for record in lists if record.read_at >= midnight]
    ordered = 0
    decided: Counter[str] = Counter()
    standing: Counter[str] = Counter()
    held = 0
    for backorder in backorders:
        group = GROUPS[backorder.state]
        standing[group] += 1
        held += backorder.state is State.HELD
        ordered += backorder.submitted_at is not None and backorder.submitted_at >= midnight
        if backorder.state.is_final and backorder.outcome_at is not None and backorder.outcome_at >= midnight:
            decided[group] += 1
    return Today(
        lists=len(read),
        accepted=sum(record.accepted for record in read),
        ordered=ordered,
        won=decided["won"],
        lost=decided["lost"],
        missed=decided["missed"],
        waiting=standing["waiting"],
        held=held,
        placed=standing["placed"],
    )


def _outcomes(name: str, count: Mapping[str, int], charged: Decimal) -> Outcomes:
    decided = {group: count.get(group, 0) for group in DECIDED}
    undecided = count.get("waiting", 0) + count.get("placed", 0)
    return Outcomes(name, **decided, undecided=undecided, charged=charged)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
