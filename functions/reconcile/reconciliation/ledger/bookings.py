"""Bookings: what the account's entries post, and what each says of an order of ours. Pure.

First the ledger and the account are laid side by side, row by row; then what is new is booked in order of time. So no
step needs more than a few rows at once.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from heapq import merge
from itertools import groupby
from operator import itemgetter

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Account, Posting, PostingKind
from backorder.domain.money import ZERO
from backorder.domain.values import BackorderKey, Charge
from backorder.provider.port import AccountingEntry, Command, EntryKind
from reconciliation.ledger.seen import Seen, posting

CHARGE_WINDOW = timedelta(days=7)
"""A charge for a domain within this time of its backorder's end is the backorder's; a renewal comes a year later. The
first charge of a won name is its own however late it comes."""
GIVEN_BACK_WITHIN = timedelta(days=35)
"""What is given back for a domain within this time of its backorder's end is of the backorder's charge; later, only the
very sum that was charged: renewals are given back, too."""
SEEN_IN = Command.ENTRIES.value
TAX = "#tax"
_VERSION = re.compile(r"(?P<row>.*)@(?P<version>[0-9]+)", re.DOTALL)
_ROW_OF_KEY = re.compile(
    r"(?:reversal#)?(?:disputed#)?"
    r"(?P<row>(?P<without_id>entry#\d{4}-\d\d-\d\d#.*)#\d+|entry#.*?)"
    rf"(?:@\d+)?(?:{TAX})?",
    re.DOTALL,
)


@dataclass(slots=True)
class Row:
    """A row of the accounting as the ledger has it: the last version of it that was posted."""

    row: str
    version: int = 0
    parts: dict[str, Posting] = field(default_factory=dict)
    """By key: the net amount, and the tax."""
    disputed: list[Posting] = field(default_factory=list)
    reversed: bool = False
    half_reversed: bool = False
    """A crash came between two reversals: the rest is to be taken back whatever the account says now."""

    @property
    def key(self) -> str:
        return f"{self.row}@{self.version}" if self.version else self.row

    def says(self, entry: AccountingEntry) -> bool:
        """What was posted of it is what `entry` says."""
        amounts = {self.key: entry.price, f"{self.key}{TAX}": entry.vat_price}
        return all(part.effect == amounts[key] for key, part in self.parts.items())


@dataclass(frozen=True, slots=True)
class Unposted:
    """An entry that is not in the ledger, or only a part of it, and the row that it will be there."""

    row: Row
    entry: AccountingEntry

    @property
    def place(self) -> str:
        """Sorts by time, then by id."""
        return f"{self.entry.at:%Y-%m-%dT%H:%M:%S.%f}#{self.entry.id or ''}"


@dataclass(frozen=True, slots=True)
class Compared:
    """How rows of the account differ from those of the ledger."""

    reversals: tuple[Posting, ...]
    """They take back what changed or vanished."""
    withdrawn: frozenset[str]
    """Keys of charges whose row changed or vanished: they count no longer. After a crash all that ever were: their
    orders may not have heard of it."""
    unposted: tuple[Unposted, ...]


@dataclass(frozen=True, slots=True)
class Booked:
    """What new bookings change."""

    postings: tuple[Posting, ...] = ()
    charges: Mapping[BackorderKey, tuple[Charge, ...]] = field(default_factory=dict)
    """What is to be added to our orders."""


def name_of(entry: AccountingEntry) -> str:
    """What tells an entry from others: the provider's id, or all that it says. Equals of a day share it."""
    if entry.id:
        return f"entry#{entry.id}"
    says = (entry.type, entry.description, str(entry.price), str(entry.vat_price), entry.reference)
    return "#".join((f"entry#{entry.at:%Y-%m-%d}", *says))


def name_of_posting(posting: Posting) -> str:
    """That of the entry which a posting came from, or which it disputes or takes back; empty for any other."""
    found = _ROW_OF_KEY.fullmatch(posting.key)
    return found["without_id"] or found["row"] if found else ""


def side_by_side(
    posted: Iterable[Posting], entries: Iterable[AccountingEntry]
) -> Iterator[tuple[list[Posting], list[AccountingEntry]]]:
    """Rows by name, as the ledger has each and as the account has it. Both come in order of their names."""
    named: Iterator[tuple[str, Posting | AccountingEntry]] = merge(
        ((name_of_posting(each), each) for each in posted),
        ((name_of(each), each) for each in entries),
        key=itemgetter(0),
    )
    for _, group in groupby(named, key=itemgetter(0)):
        both = [each for _, each in group]
        yield (
            [each for each in both if isinstance(each, Posting)],
            [each for each in both if isinstance(each, AccountingEntry)],
        )


def compare(
    posted: Iterable[Posting], entries: Iterable[AccountingEntry], seen: Seen, *, known: frozenset[str], again: bool
) -> Compared:
    """How the entries of one name differ from what is posted of them.

    `known` are the keys of rows that were there before the books were opened. `again`: what is posted already is to be
    matched with its order once more, for a crash may have come before that was kept.
    """
    posted = list(posted)
    rows = _posted_rows(posted, seen)
    there = {key: entry for key, entry in keyed(entries) if key not in known}
    reversals: list[Posting] = []
    withdrawn: set[str] = set()
    unposted: list[Unposted] = []
    if again:
        withdrawn |= {_charge_key(each) for each in posted if each.key.startswith("reversal#entry#")}
    for key, row in rows.items():
        if row.half_reversed or (row.parts and (key not in there or not row.says(there[key]))):
            reversals += [_reversal(part, seen) for part in (*row.parts.values(), *row.disputed)]
            withdrawn.add(row.key)
    for key, entry in there.items():
        row = rows.get(key, Row(key))
        if row.key in withdrawn or row.reversed:
            row = Row(key, version=row.version + 1)
        amounts = _amounts(entry, seen)
        if amounts and (len(row.parts) != len(amounts) or again):
            unposted.append(Unposted(row, entry))
    return Compared(tuple(reversals), frozenset(withdrawn), tuple(unposted))


def book(unposted: Iterable[Unposted], seen: Seen, order_of: Callable[[AccountingEntry], Backorder | None]) -> Booked:
    """What new entries add to the ledger, and to our orders. They come in order of time; `order_of` finds the
    backorder of ours that an entry may be of, with what was added to it before."""
    postings: list[Posting] = []
    charges: defaultdict[BackorderKey, list[Charge]] = defaultdict(list)
    for new in unposted:
        row, entry = new.row, new.entry
        order = order_of(entry)
        if order is not None and not _is_of(entry, order, row.key, charges[order.key]):
            order = None
        if order is not None:
            charges[order.key].append(_charge(row, entry, order))
        amounts = _amounts(entry, seen)
        postings += [each for each in _postings(row.key, entry, amounts, order, seen) if each.key not in row.parts]
    return Booked(tuple(postings), {key: tuple(some) for key, some in charges.items() if some})


def dispute(order: Backorder, seen: Seen) -> tuple[Backorder, list[Posting]]:
    """A lost order's charges that were booked while it was under way, moved from the fees to `other`."""
    if not order.state.is_lost or all(charge.disputed for charge in order.charges):
        return order, []
    postings = [
        posting(
            f"disputed#{charge.key}{suffix}",
            seen.at,
            "disputed",
            (account, Account.OTHER) if amount > 0 else (Account.OTHER, account),
            abs(amount),
            seen_in=SEEN_IN,
            text=f"charged, and {order.state}",
            currency=seen.currency,
            domain=order.domain,
        )
        for charge in order.charges
        if not charge.disputed
        for suffix, amount, account in (("", charge.net, Account.FEES), (TAX, charge.tax, Account.TAX))
        if amount
    ]
    return order.charge(replace(charge, disputed=True) for charge in order.charges), postings


def keyed(entries: Iterable[AccountingEntry]) -> Iterator[tuple[str, AccountingEntry]]:
    """Each entry with its key: its name, and without an id its ordinal among equals of the day."""
    equals: Counter[str] = Counter()
    for entry in sorted(entries, key=lambda e: (e.at, e.id or "")):
        name = name_of(entry)
        equals[name] += 1
        yield name if entry.id else f"{name}#{equals[name]}", entry


def _posted_rows(posted: Iterable[Posting], seen: Seen) -> dict[str, Row]:
    rows: dict[str, Row] = {}
    disputed: list[Posting] = []
    reversed_: set[str] = set()
    for each in posted:
        if each.key.startswith("entry#"):
            key = each.key.removesuffix(TAX)
            found = _VERSION.fullmatch(key)
            name, version = (found["row"], int(found["version"])) if found else (key, 0)
            row = rows.setdefault(name, Row(name))
            if version > row.version:
                row = rows[name] = Row(name, version)
            if version == row.version and each.at.date() >= seen.since:
                row.parts[each.key] = each
        elif each.key.startswith("disputed#"):
            disputed.append(each)
        elif each.key.startswith("reversal#"):
            reversed_.add(each.key.removeprefix("reversal#"))
    by_key = {row.key: row for row in rows.values()}
    for each in disputed:
        row_of = by_key.get(each.key.removeprefix("disputed#").removesuffix(TAX))
        if row_of is not None:
            row_of.disputed.append(each)
    for row in rows.values():
        if any(key in reversed_ for key in row.parts):
            row.parts = {key: part for key, part in row.parts.items() if key not in reversed_}
            row.disputed = [each for each in row.disputed if each.key not in reversed_]
            row.half_reversed = bool(row.parts or row.disputed)
            row.reversed = not row.half_reversed
    return rows


def _charge_key(reversal: Posting) -> str:
    """Of the charge that it takes back, or a part of it."""
    return reversal.key.removeprefix("reversal#").removesuffix(TAX)


def _reversal(of: Posting, seen: Seen) -> Posting:
    return posting(
        f"reversal#{of.key}",
        seen.at,
        "reversal",
        (of.target, of.source),
        of.amount,
        seen_in=SEEN_IN,
        text=f"no longer at the provider: {of.text}",
        currency=of.currency,
        domain=of.domain,
    )


def _amounts(entry: AccountingEntry, seen: Seen) -> list[tuple[str, Decimal]]:
    if not seen.is_in_its_currency(entry.currency):
        return []
    return [(suffix, amount) for suffix, amount in (("", entry.price), (TAX, entry.vat_price)) if amount]


def _is_of(entry: AccountingEntry, order: Backorder, key: str, others: Sequence[Charge]) -> bool:
    """Matched by domain and time: what kind of entry a backorder's charge is need not be documented. An auction's price
    says so."""
    if order.submitted_at is None or entry.at < order.submitted_at or entry.kind is EntryKind.AUCTION:
        return False
    before = [charge.gross for charge in (*order.charges, *others) if charge.key != key and charge.gross > 0]
    since_end = timedelta(0) if order.outcome_at is None else entry.at - order.outcome_at
    if entry.gross >= 0:
        return entry.gross in before or (bool(before) and since_end <= GIVEN_BACK_WITHIN)
    if _is_registered_by_hand(entry, order):
        return False
    in_time = since_end <= CHARGE_WINDOW
    return in_time and -entry.gross in before if before else in_time or order.state.is_won


def _is_registered_by_hand(entry: AccountingEntry, order: Backorder) -> bool:
    """A lost name that was free, as a finding told, and is had at the ordinary price now; or that is booked as a
    registration. What costs as much as the order would have may be a charge for it all the same."""
    was_free = order.lookup.is_free and order.lookup.at is not None and entry.at >= order.lookup.at
    return order.state.is_lost and (was_free or entry.kind is EntryKind.REGISTRATION) and -entry.gross != order.plan.fee


def _charge(row: Row, entry: AccountingEntry, order: Backorder) -> Charge:
    posted = {part.kind for part in row.parts.values()}
    disputed = "disputed" in posted if posted else order.state.is_lost
    known = next((charge for charge in order.charges if charge.key == row.key), None)
    return known or Charge(row.key, entry.at, -entry.price, -entry.vat_price, disputed)


def _postings(
    key: str, entry: AccountingEntry, amounts: Sequence[tuple[str, Decimal]], order: Backorder | None, seen: Seen
) -> Iterator[Posting]:
    kind, accounts = _kind(entry, order)
    for suffix, amount in amounts:
        account = accounts[suffix]
        yield posting(
            f"{key}{suffix}",
            entry.at,
            kind,
            (account, Account.BALANCE) if amount > 0 else (Account.BALANCE, account),
            abs(amount),
            seen_in=SEEN_IN,
            text=f"{entry.type} {entry.description}".strip(),
            currency=entry.currency or seen.currency,
            domain=order.domain if order else None,
        )


def _kind(entry: AccountingEntry, order: Backorder | None) -> tuple[PostingKind, Mapping[str, Account]]:
    if order is not None and not order.state.is_lost:
        # One that is under way still will be won, or else its charge is disputed once it is lost.
        return "charge", {"": Account.FEES, TAX: Account.TAX}
    if order is not None and entry.gross < ZERO:
        return "disputed", {"": Account.OTHER, TAX: Account.OTHER}
    if order is None and entry.gross > 0 and entry.kind is EntryKind.PAYMENT:
        return "payment", {"": Account.PAID_IN, TAX: Account.PAID_IN}
    return "other", {"": Account.OTHER, TAX: Account.OTHER}
