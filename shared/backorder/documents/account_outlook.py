"""How the account stands: what reconciliation has read at the provider, kept for the plans that come after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter

from backorder.domain.money import ZERO, in_words
from backorder.provider.port import OwnPrice
from backorder.store.documents import Document, Documents, Group

if TYPE_CHECKING:
    from backorder.store import Store


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """An order that somebody else placed in the account."""

    domain: str
    zone: str
    finalization_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FallsDue:
    """A renewal that will draw on the account. Gross, in the account's currency."""

    at: datetime
    amount: Decimal


# Items of their own beside the document, for there may be any number of them.
_APART = Field(exclude=True)


@dataclass(frozen=True, slots=True)
class Standing:
    """Amounts are gross, in the account's currency."""

    last_deposits: Mapping[str, Decimal] = field(default_factory=dict)
    """What the provider may reserve next, by zone: the highest of the last deposits and charges but for odd ones."""
    others: Decimal = ZERO
    """Reserved for orders that are not ours."""
    spent: Mapping[date, Decimal] = field(default_factory=dict)
    """Fees of backorders charged, by day (UTC)."""
    release_lag: timedelta | None = None
    """How long a lost order's deposit takes to come back on this account, as measured; None until it was."""
    foreign: Annotated[Mapping[str, ForeignOrder], _APART] = field(default_factory=dict)
    """Live applications in the account that are not ours and have no deposit yet, by id: they draw at their lock."""
    renewals: Annotated[Mapping[str, FallsDue], _APART] = field(default_factory=dict)
    """Of the weeks ahead, by what is renewed."""
    prices: Mapping[str, OwnPrice] = field(default_factory=dict)
    """The account's own, by zone in lower case and without its dots (`couk`)."""
    excludes_deposits: bool | None = None
    """Whether the provider's AMOUNT leaves out what is reserved, as the account's own numbers tell; None: not known."""
    deposit: Decimal | None = None
    """The account's DEPOSIT at the last look."""
    credits: Decimal = ZERO
    """By what the account's DEPOSIT is lower than what is reserved, for negative deposits are in it."""

    def may_misread(self, deposit: Decimal) -> bool:
        """Whether AMOUNT may mean another sum than it is taken for.

        So it is when the first lock began since the last look, for DEPOSIT is `deposit` now, and nobody knows yet
        whether that makes AMOUNT fall.
        """
        return self.excludes_deposits is None and self.deposit not in (None, deposit)


@dataclass(frozen=True, slots=True)
class DayAhead:
    """What the account covers and needs on one day, the highest of it, in the account's currency."""

    # In the user's time zone.
    day: date
    # What may be bound, also by what others have reserved in the account.
    capacity: Decimal
    # What is bound by all that is at the provider now, by others' deposits, and by renewals.
    drawn: Decimal
    # What is bound if all that is wanted, has a drop date and is not beyond a limit is placed as well.
    needed: Decimal
    # What is missing then for names that wait: the highest of all days is what to pay in, before the first of them.
    short: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the account needs in the days ahead, and what is missing for the backorders that are held."""

    shortfall: Decimal
    """What to pay in so that none that has a date waits for want of funds; zero where all of them fit."""
    currency: str
    before: datetime | None
    """The first lock among those that wait, or the last moment at which paying in helps where the lock has passed.
    None: no date is known yet."""
    waiting: int
    """How many wait that have a date, or are at the provider and have no funds."""
    names: tuple[str, ...]
    """The best of those, in order of rank; where there are none, of those without a date."""
    undated: int = 0
    """How many wait for funds that have no date yet."""
    undated_shortfall: Decimal = ZERO
    """What to pay in, beside the shortfall, so that they need not."""
    unused_credit: Decimal = ZERO
    """The account's credit line, where the rules leave it alone."""
    time_zone: str = "UTC"
    """The user's, beside UTC in the sentence."""
    days: tuple[DayAhead, ...] = ()
    """Today and the days ahead, one after the other."""
    beside_amount: Decimal = ZERO
    """What capacity has beside the account's AMOUNT: the credit line that may be drawn on, less what is kept."""

    @property
    def sentence(self) -> str:
        """*Pay in 414.00 USD before 26 November 2026 16:00 UTC (17:00 Europe/Berlin), or 6 backorders wait: …*"""
        if not self.waiting and not self.undated:
            return "The account covers all that is wanted"
        return self._what_is_missing + self._what_else_there_is

    @property
    def _what_is_missing(self) -> str:
        more = (self.waiting or self.undated) - len(self.names)
        names = ", ".join(self.names) + (f" and {more:,} more" if more else "")
        besides = in_words(self.undated_shortfall, self.currency)
        if not self.waiting:
            wait = "1 waits" if self.undated == 1 else f"{self.undated:,} wait"
            return f"The account covers all that has a drop date; without one, {wait} for {besides} more: {names}"
        moment = f"before {self._moment}" if self.before else "soon (no drop date is known yet)"
        wait = "1 backorder waits" if self.waiting == 1 else f"{self.waiting:,} backorders wait"
        paid = f"Pay in {in_words(self.shortfall, self.currency)} {moment}, or {wait}: {names}"
        if not self.undated:
            return paid
        wait = "1 more waits" if self.undated == 1 else f"{self.undated:,} more wait"
        return f"{paid}; without a drop date, {wait} for {besides}"

    @property
    def _what_else_there_is(self) -> str:
        if self.unused_credit <= ZERO or not self.shortfall + self.undated_shortfall:
            return ""
        line = f"a credit line of {in_words(self.unused_credit, self.currency)}"
        return f"; the account has {line} that rules.toml leaves alone ([funding] use_credit)"

    @property
    def _moment(self) -> str:
        assert self.before is not None
        told = f"{self.before:%-d %B %Y %H:%M} UTC"
        if self.time_zone == "UTC":
            return told
        there = self.before.astimezone(ZoneInfo(self.time_zone))
        day = "" if there.date() == self.before.date() else f"{there:%-d %B} "
        return f"{told} ({day}{there:%H:%M} {self.time_zone})"


STANDING: Document[Standing] = Document("standing", TypeAdapter(Standing), Standing())
_FOREIGN: Group[ForeignOrder] = Group("foreign", TypeAdapter(ForeignOrder))
_RENEWALS: Group[FallsDue] = Group("renewals", TypeAdapter(FallsDue))
FORECAST: Document[Forecast | None] = Document("forecast", TypeAdapter(Forecast | None), None)


def standing(store: Store) -> Standing:
    """As the last reconciliation left it; empty before the first one."""
    return replace(STANDING.read(store), foreign=_FOREIGN.read(store), renewals=_RENEWALS.read(store))


def save_standing(store: Store, now: Standing) -> None:
    """Keeps it for the plans to come."""
    _FOREIGN.write(store, now.foreign)
    _RENEWALS.write(store, now.renewals)
    STANDING.write(store, now)


def forecast(documents: Documents) -> Forecast | None:
    """The last plan's forecast; None before the first plan."""
    return FORECAST.read(documents)


def save_forecast(store: Store, seen: Forecast) -> None:
    """Keeps the forecast in the place of the one before."""
    FORECAST.write(store, seen)
