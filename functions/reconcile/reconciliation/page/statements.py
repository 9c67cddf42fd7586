"""The account over the month, as the ledger tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from backorder.domain.ledger import Account, Posting, PostingKind, balances
from backorder.domain.money import ZERO
from reconciliation.page.model import Statement


def statement(
    postings: Iterable[Posting], held: Mapping[Account, Decimal], *, now: datetime, time_zone: ZoneInfo
) -> Statement:
    """The month up to now. `held`: what each account of the whole ledger holds."""
    first = now.astimezone(time_zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    of_month = [posting for posting in postings if posting.at >= first]
    came = balances(of_month)

    def total(kind: PostingKind) -> Decimal:
        return sum((posting.amount for posting in of_month if posting.kind == kind), ZERO)

    closing = held[Account.BALANCE] + held[Account.RESERVED]
    # Books that were opened this month begin with what was there then.
    before = closing - came[Account.BALANCE] - came[Account.RESERVED]
    return Statement(
        month=first.date(),
        opening=before - came[Account.OPENING],
        paid_in=-came[Account.PAID_IN],
        charged=came[Account.FEES] + came[Account.TAX],
        other=-came[Account.OTHER],
        unexplained=-came[Account.UNEXPLAINED],
        closing=closing,
        deposited=total("deposit"),
        given_back=total("refund"),
    )
