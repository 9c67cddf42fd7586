"""The ledger: which postings explain what the account shows. Pure.

What is read twice is posted once: every posting's key is made of the provider's ids, or, for a booking without one, of
all that tells it from others.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from backorder.bookkeeping import Account, Posting, PostingKind, balances
from backorder.model import Backorder, State
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


def _opening(seen: Seen) -> Posting:
    """The first posting: all that the account holds, reserved or not. One posting, so that no crash leaves half of it.

    The deposits that are there already are explained from there as any other.
    """
    way = (Account.OPENING, Account.BALANCE)
    text = "there when the books were opened"
    status = seen.status
    return _posting("opening", seen.at, "opening", way, status.amount, status.currency, None, "StatusAccount", text)


def explain(
    books: Iterable[Posting], seen: Seen, orders: Mapping[str, Backorder], *, known: frozenset[str] = frozenset()
) -> list[Posting]:
    """The postings that `seen` adds to `books`; none if it was explained before. Books without postings are opened.

    `orders` holds our backorder of each domain that deposits and entries name, as it stands after `seen` was read;
    `known` the keys of bookings that were there before the books were opened.
    """
    posted = list(books)
    opening = [] if posted else [_opening(seen)]
    new = [
        *opening,
        *_deposits(posted, seen, orders),
        *_entries({posting.key for posting in posted}, known, seen, orders),
    ]
    return [*new, *_disputed(posted + new, seen, orders)]


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
    lost = order is not None and (order.state.is_lost or order.state is State.WITHDRAWING)
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
    if entry.gross < 0 and order is not None and _is_in_its_time(entry.at, order):
        # One that is under way still will be won, or else its charge is disputed once it is lost.
        kind, other = ("disputed", Account.OTHER) if order.state.is_lost else ("charge", Account.FEES)
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


def _disputed(books: list[Posting], seen: Seen, orders: Mapping[str, Backorder]) -> Iterator[Posting]:
    """Charges that were booked while the order was under way, which was lost then."""
    keys = {posting.key for posting in books}
    for posting in books:
        if posting.kind != "charge" or f"disputed#{posting.key}" in keys:
            continue
        order = orders.get(posting.domain or "")
        if order is not None and order.state.is_lost and _is_in_its_time(posting.at, order):
            yield _posting(
                f"disputed#{posting.key}",
                seen.at,
                "disputed",
                (posting.target, Account.OTHER),
                posting.amount,
                posting.currency,
                posting.domain,
                posting.seen_in,
                f"{posting.text}: {order.state}",
            )


def _is_in_its_time(at: datetime, order: Backorder) -> bool:
    """A charge is matched by domain and time: the type of a backorder's charge is not documented."""
    if order.submitted_at is None or at < order.submitted_at:
        return False
    return order.outcome_at is None or at <= order.outcome_at + CHARGE_WINDOW


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


def spent(books: Iterable[Posting]) -> dict[date, Decimal]:
    """What backorders cost, with tax, by day (UTC)."""
    days: defaultdict[date, Decimal] = defaultdict(Decimal)
    for posting in books:
        if posting.target in (Account.FEES, Account.TAX):
            days[posting.at.date()] += posting.amount
        elif posting.source in (Account.FEES, Account.TAX):
            days[posting.at.date()] -= posting.amount
    return dict(days)


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
