"""Findings about the account as a whole. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from backorder.documents.account_outlook import Forecast
from backorder.documents.halt import Halt
from backorder.domain.findings import Kind
from backorder.domain.money import ZERO, in_words
from reconciliation.findings.observation import Observation
from reconciliation.ledger import Differs


def examine_line(halted: Halt | None, zones: Mapping[str, Halt]) -> Iterator[Observation]:
    """Whether orders flow; `zones` are halted alone."""
    if halted is not None:
        yield Observation(Kind.LINE_HALTED, "line", f"No orders since {halted.since:%-d %B %H:%M} UTC: {halted.why}")
    for zone, alone in zones.items():
        quoted = f'"{zone}"' if "." in zone else zone
        section = f"[provider.zones.{quoted}]"
        yield Observation(
            Kind.LINE_HALTED,
            f"zone {zone}",
            f"No orders in .{zone} since {alone.since:%-d %B %H:%M} UTC, all others go on; see {section} and "
            f"[provider] of rules.toml: {alone.why}",
        )


def examine_funds(forecast: Forecast | None) -> list[Observation]:
    """Whether the account covers what waits. What has no date is not urgent: the page and `status` tell of it."""
    if forecast is None or not forecast.waiting:
        return []
    return [
        Observation(
            Kind.SHORTFALL, "account", f"{forecast.sentence}.", amount=forecast.shortfall, until=forecast.before
        )
    ]


def examine_unexplained(
    amount: Decimal, *, currency: str, reserved: Decimal = ZERO, elsewhere: str = ""
) -> Iterator[Observation]:
    """Whether the books explain the account. `amount`: what it holds and they do not explain; `reserved`: what of it it
    calls reserved, and no deposit explains; `elsewhere` names bookings in other currencies, which could not be posted.
    """
    also = f" It has bookings in another currency, which the ledger leaves out: {elsewhere}." if elsewhere else ""
    if amount:
        yield Observation(
            Kind.UNEXPLAINED_DIFFERENCE,
            "account",
            f"The account holds {_so_much(amount, currency)} than its deposits and bookings explain: "
            f"compare ledger.csv with the provider's statement, and ask the provider's support about the rest.{also}",
            amount=amount,
        )
    if reserved:
        yield Observation(
            Kind.UNEXPLAINED_DIFFERENCE,
            "reserved",
            f"The account has {_so_much(reserved, currency, 'reserved')} than its deposits come to: ask the provider's "
            f"support what for.{also}",
            amount=reserved,
        )


def examine_past(differs: Differs | None, *, currency: str) -> Iterator[Observation]:
    """Whether the provider's own balances of the last days are those of the statement."""
    if differs is not None:
        yield Observation(
            Kind.BALANCE_DIFFERS_ON,
            "account",
            f"The provider says that the account had {_so_much(differs.amount, currency)} on {differs.day:%-d %B %Y} "
            "than statement.csv does, the first of the last days that differs: compare that day's lines of "
            "ledger.csv with the provider's bookings, and ask its support about the rest.",
            amount=differs.amount,
        )


def _so_much(amount: Decimal, currency: str, what: str = "") -> str:
    return f"{in_words(abs(amount), currency)} {'more' if amount > 0 else 'less'} {what}".rstrip()
