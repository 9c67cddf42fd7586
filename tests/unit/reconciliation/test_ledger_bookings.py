"""What a booking is taken for: by whom it was caused, when, and how much it is. The edges, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Account, Posting
from backorder.domain.states import State
from backorder.domain.values import Charge
from backorder.provider.port import AccountingEntry, EntryKind
from reconciliation import ledger
from reconciliation.ledger import Seen, Unposted
from reconciliation.ledger.bookings import Compared, Row
from tests.factories import FEE, NOW, a_charge, a_placed_backorder, an_account_status, an_entry, usd

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)
SEEN = Seen(NOW + DAY, an_account_status(), (), (), (NOW - 10 * DAY).date())
ENTRY = "entry#acc-john.com"


def booked(entry: AccountingEntry, order: Backorder | None, row: Row | None = None) -> list[Posting]:
    """What one entry posts, with the order that it may be of."""
    return list(ledger.book([Unposted(row or Row(ENTRY), entry)], SEEN, lambda _: order).postings)


def kinds(entry: AccountingEntry, order: Backorder | None) -> list[str]:
    return [posting.kind for posting in booked(entry, order)]


def ways(postings: list[Posting]) -> list[tuple[str, str, str]]:
    return [(posting.source, posting.target, f"{posting.amount:.2f}") for posting in postings]


def won(*charges: Charge, **changes: Any) -> Backorder:
    return a_placed_backorder(state=State.SUCCESSFUL, charges=charges, **changes)


def lost(*charges: Charge, **changes: Any) -> Backorder:
    return a_placed_backorder(state=State.FAILED, charges=charges, **changes)


# --- Whose it is ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "kind"), [(7 * DAY, "disputed"), (7 * DAY + MICROSECOND, "other"), (-timedelta(hours=1), "disputed")]
)
def test_a_charge_within_a_week_of_an_orders_end_is_the_orders(after: timedelta, kind: str) -> None:
    assert kinds(an_entry(at=NOW + after), lost()) == [kind]


def test_a_charge_before_the_order_is_not_the_orders() -> None:
    submitted_at = NOW - timedelta(hours=1)
    for at, kind in ((submitted_at + timedelta(0), "charge"), (submitted_at - MICROSECOND, "other")):
        assert kinds(an_entry(at=at), won(submitted_at=submitted_at)) == [kind]
    assert kinds(an_entry(), won(submitted_at=None)) == ["other"]


@pytest.mark.parametrize(("after", "kind"), [(35 * DAY, "charge"), (35 * DAY + MICROSECOND, "other")])
def test_a_part_of_what_was_charged_is_given_back_within_five_weeks(after: timedelta, kind: str) -> None:
    order = won(a_charge("entry#1"))
    assert kinds(an_entry(price=usd("10.00"), at=NOW + after), order) == [kind]


@pytest.mark.parametrize("before", ["-10.00", "0.00"])
def test_what_was_given_back_before_is_no_charge(before: str) -> None:
    """Neither is it one that a second charge has to equal, nor one of which something could be given back."""
    order = won(a_charge("entry#1", usd(before)))
    assert kinds(an_entry(), order) == ["charge"]
    assert kinds(an_entry(price=usd("5.00")), order) == ["other"]


def test_the_smallest_charges_count_as_any_other() -> None:
    assert kinds(an_entry(price=usd("-0.50")), won()) == ["charge"]
    assert kinds(an_entry(price=usd("0.50")), won(a_charge("entry#1"))) == ["charge"]
    years_later = an_entry(price=usd("0.50"), at=NOW + 700 * DAY)
    assert kinds(years_later, won(a_charge("entry#1", usd("0.50")))) == ["charge"]


def test_a_free_name_counts_as_registered_by_hand_from_the_moment_it_was_seen_free() -> None:
    for after, kind in ((timedelta(0), "other"), (-MICROSECOND, "disputed")):
        order = lost(still_free=True, checked_at=NOW + timedelta(hours=1))
        assert kinds(an_entry(price=usd("-12.50"), at=NOW + timedelta(hours=1) + after), order) == [kind]


def test_a_free_name_may_cost_more_than_its_order_would_have() -> None:
    order = lost(still_free=True, checked_at=NOW)
    assert kinds(an_entry(price=usd("-150.00"), at=NOW), order) == ["other"]


@pytest.mark.parametrize("kind", sorted(set(EntryKind) - {EntryKind.REGISTRATION, EntryKind.AUCTION}))
def test_only_what_is_called_a_registration_is_one(kind: EntryKind) -> None:
    assert kinds(an_entry(price=usd("-12.50"), kind=kind), lost()) == ["disputed"]


# --- What it is ----------------------------------------------------------------------------------


def test_what_is_given_back_for_a_lost_name_is_no_dispute() -> None:
    order = lost(a_charge("entry#1", disputed=True))
    assert kinds(an_entry(price=FEE), order) == ["other"]
    assert kinds(an_entry(price=usd("10.00"), vat_price=usd("-10.00")), order) == ["other", "other"]


@pytest.mark.parametrize(("price", "kind"), [("100.00", "payment"), ("0.50", "payment"), ("-100.00", "other")])
def test_a_payment_is_money_that_comes_in(price: str, kind: str) -> None:
    assert kinds(an_entry("bank transfer", usd(price), kind=EntryKind.PAYMENT), None) == [kind]


def test_a_payment_that_comes_to_nothing_is_none() -> None:
    nothing = an_entry("transfer and fee", usd("5.00"), vat_price=usd("-5.00"), kind=EntryKind.PAYMENT)
    assert kinds(nothing, None) == ["other", "other"]


@pytest.mark.parametrize("amount", ["0.50", "69.00"])
def test_a_charge_goes_from_the_balance_and_what_is_given_back_to_it(amount: str) -> None:
    assert ways(booked(an_entry(price=-usd(amount)), won())) == [("balance", "fees", amount)]
    assert ways(booked(an_entry(price=usd(amount)), won(a_charge("entry#1")))) == [("fees", "balance", amount)]


@pytest.mark.parametrize("amount", ["0.50", "69.00"])
def test_a_dispute_moves_charges_from_the_fees_and_what_was_given_back_to_them(amount: str) -> None:
    charges = (a_charge("entry#1", usd(amount)), a_charge("entry#2", -usd(amount)))
    disputed, postings = ledger.dispute(lost(*charges), SEEN)
    assert ways(postings) == [("fees", "other", amount), ("other", "fees", amount)]
    assert all(charge.disputed for charge in disputed.charges)


# --- Rows ----------------------------------------------------------------------------------------


def compared(posted: list[Posting], *entries: AccountingEntry) -> Compared:
    return ledger.compare(posted, entries, SEEN, known=frozenset(), again=False)


def test_a_row_has_the_name_of_its_entry_and_each_later_state_of_it_a_number() -> None:
    first = an_entry()
    [row] = [new.row for new in compared([], first).unposted]
    assert row.key == ledger.name_of(first)
    posted = booked(first, None, row)
    for number in (1, 2, 3):
        changed = an_entry(price=usd(-100 - number))
        found = compared(posted, changed)
        assert [posting.key for posting in found.reversals] == [f"reversal#{row.key}"]
        [row] = [new.row for new in found.unposted]
        assert row.key == f"{ledger.name_of(first)}@{number}"
        posted += [*found.reversals, *booked(changed, None, row)]


@pytest.mark.parametrize("price", ["-68.99", "-69.01"])
def test_a_row_that_says_more_or_less_than_before_is_another_one(price: str) -> None:
    [row] = [new.row for new in compared([], an_entry()).unposted]
    posted = booked(an_entry(), None, row)
    assert compared(posted, an_entry()).unposted == ()
    assert len(compared(posted, an_entry(price=usd(price))).reversals) == 1


def test_the_last_state_of_a_row_counts_in_whatever_order_its_postings_are_read() -> None:
    rows = [Row(ENTRY, version) for version in (0, 1, 2)]
    entries = [an_entry(price=usd(price)) for price in ("-10.00", "-20.00", "-30.00")]
    posted = [posting for row, entry in zip(rows, entries, strict=True) for posting in booked(entry, None, row)]
    for some in (posted, posted[::-1], [posted[2], posted[0], posted[1]]):
        found = ledger.compare(some, [entries[2]], SEEN, known=frozenset(), again=True)
        assert found.reversals == ()
        [new] = found.unposted
        assert (new.row.version, list(new.row.parts)) == (2, [f"{ENTRY}@2"])


def test_what_is_posted_for_days_that_were_not_read_is_not_missed() -> None:
    before = SEEN.since - DAY
    [posting] = booked(an_entry(), None)
    for day, reversals in ((SEEN.since, 1), (before, 0)):
        old = replace(posting, at=NOW.replace(year=day.year, month=day.month, day=day.day))
        assert len(compared([old]).reversals) == reversals


def test_entries_of_one_moment_are_in_order_of_their_ids() -> None:
    places = [Unposted(Row(id_), an_entry(id=id_)).place for id_ in ("a", "b")]
    assert places == sorted(places)
    assert len(set(places)) == 2
    named, nameless = an_entry(id="a"), an_entry(id=None)
    assert [entry for _, entry in ledger.keyed([named, nameless])] == [nameless, named]


def test_the_ledger_has_what_was_charged_whatever_the_tax() -> None:
    entry = an_entry(price=usd("-57.98"), vat_price=usd("-11.02"))
    assert ways(booked(entry, won())) == [("balance", "fees", "57.98"), ("balance", "tax", "11.02")]
    assert {posting.target for posting in booked(entry, lost())} == {Account.OTHER}
    assert sum((posting.amount for posting in booked(entry, won())), Decimal(0)) == FEE
