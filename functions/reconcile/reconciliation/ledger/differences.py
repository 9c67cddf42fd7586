"""How the books are opened, and what they do not explain. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from backorder.domain.ledger import Account, Posting
from backorder.domain.money import ZERO
from backorder.provider.port import Command
from reconciliation.ledger.seen import Seen, posting

SEEN_IN = Command.ACCOUNT.value


def opening(seen: Seen) -> Posting:
    """The first posting: all that the account holds, reserved or not. One posting, so that no crash leaves half of it.

    The deposits that are there already are explained from there as any other.
    """
    amount = seen.status.amount
    way = (Account.OPENING, Account.BALANCE) if amount >= 0 else (Account.BALANCE, Account.OPENING)
    text = "there when the books were opened"
    return posting("opening", seen.at, "opening", way, abs(amount), seen_in=SEEN_IN, text=text, currency=seen.currency)


@dataclass(frozen=True, slots=True)
class Checked:
    """The account's numbers, as the provider writes them, when they were last compared with the books."""

    amount: Decimal
    deposit: Decimal
    moved: Decimal
    """What the bookings in the ledger had changed the account by until then."""


def checked(held: Mapping[Account, Decimal], seen: Seen) -> Checked:
    """Return the account's numbers beside what the ledger `held` says of its bookings."""
    outside = (Account.FEES, Account.TAX, Account.PAID_IN, Account.OTHER)
    moved = -sum((held.get(account, ZERO) for account in outside), ZERO)
    return Checked(seen.status.amount, seen.status.deposit, moved)


def excludes_deposits(before: Checked, now: Checked) -> bool | None:
    """Whether AMOUNT leaves out what is reserved: then it falls by what DEPOSIT rises by, beside what was booked.

    None where the numbers do not tell: nothing was reserved or released, or something else happened as well.
    """
    reserved, changed = now.deposit - before.deposit, now.amount - before.amount - (now.moved - before.moved)
    if not reserved or changed not in (ZERO, -reserved):
        return None
    return changed == -reserved


def opening_of_deposits(amount: Decimal, seen: Seen) -> Posting:
    """What was reserved when the books were opened, where the amount that they opened with leaves it out."""
    text = "reserved when the books were opened, and not in the balance"
    way = (Account.OPENING, Account.BALANCE)
    return posting(
        "opening#reserved", seen.at, "opening", way, amount, seen_in=SEEN_IN, text=text, currency=seen.currency
    )


def difference(held: Mapping[Account, Decimal], seen: Seen) -> tuple[Decimal, Decimal]:
    """What the account shows and the books do not: of what can be spent, and of what is reserved."""
    return (
        seen.status.amount - seen.reserved - held.get(Account.BALANCE, ZERO),
        seen.reserved - held.get(Account.RESERVED, ZERO),
    )


def unexplained(missing: tuple[Decimal, Decimal], seen: Seen) -> list[Posting]:
    """Postings that bring the books to what the account shows, under `unexplained`."""
    return [
        posting(
            f"unexplained#{account}#{seen.at:%Y%m%dT%H%M%S}",
            seen.at,
            "unexplained",
            (Account.UNEXPLAINED, account) if amount > 0 else (account, Account.UNEXPLAINED),
            abs(amount),
            seen_in=SEEN_IN,
            text="the account and its lists disagree",
            currency=seen.currency,
        )
        for account, amount in zip((Account.BALANCE, Account.RESERVED), missing, strict=True)
        if amount
    ]
