"""How the account stands: what reconciliation has read at the provider, kept for the plans that come after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from backorder.money import ZERO

if TYPE_CHECKING:
    from backorder.store import Store


@dataclass(frozen=True, slots=True)
class Standing:
    """Amounts are gross, in the account's currency."""

    last_deposits: Mapping[str, Decimal] = field(default_factory=dict)
    """What the provider reserved last, by zone."""
    others: Decimal = ZERO
    """Reserved for orders that are not ours."""
    spent: Mapping[date, Decimal] = field(default_factory=dict)
    """Fees of backorders charged, by day (UTC)."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is missing for the held backorders, and until when paying in helps."""

    shortfall: Decimal
    currency: str
    before: datetime | None
    """The first lock among them, or the last chance where the lock has passed. None: no date is known yet."""
    waiting: int
    names: tuple[str, ...]
    """The best of them, in order of rank."""

    @property
    def sentence(self) -> str:
        """*Pay in 414.00 USD before 26 November 2026 16:00 UTC, or 6 backorders wait: …*"""
        moment = f"before {self.before:%-d %B %Y %H:%M} UTC" if self.before else "soon (no drop date is known yet)"
        more = self.waiting - len(self.names)
        names = ", ".join(self.names) + (f" and {more} more" if more else "")
        wait = "1 backorder waits" if self.waiting == 1 else f"{self.waiting} backorders wait"
        return f"Pay in {self.shortfall:.2f} {self.currency} {moment}, or {wait}: {names}"


_STANDING = TypeAdapter(Standing)
_FORECAST = TypeAdapter(Forecast)


def standing(store: Store) -> Standing:
    """As the last reconciliation left it; empty before the first one."""
    return _STANDING.validate_python(store.document("standing") or {})


def save_standing(store: Store, now: Standing) -> None:
    """Keeps it for the plans to come."""
    store.put_document("standing", _STANDING.dump_python(now, mode="json"))


def forecast(store: Store) -> Forecast | None:
    """The last plan's forecast; None if all fits."""
    body = store.document("forecast")
    return None if body is None else _FORECAST.validate_python(body)


def save_forecast(store: Store, seen: Forecast | None) -> None:
    """Keeps the forecast, or forgets it when nothing is missing any more."""
    if seen is None:
        store.delete_document("forecast")
    else:
        store.put_document("forecast", _FORECAST.dump_python(seen, mode="json"))
