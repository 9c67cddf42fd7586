"""The ledger explains the account: by table, and against a small account that does as it likes."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from itertools import count, pairwise
from typing import Any, Self

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backorder.domain.backorder import Backorder
from backorder.domain.ledger import Account, Lease, Posting, balances
from backorder.domain.money import ZERO
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from backorder.provider.port import AccountingEntry, Deposit, EntryKind
from local.memory_store import MemoryStore
from reconciliation import ledger
from reconciliation.account.snapshot import first_day
from reconciliation.bookkeeping import Bookkeeping, Unanswered
from reconciliation.books import Books, Notes
from reconciliation.ledger import Checked, Seen
from reconciliation.ledger.bookings import CHARGE_WINDOW
from reconciliation.open_backorders import Orders
from tests.factories import (
    FEE,
    NOW,
    a_claim,
    a_deposit,
    a_placed_backorder,
    a_posting,
    an_account_status,
    an_entry,
    changed,
    usd,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOTHING = (ZERO, ZERO)


def seen(
    amount: str | Decimal = "1000.00",
    deposits: Iterable[Deposit] = (),
    entries: Iterable[AccountingEntry] = (),
    *,
    reserved: str | Decimal | None = None,
    hours: int = 0,
) -> Seen:
    """The account so many hours after NOW; reserved is what its deposits say unless told otherwise."""
    deposits = tuple(deposits)
    held = sum((deposit.amount for deposit in deposits if deposit.amount > 0), ZERO)
    status = an_account_status(Decimal(amount), held if reserved is None else Decimal(reserved))
    since = (NOW - timedelta(days=10)).date()
    return Seen(NOW + hours * HOUR, status, deposits, sorted(entries, key=ledger.name_of), since)


class Kept:
    """Books kept in a store from look to look."""

    def __init__(self, *looks: Seen) -> None:
        self.store: MemoryStore = MemoryStore()
        self.agrees = True
        self.won_by_others: set[str] = set()
        self.unanswered: set[str] = set()
        """Domains of which the provider does not say who won them."""
        self.undecided: set[BackorderKey] = set()
        """As the last look left them."""
        for look in looks:
            self.look(look)

    def look(self, look: Seen, *orders: Backorder) -> list[Posting]:
        """What a look at the account adds to the books, but for what it cannot explain."""
        for order in orders:
            there = self.store.get(order.key)
            if there is None:
                self.store.create(order)
            else:
                self.store.replace(
                    changed(
                        order,
                        version=there.version,
                        charges=order.charges or there.charges,
                        deposit=there.deposit.amount,
                    )
                )
        before = {posting.key for posting in self.postings}
        books, known = Books(self.store), Orders(self.store)
        bookkeeping = Bookkeeping(
            self.store, known, books, agrees=lambda _: self.agrees, won_by_others=self._is_won_by_others
        )
        bookkeeping.book(look)
        self.undecided = bookkeeping.undecided
        known.write()
        books.close(look.at)
        new = [posting for posting in self.postings if posting.key not in before]
        assert Books(self.store).tally.balances == {**dict.fromkeys(Account, ZERO), **balances(self.postings)}
        return [posting for posting in new if posting.kind != "unexplained"]

    def _is_won_by_others(self, domain: str) -> bool:
        if domain in self.unanswered:
            raise Unanswered(domain)
        return domain in self.won_by_others

    def order(self, domain: str = "john.com") -> Backorder:
        found = self.store.latest(domain)
        assert found is not None
        return found

    @property
    def postings(self) -> list[Posting]:
        """In the order in which they were posted."""
        return list(self.store._postings.values())

    @property
    def held(self) -> dict[Account, Decimal]:
        return balances(self.postings)

    def difference(self, look: Seen) -> tuple[Decimal, Decimal]:
        return ledger.difference(self.held, look)


def told(postings: Iterable[Posting]) -> list[tuple[str, str, str, str]]:
    return [(posting.kind, posting.source, posting.target, f"{posting.amount:.2f}") for posting in postings]


# --- Opening -------------------------------------------------------------------------------------


def test_books_open_with_all_that_the_account_holds_and_go_on_from_there() -> None:
    look = seen("1000.00", [a_deposit(), a_deposit("jane.com", usd("59.00"))])
    books = Kept(look)
    assert told(books.postings) == [
        ("opening", "opening", "balance", "1000.00"),
        ("deposit", "balance", "reserved", "59.00"),
        ("deposit", "balance", "reserved", "69.00"),
    ]
    assert [posting.domain for posting in books.postings] == [None, "jane.com", "john.com"]
    assert books.difference(look) == NOTHING
    assert all(posting.at >= NOW for posting in books.postings), "nothing is dated before the opening"


@pytest.mark.parametrize(("amount", "way"), [("0.00", ("opening", "balance")), ("-5.00", ("balance", "opening"))])
def test_books_of_an_account_without_money_open_too(amount: str, way: tuple[str, str]) -> None:
    books = Kept(seen(amount))
    assert told(books.postings) == [("opening", *way, f"{abs(Decimal(amount)):.2f}")]
    assert Books(books.store).notes.opened_at == NOW


def test_what_is_reserved_without_a_deposit_is_missing_in_the_books() -> None:
    look = seen("1000.00", [a_deposit()], reserved="100.00")
    assert Kept(look).difference(look) == (usd("-31.00"), usd("31.00"))


def test_credits_that_expire_are_no_deposits() -> None:
    look = seen("1000.00", [a_deposit(amount=usd("-50.00"))])
    books = Kept(look)
    assert told(books.postings) == [("opening", "opening", "balance", "1000.00")]
    assert books.look(look) == []


@pytest.mark.parametrize("shown", ["69.00", "19.00"])
def test_whether_the_account_counts_credits_among_its_deposits_or_not_the_books_are_right(shown: str) -> None:
    """A negative deposit is a credit that expires; what DEPOSIT makes of it is not documented."""
    look = seen("1000.00", [a_deposit(), a_deposit("credit", usd("-50.00"))], reserved=shown)
    books = Kept(look, look)
    assert (look.reserved, books.difference(look)) == (FEE, NOTHING)
    assert (books.held[Account.RESERVED], books.held[Account.UNEXPLAINED]) == (FEE, ZERO)
    elsewhere = seen("1000.00", [a_deposit(), a_deposit("credit", usd("-50.00"))], reserved="20.00")
    assert elsewhere.reserved == usd("20.00"), "neither"


def test_what_was_booked_before_the_books_opened_is_history() -> None:
    entries = [an_entry("PAYMENT", usd(1000), kind=EntryKind.PAYMENT), an_entry(id=None), an_entry(id=None)]
    books = Kept(seen("862.00", entries=entries))
    assert told(books.postings) == [("opening", "opening", "balance", "862.00")]
    third = seen("793.00", entries=[*entries, an_entry(id=None)])
    assert told(books.look(third)) == [("other", "balance", "other", "69.00")]


def test_history_is_looked_at_as_long_as_its_bookings_are_read() -> None:
    class Asked(MemoryStore):
        def group(self, name: str) -> dict[str, dict[str, Any]]:
            self.last = name
            return super().group(name)

    kept = Kept()
    kept.store = store = Asked()
    kept.look(seen("862.00", entries=[an_entry(), an_entry(id=None), an_entry(id=None)]))
    books = Books(store)
    # The provider's clock may be ahead: a booking may be dated tomorrow.
    for days, number in ((-1, 3), (0, 3), (1, 3), (2, 0)):
        store.last = ""
        assert len(books.history(NOW.date() + timedelta(days=days))) == number
        assert bool(store.last) == bool(number)


def test_what_was_reserved_at_the_opening_comes_back() -> None:
    books = Kept(seen("1000.00", [a_deposit()]))
    assert books.look(seen("1000.00", [a_deposit()]), a_placed_backorder()) == []
    back = books.look(seen("1000.00"), a_placed_backorder(state=State.FAILED))
    assert told(back) == [("refund", "reserved", "balance", "69.00")]


# --- Deposits ------------------------------------------------------------------------------------


def deposited(**changes: Any) -> Kept:
    """Books in which john.com's deposit stands."""
    books = Kept(seen("1000.00"))
    books.look(seen("1000.00", [a_deposit(**changes)], hours=1), a_placed_backorder(state=State.ACTIVE))
    return books


def test_a_deposit_goes_from_the_balance_to_the_reserved() -> None:
    [_, posting] = deposited().postings
    assert told([posting]) == [("deposit", "balance", "reserved", "69.00")]
    assert (posting.domain, posting.at, posting.currency) == ("john.com", NOW, "USD")
    assert deposited().order().deposit.amount == FEE


@pytest.mark.parametrize("state", [State.FAILED, State.AUCTION_LOST, State.CANCELLED, State.VANISHED, State.HELD])
def test_a_lost_name_gives_its_deposit_back(state: State) -> None:
    [posting] = deposited().look(seen("1000.00", hours=2), a_placed_backorder(state=state))
    assert told([posting]) == [("refund", "reserved", "balance", "69.00")]
    assert (posting.at, posting.domain) == (NOW + 2 * HOUR, "john.com")


def test_a_won_name_gives_its_deposit_back_and_is_charged_with_vat() -> None:
    books = deposited()
    charge = an_entry(price=usd("-57.98"), vat_price=usd("-11.02"))
    look = seen("931.00", entries=[charge], hours=2)
    postings = books.look(look, a_placed_backorder(state=State.SUCCESSFUL))
    assert told(postings) == [
        ("release", "reserved", "balance", "69.00"),
        ("charge", "balance", "fees", "57.98"),
        ("charge", "balance", "tax", "11.02"),
    ]
    assert books.difference(look) == NOTHING
    assert books.order().charged == FEE


def test_a_deposit_that_lapses_is_released_and_no_refund() -> None:
    look = seen("1000.00", hours=2)
    assert told(deposited().look(look)) == [("release", "reserved", "balance", "69.00")]


def test_a_deposit_that_is_renewed_under_its_id_is_deposited_again_each_time() -> None:
    books = deposited()
    for hours in range(2, 10):
        there = [a_deposit()] if hours % 2 else []
        new = books.look(seen("1000.00", there, hours=hours))
        assert [posting.kind for posting in new] == (["deposit"] if there else ["release"])
        assert books.look(seen("1000.00", there, hours=hours)) == []
        assert (books.order().deposit.amount is not None) == bool(there)
    assert books.held[Account.RESERVED] == FEE


def test_a_deposit_whose_amount_changed_is_released_and_deposited_anew() -> None:
    books = deposited()
    assert told(books.look(seen("1000.00", [a_deposit(amount=usd("80.00"))], hours=2))) == [
        ("release", "reserved", "balance", "69.00"),
        ("deposit", "balance", "reserved", "80.00"),
    ]
    assert told(books.look(seen("1000.00", [a_deposit()], hours=3))) == [
        ("release", "reserved", "balance", "80.00"),
        ("deposit", "balance", "reserved", "69.00"),
    ]
    assert books.order().deposit.amount == FEE


def test_a_provider_whose_clock_is_ahead_is_understood() -> None:
    """Its deposit is dated after the moment at which we saw it go: gone is gone."""
    books = deposited(created_at=NOW + 9 * HOUR)
    books.look(seen("1000.00", hours=2))
    assert books.held[Account.RESERVED] == 0
    assert books.look(seen("1000.00", hours=3)) == []


def test_two_drop_cycles_of_one_name_do_not_share_their_deposits() -> None:
    """The first one's never came back, and the name dropped again."""
    books = deposited()
    lost = a_placed_backorder(state=State.FAILED)
    again = a_placed_backorder(cycle=2, application="app-2", submitted_at=NOW + 90 * HOUR, state=State.ACTIVE)
    second = a_deposit(amount=usd("71.00"), id="dep-2", created_at=NOW + 100 * HOUR)
    books.look(seen("1000.00", [a_deposit(), second], hours=101), lost, again)
    deposits = [books.store.get(BackorderKey("john.com", cycle)) for cycle in (1, 2)]
    assert [order and order.deposit.amount for order in deposits] == [FEE, usd("71.00")]

    [refund] = books.look(seen("1000.00", [second], hours=102))
    assert told([refund]) == [("refund", "reserved", "balance", "69.00")]


def test_of_two_deposits_for_one_name_the_one_that_goes_was_for_the_order_that_ended() -> None:
    """It tells its name and not its order: a stranger's for the same name must not look like ours left behind."""
    ours, strangers = a_deposit(id="2"), a_deposit(id="1")
    placed = a_placed_backorder("john.com", submitted_at=NOW - HOUR)
    kept = Kept(seen("1000.00"))
    kept.look(seen("1000.00", [strangers, ours]), placed)
    assert kept.order().deposit.amount == FEE

    lost = replace(kept.order(), state=State.CANCELLED, outcome_at=NOW)
    posted = kept.look(seen("1000.00", [strangers], hours=1), lost)

    assert kept.order().deposit.amount is None
    assert told(posted) == [("refund", "reserved", "balance", "69.00")]
    assert [(lease.id, lease.cycle, lease.gone_at is None) for lease in kept.store.leases()] == [
        ("1", None, True),
        ("2", 1, False),
    ]


def test_a_second_deposit_of_a_name_is_somebody_elses_and_stays_so_when_ours_lapses() -> None:
    books = deposited()
    other = a_deposit(id="dep-other", created_at=NOW)
    books.look(seen("1000.00", [a_deposit(), other], hours=2))
    assert books.order().deposit.amount == FEE
    books.look(seen("1000.00", [other], hours=3))
    assert books.order().deposit.amount is None
    assert [lease.cycle for lease in books.store.leases() if lease.gone_at is None] == [None]


def test_a_deposit_for_something_else_than_a_backorder_is_not_for_the_order_of_its_domain() -> None:
    books = Kept(seen())
    look = seen("1000.00", [a_deposit(is_for_a_backorder=False)])
    books.look(look, a_placed_backorder(state=State.REQUESTED))
    assert books.order().deposit.amount is None
    [lease] = books.store.leases()
    assert (lease.cycle, lease.is_for_a_backorder, books.difference(look)) == (None, False, NOTHING)


def test_a_deposit_that_is_given_back_in_part_is_a_refund_of_that_part_and_no_fee_of_its_zone() -> None:
    books = Kept(seen("1000.00", [a_deposit("old.com")]))
    books.look(seen("1000.00", [a_deposit()], hours=1), a_placed_backorder(state=State.PROCESSING))
    part = seen("1000.00", [a_deposit(amount=usd("30.00"))], hours=2)
    books.look(part, a_placed_backorder(state=State.FAILED))
    assert (books.order().deposit.amount, books.difference(part)) == (usd("30.00"), NOTHING)
    assert Books(books.store).notes.deposits == {"com": (FEE,)}
    assert told(books.postings)[-2:] == [
        ("refund", "reserved", "balance", "69.00"),
        ("deposit", "balance", "reserved", "30.00"),
    ]


def test_a_deposit_that_came_when_a_name_was_ordered_anew_is_not_for_its_earlier_order() -> None:
    """It was taken back before its lock; ordered anew, the name has two deposits: ours, and a stranger's."""
    taken_back = a_placed_backorder(state=State.CANCELLED, outcome_at=NOW + HOUR)
    anew = a_placed_backorder(cycle=2, application="app-2", submitted_at=NOW + 2 * HOUR, state=State.ACTIVE)
    both = [a_deposit(id=id_, created_at=NOW + 10 * HOUR) for id_ in ("1", "2")]
    books = Kept(seen())
    books.look(seen(deposits=both, hours=11), taken_back, anew)
    orders = [books.store.get(BackorderKey("john.com", cycle)) for cycle in (1, 2)]
    assert [order and order.deposit.amount for order in orders] == [None, FEE]


@pytest.mark.parametrize("state", [State.CANCELLED, State.VANISHED, State.FAILED])
def test_a_deposit_that_came_after_an_order_had_ended_is_not_for_it(state: State) -> None:
    """Somebody else ordered the name with the same login, and theirs still stands."""
    ended = a_placed_backorder(state=state, outcome_at=NOW + HOUR)
    books = Kept(seen())
    books.look(seen(deposits=[a_deposit(created_at=NOW + 3 * HOUR)], hours=4), ended)
    assert books.order().deposit.amount is None
    assert [lease.cycle for lease in books.store.leases()] == [None]


def test_an_order_that_is_placed_anew_does_not_live_on_its_old_deposit() -> None:
    books = deposited()
    anew = a_placed_backorder(state=State.ACTIVE, application="app-2", submitted_at=NOW + 5 * HOUR)
    books.look(seen("1000.00", [a_deposit()], hours=6), anew)
    assert books.order().deposit.amount is None
    books.look(seen("1000.00", [a_deposit(), a_deposit(id="dep-2", created_at=NOW + 5 * HOUR)], hours=7))
    assert books.order().deposit.amount == FEE


# --- Bookings ------------------------------------------------------------------------------------


def booked(*entries: AccountingEntry, order: Backorder | None = None) -> list[Posting]:
    """What entries post in books that were just opened."""
    return Kept(seen()).look(seen(entries=entries), *([order] if order else []))


def test_money_paid_in_is_a_payment() -> None:
    [posting] = booked(an_entry("bank transfer", usd(100), kind=EntryKind.PAYMENT))
    assert told([posting]) == [("payment", "paid_in", "balance", "100.00")]


@pytest.mark.parametrize(
    ("price", "expected"),
    [("-20.00", ("other", "balance", "other", "20.00")), ("20.00", ("other", "other", "balance", "20.00"))],
)
def test_another_charge_or_credit_is_other(price: str, expected: tuple[str, str, str, str]) -> None:
    assert told(booked(an_entry("mine.com", usd(price), type="DOMAIN_RENEWAL"))) == [expected]


def test_the_vat_of_another_charge_is_other_too() -> None:
    assert told(booked(an_entry("mine.com", usd("-10.00"), vat_price=usd("-1.90")))) == [
        ("other", "balance", "other", "10.00"),
        ("other", "balance", "other", "1.90"),
    ]


def test_a_charge_that_is_booked_before_the_outcome_is_known_is_disputed_only_if_the_name_is_lost() -> None:
    look = seen("922.00", entries=[an_entry(price=usd("-65.00"), vat_price=usd("-13.00"))])
    books = Kept(seen())
    assert {posting.kind for posting in books.look(look, a_placed_backorder(state=State.PROCESSING))} == {"charge"}
    assert books.look(look, a_placed_backorder(state=State.SUCCESSFUL)) == []

    lost = a_placed_backorder(state=State.FAILED)
    assert {posting.kind for posting in books.look(look, lost)} == {"disputed"}
    assert books.order().charged == usd("78.00")
    assert books.held[Account.FEES] == books.held[Account.TAX] == 0
    assert Books(books.store).tally.spent == {}
    assert books.look(look) == []


@pytest.mark.parametrize("state", [State.FAILED, State.AUCTION_LOST, State.VANISHED])
def test_a_charge_for_a_name_that_was_not_won_counts_until_it_is_given_back(state: State) -> None:
    books = Kept(seen())
    charge = an_entry(price=usd("-57.98"), vat_price=usd("-11.02"))
    postings = books.look(seen(entries=[charge]), a_placed_backorder(state=state))
    assert [posting.kind for posting in postings] == ["disputed", "disputed"]
    assert books.order().charged == usd("69.00")

    part = an_entry(price=usd("60.00"), id="acc-2")
    books.look(seen(entries=[charge, part]))
    assert books.order().charged == usd("9.00")

    rest = an_entry(price=usd("9.00"), id="acc-3")
    books.look(seen(entries=[charge, part, rest]))
    assert books.order().charged == 0


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (NOW - HOUR - timedelta(seconds=1), "other"),
        (NOW - HOUR, "disputed"),
        (NOW + CHARGE_WINDOW, "disputed"),
        (NOW + CHARGE_WINDOW + timedelta(seconds=1), "other"),
    ],
)
def test_a_charge_is_the_backorders_only_in_its_time(at: Any, kind: str) -> None:
    lost = a_placed_backorder(state=State.FAILED)
    assert [posting.kind for posting in booked(an_entry(at=at), order=lost)] == [kind]


def test_the_first_charge_of_a_won_name_is_its_own_however_late_it_comes() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    late = an_entry(at=NOW + CHARGE_WINDOW + timedelta(days=20))
    renewal = an_entry(at=NOW + timedelta(days=365), id="acc-renewal")
    assert [posting.kind for posting in booked(late, renewal, order=won)] == ["charge", "other"]


@pytest.mark.parametrize(
    "entry", [an_entry("Backorder JOHN.COM (caught)"), an_entry("backorder fee", reference="john.com")]
)
def test_a_charge_under_another_description_is_found_by_the_name_in_it(entry: AccountingEntry) -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    assert [posting.kind for posting in booked(entry, order=won)] == ["charge"]


def test_a_second_charge_of_the_same_amount_is_the_orders_too_and_any_other_is_not() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    entries = [an_entry(id="1"), an_entry(id="2"), an_entry(price=usd("-12.00"), id="3", type="DOMAIN_RENEWAL")]
    assert [posting.kind for posting in booked(*entries, order=won)] == ["charge", "charge", "other"]


def test_what_is_given_back_years_later_is_of_the_order_only_if_it_is_what_was_charged() -> None:
    """A renewal that is cancelled is given back, too, under the same name."""
    won = a_placed_backorder(state=State.SUCCESSFUL)
    charge = an_entry(at=NOW)
    renewal = an_entry(price=usd("-12.50"), at=NOW + timedelta(days=365), id="2", type="RENEW_DOMAIN")
    cancelled = an_entry(price=usd("12.50"), at=NOW + timedelta(days=370), id="3", type="RENEW_DOMAIN")
    same = an_entry(price=FEE, at=NOW + timedelta(days=370), id="4")
    kinds = [posting.kind for posting in booked(charge, renewal, cancelled, same, order=won)]
    assert kinds == ["charge", "other", "other", "charge"]


FREE = {"still_free": True, "checked_at": NOW + HOUR}


@pytest.mark.parametrize(
    ("changes", "entry", "kind"),
    [
        (FREE, {"at": NOW + 2 * HOUR}, "other"),
        (FREE, {"at": NOW}, "disputed"),  # nobody had it by then
        (FREE, {"at": NOW + 2 * HOUR, "price": -FEE}, "disputed"),  # what the order would have cost
        ({}, {"at": NOW + 2 * HOUR}, "disputed"),
        ({}, {"at": NOW + 2 * HOUR, "kind": EntryKind.REGISTRATION}, "other"),
        ({}, {"at": NOW + 2 * HOUR, "kind": EntryKind.REGISTRATION, "price": -FEE}, "disputed"),
    ],
)
def test_a_lost_name_that_its_user_registers_at_the_ordinary_price_was_not_charged_for_its_order(
    changes: dict[str, Any], entry: dict[str, Any], kind: str
) -> None:
    """That is what a finding advises where a lost name is free: it must not open another one that never closes."""
    lost = a_placed_backorder(state=State.FAILED, **changes)
    registered = an_entry(**{"price": usd("-12.50"), **entry})
    assert [posting.kind for posting in booked(registered, order=lost)] == [kind]


def test_what_is_given_back_is_no_fee_of_its_zone() -> None:
    books = Kept(seen())
    won = a_placed_backorder(state=State.SUCCESSFUL)
    charges = [an_entry(id="1"), an_entry(id="2", at=NOW + HOUR)]
    books.look(seen(entries=charges, hours=2), won)
    books.look(seen(entries=[*charges, an_entry(price=FEE, id="3", at=NOW + 3 * HOUR)], hours=3))
    assert books.order().charged == FEE
    assert Books(books.store).notes.deposits == {"com": (FEE,)}


def test_an_auctions_price_is_no_backorders_charge() -> None:
    won = a_placed_backorder(state=State.AUCTION_WON)
    entries = [an_entry(price=usd("-65.00"), kind=EntryKind.AUCTION, id="1"), an_entry(id="2")]
    assert [posting.kind for posting in booked(*entries, order=won)] == ["other", "charge"]


def test_a_charge_of_an_earlier_cycle_is_not_the_later_ones() -> None:
    books = Kept(seen())
    first = a_placed_backorder(state=State.SUCCESSFUL)
    second = a_placed_backorder(cycle=2, submitted_at=NOW + HOUR, application="app-2")
    books.look(seen(entries=[an_entry()]), first, second)
    assert [len(order.charges) for order in sorted(books.store.backorders(), key=lambda o: o.cycle)] == [1, 0]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_charge_for_a_name_that_somebody_elses_order_in_the_account_caught_is_not_for_ours(*, at_once: bool) -> None:
    books = Kept(seen())
    books.won_by_others.add("john.com")
    if not at_once:
        books.look(seen(entries=[an_entry()]), a_placed_backorder(state=State.PROCESSING))
    books.look(seen(entries=[an_entry()]), a_placed_backorder(state=State.FAILED))
    assert books.order().charged == 0
    assert (books.held[Account.FEES], books.held[Account.OTHER]) == (ZERO, FEE)


@pytest.mark.parametrize("caught", [True, False])
def test_a_charge_of_a_lost_order_is_undecided_until_the_provider_says_who_caught_the_name(*, caught: bool) -> None:
    books = Kept(seen())
    books.look(seen(entries=[an_entry()]), a_placed_backorder(state=State.PROCESSING))
    books.unanswered.add("john.com")
    books.look(seen(entries=[an_entry()]), lost := a_placed_backorder(state=State.FAILED))
    assert books.undecided == {lost.key}
    assert books.held[Account.FEES] == FEE
    books.unanswered.clear()
    books.won_by_others |= {"john.com"} if caught else set()
    books.look(seen(entries=[an_entry()]), lost)
    assert books.undecided == set()
    assert books.order().charged == (ZERO if caught else FEE)
    assert (books.held[Account.FEES], books.held[Account.OTHER]) == (ZERO, FEE)


def test_what_is_booked_for_a_name_whose_order_is_asked_about_waits_for_the_answer() -> None:
    asked = a_placed_backorder(
        state=State.SUBMITTING, application=None, submitted_at=None, claim=a_claim(first_sent_at=NOW - HOUR)
    )
    books = Kept(seen())
    charged = [an_entry(at=NOW + HOUR)]
    assert books.look(seen("931.00", entries=charged, hours=2), asked) == []
    assert books.order().charges == ()
    notes = Books(books.store).notes
    assert notes.waiting_since == (NOW + HOUR).date()
    # However long it takes: each look reads that day again.
    assert first_day(notes, NOW + 9 * DAY, full=False) == (NOW + HOUR).date()
    assert first_day(notes, NOW + 99 * DAY, full=False) == first_day(notes, NOW + 99 * DAY, full=True)
    adopted = changed(
        books.order(),
        state=State.SUCCESSFUL,
        application="1",
        submitted_at=NOW - HOUR,
        claim=None,
        outcome_at=NOW + HOUR,
    )
    assert told(books.look(seen("931.00", entries=charged, hours=3), adopted)) == [
        ("charge", "balance", "fees", "69.00")
    ]
    assert books.held[Account.UNEXPLAINED] == ZERO
    assert Books(books.store).notes.waiting_since is None
    assert first_day(Books(books.store).notes, NOW + 9 * DAY, full=False) == (NOW + 8 * DAY).date()


def test_what_is_booked_before_an_order_was_sent_or_long_ago_waits_for_no_answer() -> None:
    asked = a_placed_backorder(
        state=State.SUBMITTING, application=None, submitted_at=None, claim=a_claim(first_sent_at=NOW + HOUR)
    )
    books = Kept(seen())
    assert [each.kind for each in books.look(seen("931.00", entries=[an_entry()], hours=2), asked)] == ["other"]
    late = an_entry("jane.com", at=NOW + HOUR)
    other = changed(asked, domain="jane.com")
    week = CHARGE_WINDOW // HOUR + 1
    assert [each.kind for each in books.look(seen("862.00", entries=[an_entry(), late], hours=week), other)] == [
        "other"
    ]


def test_a_charge_for_a_name_that_was_never_submitted_is_not_its_own() -> None:
    waiting = a_placed_backorder(state=State.SELECTED, submitted_at=None)
    assert [posting.kind for posting in booked(an_entry(), order=waiting)] == ["other"]


def test_the_provider_may_write_a_domain_in_capitals() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    assert [posting.kind for posting in booked(an_entry("JOHN.COM"), order=won)] == ["charge"]


def test_equal_bookings_of_a_day_without_ids_count_each() -> None:
    books = Kept(seen())
    twice = [an_entry("mine.com", id=None), an_entry("mine.com", id=None)]
    books.look(seen(entries=twice))
    assert books.held[Account.OTHER] == 2 * FEE

    thrice = [*twice, an_entry("mine.com", id=None, at=NOW - 2 * HOUR)]
    books.look(seen(entries=reversed(thrice)))
    assert books.held[Account.OTHER] == 3 * FEE
    assert books.look(seen(entries=thrice)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"at": NOW + timedelta(days=1)},
        {"type": "DOMAIN_RENEWAL"},
        {"description": "jane.com"},
        {"price": usd("-69.01")},
        {"vat_price": usd("-1.00")},
        {"reference": "R-2"},
    ],
)
def test_bookings_without_ids_that_differ_in_anything_are_two(changes: dict[str, Any]) -> None:
    one = an_entry(id=None)
    keys = [key for key, _ in ledger.keyed([one, replace(one, **changes)])]
    assert len(set(keys)) == 2
    assert {key.rpartition("#")[2] for key in keys} == {"1"}


def test_a_booking_of_nothing_is_no_posting() -> None:
    assert booked(an_entry(price=ZERO)) == []


def test_amounts_in_another_currency_are_not_posted_as_if_they_were_the_accounts() -> None:
    books = Kept(seen("1000.00"))
    look = seen("940.00", [a_deposit(currency="EUR")], [an_entry(currency="EUR")], reserved="0.00")
    assert books.look(look) == []
    assert books.difference(look) == (usd("-60.00"), ZERO)


def test_a_deposit_in_another_currency_has_not_lapsed() -> None:
    """What it is in the account's is not known, but it is there."""
    books = Kept(seen())
    for hours in (1, 10):
        books.look(seen(deposits=[a_deposit(currency="EUR")], hours=hours), a_placed_backorder(state=State.ACTIVE))
    assert (books.order().deposit.amount, books.order().deposit.missing_since) == (None, None)
    books.look(seen(hours=11))
    assert books.order().deposit.missing_since == NOW + 11 * HOUR


def test_postings_are_in_the_currency_of_what_they_were_read_from() -> None:
    books = Kept(seen())
    books.look(seen(deposits=[a_deposit(currency="")], entries=[an_entry("x.com", currency=""), an_entry("y.com")]))
    assert {posting.currency for posting in books.postings} == {"USD"}


# --- Rows that change or vanish ------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["800463", None])
def test_a_row_that_vanished_is_taken_back_and_one_that_comes_again_is_posted_again(id_: str | None) -> None:
    books = Kept(seen())
    won = a_placed_backorder(state=State.SUCCESSFUL)
    entry = an_entry(id=id_, price=usd("-57.98"), vat_price=usd("-11.02"))
    books.look(seen(entries=[entry]), won)
    for hours in range(0, 12, 4):
        gone = books.look(seen(hours=hours))
        assert told(gone) == [("reversal", "fees", "balance", "57.98"), ("reversal", "tax", "balance", "11.02")]
        assert books.order().charges == ()
        assert Books(books.store).tally.spent == {}
        assert books.look(seen(hours=hours + 1)) == []
        back = books.look(seen(entries=[entry], hours=hours + 2))
        assert [posting.kind for posting in back] == ["charge", "charge"]
        assert books.order().charged == FEE
        assert books.look(seen(entries=[entry], hours=hours + 3)) == []


def test_a_row_that_changed_is_taken_back_and_posted_as_it_is_now() -> None:
    books = Kept(seen())
    books.look(seen(entries=[an_entry("mine.com", usd("-20.00"))]))
    changed = books.look(seen(entries=[an_entry("mine.com", usd("-25.00"), vat_price=usd("-1.00"))]))
    assert told(changed) == [
        ("reversal", "other", "balance", "20.00"),
        ("other", "balance", "other", "25.00"),
        ("other", "balance", "other", "1.00"),
    ]
    assert books.held[Account.OTHER] == usd("26.00")


def test_a_row_that_was_given_another_day_is_the_same_row() -> None:
    books = Kept(seen())
    entry = an_entry("mine.com", usd("-20.00"))
    books.look(seen("980.00", entries=[entry]))
    assert books.look(seen("980.00", entries=[replace(entry, at=NOW - timedelta(days=2))])) == []


def test_entries_that_nothing_tells_apart_are_counted() -> None:
    books = Kept(seen())
    some = [an_entry("mine.com", usd("-1.00"), id=None, at=NOW + timedelta(minutes=n)) for n in range(12)]
    assert len(books.look(seen("988.00", entries=some))) == 12
    assert books.look(seen("988.00", entries=some)) == []
    assert (
        told(books.look(seen("990.00", entries=some[:10], hours=1))) == [("reversal", "other", "balance", "1.00")] * 2
    )
    assert len(books.look(seen("988.00", entries=some, hours=2))) == 2


TEXTS = st.text(st.sampled_from("a1#@t"), max_size=6)


@given(TEXTS, TEXTS, st.sampled_from([None, "800463", "2026-01"]))
def test_whatever_is_posted_of_an_entry_leads_back_to_its_name(
    description: str, reference: str, id_: str | None
) -> None:
    books = Kept(seen())
    won, lost = a_placed_backorder(state=State.SUCCESSFUL), a_placed_backorder("lost.com", State.FAILED)
    prices = {"price": usd("-57.98"), "vat_price": usd("-11.02")}
    texts = [f"john.com {description}", f"lost.com {description}", description]
    for look in range(3):  # there, gone, and there again
        entries = [
            an_entry(text, id=id_ and f"{id_}{n}", reference=reference, **prices) for n, text in enumerate(texts)
        ]
        books.look(seen(entries=entries if look != 1 else [], hours=look), won, lost)
    of_entries = [posting for posting in books.postings if posting.seen_in == "entries"]
    assert len(of_entries) >= 18
    assert {ledger.name_of_posting(posting) for posting in of_entries} == set(map(ledger.name_of, entries))


def test_a_disputed_charge_that_vanished_is_taken_back_where_it_stands() -> None:
    books = Kept(seen())
    look = seen(entries=[an_entry()])
    books.look(look, a_placed_backorder(state=State.PROCESSING))
    books.look(look, a_placed_backorder(state=State.FAILED))
    books.look(seen())
    assert books.held[Account.FEES] == books.held[Account.OTHER] == 0
    assert books.order().charged == 0


def test_nothing_is_taken_back_unless_a_second_look_agrees() -> None:
    books = Kept(seen())
    books.look(seen(entries=[an_entry("mine.com")]))
    books.agrees = False
    assert books.look(seen()) == []
    assert books.held[Account.OTHER] == FEE


def test_rows_of_days_that_were_not_read_are_left_alone() -> None:
    books = Kept(seen())
    books.look(seen(entries=[an_entry("mine.com")]))
    assert books.look(replace(seen(), since=(NOW + timedelta(days=1)).date())) == []


# --- After a crash -------------------------------------------------------------------------------


class Cut(MemoryStore):
    """A store whose process dies before the write with the number `at`, and writes nothing from then on."""

    at = -1
    writes = 0
    died = False

    def __init__(self) -> None:
        super().__init__()
        self._one_at_a_time = threading.Lock()

    def step(self) -> None:
        with self._one_at_a_time:
            self.writes += 1
            if self.dies:
                raise KeyboardInterrupt

    @property
    def dies(self) -> bool:
        return 0 < self.at <= self.writes

    @contextmanager
    def dying(self, at: int) -> Iterator[None]:
        """Before that write, if there are so many; then another process goes on."""
        self.at, self.writes = at, 0
        with suppress(KeyboardInterrupt):
            yield
        self.died |= self.dies
        self.at = -1

    def post(self, postings: Iterable[Posting]) -> list[Posting]:
        added: list[Posting] = []
        for posting in postings:
            self.step()
            added += super().post([posting])
        return added

    def replace(self, backorder: Backorder) -> Backorder:
        self.step()
        return super().replace(backorder)

    def save_lease(self, lease: Lease) -> None:
        self.step()
        super().save_lease(lease)

    def put_document(self, name: str, body: Any) -> None:
        self.step()
        super().put_document(name, body)


class OneByOne:
    """A pool that does one thing after the other, or `backwards`: of what is written side by side, a process that dies
    may have written the last alone."""

    backwards = False

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, action: Callable[[Any], Any], items: Iterable[Any]) -> list[Any]:
        if self.backwards:
            return [action(item) for item in list(items)[::-1]][::-1]
        return [action(item) for item in items]


class Backwards(OneByOne):
    backwards = True


@pytest.fixture(params=[OneByOne, Backwards, ThreadPoolExecutor])
def writers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """In which order they write."""
    monkeypatch.setattr("reconciliation.writers.ThreadPoolExecutor", request.param)


def anywhere(lives: Callable[[int], Cut], *, writes: int) -> None:
    """Lives through it once for each write of a run, before which that dies: there are so many at least."""
    for at in count(1):
        if not lives(at).died:
            break
    assert at > writes


@pytest.mark.usefixtures("writers")
@pytest.mark.parametrize("changes", [{}, {"amount": usd("70.00")}])
def test_a_deposit_that_went_or_changed_before_a_run_that_died_was_made_good(changes: dict[str, Any]) -> None:
    """The next run that gets through may come hours later, and the deposit be gone by then."""

    def lives(at: int) -> Cut:
        books = Kept()
        store = books.store = Cut()
        order = a_placed_backorder(state=State.ACTIVE)
        books.look(seen("1000.00"), order)
        looks = [
            seen("1000.00", [a_deposit()], hours=1),
            seen("1000.00", [replace(a_deposit(), **changes)] if changes else [], hours=2),
            seen("1000.00", hours=3),
        ]
        for died, following in pairwise(looks):
            with store.dying(at):
                books.look(died, order)
            books.look(following, order)
            assert books.difference(following) == NOTHING
        assert books.held[Account.UNEXPLAINED] == 0
        return store

    anywhere(lives, writes=4)


@pytest.mark.usefixtures("writers")
def test_a_run_that_died_anywhere_is_made_good_by_the_next() -> None:
    """With deposits that came and went, a charge with tax, and one that turned out to be disputed."""
    entries = [an_entry("won.com", usd("-57.98"), vat_price=usd("-11.02")), an_entry("lost.com", id="x")]
    domains = ("won.com", "lost.com", "late.com")
    under_way = [a_placed_backorder(domain, State.PROCESSING) for domain in domains]
    first = seen("1000.00", [a_deposit(domain) for domain in domains])
    second = seen("862.00", [a_deposit("late.com")], entries, hours=2)
    ended = {"won.com": State.SUCCESSFUL, "lost.com": State.FAILED, "late.com": State.FAILED}

    def lives(at: int) -> Cut:
        books = Kept()
        store = books.store = Cut()
        for look, states in ((first, {}), (second, ended)):
            with store.dying(at):
                books.look(look, *(replace(o, state=states.get(o.domain, o.state)) for o in under_way))
            late = replace(look, at=look.at + timedelta(minutes=7))
            books.look(late, *(replace(o, state=states.get(o.domain, o.state)) for o in under_way))
            assert books.difference(late) == NOTHING
            assert len(Books(store).notes.deposits["com"]) >= len(domains), "what is usual was learnt from all deposits"
        assert books.held[Account.UNEXPLAINED] == 0
        assert (books.held[Account.FEES], books.held[Account.TAX]) == (usd("57.98"), usd("11.02"))
        assert books.held[Account.OTHER] == FEE
        assert {d: books.order(d).deposit.amount for d in domains} == {
            "won.com": None,
            "lost.com": None,
            "late.com": FEE,
        }
        assert {d: books.order(d).charged for d in domains} == {"won.com": FEE, "lost.com": FEE, "late.com": ZERO}
        return store

    anywhere(lives, writes=12)


@pytest.mark.usefixtures("writers")
def test_a_late_charge_is_its_orders_as_if_no_run_had_died() -> None:
    """Weeks after a name was won, its first charge is its own. A run that finds the charge on the order already, and
    cannot know whether it was learnt from, takes it for that and not for a second one."""
    won = a_placed_backorder(state=State.SUCCESSFUL, outcome_at=NOW - 30 * DAY, submitted_at=NOW - 40 * DAY)
    late = seen("913.75", entries=[an_entry(price=usd("-72.48"), vat_price=usd("-13.77"))])

    def lives(at: int) -> Cut:
        books = Kept()
        store = books.store = Cut()
        books.look(seen("1000.00"), won)
        with store.dying(at):
            books.look(late, won)
        books.look(late, won)
        assert books.difference(late) == NOTHING
        came_of_it.append((told(books.postings), books.order().charges, Books(store).notes.deposits))
        return store

    came_of_it: list[tuple[object, ...]] = []
    lives(-1)
    anywhere(lives, writes=4)
    assert [each for each in came_of_it if each != came_of_it[0]] == []
    assert came_of_it[0][2] == {"com": (usd("86.25"),)}


@pytest.mark.usefixtures("writers")
@pytest.mark.parametrize("changes", [{"price": usd("-50")}, {"vat_price": usd("-9")}, None])
def test_a_row_that_changed_or_vanished_while_a_run_died_is_as_it_is_now(changes: dict[str, Any] | None) -> None:
    """Each part of it is taken back once, and booked anew once."""
    order = a_placed_backorder(state=State.SUCCESSFUL, outcome_at=NOW)
    rows = [an_entry(price=usd("-57.98"), vat_price=usd("-11.02")), an_entry("hosting", usd("-3"), vat_price=usd("-1"))]
    now = [replace(row, **changes) for row in rows] if changes else []
    before = seen(sum((row.gross for row in rows), usd(1000)), entries=rows, hours=1)
    after = seen(sum((row.gross for row in now), usd(1000)), entries=now, hours=2)

    def lives(at: int) -> Cut:
        books = Kept()
        store = books.store = Cut()
        for look in (seen("1000.00"), before):
            books.look(look, order)
        with store.dying(at):
            books.look(after, order)
        books.look(after, order)
        assert books.difference(after) == NOTHING
        assert books.held[Account.UNEXPLAINED] == 0
        assert books.order().charged == -sum((row.gross for row in now[:1]), ZERO)
        return store

    anywhere(lives, writes=5)


# --- The unexplained -----------------------------------------------------------------------------

OPENED = balances(Kept(seen()).postings)


def test_a_difference_is_of_what_can_be_spent_and_of_what_is_reserved() -> None:
    assert ledger.difference(OPENED, seen("1100.00", reserved="30.00")) == (usd("70.00"), usd("30.00"))
    assert ledger.difference(OPENED, seen("990.00")) == (usd("-10.00"), ZERO)


@pytest.mark.parametrize("missing", [("70.00", "30.00"), ("-70.00", "30.00"), ("0", "-30.00"), ("0.01", "0")])
def test_what_is_posted_as_unexplained_makes_the_books_equal_the_account(missing: tuple[str, str]) -> None:
    balance, reserved = map(Decimal, missing)
    look = seen(1000 + balance + reserved, reserved=reserved)
    books = Kept(seen())
    for _ in range(2):  # believed when it is seen twice
        assert books.held[Account.UNEXPLAINED] == 0
        books.look(look)
    assert books.difference(look) == NOTHING
    assert books.held[Account.UNEXPLAINED] == -(balance + reserved)
    assert all(posting.amount > 0 for posting in books.postings)


def test_a_difference_that_is_another_one_each_time_is_not_believed() -> None:
    books = Kept(seen())
    for amount in ("990.00", "980.00", "990.00"):
        books.look(seen(amount))
    assert books.held[Account.UNEXPLAINED] == 0


def test_nothing_missing_is_nothing_posted() -> None:
    assert ledger.unexplained(NOTHING, seen()) == []


# --- The books between two runs ------------------------------------------------------------------


def test_notes_are_loaded_as_they_were_left() -> None:
    store = MemoryStore()
    assert Books(store).notes == Notes()
    books = Books(store)
    books.post([a_posting()])
    books.note(replace(books.notes, swept_on=NOW.date(), missing=(usd("-0.01"), usd("69.00")), lags=(HOUR,)))
    books.close(NOW)
    assert Books(store).notes == books.notes
    assert Books(store).tally.balances[Account.PAID_IN] == -FEE


def test_a_charge_that_is_not_what_was_reserved_says_nothing_of_deposits_and_counts_for_plans_when_it_came_twice() -> (
    None
):
    notes = Notes().with_fee("com", FEE).with_charge("com", usd(690), reserved=FEE)
    assert (notes.usual_deposits, notes.expected_deposits) == ({"com": FEE}, {"com": FEE})
    notes = notes.with_charge("com", usd(690), reserved=FEE)
    assert (notes.usual_deposits, notes.expected_deposits) == ({"com": FEE}, {"com": usd(690)})
    assert Notes().with_charge("com", usd(80), reserved=None).usual_deposits == {"com": usd(80)}


@pytest.mark.parametrize(
    ("amount", "deposit", "moved", "reading"),
    [
        ("1000", "69", "0", False),
        ("931", "69", "0", True),
        ("1000", "0", "0", None),
        ("1031", "69", "100", True),
        ("1100", "69", "100", False),
        ("990", "69", "0", None),
    ],
)
def test_whether_amount_has_what_is_reserved_is_told_by_how_it_changes(
    amount: str, deposit: str, moved: str, reading: bool | None
) -> None:
    before, now = Checked(usd(1000), ZERO, ZERO), Checked(usd(amount), usd(deposit), usd(moved))
    assert ledger.excludes_deposits(before, now) is reading


def test_one_reading_that_differs_is_outvoted_and_two_are_not() -> None:
    notes = Notes()
    assert notes.excludes_deposits is None
    expected = [(None, None), (True, True), (False, True), (None, True), (False, False), (True, False)]
    for reading, holds in expected:
        notes = notes.with_reading(reading)
        assert notes.excludes_deposits is holds


def test_what_the_ledger_has_already_counts_once_in_its_sums() -> None:
    store = MemoryStore()
    for _ in range(2):
        books = Books(store)
        books.post([a_posting("entry#1", usd(100))])
        books.close(NOW)
    assert Books(store).tally.balances[Account.BALANCE] == 100
    assert Books(store).tally.postings == 1


def test_sums_that_are_wrong_are_mended_by_the_daily_check() -> None:
    """Whatever made them so: those of yesterday, and what all days come to, are compared with the postings."""
    books, today = Kept(seen(entries=[])), NOW.date() + DAY
    books.look(seen("1100.00", entries=[an_entry("Payment", usd(100), kind=EntryKind.PAYMENT, at=NOW + HOUR)], hours=2))
    kept = Books(books.store)
    right = kept.sums(NOW.date(), today)
    assert kept.mend_sums(today) == 0
    name = f"ledger-{NOW:%Y-%m}"
    document = books.store.group(name)[NOW.date().isoformat()]
    document["sums"][0]["amount"] = "7.00"
    books.store.put_member(name, NOW.date().isoformat(), document)
    wrong = Books(books.store)
    wrong.note(replace(wrong.notes, tally=wrong.tally.plus([a_posting("entry#2")])))
    assert wrong.mend_sums(today) == 2
    assert wrong.tally.balances == {**dict.fromkeys(Account, ZERO), **books.held}
    assert Books(books.store).sums(NOW.date(), today) == right
    assert wrong.mend_sums(today) == 0


def test_a_wrong_sum_of_any_day_spoils_nothing_that_the_ledger_comes_to() -> None:
    """Of the two that differ, the one that the postings say is right stays."""
    books, later = Kept(seen(entries=[])), NOW.date() + 20 * DAY
    books.look(seen("1100.00", entries=[an_entry("Payment", usd(100), kind=EntryKind.PAYMENT, at=NOW + HOUR)], hours=2))
    right = Books(books.store).sums(NOW.date(), NOW.date() + DAY)
    name = f"ledger-{NOW:%Y-%m}"
    document = books.store.group(name)[NOW.date().isoformat()]
    document["sums"][0]["amount"] = "7.00"
    books.store.put_member(name, NOW.date().isoformat(), document)
    kept = Books(books.store)
    assert kept.mend_sums(later) == 1
    assert kept.tally.balances == {**dict.fromkeys(Account, ZERO), **books.held}
    assert Books(books.store).sums(NOW.date(), NOW.date() + DAY) == right


def test_a_look_that_changes_nothing_writes_nothing() -> None:
    books = Kept()
    store = books.store = Cut()
    for _ in range(3):
        store.writes = 0
        books.look(seen(deposits=[a_deposit()]))
    assert store.writes == 0


def test_what_is_usual_in_a_zone_is_what_most_deposits_say() -> None:
    notes = Notes()
    assert notes.usual_deposits == {}
    for amount, usual in (("69", "69"), ("86.25", "69"), ("69", "69"), ("72", "69"), ("72", "69"), ("72", "72")):
        notes = notes.with_fee("com", usd(amount))
        assert notes.usual_deposits == {"com": usd(usual)}, amount


def test_a_price_that_rose_is_expected_at_once_and_an_odd_deposit_until_the_next_one() -> None:
    notes = Notes()
    assert notes.expected_deposits == {}
    for amount, expected in (
        ("69", "69"),
        ("86.25", "86.25"),  # odd: for one deposit, too much is left aside
        ("69", "69"),
        ("79", "79"),  # a new price
        ("79", "79"),
        ("69", "79"),  # the charge for an order of before
        ("69", "79"),
        ("57.98", "79"),  # less is believed when all others are forgotten
    ):
        notes = notes.with_fee("com", usd(amount))
        assert notes.expected_deposits == {"com": usd(expected)}, amount


def test_the_release_lag_is_measured_after_some_refunds() -> None:
    notes = Notes()
    for hours in (1.0, 1.5, 1.0, 2.5):
        notes = notes.with_lag(timedelta(hours=hours))
        assert notes.release_lag is None
    assert notes.with_lag(HOUR).release_lag == timedelta(hours=4)


def test_a_refund_that_is_late_once_is_no_measure_but_where_all_are_late_that_is_the_accounts_lag() -> None:
    """Else each lost name of an account whose refunds take two days would be a finding, for ever."""
    notes = Notes()
    for _ in range(9):
        notes = notes.with_lag(timedelta(hours=31))
        assert notes.release_lag is None
    notes = notes.with_lag(timedelta(hours=30))
    assert notes.release_lag == timedelta(hours=32)
    for _ in range(4):
        notes = notes.with_lag(HOUR)
    assert notes.release_lag is None, "most come in time, and of those too few were seen"
    assert notes.with_lag(HOUR).release_lag == timedelta(hours=2)


# --- An account that does as it likes ------------------------------------------------------------


@dataclass
class ModelAccount:
    """The provider's side, told once more: an amount, deposits that are part of it, and bookings."""

    amount: Decimal = Decimal("1000.00")
    deposits: dict[str, Deposit] = field(default_factory=dict)
    entries: list[AccountingEntry] = field(default_factory=list)

    def book(self, entry: AccountingEntry) -> None:
        self.amount += entry.price + entry.vat_price
        self.entries.append(entry)

    @property
    def reserved(self) -> Decimal:
        return sum((deposit.amount for deposit in self.deposits.values()), ZERO)


NAMES = [f"name-{n}.com" for n in range(4)]
names = st.sampled_from(NAMES)
amounts = st.sampled_from(["10.00", "57.98", "69.00"]).map(Decimal)
days = st.integers(0, 2)


class Life(RuleBasedStateMachine):
    """Money comes, goes, and is looked at now and then; after each look the books equal the account."""

    def __init__(self) -> None:
        super().__init__()
        self.account = ModelAccount()
        self.orders: dict[str, Backorder] = {}
        self.kept = Kept()
        self.now = NOW
        self.numbers = Counter[str]()

    @rule(hours=st.integers(0, 30))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(amount=amounts, with_id=st.booleans())
    def pay_in(self, amount: Decimal, *, with_id: bool) -> None:
        self.account.book(an_entry("bank transfer", amount, kind=EntryKind.PAYMENT, at=self.now, id=self.id(with_id)))

    @rule(amount=amounts, with_id=st.booleans(), sign=st.sampled_from([1, -1]))
    def something_else_is_booked(self, amount: Decimal, *, with_id: bool, sign: int) -> None:
        self.account.book(an_entry("mine.net", sign * amount, type="RENEWAL", at=self.now, id=self.id(with_id)))

    @rule(name=names, amount=amounts, ahead=st.integers(-2, 2))
    def reserve(self, name: str, amount: Decimal, ahead: int) -> None:
        """A new order, a lease that is renewed under its id, or under its id with another amount."""
        if name in self.orders and self.orders[name].state.is_final:
            return
        self.orders[name] = a_placed_backorder(name, State.ACTIVE, submitted_at=NOW - 3 * HOUR)
        self.account.deposits[name] = a_deposit(name, amount, created_at=self.now + ahead * HOUR)

    @precondition(lambda self: self.account.deposits)
    @rule(data=st.data())
    def lapse(self, data: st.DataObject) -> None:
        del self.account.deposits[data.draw(st.sampled_from(sorted(self.account.deposits)))]

    @precondition(lambda self: self.live)
    @rule(data=st.data(), at_once=st.booleans())
    def lose(self, data: st.DataObject, *, at_once: bool) -> None:
        """Its deposit comes back now, or lapses later. It was made before, by whatever clock."""
        name = data.draw(st.sampled_from(self.live))
        ended_at = max(self.now, self.account.deposits[name].created_at)
        self.orders[name] = replace(self.orders[name], state=State.FAILED, outcome_at=ended_at)
        if at_once:
            del self.account.deposits[name]

    @precondition(lambda self: self.live)
    @rule(data=st.data(), vat=st.sampled_from(["0.00", "1.02"]), with_id=st.booleans())
    def win(self, data: st.DataObject, vat: str, *, with_id: bool) -> None:
        name = data.draw(st.sampled_from(self.live))
        self.orders[name] = replace(self.orders[name], state=State.SUCCESSFUL, outcome_at=self.now)
        gross = self.account.deposits.pop(name).amount
        entry = an_entry(name, Decimal(vat) - gross, vat_price=-Decimal(vat), at=self.now, id=self.id(with_id))
        self.account.book(entry)

    @property
    def live(self) -> list[str]:
        """Names that may still be won or lost, and have a deposit."""
        return [name for name in sorted(self.account.deposits) if not self.orders[name].state.is_final]

    def id(self, wanted: bool) -> str | None:
        self.numbers["entries"] += wanted
        return str(self.numbers["entries"]) if wanted else None

    @rule(data=st.data())
    def look(self, data: st.DataObject) -> None:
        account = self.account
        look = Seen(
            self.now,
            an_account_status(account.amount, account.reserved),
            tuple(data.draw(st.permutations(list(account.deposits.values())))),
            sorted(data.draw(st.permutations(account.entries)), key=ledger.name_of),
            NOW.date(),
        )
        self.kept.look(look, *self.orders.values())

        assert self.kept.difference(look) == NOTHING
        held = self.kept.held
        assert (held[Account.BALANCE], held[Account.RESERVED]) == (account.amount - account.reserved, account.reserved)
        assert held[Account.UNEXPLAINED] == 0
        assert self.kept.look(look) == [], "read twice, posted twice"
        for name, order in self.orders.items():
            deposit = account.deposits.get(name)
            assert self.kept.order(name).deposit.amount == (deposit.amount if deposit else None), order

    @property
    def books(self) -> list[Posting]:
        return self.kept.postings

    @invariant()
    def debits_equal_credits(self) -> None:
        assert sum(balances(self.books).values(), ZERO) == 0

    @invariant()
    def every_posting_has_its_own_key(self) -> None:
        assert not [key for key, times in Counter(posting.key for posting in self.books).items() if times > 1]

    @invariant()
    def money_flows_forward_once_the_books_are_open(self) -> None:
        assert all(posting.amount > 0 for posting in self.books if posting.kind != "opening")

    @invariant()
    def refunds_are_of_lost_names_and_charges_of_won_ones(self) -> None:
        for posting in self.books:
            if posting.kind in ("refund", "charge"):
                assert posting.domain is not None
                order = self.orders[posting.domain]
                assert order.state.is_lost if posting.kind == "refund" else order.state.is_won or self.disputed(posting)

    def disputed(self, charge: Posting) -> bool:
        return any(posting.key == f"disputed#{charge.key}" for posting in self.books)


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
