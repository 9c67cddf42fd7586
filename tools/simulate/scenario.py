"""What a seed stands for: an account, names and when they drop, lists and when they come, and how much goes wrong."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import get_args

from backorder.domain.registries import Registries
from local.emulator.options import (
    BOOK_FAULTS,
    WIRE_FAULTS,
    Amount,
    AuctionWon,
    DayBalance,
    Duplicates,
    FaultMix,
    Incomplete,
    InsufficientFunds,
    Options,
)
from local.emulator.scripted import Scripted
from local.world.virtual.mishaps import Rates
from tools.simulate.changes import Changes, draw_changes
from tools.simulate.contradictions import contradicted
from tools.simulate.names import Dating, Name, Upload, list_of, rules
from tools.simulate.oddities import draw_answers

FEE = Decimal("69.00")
AMPLE = Decimal("9000.00")
_ZONES = ("com", "com", "com", "net", "org", "info", "se", "co.uk", "xyz", "de")
_WORDS = "amber brick cedar delta ember frost grove haven ivory jolly karma lemon maple noble ocean pearl"

DUPLICATES: tuple[Duplicates, ...] = get_args(Duplicates)
INSUFFICIENT_FUNDS: tuple[InsufficientFunds, ...] = get_args(InsufficientFunds)
AMOUNTS: tuple[Amount, ...] = get_args(Amount)
AUCTION_WON: tuple[AuctionWon, ...] = get_args(AuctionWon)
DAY_BALANCE: tuple[DayBalance, ...] = get_args(DayBalance)
INCOMPLETE: tuple[Incomplete, ...] = get_args(Incomplete)


@dataclass(frozen=True, slots=True)
class BookFault:
    """Something that the provider does wrong with orders and money, from a moment on."""

    at: datetime
    kind: str
    domain: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """All that one simulation is made of."""

    seed: int
    start: datetime
    options: Options
    names: tuple[Name, ...]
    uploads: tuple[Upload, ...]
    pay_ins: tuple[tuple[datetime, Decimal], ...]
    charges: tuple[tuple[datetime, Decimal], ...]
    rates: Rates
    read_timeout: float
    book_faults: tuple[BookFault, ...]
    changes: Changes
    ample: bool
    """The account covers every name at every moment: none may be missed for want of funds."""

    def name(self, domain: str) -> Name:
        """What is true of a domain in the end."""
        return next(name for name in self.names if name.domain == domain)

    @property
    def last_drop(self) -> datetime:
        return max(name.drop_at for name in self.names)


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line fixes; the seed draws the rest."""

    faults: str | None = None
    duplicates: Duplicates | None = None
    insufficient_funds: InsufficientFunds | None = None
    names: int | None = None
    storm: bool | None = None
    books: bool | None = None
    """Whether the provider's books are at fault."""
    ample: bool | None = None
    """Whether the account covers every name."""
    contradictions: bool | None = None
    """Whether there are lists that contradict others."""
    answers: bool | None = None
    """Whether there are odd answers about single names."""
    auctions: bool | None = None
    """Whether all that is caught is auctioned, and most names are caught; or nothing is auctioned."""


def draw(seed: int, wishes: Wishes | None = None) -> Scenario:
    """The scenario of a seed."""
    return _Draw(seed, wishes or Wishes()).scenario()


class _Draw:
    def __init__(self, seed: int, wishes: Wishes) -> None:
        self.seed = seed
        self.wishes = wishes
        self.rng = random.Random(f"scenario {seed}")
        self.registries = Registries.load()
        day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=self.rng.randrange(365))
        self.start = day + timedelta(minutes=self.rng.choice((0, self.rng.randrange(1440))))

    def scenario(self) -> Scenario:
        rng = self.rng
        ample = rng.random() < 0.6
        ample = ample if self.wishes.ample is None else self.wishes.ample
        names = self._names(ample=ample)
        uploads = self._uploads(names)
        changes = draw_changes(self.seed, self.start, names, uploads, ample=ample)
        moved = {move.before.domain: move.after for move in changes.moves}
        names = tuple(moved.get(name.domain, name) for name in names)
        uploads = contradicted(self.seed, names, [*uploads, *changes.uploads], given=self.wishes.contradictions)
        balance = AMPLE if ample else FEE * rng.randint(0, 4) + Decimal(rng.randrange(6900)) / 100
        short, twice = rng.choice(INSUFFICIENT_FUNDS), rng.choice(DUPLICATES)
        short, twice = self.wishes.insufficient_funds or short, self.wishes.duplicates or twice
        options = Options(
            balance=balance,
            vat=Decimal(rng.choice((0, 0, 19))),
            win_rate=rng.choice((0.0, 0.3, 0.6)),
            auction_rate=rng.choice((0.0, 0.4)),
            seed=self.seed,
            start=self.start - timedelta(days=20),
            insufficient_funds=short,
            duplicates=twice,
            withhold=frozenset(
                {w for w in ("finalization-date", "accounting-id") if rng.random() < 0.3}
                | set(random.Random(f"auction status {self.seed}").choice(((), ("auction-status",))))
            ),
            incomplete=random.Random(f"incomplete {self.seed}").choice(INCOMPLETE),
            release_lag=timedelta(hours=rng.choice((1, 1, 12))),
            # What came later is drawn by chance of its own, so that seeds keep their meaning.
            amount=random.Random(f"amount {self.seed}").choice(AMOUNTS),
            auction_won=random.Random(f"auction won {self.seed}").choice(AUCTION_WON),
            day_balance=random.Random(f"day balance {self.seed}").choice(DAY_BALANCE),
            accounting_zone=timedelta(hours=random.Random(f"zone {self.seed}").choice((0, 0, 0, 1, -5, 14, -12))),
        )
        if self.wishes.auctions is not None:
            rates = (0.8, 1.0) if self.wishes.auctions else (options.win_rate, 0.0)
            options = replace(options, win_rate=rates[0], auction_rate=rates[1])
        faults = self._book_faults(names, moved) if ample else ()
        days = (max(name.drop_at for name in names) - self.start) / timedelta(days=1)
        return Scenario(
            seed=self.seed,
            start=self.start,
            options=replace(options, faults=self._faults(), answers=self._answers(names, faults)),
            names=names,
            uploads=tuple(uploads),
            pay_ins=tuple(
                (self._moment(days), Decimal(rng.randrange(2000, 20000)) / 100)
                for _ in range(0 if ample else rng.randint(0, 3))
            ),
            charges=tuple(
                (self._moment(days), Decimal(rng.randrange(100, 3000)) / 100) for _ in range(rng.choice((0, 0, 0, 1)))
            ),
            rates=self._rates(),
            read_timeout=rng.choice((0.5, 20.0)),
            book_faults=faults,
            changes=changes,
            ample=ample,
        )

    def _moment(self, days: float) -> datetime:
        return self.start + timedelta(days=self.rng.uniform(0, max(days, 1)))

    def _faults(self) -> FaultMix:
        if self.wishes.faults is not None:
            return FaultMix.parse(self.wishes.faults)
        rng = self.rng
        how = rng.random()
        if how < 0.15:
            return FaultMix()
        if how < 0.3:
            return FaultMix(rate=0.02)
        if how < 0.6:
            return FaultMix(rate=0.3)
        kinds = tuple(rng.sample(WIRE_FAULTS, rng.randint(1, 3)))
        if rng.random() < 0.3:  # the one that no single question survives
            kinds = ("timeout_late", *kinds[1:])
        return FaultMix(rate=rng.choice((0.3, 0.6)), kinds=kinds)

    def _book_faults(self, names: tuple[Name, ...], moved: Collection[str]) -> tuple[BookFault, ...]:
        """Each befalls a name of its own; what has nothing to do with an order of ours, a name that is not ours."""
        rng = random.Random(f"books {self.seed}")
        if self.wishes.books is False or (self.wishes.books is None and rng.random() < 0.5):
            return ()
        own = [name for name in names if not (name.former or name.refused or name.stranger_at or name.domain in moved)]
        rng.shuffle(own)
        faults: list[BookFault] = []
        for kind in rng.sample(BOOK_FAULTS, rng.randint(1, 5)):
            at = self.start + timedelta(hours=rng.uniform(0, 24))
            if kind in ("application_foreign", "deposit_orphan", "balance_drift"):
                faults.append(BookFault(at, kind, f"not-ours-{len(faults)}.com"))
            elif own:
                faults.append(BookFault(self.start, kind, own.pop().domain))
        return tuple(faults)

    def _answers(self, names: tuple[Name, ...], faults: Collection[BookFault]) -> tuple[Scripted, ...]:
        """About names that nothing else is odd about: what came of which, nobody could tell otherwise."""
        if self.wishes.answers is False:
            return ()
        struck = {fault.domain for fault in faults}
        plain = [name for name in names if not (name.former or name.refused or name.stranger_at)]
        domains = [name.domain for name in plain if name.domain not in struck]
        return draw_answers(self.seed, domains, always=self.wishes.answers is True)

    def _rates(self) -> Rates:
        rng = self.rng
        storm = rng.random() < 0.3
        if self.wishes.storm is not None:
            storm = self.wishes.storm
        if rng.random() < 0.1:
            return Rates(storm=storm)
        return Rates(
            kills=rng.choice((0.0, 0.003) if storm else (0.0, 0.003, 0.03)),
            freezes=rng.choice((0.02, 0.1) if storm else (0.0, 0.003, 0.03)),
            duplicates=rng.choice((0.0, 0.1, 0.5)),
            lates=rng.choice((0.0, 0.1, 0.3)),
            lost=rng.choice((0.0, 0.05)),
            ticks_lost=rng.choice((0.0, 0.1, 0.3)),
            ticks_doubled=rng.choice((0.0, 0.1, 0.5)),
            storm=storm,
        )

    def _names(self, *, ample: bool) -> tuple[Name, ...]:
        rng = self.rng
        number = self.wishes.names or rng.choice((3, 8, 15, 25))
        labels = [f"{word}{other}" for word in _WORDS.split() for other in _WORDS.split()]
        names = []
        for label in rng.sample(labels, number):
            zone = rng.choice(_ZONES)
            day = (self.start + timedelta(days=rng.randint(1, 7))).date()
            drop_at = self.registries.batch(zone, day).starts_at
            drop_at = max(drop_at, self.start + timedelta(hours=5))
            dating: Dating = rng.choice(get_args(Dating))
            lead = timedelta(hours=3)
            if dating in ("undated", "finalization"):
                lead = timedelta(minutes=rng.choice((60, 180, 180, 250)))
            names.append(
                Name(
                    f"{label}.{zone}",
                    zone,
                    drop_at,
                    drop_at - lead,
                    dating,
                    former=ample and rng.random() < 0.15 and zone != "de",
                    stranger_at=self.start + timedelta(hours=rng.uniform(-20, 24))
                    if ample and zone != "de" and rng.random() < 0.15
                    else None,
                )
            )
        return tuple(names)

    def _uploads(self, names: tuple[Name, ...]) -> list[Upload]:
        rng = self.rng
        uploads = [Upload(self.start, "rules.toml", rules(rng), ())]
        for number in range(rng.randint(1, 4)):
            some = [name for name in names if rng.random() < 0.5] or list(names[:1])
            kind = rng.choice(("wanted", "wanted", "dropping"))
            at = self._early()
            uploads.append(list_of(rng, f"{kind}/list{number}.csv", at, some))
            if rng.random() < 0.2:  # the same file once more, as a new version
                uploads.append(replace(uploads[-1], at=at + timedelta(hours=rng.uniform(0, 30))))
        for number in range(rng.choice((0, 0, 1, 2))):
            chosen = [name for name in names if rng.random() < 0.4]
            if not chosen:
                continue
            near = rng.choice(uploads[1:])
            # At the worst moment: while the orders of a list are on their way.
            at = near.at + timedelta(seconds=rng.choice((rng.uniform(0, 700), rng.uniform(0, 200_000))))
            body = "".join(f"{name.domain}\n" for name in chosen)
            uploads.append(Upload(at, f"cancel/regret{number}.txt", body, tuple(name.domain for name in chosen)))
        return uploads

    def _early(self) -> datetime:
        rng = self.rng
        return self.start + timedelta(seconds=rng.choice((rng.uniform(0, 3600), rng.uniform(0, 4 * 86400))))
