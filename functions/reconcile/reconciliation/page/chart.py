"""Where things stand in a chart. Pure: amounts in, coordinates of SVG out.

Across, a chart is as wide as its reader's window: places are percents, and lines are drawn in a box of 1,000 units that
is stretched. Down, places are pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from reconciliation.page.model import FundingDay, Outcomes

HEIGHT = 220
"""Of the plot, in pixels."""
WIDTH = 1000
"""Of the box that is stretched, in units."""
GRID_LINES = 4
GUTTER = 8
"""Percents across, left of the bars: for the labels of the lines."""
MOST_LABELS = 6
"""Of weeks: more would run into each other on a phone."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A label on an axis: percents across, pixels down."""

    place: float
    label: Decimal | date


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: across in units or percents, down in pixels."""

    x: float
    y: float
    width: float
    height: float
    kind: str = ""


@dataclass(frozen=True, slots=True)
class FundingChart:
    """Lines as the `d` of an SVG path."""

    capacity: str
    drawn: str
    """An area."""
    needed: str
    short: Sequence[Box]
    amounts: Sequence[Tick]
    days: Sequence[Tick]
    now: float
    """Percents across: where the past ends."""


@dataclass(frozen=True, slots=True)
class WeeksChart:
    """Stacked bars, percents across."""

    bars: Sequence[Box]
    counts: Sequence[Tick]
    weeks: Sequence[Tick]


def funding_chart(days: Sequence[FundingDay]) -> FundingChart:
    """Each day is a step: what was highest on it."""
    amounts = [amount for day in days for amount in (day.capacity, day.drawn, day.needed) if amount is not None]
    top, lines = _grid(max(amounts, default=Decimal(0)))
    step = WIDTH / len(days)

    def down(amount: Decimal) -> float:
        return round(HEIGHT * (1 - float(max(amount, Decimal(0)) / top)), 1)

    def line(value: Callable[[FundingDay], Decimal | None]) -> str:
        parts, pen_down = [], False
        for n, day in enumerate(days):
            amount = value(day)
            if amount is not None:
                parts.append(f"{'V' if pen_down else f'M{n * step:.1f} '}{down(amount)}H{(n + 1) * step:.1f}")
            pen_down = amount is not None
        return "".join(parts)

    return FundingChart(
        capacity=line(lambda day: day.capacity),
        drawn=f"M0 {HEIGHT}"
        + "".join(f"V{down(day.drawn or Decimal(0))}H{(n + 1) * step:.1f}" for n, day in enumerate(days))
        + f"V{HEIGHT}Z",
        needed=line(lambda day: day.needed),
        short=[
            Box(round(n * step, 1), down(day.needed), round(step, 1), down(day.capacity) - down(day.needed))
            for n, day in enumerate(days)
            if day.capacity is not None and day.needed is not None and day.short
        ],
        amounts=[Tick(down(amount), amount) for amount in lines],
        days=[
            Tick(round((n + 0.5) * 100 / len(days), 2), day.day) for n, day in enumerate(days) if not day.day.weekday()
        ],
        now=round(sum(day.is_past for day in days) * 100 / len(days), 2),
    )


def weeks_chart(weeks: Sequence[Outcomes]) -> WeeksChart:
    """One bar a week; what was won stands at the bottom, where it can be compared."""
    top, lines = _grid(max((Decimal(week.decided) for week in weeks), default=Decimal(0)), whole=True)
    slot = (100 - GUTTER) / max(len(weeks), 6)  # a first week is no wall
    newest = len(weeks) - 1

    def bars() -> Iterator[Box]:
        for n, week in enumerate(weeks):
            foot = float(HEIGHT)
            for kind in ("won", "lost", "missed", "refused", "gone"):
                height = HEIGHT * getattr(week, kind) / float(top)
                if height:
                    foot -= height
                    yield Box(
                        round(GUTTER + (n + 0.15) * slot, 2),
                        round(foot, 1),
                        round(0.7 * slot, 2),
                        round(height, 1),
                        kind,
                    )

    return WeeksChart(
        bars=list(bars()),
        counts=[Tick(round(HEIGHT * (1 - float(count / top)), 1), count) for count in lines],
        weeks=[
            Tick(round(GUTTER + (n + 0.5) * slot, 2), date.fromisoformat(week.name))
            for n, week in enumerate(weeks)
            if len(weeks) <= MOST_LABELS or (newest - n) % 3 == 0
        ],
    )


def _grid(most: Decimal, *, whole: bool = False) -> tuple[Decimal, list[Decimal]]:
    """The top of a scale that holds `most`, and its round lines, without the one at zero."""
    if most <= 0:
        return Decimal(1), []
    rough = most / GRID_LINES
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(factor * power for factor in map(Decimal, ("1", "2", "2.5", "5", "10")) if factor * power >= rough)
    if whole:
        step = step.to_integral_value(ROUND_CEILING)
    count = int((most / step).to_integral_value(ROUND_CEILING))
    return step * count, [step * n for n in range(1, count + 1)]
