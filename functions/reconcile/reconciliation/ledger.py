"""The ledger: which postings explain what the account shows. Pure.

What is read twice is posted once: every posting's key is made of the provider's ids, or, for a booking without one, of
all that tells it from others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from backorder.bookkeeping import Account, Posting, PostingKind, balances
from backorder.model import Backorder
from backorder.money import ZERO
from backorder.provider.account import AccountingEntry, AccountStatus, Deposit

CHARGE_WINDOW = timedelta(days=7)
"""A charge for a domain within this time of its backorder's end is the backorder's; a renewal comes a year later."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read of the account at one moment, while it stood still: status before and after were equal."""

    at: datetime
    status: AccountStatus
    deposits: tuple[Deposit, ...]
    entries: tuple[AccountingEntry, ...]


def open_books(seen: Seen) -> list[Posting]:
    """The first postings. What was booked before them is history: its keys go into `known` of `explain`."""
    deposits = [deposit for deposit in seen.deposits if deposit.amount > 0]
    rest = seen.status.deposit - sum((deposit.amount for deposit in deposits), ZERO)
    postings = [_opening(seen, "balance", Account.BALANCE, seen.status.amount - seen.status.deposit, None)]
    postings += [
        _opening(seen, _deposit_key(deposit, 1), Account.RESERVED, deposit.amount, deposit.domain)
        for deposit in deposits
    ]
    postings.append(_opening(seen, "reserved", Account.RESERVED, rest, None))
    # The first one stands even at zero: it marks the books as opened.
    return [postings[0], *(posting for posting in postings[1:] if posting.amount)]


def _opening(seen: Seen, key: str, account: Account, amount: Decimal, domain: str | None) -> Posting:
    return _posting(
        f"opening#{key}" if domain is None else key,
        seen.at,
        "opening",
        (Account.OPENING, account),
        amount,
        seen.status.currency,
        domain,
        "StatusAccount" if domain is None else "QueryDepositList",
        "there when the books were opened",
    )


def explain(
    books: Iterable[Posting], seen: Seen, orders: Mapping[str, Backorder], *, known: frozenset[str] = frozenset()
) -> list[Posting]:
    """The postings that `seen` adds to `books`; none if it was explained before.

    `orders` holds our backorder of each domain that deposits and entries name, as it stands after `seen` was read.
    """
    posted = list(books)
    return [
        *_deposits(posted, seen, orders),
        *_entries({posting.key for posting in posted}, known, seen, orders),
    ]


def _deposits(books: list[Posting], seen: Seen, orders: Mapping[str, Backorder]) -> Iterator[Posting]:
    # Whatever their dates say: the provider's clock may be ahead of ours, which dates the releases.
    released = {posting.key.removeprefix("released#") for posting in books if posting.key.startswith("released#")}
    standing: dict[str, Posting] = {}
    times: Counter[str] = Counter()
    for posting in books:
        if posting.key.startswith("deposit#"):
            lease = posting.key.rpartition("#")[0]
            times[lease] += 1
            if posting.key not in released:
                standing[lease] = posting

    there = {_lease(deposit): deposit for deposit in seen.deposits if deposit.amount > 0}
    for lease, posting in standing.items():
        if lease not in there:
            yield _release(posting, seen, orders.get(posting.domain or ""))
    for lease, deposit in there.items():
        if lease not in standing:
            yield _posting(
                _deposit_key(deposit, times[lease] + 1),
                deposit.created_at if not times[lease] else seen.at,
                "deposit",
                (Account.BALANCE, Account.RESERVED),
                deposit.amount,
                deposit.currency or seen.status.currency,
                deposit.domain,
                "QueryDepositList",
                f"deposit {deposit.id}",
            )


def _release(deposited: Posting, seen: Seen, order: Backorder | None) -> Posting:
    lost = order is not None and order.state.is_lost
    return _posting(
        f"released#{deposited.key}",
        seen.at,
        "refund" if lost else "release",
        (Account.RESERVED, Account.BALANCE),
        deposited.amount,
        deposited.currency,
        deposited.domain,
        "QueryDepositList",
        f"{deposited.key.split('#')[1]}: {order.state if order else 'no order of ours'}",
    )


def _entries(posted: set[str], known: frozenset[str], seen: Seen, orders: Mapping[str, Backorder]) -> Iterator[Posting]:
    for key, entry in keyed(seen.entries):
        if key not in known:
            postings = _booking(key, entry, seen.status.currency, orders.get(entry.description.lower()))
            # Each by itself: a crash may have come between a net amount and its VAT.
            yield from (posting for posting in postings if posting.key not in posted)


def _booking(key: str, entry: AccountingEntry, currency: str, order: Backorder | None) -> Iterator[Posting]:
    kind: PostingKind
    other = Account.OTHER
    if entry.gross < 0 and order is not None and _belongs_to(entry, order):
        kind, other = ("charge", Account.FEES) if order.state.is_won else ("disputed", Account.OTHER)
    elif entry.gross > 0 and order is None and _is_payment(entry):
        kind, other = "payment", Account.PAID_IN
    else:
        kind = "other"
    tax_account = Account.TAX if kind == "charge" else other
    for part, amount, account in (("", entry.price, other), ("#tax", entry.vat_price, tax_account)):
        if amount:
            way = (account, Account.BALANCE) if amount > 0 else (Account.BALANCE, account)
            text = f"{entry.type} {entry.description}".strip()
            domain = order.domain if order else None
            yield _posting(
                f"{key}{part}",
                entry.at,
                kind,
                way,
                abs(amount),
                entry.currency or currency,
                domain,
                "QueryAccountingList",
                text,
            )


def _belongs_to(entry: AccountingEntry, order: Backorder) -> bool:
    """By domain and time: the type of a backorder's charge is not documented."""
    if order.submitted_at is None or entry.at < order.submitted_at:
        return False
    return order.outcome_at is None or entry.at <= order.outcome_at + CHARGE_WINDOW


def _is_payment(entry: AccountingEntry) -> bool:
    """The reference's own example of money paid in is of type PAYMENT (QueryAccountingList)."""
    return "PAYMENT" in entry.type


def keyed(entries: Iterable[AccountingEntry]) -> Iterator[tuple[str, AccountingEntry]]:
    """Each entry with its key: the provider's id, or what it says and its ordinal among equals of the day."""
    equals: Counter[str] = Counter()
    for entry in sorted(entries, key=lambda e: (e.at, e.id or "")):
        if entry.id:
            yield f"entry#{entry.id}", entry
            continue
        says = "#".join(
            (
                f"{entry.at:%Y-%m-%d}",
                entry.type,
                entry.description,
                str(entry.price),
                str(entry.vat_price),
                entry.reference,
            )
        )
        equals[says] += 1
        yield f"entry#{says}#{equals[says]}", entry


def difference(books: Iterable[Posting], status: AccountStatus) -> tuple[Decimal, Decimal]:
    """What the account shows and the books do not: of what can be spent, and of what is reserved."""
    held = balances(books)
    return (
        status.amount - status.deposit - held[Account.BALANCE],
        status.deposit - held[Account.RESERVED],
    )


def unexplained(missing: tuple[Decimal, Decimal], seen: Seen) -> list[Posting]:
    """Postings that bring the books to what the account shows, under `unexplained`."""
    postings = []
    for account, amount in zip((Account.BALANCE, Account.RESERVED), missing, strict=True):
        if amount:
            way = (Account.UNEXPLAINED, account) if amount > 0 else (account, Account.UNEXPLAINED)
            postings.append(
                _posting(
                    f"unexplained#{account}#{seen.at:%Y%m%dT%H%M%S}",
                    seen.at,
                    "unexplained",
                    way,
                    abs(amount),
                    seen.status.currency,
                    None,
                    "StatusAccount",
                    "the account and its lists disagree",
                )
            )
    return postings


def disputed(books: Iterable[Posting]) -> dict[str, Decimal]:
    """Charges for names that were not won, by domain, less what was given back for them since."""
    open_charges: defaultdict[str, Decimal] = defaultdict(Decimal)
    for posting in books:
        if posting.domain is None:
            continue
        if posting.kind == "disputed":
            open_charges[posting.domain] += posting.amount
        elif posting.kind == "other" and posting.target is Account.BALANCE:
            open_charges[posting.domain] -= posting.amount
    return {domain: amount for domain, amount in open_charges.items() if amount > 0}


def _lease(deposit: Deposit) -> str:
    return f"deposit#{deposit.id}#{deposit.amount}"


def _deposit_key(deposit: Deposit, time: int) -> str:
    """Its id and amount, and how many times it was there: deposits are leases that lapse and are renewed."""
    return f"{_lease(deposit)}#{time}"


def _posting(
    key: str,
    at: datetime,
    kind: PostingKind,
    way: tuple[Account, Account],
    amount: Decimal,
    currency: str,
    domain: str | None,
    seen_in: str,
    text: str,
) -> Posting:
    return Posting(key, at, kind, way[0], way[1], amount, currency, domain, seen_in, text)
