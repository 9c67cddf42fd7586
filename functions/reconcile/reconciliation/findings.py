"""What in the account needs a person, and how findings open, change and close. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from backorder.bookkeeping import Account, Posting, balances
from backorder.finding import Finding, Kind
from backorder.halt import Halt
from backorder.model import Backorder
from backorder.money import ZERO
from backorder.standing import Forecast
from reconciliation.ledger import disputed

RELEASE_LAG = timedelta(hours=24)
"""Until the account's own lag is measured: how long a lost order's deposit may take to come back."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing that holds now and needs a person. Amount in the account's currency."""

    kind: Kind
    subject: str
    advice: str
    domain: str | None = None
    amount: Decimal | None = None


def examine_line(halted: Halt | None) -> list[Observation]:
    """Whether orders flow."""
    if halted is None:
        return []
    return [Observation(Kind.LINE_HALTED, "line", f"No orders since {halted.since:%-d %B %H:%M} UTC: {halted.why}")]


def examine_funds(forecast: Forecast | None) -> list[Observation]:
    """Whether the account covers what waits."""
    if forecast is None or not forecast.waiting:
        return []
    return [Observation(Kind.SHORTFALL, "account", f"{forecast.sentence}.", amount=forecast.shortfall)]


def examine_books(
    books: Iterable[Posting], backorders: Iterable[Backorder], *, now: datetime, currency: str
) -> list[Observation]:
    """Whether deposits came back, charges were earned, and the books explain the account.

    `backorders` are those not settled yet, as they stand after the account was read.
    """
    postings = list(books)
    return [
        *_refunds_missing(backorders, now=now, currency=currency),
        *_charges_without_success(postings, currency=currency),
        *_unexplained(postings, currency=currency),
    ]


def _refunds_missing(backorders: Iterable[Backorder], *, now: datetime, currency: str) -> Iterable[Observation]:
    for backorder in backorders:
        if not backorder.state.is_lost or backorder.deposit is None or backorder.outcome_at is None:
            continue
        if now < backorder.outcome_at + RELEASE_LAG:
            continue
        yield Observation(
            Kind.REFUND_MISSING,
            backorder.domain,
            f"{backorder.domain} was lost on {backorder.outcome_at:%-d %B %H:%M} UTC ({backorder.state}), and its "
            f"deposit of {backorder.deposit:.2f} {currency} is still reserved: ask the provider's support to release "
            f"it, application {backorder.application}.",
            backorder.domain,
            backorder.deposit,
        )


def _charges_without_success(books: Iterable[Posting], *, currency: str) -> Iterable[Observation]:
    for domain, amount in disputed(books).items():
        yield Observation(
            Kind.CHARGE_WITHOUT_SUCCESS,
            domain,
            f"{amount:.2f} {currency} were charged for {domain}, which was not caught: "
            "ask the provider's support to give it back.",
            domain,
            amount,
        )


def _unexplained(books: Iterable[Posting], *, currency: str) -> Iterable[Observation]:
    amount = -balances(books)[Account.UNEXPLAINED]
    if amount:
        more = "more" if amount > 0 else "less"
        yield Observation(
            Kind.UNEXPLAINED_DIFFERENCE,
            "account",
            f"The account holds {abs(amount):.2f} {currency} {more} than its deposits and bookings explain: compare "
            "ledger.csv with the provider's statement, and ask the provider's support about the rest.",
            amount=amount,
        )


def update(
    standing: Iterable[Finding],
    observed: Iterable[Observation],
    *,
    examined: Iterable[Kind],
    now: datetime,
    currency: str,
) -> list[Finding]:
    """The findings that open, change or close. Kinds that were not `examined` this time stay as they are."""
    open_now: Mapping[tuple[Kind, str], Finding] = {
        (finding.kind, finding.subject): finding for finding in standing if finding.status == "open"
    }
    looked_at = set(examined)
    seen = {(observation.kind, observation.subject): observation for observation in observed}
    changes: list[Finding] = []
    for key, observation in seen.items():
        known = open_now.get(key)
        if known is None:
            changes.append(
                Finding(
                    observation.kind,
                    observation.subject,
                    observation.domain,
                    observation.amount,
                    currency,
                    observation.advice,
                    opened_at=now,
                )
            )
        elif (known.amount, known.advice) != (observation.amount, observation.advice):
            changes.append(replace(known, amount=observation.amount, advice=observation.advice))
    changes += [
        replace(finding, status="closed", closed_at=now)
        for key, finding in open_now.items()
        if finding.kind in looked_at and key not in seen
    ]
    return changes


def worth_telling(changes: Iterable[Finding], standing: Iterable[Finding]) -> list[Finding]:
    """What a person has not heard of: findings that opened, or whose amount grew."""
    told = {finding.key: _weight(finding) for finding in standing}
    return [
        finding
        for finding in changes
        if finding.status == "open" and (finding.key not in told or _weight(finding) > told[finding.key])
    ]


def _weight(finding: Finding) -> Decimal:
    """How far from zero its amount is: money that is gone without a word weighs as much as money that came."""
    return abs(finding.amount or ZERO)
