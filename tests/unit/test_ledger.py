"""The ledger explains the account: by table, and against a small account that does as it likes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backorder.bookkeeping import Account, Posting, balances
from backorder.model import Backorder, State
from backorder.money import ZERO
from backorder.provider.account import AccountingEntry, Deposit
from backorder.store.memory import MemoryStore
from reconciliation import ledger
from reconciliation.books import Books, Notes, save_notes
from reconciliation.ledger import Seen
from tests.factories import FEE, NOW, a_deposit, a_placed_backorder, a_posting, an_account_status, an_entry, usd

HOUR = timedelta(hours=1)
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
    return Seen(NOW + hours * HOUR, status, deposits, tuple(entries))


def after(
    books: Iterable[Posting], look: Seen, *orders: Backorder, known: frozenset[str] = frozenset()
) -> list[Posting]:
    """What a look at the account adds to the books, which a store gives back in order of time."""
    in_order = sorted(books, key=lambda posting: (posting.at, posting.key))
    return ledger.explain(in_order, look, {order.domain: order for order in orders}, known=known)


def told(postings: Iterable[Posting]) -> list[tuple[str, str, str, str]]:
    return [(posting.kind, posting.source, posting.target, f"{posting.amount:.2f}") for posting in postings]


# --- Opening -------------------------------------------------------------------------------------


def test_books_open_with_all_that_the_account_holds_and_go_on_from_there() -> None:
    look = seen("1000.00", [a_deposit(), a_deposit("jane.com", usd("59.00"))])
    opened = after([], look)
    assert told(opened) == [
        ("opening", "opening", "balance", "1000.00"),
        ("deposit", "balance", "reserved", "69.00"),
        ("deposit", "balance", "reserved", "59.00"),
    ]
    assert [posting.domain for posting in opened] == [None, "john.com", "jane.com"]
    assert ledger.difference(opened, look.status) == NOTHING


def test_books_of_an_empty_account_open_too() -> None:
    opened = after([], seen("0.00"))
    assert told(opened) == [("opening", "opening", "balance", "0.00")]
    assert Books(tuple(opened)).opened_at == NOW


def test_books_whose_opening_was_cut_off_after_its_first_posting_are_completed() -> None:
    look = seen("1000.00", [a_deposit()])
    whole = after([], look)
    assert after(whole[:1], look) == whole[1:]


def test_what_is_reserved_without_a_deposit_is_missing_in_the_books() -> None:
    look = seen("1000.00", [a_deposit()], reserved="100.00")
    assert ledger.difference(after([], look), look.status) == (usd("-31.00"), usd("31.00"))


def test_credits_that_expire_are_no_deposits() -> None:
    look = seen("1000.00", [a_deposit(amount=usd("-50.00"))])
    opened = after([], look)
    assert told(opened) == [("opening", "opening", "balance", "1000.00")]
    assert after(opened, look) == []


def test_what_was_booked_before_the_books_opened_is_history() -> None:
    entries = [an_entry("PAYMENT", usd(1000), type="PAYMENT"), an_entry(id=None), an_entry(id=None)]
    look = seen("862.00", entries=entries)
    known = frozenset(key for key, _ in ledger.keyed(entries))
    opened = after([], look, known=known)
    assert told(opened) == [("opening", "opening", "balance", "862.00")]
    third = seen("793.00", entries=[*entries, an_entry(id=None)])
    assert told(after(opened, third, known=known)) == [("other", "balance", "other", "69.00")]


def test_what_was_reserved_at_the_opening_comes_back() -> None:
    opened = after([], seen("1000.00", [a_deposit()]))
    assert after(opened, seen("1000.00", [a_deposit()])) == []
    back = after(opened, seen("1000.00"), a_placed_backorder(state=State.FAILED))
    assert told(back) == [("refund", "reserved", "balance", "69.00")]


# --- Deposits ------------------------------------------------------------------------------------

OPENED = after([], seen("1000.00"))
DEPOSITED = [*OPENED, *after(OPENED, seen("1000.00", [a_deposit()], hours=1))]


def test_a_deposit_goes_from_the_balance_to_the_reserved() -> None:
    [posting] = DEPOSITED[len(OPENED) :]
    assert told([posting]) == [("deposit", "balance", "reserved", "69.00")]
    assert (posting.domain, posting.at, posting.currency) == ("john.com", a_deposit().created_at, "USD")


@pytest.mark.parametrize("state", [State.FAILED, State.AUCTION_LOST, State.CANCELLED, State.VANISHED])
def test_a_lost_name_gives_its_deposit_back(state: State) -> None:
    [posting] = after(DEPOSITED, seen("1000.00", hours=2), a_placed_backorder(state=state))
    assert told([posting]) == [("refund", "reserved", "balance", "69.00")]
    assert (posting.at, posting.domain) == (NOW + 2 * HOUR, "john.com")


def test_a_won_name_gives_its_deposit_back_and_is_charged_with_vat() -> None:
    charge = an_entry(price=usd("-57.98"), vat_price=usd("-11.02"))
    look = seen("931.00", entries=[charge], hours=2)
    postings = after(DEPOSITED, look, a_placed_backorder(state=State.SUCCESSFUL))
    assert told(postings) == [
        ("release", "reserved", "balance", "69.00"),
        ("charge", "balance", "fees", "57.98"),
        ("charge", "balance", "tax", "11.02"),
    ]
    assert ledger.difference([*DEPOSITED, *postings], look.status) == NOTHING


@pytest.mark.parametrize("order", [[a_placed_backorder(state=State.ACTIVE)], []])
def test_a_deposit_that_lapses_is_released_and_no_refund(order: list[Backorder]) -> None:
    assert told(after(DEPOSITED, seen("1000.00", hours=2), *order)) == [("release", "reserved", "balance", "69.00")]


def test_a_deposit_that_is_renewed_under_its_id_is_deposited_again_each_time() -> None:
    order = a_placed_backorder(state=State.ACTIVE)
    books = list(DEPOSITED)
    for hours in range(2, 10):
        there = [a_deposit()] if hours % 2 else []
        new = after(books, seen("1000.00", there, hours=hours), order)
        assert [posting.kind for posting in new] == (["deposit"] if there else ["release"])
        books += new
        assert after(books, seen("1000.00", there, hours=hours), order) == []
    assert balances(books)[Account.RESERVED] == FEE
    assert len({posting.key for posting in books}) == len(books)


def test_a_lease_that_is_prolonged_changes_nothing() -> None:
    longer = a_deposit(expires_at=NOW + 20 * HOUR, updated_at=NOW + 2 * HOUR)
    assert after(DEPOSITED, seen("1000.00", [longer], hours=2)) == []


def test_a_deposit_whose_amount_changed_is_released_and_deposited_anew() -> None:
    look = seen("1000.00", [a_deposit(amount=usd("80.00"))], hours=2)
    postings = after(DEPOSITED, look, a_placed_backorder(state=State.ACTIVE))
    assert told(postings) == [
        ("release", "reserved", "balance", "69.00"),
        ("deposit", "balance", "reserved", "80.00"),
    ]
    back = after([*DEPOSITED, *postings], seen("1000.00", [a_deposit()], hours=3), a_placed_backorder())
    assert told(back) == [("release", "reserved", "balance", "80.00"), ("deposit", "balance", "reserved", "69.00")]


def test_a_provider_whose_clock_is_ahead_is_understood() -> None:
    """Its deposit is dated after the moment at which we saw it go: gone is gone."""
    ahead = a_deposit(created_at=NOW + 9 * HOUR)
    books = [*OPENED, *after(OPENED, seen("1000.00", [ahead], hours=1))]
    books += after(books, seen("1000.00", hours=2))
    assert balances(books)[Account.RESERVED] == 0
    assert after(books, seen("1000.00", hours=3)) == []


# --- Bookings ------------------------------------------------------------------------------------


def test_money_paid_in_is_a_payment() -> None:
    look = seen("1100.00", entries=[an_entry("bank transfer", usd(100), type="PAYMENT")])
    assert told(after(OPENED, look)) == [("payment", "paid_in", "balance", "100.00")]


@pytest.mark.parametrize(
    ("price", "expected"),
    [("-20.00", ("other", "balance", "other", "20.00")), ("20.00", ("other", "other", "balance", "20.00"))],
)
def test_another_charge_or_credit_is_other(price: str, expected: tuple[str, str, str, str]) -> None:
    assert told(after(OPENED, seen(entries=[an_entry("mine.com", usd(price), type="DOMAIN_RENEWAL")]))) == [expected]


def test_the_vat_of_another_charge_is_other_too() -> None:
    entry = an_entry("mine.com", usd("-10.00"), vat_price=usd("-1.90"))
    assert told(after(OPENED, seen(entries=[entry]))) == [
        ("other", "balance", "other", "10.00"),
        ("other", "balance", "other", "1.90"),
    ]


def test_a_charge_that_is_booked_before_the_outcome_is_known_is_disputed_only_if_the_name_is_lost() -> None:
    look = seen("922.00", entries=[an_entry(price=usd("-65.00"), vat_price=usd("-13.00"))])
    books = [*OPENED, *after(OPENED, look, a_placed_backorder(state=State.PROCESSING))]
    assert [posting.kind for posting in books[-2:]] == ["charge", "charge"]

    assert after(books, look, a_placed_backorder(state=State.SUCCESSFUL)) == []

    lost = a_placed_backorder(state=State.FAILED)
    books += after(books, look, lost)
    assert ledger.disputed(books) == {"john.com": usd("78.00")}
    assert balances(books)[Account.FEES] == balances(books)[Account.TAX] == 0
    assert set(ledger.spent(books).values()) == {ZERO}
    assert after(books, look, lost) == []


@pytest.mark.parametrize("state", [State.FAILED, State.AUCTION_LOST, State.VANISHED])
def test_a_charge_for_a_name_that_was_not_won_is_disputed_until_it_is_given_back(state: State) -> None:
    lost = a_placed_backorder(state=state)
    charge = an_entry(price=usd("-57.98"), vat_price=usd("-11.02"))
    books = [*OPENED, *after(OPENED, seen(entries=[charge]), lost)]
    assert [posting.kind for posting in books[-2:]] == ["disputed", "disputed"]
    assert ledger.disputed(books) == {"john.com": usd("69.00")}

    part = an_entry(price=usd("60.00"), id="acc-2")
    books += after(books, seen(entries=[charge, part]), lost)
    assert ledger.disputed(books) == {"john.com": usd("9.00")}

    rest = an_entry(price=usd("9.00"), id="acc-3")
    books += after(books, seen(entries=[charge, part, rest]), lost)
    assert ledger.disputed(books) == {}


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (NOW - HOUR - timedelta(seconds=1), "other"),
        (NOW - HOUR, "charge"),
        (NOW + ledger.CHARGE_WINDOW, "charge"),
        (NOW + ledger.CHARGE_WINDOW + timedelta(seconds=1), "other"),
    ],
)
def test_a_charge_is_the_backorders_only_in_its_time(at: Any, kind: str) -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    assert [posting.kind for posting in after(OPENED, seen(entries=[an_entry(at=at)]), won)] == [kind]


def test_a_charge_for_a_name_that_was_never_submitted_is_not_its_own() -> None:
    waiting = a_placed_backorder(state=State.SELECTED, submitted_at=None)
    assert [posting.kind for posting in after(OPENED, seen(entries=[an_entry()]), waiting)] == ["other"]


def test_the_provider_may_write_a_domain_in_capitals() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL)
    assert [posting.kind for posting in after(OPENED, seen(entries=[an_entry("JOHN.COM")]), won)] == ["charge"]


def test_equal_bookings_of_a_day_without_ids_count_each() -> None:
    twice = [an_entry("mine.com", id=None), an_entry("mine.com", id=None)]
    books = [*OPENED, *after(OPENED, seen(entries=twice))]
    assert balances(books)[Account.OTHER] == 2 * FEE

    thrice = [*twice, an_entry("mine.com", id=None, at=NOW - 2 * HOUR)]
    books += after(books, seen(entries=reversed(thrice)))
    assert balances(books)[Account.OTHER] == 3 * FEE
    assert after(books, seen(entries=thrice)) == []


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
    assert after(OPENED, seen(entries=[an_entry(price=ZERO)])) == []


@pytest.mark.parametrize("survivor", [0, 1])
def test_a_booking_that_a_crash_posted_in_part_is_completed(survivor: int) -> None:
    """The store writes one posting after the other: a net amount may stand there without its VAT."""
    won = a_placed_backorder(state=State.SUCCESSFUL)
    look = seen(entries=[an_entry(price=usd("-57.98"), vat_price=usd("-11.02"))])
    net_and_vat = after(OPENED, look, won)
    assert after([*OPENED, net_and_vat[survivor]], look, won) == [net_and_vat[1 - survivor]]


def test_postings_are_in_the_currency_of_what_they_were_read_from() -> None:
    look = seen(deposits=[a_deposit(currency="")], entries=[an_entry("x.com", currency=""), an_entry("y.com")])
    assert {posting.currency for posting in after(OPENED, look)} == {"USD"}


# --- The unexplained -----------------------------------------------------------------------------


def test_a_difference_is_of_what_can_be_spent_and_of_what_is_reserved() -> None:
    status = an_account_status(usd("1100.00"), deposit=usd("30.00"))
    assert ledger.difference(OPENED, status) == (usd("70.00"), usd("30.00"))
    assert ledger.difference(OPENED, an_account_status(usd("990.00"))) == (usd("-10.00"), ZERO)


@pytest.mark.parametrize("missing", [("70.00", "30.00"), ("-70.00", "30.00"), ("0", "-30.00"), ("0.01", "0")])
def test_what_is_posted_as_unexplained_makes_the_books_equal_the_account(missing: tuple[str, str]) -> None:
    balance, reserved = map(Decimal, missing)
    look = seen(1000 + balance + reserved, reserved=reserved)
    books = [*OPENED, *ledger.unexplained((balance, reserved), look)]
    assert ledger.difference(books, look.status) == NOTHING
    assert balances(books)[Account.UNEXPLAINED] == -(balance + reserved)
    assert all(posting.amount > 0 for posting in books)


def test_nothing_missing_is_nothing_posted() -> None:
    assert ledger.unexplained(NOTHING, seen()) == []


# --- The books between two runs ------------------------------------------------------------------


def test_books_are_loaded_as_they_were_left() -> None:
    store = MemoryStore()
    assert Books.load(store) == Books((), Notes())
    assert Books.load(store).opened_at is None

    notes = Notes(frozenset({"entry#1", "entry#2026-11-24#X##-69.00#0##1"}), (usd("-0.01"), usd("69.00")))
    save_notes(store, notes)
    store.post([a_posting(), *OPENED])

    books = Books.load(store)
    assert books.notes == notes
    assert set(books.postings) == {a_posting(), *OPENED}
    assert books.opened_at == NOW


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


class Bookkeeping(RuleBasedStateMachine):
    """Money comes, goes, and is looked at now and then; after each look the books equal the account."""

    def __init__(self) -> None:
        super().__init__()
        self.account = ModelAccount()
        self.orders: dict[str, Backorder] = {}
        self.books: list[Posting] = []
        self.known: frozenset[str] = frozenset()
        self.now = NOW
        self.numbers = Counter[str]()

    @rule(hours=st.integers(0, 30))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(amount=amounts, with_id=st.booleans())
    def pay_in(self, amount: Decimal, *, with_id: bool) -> None:
        self.account.book(an_entry("bank transfer", amount, type="PAYMENT", at=self.now, id=self.id(with_id)))

    @rule(amount=amounts, with_id=st.booleans(), sign=st.sampled_from([1, -1]))
    def something_else_is_booked(self, amount: Decimal, *, with_id: bool, sign: int) -> None:
        self.account.book(an_entry("mine.net", sign * amount, type="RENEWAL", at=self.now, id=self.id(with_id)))

    @rule(name=names, amount=amounts, ahead=st.integers(-2, 2))
    def reserve(self, name: str, amount: Decimal, ahead: int) -> None:
        """A new order, a lease that is renewed under its id, or under its id with another amount."""
        if name in self.orders and self.orders[name].state.is_final:
            return
        self.orders[name] = a_placed_backorder(name, State.ACTIVE, submitted_at=NOW)
        self.account.deposits[name] = a_deposit(name, amount, created_at=self.now + ahead * HOUR)

    @precondition(lambda self: self.account.deposits)
    @rule(data=st.data())
    def lapse(self, data: st.DataObject) -> None:
        del self.account.deposits[data.draw(st.sampled_from(sorted(self.account.deposits)))]

    @precondition(lambda self: self.live)
    @rule(data=st.data(), at_once=st.booleans())
    def lose(self, data: st.DataObject, *, at_once: bool) -> None:
        """Its deposit comes back now, or lapses later."""
        name = data.draw(st.sampled_from(self.live))
        self.orders[name] = replace(self.orders[name], state=State.FAILED, outcome_at=self.now)
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
            tuple(data.draw(st.permutations(account.entries))),
        )
        if not self.books:
            self.known = frozenset(key for key, _ in ledger.keyed(look.entries))
        self.books += self.explained(look)

        assert ledger.difference(self.books, look.status) == NOTHING
        held = balances(self.books)
        assert (held[Account.BALANCE], held[Account.RESERVED]) == (account.amount - account.reserved, account.reserved)
        assert held[Account.UNEXPLAINED] == 0
        assert self.explained(look) == [], "read twice, posted twice"

    def explained(self, look: Seen) -> list[Posting]:
        return after(self.books, look, *self.orders.values(), known=self.known)

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


TestBookkeeping = Bookkeeping.TestCase
TestBookkeeping.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
