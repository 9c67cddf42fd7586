"""A list read and chosen from as IngestList does it, and its orders limited as PlanSubmissions does it.

No money is looked at: an account that covers everything is assumed, so that what is held is held by `[limits]`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from backorder.domain.backorder import Backorder
from backorder.domain.registries import Registries
from backorder.rules import Rules
from backorder.runtime.clock import Clock
from ingestion.intake import Intake
from ingestion.reading import Entry, LeftOut, ReadList, Reject, read_lists
from ingestion.reading.prefilter import Screen
from ingestion.selection import Choice, Selection
from local.memory_store import MemoryStore
from planning.funding.allocation import chance_gone
from planning.funding.fees import Fees
from planning.funding.limits import Counted
from planning.funding.ranking import rank


@dataclass(slots=True)
class Considered:
    """What became of the entries of one list: `entries = rejected + not selected + duplicates + chosen`."""

    name: str
    source: str
    encoding: str = ""
    entries: int = 0
    rejected: int = 0
    duplicates: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    """Why entries were rejected."""
    left_out_by: Counter[str] = field(default_factory=Counter)
    """The rule, by its key."""
    zones: Counter[str] = field(default_factory=Counter)
    """Of the valid entries."""
    first_drop: date | None = None
    last_drop: date | None = None
    chosen: list[Entry] = field(default_factory=list)
    """In the order of the list, each with its score as its priority and with why it was chosen."""
    remarks: list[str] = field(default_factory=list)
    """What is wrong with the columns that the rules ask for."""

    @property
    def not_selected(self) -> int:
        return self.left_out_by.total()


@dataclass(frozen=True, slots=True)
class Orders:
    """What would be ordered of the chosen names, best first."""

    ordered: list[Backorder]
    over_limits: list[Backorder]
    too_late: list[Backorder]
    fees: Fees

    @property
    def cost(self) -> Decimal:
        """Of all that would be ordered, if every order were won."""
        return self.of(self.ordered)

    def of(self, backorders: Iterable[Backorder]) -> Decimal:
        return sum((self.fees.of(backorder.zone) for backorder in backorders), Decimal(0))


def consider_file(
    path: Path,
    rules: Rules,
    encoding: str | None = None,
    *,
    at_once: bool = True,
    begun: Callable[[str, str], None] = lambda _name, _source: None,
) -> Iterator[Considered]:
    """Reads a file and chooses from each list in it; `encoding`: the declared one.

    `begun` is told of each list and what it was recognised as, once there is a name in it. `at_once`: rows are looked
    at in blocks. Raises OSError if the file cannot be read.
    """
    screen = Screen(rules.select) if at_once else None
    with path.open("rb") as file:
        for read in read_lists(file, screen=screen, name=path.name, encoding=encoding):
            name = path.name if read.member is None else f"{path.name}#{read.member}"
            yield consider(read, name, rules, begun)


def consider(
    read: ReadList, name: str, rules: Rules, begun: Callable[[str, str], None] = lambda _name, _source: None
) -> Considered:
    """Reads a list to its end, and chooses from it; `begun` is told of its first name."""
    done = Considered(name, read.source)
    selection = Selection(rules)
    names: set[str] = set()
    days: set[date] = set()
    for item in read.items:
        is_name = item.count > 0 if isinstance(item, LeftOut) else isinstance(item, Entry)
        if is_name and done.entries == done.rejected:
            begun(name, read.source)
        if isinstance(item, LeftOut):
            done.entries += item.count
            done.left_out_by.update(item.by)
            done.zones.update(item.zones)
            days.update(item.days or ())
            continue
        done.entries += 1
        if isinstance(item, Reject):
            done.rejected += 1
            done.reasons[item.kind] += 1
            continue
        done.zones[item.domain.zone] += 1
        if (day := item.day) is not None:
            days.add(day)
        decided = selection.decide(item, names)
        if isinstance(decided, Choice):
            names.add(item.domain.name)
            done.chosen.append(item._replace(priority=decided.score.points, chosen=str(decided)))
        elif isinstance(decided, str):
            done.left_out_by[decided] += 1
        elif decided is None:
            done.duplicates += 1
        else:
            done.rejected += 1
            done.reasons[decided.kind] += 1
    done.first_drop, done.last_drop = min(days, default=None), max(days, default=None)
    done.encoding = read.encoding
    done.remarks = selection.remarks
    return done


def orders(considered: Iterable[Considered], rules: Rules, clock: Clock) -> Orders:
    """Which of the chosen names would be ordered now. A name that several lists have is one order."""
    store = MemoryStore()
    registries = Registries.load().overridden(rules.registries)
    now = clock()
    for one in considered:
        intake = Intake(store, registries, clock, one.name, "", now)
        for entry in one.chosen:
            intake.choose(entry)
    chosen = list(store.open_backorders())
    fees = Fees(rules)
    limits = Counted(rules.limits, fees, {}, ())
    done = Orders([], [], [], fees)
    for backorder in sorted(chosen, key=rank):
        if chance_gone(backorder, now):
            done.too_late.append(backorder)
        elif limits.exceeded_by(backorder):
            done.over_limits.append(backorder)
        else:
            limits.count(backorder)
            done.ordered.append(backorder)
    return done


def by_day(backorders: Iterable[Backorder]) -> dict[date | None, list[Backorder]]:
    """Those that drop on each day (UTC); None: nobody knows yet."""
    days: defaultdict[date | None, list[Backorder]] = defaultdict(list)
    for backorder in backorders:
        days[backorder.schedule.batch_starts_at.date() if backorder.schedule.batch_starts_at else None].append(
            backorder
        )
    return dict(days)
