"""What was read of the account, and how a posting is made of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from backorder.domain.ledger import Account, Lease, Posting, PostingKind
from backorder.domain.money import ZERO
from backorder.provider.port import AccountingEntry, AccountStatus, Deposit, UnreadRow

Way = tuple[Account, Account]
"""The account that gives, and the one that receives."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of the account at one moment, while it stood still: status before and after were equal."""

    at: datetime
    status: AccountStatus
    deposits: Collection[Deposit]
    entries: Collection[AccountingEntry]
    """In order of their names (`name_of`): those that nothing tells apart stand together."""
    since: date
    """Bookings were read from this day (UTC) on, whole days."""
    unread_deposits: tuple[UnreadRow, ...] = ()
    """Rows among the deposits that make no sense: what is not there may be one of them."""
    unread_entries: bool = False
    """There are such rows among the bookings."""

    @property
    def is_whole(self) -> bool:
        """All rows were read: the books can be compared with the account."""
        return not (self.unread_deposits or self.unread_entries)

    def with_deposits(self, *, excluded: bool | None) -> Seen:
        """Return it with the deposits in the account's amount, if they were `excluded`."""
        return replace(self, status=self.status.with_deposits(excluded=excluded))

    def may_be_unread(self, lease: Lease) -> bool:
        """One of the rows that make no sense may be this deposit: it has its id, or its domain and no id at all."""
        return any(
            lease.id in row.cells or ((lease.domain in row.cells or row.about is None) and row.id is None)
            for row in self.unread_deposits
        )

    @property
    def currency(self) -> str:
        return self.status.currency

    @property
    def reserved(self) -> Decimal:
        """What the account says is reserved, where it counts credits among the deposits (which is not documented)
        without them: a negative deposit expires, and nothing is reserved or free to be spent for it."""
        amounts = [each.amount for each in self.deposits if self.is_in_its_currency(each.currency)]
        expiring = sum((amount for amount in amounts if amount < 0), ZERO)
        return self.status.deposit - (expiring if self.status.deposit == sum(amounts, ZERO) else ZERO)

    def is_in_its_currency(self, currency: str) -> bool:
        """Amounts in another currency than the account's say nothing of what the account changed by: they are not
        posted, and what they changed stands under `unexplained`."""
        return currency in ("", self.currency)


def posting(
    key: str,
    at: datetime,
    kind: PostingKind,
    way: Way,
    amount: Decimal,
    *,
    seen_in: str,
    text: str,
    currency: str,
    domain: str | None = None,
) -> Posting:
    return Posting(key, at, kind, way[0], way[1], amount, currency, domain, seen_in, text)
