"""Findings: what needs a person, opened once, changed, closed, and told when it is news."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.documents.halt import Halt
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding, Kind, Severity
from backorder.domain.money import ZERO
from backorder.domain.reservation import RELEASE_LAG
from backorder.domain.states import FINAL, WON, State
from backorder.domain.values import AuctionState, Reason, Refusal, Source, Withdrawal
from backorder.provider.port import LOCK_LEAD, Command, UnreadRow
from reconciliation.findings import (
    Circumstances,
    Examined,
    Observation,
    Stranger,
    examine_funds,
    examine_line,
    examine_order,
    examine_orphans,
    examine_strangers,
    examine_unexplained,
    order_of,
    update,
    worth_telling,
)
from reconciliation.findings.rows import examine_rows, subject_of
from tests.factories import (
    CURRENCY,
    FEE,
    NOW,
    a_backorder,
    a_charge,
    a_dated_backorder,
    a_finding,
    a_forecast,
    a_lease,
    a_placed_backorder,
    a_step,
    an_application,
    changed,
    usd,
)

LATER = NOW + timedelta(hours=1)
LOST = sorted(FINAL - WON)
ALL = Examined(tuple(Kind))
SECOND = timedelta(seconds=1)
HOURS = timedelta(hours=1)
DAY = timedelta(days=1)


def kinds(order: Backorder, *, after: timedelta = timedelta(0), **circumstances: Any) -> list[Kind]:
    """What needs a person about `order` so long after NOW."""
    at = Circumstances(NOW + after, CURRENCY, **circumstances)
    return [found.kind for found in examine_order(order, at)]


def found(order: Backorder, *, after: timedelta = timedelta(0), **circumstances: Any) -> Observation:
    """The one thing."""
    [one] = examine_order(order, Circumstances(NOW + after, CURRENCY, **circumstances))
    return one


def an_observation(kind: Kind = Kind.REFUND_MISSING, subject: str = "john.com", **changes: Any) -> Observation:
    """What `a_finding` of the same kind and subject says."""
    finding = a_finding(kind, subject)
    return Observation(
        **{
            "kind": kind,
            "subject": subject,
            "advice": finding.advice,
            "domain": finding.domain,
            "amount": FEE,
            **changes,
        }
    )


def updated(standing: Iterable[Finding], observed: Iterable[Observation], examined: Examined = ALL) -> list[Finding]:
    return update(standing, observed, examined=examined, now=LATER, currency=CURRENCY)


# --- What is found -------------------------------------------------------------------------------


def test_a_zone_that_is_halted_alone_is_told_with_its_section_of_the_rules() -> None:
    halted = Halt("setting", "504 Missing required attribute; X-NOMINET-ID", NOW)
    [found] = examine_line(None, {"co.uk": halted})
    assert (found.kind, found.subject) == (Kind.LINE_HALTED, "zone co.uk")
    assert "504 Missing required attribute; X-NOMINET-ID" in found.advice
    assert '[provider.zones."co.uk"]' in found.advice


def test_an_account_in_order_has_nothing_for_a_person() -> None:
    assert list(examine_line(None, {})) == []
    assert examine_funds(None) == []
    assert list(examine_unexplained(ZERO, currency=CURRENCY)) == []
    assert kinds(a_placed_backorder(state=State.ACTIVE, deposit=FEE), usual_deposits={"com": FEE}) == []


def test_a_halted_line_says_since_when_and_why() -> None:
    [found] = examine_line(Halt("access", "530 Authentication failed; environment test", NOW), {})
    assert (found.kind, found.subject, found.amount) == (Kind.LINE_HALTED, "line", None)
    assert found.advice == "No orders since 24 November 12:00 UTC: 530 Authentication failed; environment test"


def test_a_shortfall_is_the_forecasts_sentence() -> None:
    forecast = a_forecast()
    [found] = examine_funds(forecast)
    assert (found.kind, found.subject, found.amount) == (Kind.SHORTFALL, "account", forecast.shortfall)
    assert found.until == forecast.before
    assert found.advice == f"{forecast.sentence}."


@pytest.mark.parametrize(("amount", "words"), [("12.50", "12.50 USD more"), ("-12.50", "12.50 USD less")])
def test_what_the_books_do_not_explain_is_found(amount: str, words: str) -> None:
    [one] = examine_unexplained(usd(amount), currency=CURRENCY, elsewhere="-50.00 EUR for x.com")
    assert (one.kind, one.subject, one.amount) == (Kind.UNEXPLAINED_DIFFERENCE, "account", usd(amount))
    assert words in one.advice
    assert "-50.00 EUR for x.com" in one.advice


def test_what_is_reserved_for_nothing_is_found_though_the_account_holds_what_it_should() -> None:
    """In the books the one half of it hides the other."""
    [one] = examine_unexplained(ZERO, currency=CURRENCY, reserved=usd("69.00"), elsewhere="50.00 EUR for x.com")
    assert (one.kind, one.subject, one.amount) == (Kind.UNEXPLAINED_DIFFERENCE, "reserved", usd("69.00"))
    assert one.advice.startswith("The account has 69.00 USD more reserved than its deposits come to: ")
    assert "50.00 EUR for x.com" in one.advice
    subjects = [each.subject for each in examine_unexplained(usd(-1), currency=CURRENCY, reserved=usd(-1))]
    assert subjects == ["account", "reserved"]


REFUSED = Refusal("Credit limit exceeded", since=NOW, for_credit=True)


@pytest.mark.parametrize("state", [State.HELD, State.SELECTED, State.QUEUED, State.SUBMITTING])
def test_an_order_that_the_provider_does_not_take_for_want_of_credit_is_told(state: State) -> None:
    """The plan takes it for covered, so that no forecast tells of it; it is tried again each half hour."""
    order = a_dated_backorder(finalization_at=NOW + DAY, state=state, reason=Reason.UNFUNDED, refusal=REFUSED)
    one = found(order)
    assert (one.kind, one.subject, one.domain, one.amount) == (Kind.SHORTFALL, "john.com", "john.com", None)
    assert one.advice == (
        "The provider takes no order for john.com, for the account's credit limit is exceeded (546), though it covers "
        "the fee as far as is known here: see what else draws on it, or pay in, before 25 November 11:45 UTC."
    )
    assert found(a_backorder(state=state, refusal=REFUSED)).advice.endswith("draws on it, or pay in.")


@pytest.mark.parametrize(
    "order",
    [
        a_backorder(state=State.HELD, reason=Reason.UNFUNDED),
        a_placed_backorder(),
        a_backorder(refusal=replace(REFUSED, for_credit=False)),
        a_backorder(state=State.MISSED, outcome_at=NOW, reason=Reason.UNFUNDED, refusal=REFUSED),
    ],
)
def test_no_credit_is_missing_for_what_was_never_refused_for_it_or_is_not_any_more(order: Backorder) -> None:
    assert kinds(order) == []


# Money of an order


@pytest.mark.parametrize("state", LOST)
def test_a_lost_names_deposit_that_stays_is_found_after_the_release_lag(state: State) -> None:
    lost = a_placed_backorder(state=state, deposit=FEE)
    others = {Kind.APPLICATION_VANISHED}
    assert set(kinds(lost, after=RELEASE_LAG - SECOND)) <= others
    assert set(kinds(lost, after=2 * HOURS - SECOND, release_lag=2 * HOURS)) <= others
    assert Kind.REFUND_MISSING in kinds(lost, after=2 * HOURS, release_lag=2 * HOURS)

    one = next(each for each in examine_order(lost, Circumstances(NOW + RELEASE_LAG, CURRENCY)) if each.amount)
    assert (one.kind, one.subject, one.domain, one.amount) == (Kind.REFUND_MISSING, "john.com", "john.com", FEE)
    for fact in (f"john.com was lost on 24 November 12:00 UTC ({state})", "69.00 USD", "application app-john.com"):
        assert fact in one.advice


TAKEN_BACK = Withdrawal(NOW, "10700")


@pytest.mark.parametrize(
    ("order", "what"),
    [
        (a_backorder(state=State.HELD, withdrawal=TAKEN_BACK), "was taken back on 24 November 12:00 UTC"),
        (a_backorder(withdrawal=TAKEN_BACK), "was taken back on 24 November"),
        (a_backorder(state=State.MISSED, outcome_at=NOW, withdrawal=TAKEN_BACK), "was lost on 24 November 12:00 UTC"),
        (a_placed_backorder(state=State.SUCCESSFUL, charges=(a_charge(),)), "was charged on 24 November 12:00 UTC"),
    ],
)
def test_a_deposit_that_is_for_nothing_any_more_and_stays_is_found(order: Backorder, what: str) -> None:
    """Taken back for want of funds, missed after that, or charged besides: nobody else tells of it."""
    bound = changed(order, deposit=FEE, reason=Reason.UNFUNDED)
    assert kinds(bound, after=RELEASE_LAG - SECOND) == []
    one = found(bound, after=RELEASE_LAG)
    assert (one.kind, one.amount) == (Kind.REFUND_MISSING, FEE)
    assert what in one.advice
    assert f"application {order.application_id or '10700'}" in one.advice
    assert "None" not in one.advice
    assert kinds(changed(bound, deposit=None), after=RELEASE_LAG) == []


@pytest.mark.parametrize(
    "backorder",
    [
        a_placed_backorder(state=State.FAILED, deposit=None),
        a_placed_backorder(state=State.SUCCESSFUL, deposit=FEE),
        a_placed_backorder(state=State.PROCESSING, deposit=FEE),
    ],
)
def test_no_refund_is_missing_of_what_waits_for_its_charge_is_on_its_way_or_back(backorder: Backorder) -> None:
    assert Kind.REFUND_MISSING not in kinds(backorder, after=RELEASE_LAG)


def test_a_charge_for_a_name_that_was_not_caught_is_found_until_it_is_given_back() -> None:
    lost = a_placed_backorder(state=State.FAILED, charges=(a_charge(),))
    one = found(lost)
    assert (one.kind, one.subject, one.amount) == (Kind.CHARGE_WITHOUT_SUCCESS, "john.com", FEE)
    assert "69.00 USD were charged for john.com" in one.advice
    assert "entry 1" in one.advice
    assert kinds(replace(lost, charges=(a_charge(), a_charge("entry#2", -FEE)))) == []


def test_a_charge_that_may_be_for_somebody_elses_order_is_not_found() -> None:
    lost = a_placed_backorder(state=State.FAILED, charges=(a_charge(),))
    at = Circumstances(NOW, CURRENCY, undecided={lost.key})
    assert list(examine_order(lost, at)) == []
    assert [one.kind for one in examine_order(changed(lost, cycle=2), at)] == [Kind.CHARGE_WITHOUT_SUCCESS]


def test_a_won_name_that_is_charged_twice_is_found_until_one_is_given_back() -> None:
    won = a_placed_backorder(state=State.SUCCESSFUL, charges=(a_charge(), a_charge("entry#2")))
    one = found(won)
    assert (one.kind, one.amount) == (Kind.CHARGED_TWICE, FEE)
    assert "entry 1, entry 2" in one.advice
    assert kinds(replace(won, charges=(*won.charges, a_charge("entry#3", -FEE)))) == []
    assert kinds(replace(won, charges=won.charges[:1])) == []


def test_a_won_name_that_nobody_charges_is_found_after_a_day() -> None:
    won = a_placed_backorder(state=State.AUCTION_WON, outcome_at=NOW - 7 * DAY, submitted_at=NOW - 7 * DAY)
    assert kinds(replace(won, outcome_at=NOW), after=DAY - SECOND) == [Kind.AUCTION_OPEN]
    one = found(won, after=DAY)
    assert (one.kind, one.amount) == (Kind.SUCCESS_WITHOUT_CHARGE, FEE)
    opened_before, opened_after = NOW - 7 * DAY - SECOND, NOW - 7 * DAY
    assert kinds(won, after=DAY, opened_at=opened_before) == [Kind.SUCCESS_WITHOUT_CHARGE]
    assert kinds(won, after=DAY, opened_at=opened_after) == [], "the books opened with its charge"
    assert kinds(replace(won, charges=(a_charge(),))) == []
    assert kinds(replace(won, charges=(a_charge(), a_charge("entry#2", -FEE)))) == [], "given back is charged once"


def test_a_win_that_was_seen_after_the_books_were_opened_may_have_been_charged_before() -> None:
    """The first run may read the money, and a later one the applications."""
    won = a_dated_backorder(
        state=State.SUCCESSFUL, finalization_at=NOW - 5 * HOURS, outcome_at=NOW, submitted_at=NOW - DAY
    )
    assert kinds(won, after=DAY, opened_at=NOW - HOURS) == []
    assert kinds(won, after=DAY, opened_at=NOW - 6 * HOURS) == [Kind.SUCCESS_WITHOUT_CHARGE]
    auctioned = changed(won, state=State.AUCTION_WON, auction_ends_at=NOW - HOURS)
    assert Kind.SUCCESS_WITHOUT_CHARGE in kinds(auctioned, after=DAY, opened_at=NOW - 2 * HOURS)
    assert Kind.SUCCESS_WITHOUT_CHARGE not in kinds(auctioned, after=DAY, opened_at=NOW - HOURS)


HIGH = usd("690.00")


@pytest.mark.parametrize(
    ("bounds", "more", "words"),
    [
        ({"planned_fee": FEE}, "621.00", "621.00 USD more than the planned fee of 69.00 USD"),
        ({"planned_fee": FEE, "max_price": usd("70.00")}, "620.00", "620.00 USD more than its max price of 70.00 USD"),
        ({"max_price": usd("70.00")}, "620.00", "more than its max price"),
    ],
)
def test_what_is_dearer_than_planned_or_allowed_is_found_with_the_sum(
    bounds: dict[str, Any], more: str, words: str
) -> None:
    reserved = a_placed_backorder(state=State.ACTIVE, deposit=HIGH, last_deposit=HIGH, **bounds)
    one = found(reserved, usual_deposits={"com": HIGH})
    assert (one.kind, one.amount) == (Kind.FEE_TOO_HIGH, usd(more))
    assert words in one.advice
    assert "690.00 USD are reserved for john.com" in one.advice
    charged = a_placed_backorder(state=State.SUCCESSFUL, charges=(a_charge(gross=HIGH),), last_deposit=FEE, **bounds)
    one = found(charged)
    assert (one.kind, one.amount) == (Kind.FEE_TOO_HIGH, usd(more))
    assert "690.00 USD were charged for john.com" in one.advice
    assert "69.00 USD had been reserved" in one.advice
    assert kinds(replace(charged, charges=(*charged.charges, a_charge("entry#2", -HIGH)))) == [], "given back"
    assert kinds(charged, after=34 * DAY) == [Kind.FEE_TOO_HIGH]
    assert kinds(charged, after=35 * DAY) == []


@pytest.mark.parametrize(("gross", "difference"), [("80.00", "11.00"), ("50.00", "-19.00")])
def test_a_charge_that_is_not_the_deposit_is_found_with_the_difference(gross: str, difference: str) -> None:
    charges = (a_charge(gross=usd(gross)),)
    won = a_placed_backorder(state=State.SUCCESSFUL, charges=charges, last_deposit=FEE, planned_fee=usd("90.00"))
    one = found(won)
    assert (one.kind, one.amount) == (Kind.CHARGE_DIFFERS, usd(difference))
    assert kinds(changed(won, last_deposit=None)) == [], "nobody saw what was reserved"
    assert kinds(changed(won, last_deposit=usd(gross) + usd("0.01"))) == [], "net and VAT were rounded apart"
    assert kinds(changed(won, planned_fee=usd(gross))) == [], "the deposit was odd, and was told"


def test_a_deposit_that_differs_from_what_is_usual_in_its_zone_is_found_while_the_order_lasts() -> None:
    order = a_placed_backorder(state=State.ACTIVE, deposit=usd("86.25"))
    assert kinds(order) == [], "the first deposit of a zone differs from nothing"
    one = found(order, usual_deposits={"com": FEE, "net": usd("86.25")})
    assert (one.kind, one.amount) == (Kind.DEPOSIT_DIFFERS, usd("17.25"))
    assert "86.25 USD are reserved for john.com, where 69.00 USD is usual for .com" in one.advice
    assert kinds(changed(order, deposit=FEE), usual_deposits={"com": FEE}) == []
    assert kinds(changed(order, usual_deposit=order.deposit.amount), usual_deposits={"com": FEE}) == []
    assert kinds(replace(order, state=State.FAILED, outcome_at=NOW), usual_deposits={"com": FEE}) == []


def test_a_deposit_that_is_gone_while_the_order_is_active_is_found_after_six_hours() -> None:
    order = a_placed_backorder(state=State.ACTIVE, unreserved_since=NOW)
    assert kinds(order, after=6 * HOURS - SECOND) == []
    one = found(order, after=6 * HOURS)
    assert (one.kind, one.amount) == (Kind.DEPOSIT_LAPSED, FEE)
    assert kinds(replace(order, state=State.PROCESSING), after=6 * HOURS) == []


def test_an_order_without_funds_after_its_lock_is_found_until_its_finalization_date() -> None:
    order = a_dated_backorder(
        finalization_at=NOW + LOCK_LEAD, state=State.REQUESTED, application="7", submitted_at=NOW - DAY, fee=FEE
    )
    assert kinds(order, after=HOURS - SECOND) == []
    one = found(order, after=HOURS)
    assert (one.kind, one.amount) == (Kind.UNFUNDED_AT_LOCK, FEE)
    assert "pay in 69.00 USD before 27 November 12:00 UTC" in one.advice
    assert kinds(order, after=LOCK_LEAD) == []
    assert kinds(changed(order, deposit=FEE), after=HOURS) == []
    late = changed(order, submitted_at=NOW + DAY)
    assert kinds(late, after=DAY + HOURS - SECOND) == [], (
        "one that is made inside the three days is reserved for at once"
    )
    assert kinds(late, after=DAY + HOURS) == [Kind.UNFUNDED_AT_LOCK]


def test_an_order_that_the_provider_voids_before_its_finalization_date_is_found() -> None:
    void = a_dated_backorder(
        finalization_at=NOW + DAY, state=State.FAILED, application="7", submitted_at=NOW - DAY, outcome_at=NOW
    )
    assert kinds(void) == [Kind.UNFUNDED_AT_LOCK]
    assert kinds(void, after=DAY) == []


# What becomes of an order


def test_an_auction_is_told_with_its_end_its_place_and_the_next_bid() -> None:
    order = a_placed_backorder(
        state=State.AUCTION_PENDING,
        auction_ends_at=NOW + 3 * DAY,
        auction_url="https://auctions.example/john.com",
        auction_next_bid="15.00 USD",
    )
    one = found(order)
    assert one.kind is Kind.AUCTION_OPEN
    for fact in ("by 27 November 12:00 UTC", "https://auctions.example/john.com", "15.00 USD or more"):
        assert fact in one.advice
    over = found(order, after=3 * DAY)
    assert over.subject == "john.com/pay"
    assert "is over: if you won it, pay its price by 4 December 12:00 UTC at https://auctions" in over.advice
    assert "ask its support" in found(order, after=10 * DAY).advice
    assert "the provider's auction house" in found(changed(order, auction_url=None)).advice


def test_a_name_won_in_an_auction_is_to_be_paid_for_within_seven_days_which_is_another_finding() -> None:
    won = a_placed_backorder(
        state=State.AUCTION_WON, outcome_at=NOW, auction_url="https://auctions.example/1", charges=(a_charge(),)
    )
    one = found(won)
    assert (one.kind, one.subject) == (Kind.AUCTION_OPEN, "john.com/pay")
    assert "pay its price by 1 December 12:00 UTC at https://auctions.example/1" in one.advice
    assert kinds(won, after=7 * DAY) == []


WON_THERE = AuctionState(won=True, lost=False, currency="USD", price=usd("35.00"), vat=usd("6.65"), bidders=2)


def test_what_was_won_is_told_with_its_price_while_the_order_is_pending_still() -> None:
    """As it is where the provider waits for the payment."""
    order = a_placed_backorder(state=State.AUCTION_PENDING, auction_ends_at=NOW - HOURS, auction=WON_THERE)
    one = found(order)
    assert "john.com was won in an auction: pay 35.00 USD and 6.65 USD VAT by 1 December 11:00 UTC" in one.advice
    assert one.amount == usd("41.65")
    assert found(changed(order, auction=replace(WON_THERE, currency="EUR"))).amount is None
    assert kinds(changed(order, auction=replace(WON_THERE, won=False, lost=True))) == []
    assert kinds(changed(order, auction=replace(WON_THERE, won=False, bidders=0))) == [], "nobody bid"
    paid = replace(order, state=State.AUCTION_WON, outcome_at=NOW, charges=(a_charge(),))
    assert kinds(paid) == [Kind.AUCTION_OPEN], "by the other reading it is won when the auction ends"
    assert kinds(changed(paid, auction_paid=True)) == []


def test_a_lost_name_that_is_free_is_told_for_a_week() -> None:
    free = a_placed_backorder(state=State.FAILED, still_free=True, checked_at=NOW)
    assert kinds(free) == [Kind.NAME_STILL_FREE]
    assert kinds(free, after=7 * DAY) == []
    assert kinds(changed(free, still_free=False)) == []


def test_an_order_that_lacks_data_says_which() -> None:
    order = a_placed_backorder("john.us", lacks=("X-US-NEXUS-CATEGORY",))
    one = found(order)
    assert one.kind is Kind.APPLICATION_INCOMPLETE
    assert "X-US-NEXUS-CATEGORY" in one.advice
    assert "put it into [provider.zones.us]" in one.advice
    assert '[provider.zones."com.au"]' in found(replace(order, zone="com.au")).advice
    refused = changed(order, amended_with=(("X-US-NEXUS-CATEGORY", "C99"),))
    assert "what was sent did not mend it: correct it in [provider.zones.us]" in found(refused).advice
    assert kinds(replace(order, state=State.FAILED, outcome_at=NOW)) == []


def test_a_vanished_order_is_told_until_a_day_after_its_name_has_dropped() -> None:
    """Whoever could not look before the drop tells of it all the same."""
    order = a_dated_backorder(finalization_at=NOW, state=State.VANISHED, application="7", outcome_at=NOW)
    assert kinds(order) == [Kind.APPLICATION_VANISHED]
    assert "upload the name again" in found(order).advice
    assert kinds(order, after=20 * HOURS) == [Kind.APPLICATION_VANISHED]
    assert "upload" not in found(order, after=20 * HOURS).advice
    assert kinds(order, after=29 * HOURS) == []
    undated = a_placed_backorder(state=State.VANISHED)
    assert (kinds(undated, after=34 * DAY), kinds(undated, after=35 * DAY)) == ([Kind.APPLICATION_VANISHED], [])


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (Reason.LATE, [Kind.DEADLINE_MISSED]),
        (Reason.UNANSWERED, [Kind.DEADLINE_MISSED]),
        (Reason.REFUSED, [Kind.DEADLINE_MISSED]),
        (Reason.UNFUNDED, []),
        (Reason.TOO_DEAR, []),
        (Reason.LIMIT, []),
    ],
)
def test_what_was_funded_and_not_ordered_in_time_is_found(reason: Reason, expected: list[Kind]) -> None:
    missed = a_dated_backorder(
        finalization_at=NOW, state=State.MISSED, reason=reason, outcome_at=NOW, created_at=NOW - DAY
    )
    assert kinds(missed) == expected
    assert kinds(missed, after=DAY + 4 * HOURS) == []
    assert kinds(replace(missed, created_at=NOW)) == [], "it came too late"


@pytest.mark.parametrize(
    ("state", "source", "expected"),
    [
        (State.REQUESTED, Source.WANTED, [Kind.STANDING_ORDER_STALE]),
        (State.REQUESTED, Source.DROPPING, []),  # taken back
        (State.ACTIVE, Source.DROPPING, [Kind.STANDING_ORDER_STALE]),
        (State.PROCESSING, Source.WANTED, [Kind.STANDING_ORDER_STALE]),
        (State.AUCTION_PENDING, Source.WANTED, [Kind.AUCTION_OPEN]),
    ],
)
def test_an_order_that_is_still_there_two_days_after_its_drop_is_found(
    state: State, source: Source, expected: list[Kind]
) -> None:
    order = a_dated_backorder(
        finalization_at=NOW - 4 * HOURS, state=state, source=source, application="7", submitted_at=NOW - DAY
    )
    assert Kind.STANDING_ORDER_STALE not in kinds(order, after=48 * HOURS - SECOND)
    assert kinds(order, after=48 * HOURS) == expected


def test_a_state_that_is_not_known_is_found_in_the_providers_word() -> None:
    one = found(a_placed_backorder(unknown_status="PAUSED"))
    assert one.kind is Kind.STATUS_UNKNOWN
    assert "PAUSED" in one.advice


def test_findings_of_later_drop_cycles_are_told_apart() -> None:
    later = a_placed_backorder(state=State.FAILED, cycle=2, deposit=FEE)
    one = found(later, after=RELEASE_LAG)
    assert one.subject == "john.com#2"
    assert order_of(a_finding(subject=one.subject, domain="john.com")) == later.key
    assert order_of(a_finding(subject="john.com/pay", domain="john.com")) == ("john.com", 1)
    assert order_of(a_finding(subject="account", domain=None)) is None


# What is not ours


def test_a_deposit_without_an_order_is_found_after_the_release_lag() -> None:
    orphan = a_lease("not-ours.com", id="490", cycle=None, alone_since=NOW)
    assert list(examine_orphans([orphan], now=NOW + DAY - SECOND, release_lag=DAY)) == []
    [one] = examine_orphans([orphan], now=NOW + DAY, release_lag=DAY)
    assert (one.kind, one.subject, one.domain, one.amount) == (
        Kind.DEPOSIT_ORPHAN,
        "deposit 490",
        "not-ours.com",
        FEE,
    )
    for other in (a_lease(), a_lease(cycle=None)):
        assert list(examine_orphans([other], now=NOW + DAY, release_lag=DAY)) == []


def test_an_order_of_somebody_else_is_information() -> None:
    [one] = examine_strangers([Stranger(an_application(id="77"), None)])
    assert (one.kind, one.subject, one.amount) == (Kind.APPLICATION_FOREIGN, "application 77", None)
    assert one.kind.severity is Severity.INFORMATION


@pytest.mark.parametrize(
    ("minutes", "kind"),
    [
        (-2, Kind.APPLICATION_FOREIGN),
        (0, Kind.APPLICATION_DUPLICATE),
        (17, Kind.APPLICATION_DUPLICATE),
        (19, Kind.APPLICATION_FOREIGN),
    ],
)
def test_a_second_order_is_a_duplicate_if_it_was_made_while_ours_was_on_its_way(minutes: int, kind: Kind) -> None:
    history = (
        a_step(State.QUEUED, State.SUBMITTING, at=NOW),
        a_step(State.SUBMITTING, State.REQUESTED, at=NOW + timedelta(minutes=3)),
    )
    ours = a_placed_backorder(history=history)
    second = an_application(id="77", created_at=NOW + timedelta(minutes=minutes))
    [one] = examine_strangers([Stranger(second, ours)])
    assert one.kind is kind


# --- Opened, changed, closed ---------------------------------------------------------------------


def test_what_is_seen_first_opens_a_finding() -> None:
    assert updated([], [an_observation()]) == [a_finding(opened_at=LATER)]


def test_what_is_seen_again_changes_nothing() -> None:
    assert updated([a_finding()], [an_observation()]) == []


@pytest.mark.parametrize("changes", [{"amount": usd(80)}, {"advice": "Something else."}, {"amount": None}])
def test_what_is_seen_otherwise_changes_the_finding_and_keeps_its_beginning(changes: dict[str, Any]) -> None:
    assert updated([a_finding()], [an_observation(**changes)]) == [a_finding(**changes)]


def test_what_is_no_longer_seen_is_closed() -> None:
    assert updated([a_finding()], []) == [a_finding(status="closed", closed_at=LATER)]


def test_a_closed_finding_stays_closed_and_the_same_thing_opens_another() -> None:
    closed = a_finding(status="closed", closed_at=NOW)
    assert updated([closed], []) == []
    assert updated([closed], [an_observation()]) == [a_finding(opened_at=LATER)]


def test_kinds_that_were_not_examined_stay_as_they_are() -> None:
    halted, short = a_finding(Kind.LINE_HALTED, "line"), a_finding(Kind.SHORTFALL, "account")
    assert updated([halted, short], [], examined=Examined([Kind.SHORTFALL])) == [
        replace(short, status="closed", closed_at=LATER)
    ]


def test_findings_of_a_kind_are_told_apart_by_their_subject() -> None:
    changes = updated([a_finding(subject="john.com")], [an_observation(subject="jane.com")])
    assert [(finding.subject, finding.status) for finding in changes] == [("jane.com", "open"), ("john.com", "closed")]


things = st.tuples(st.sampled_from(Kind), st.sampled_from(["account", "john.com", "jane.com"]))
looks = st.lists(st.dictionaries(things, st.integers(1, 3).map(Decimal), max_size=5), max_size=6)


@given(looks)
def test_after_each_look_what_is_open_is_what_was_seen(seen: list[dict[tuple[Kind, str], Decimal]]) -> None:
    kept: dict[str, Finding] = {}
    for hour, look in enumerate(seen):
        observed = [an_observation(kind, subject, amount=amount) for (kind, subject), amount in look.items()]
        now = NOW + timedelta(hours=hour)
        changes = update(kept.values(), observed, examined=ALL, now=now, currency=CURRENCY)
        kept.update({finding.key: finding for finding in changes})

        still_open = [finding for finding in kept.values() if finding.status == "open"]
        assert {(finding.kind, finding.subject): finding.amount for finding in still_open} == look
        assert len(still_open) == len(look)
        assert update(kept.values(), observed, examined=ALL, now=now, currency=CURRENCY) == []


# --- Told ----------------------------------------------------------------------------------------


def test_what_opens_is_told() -> None:
    news = a_finding(amount=None)
    assert worth_telling([news], []) == [news]


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("69.00", "69.01", True),
        ("69.00", "68.99", False),
        ("69.00", "69.00", False),
        (None, "0.01", True),
        ("69.00", None, False),
        # The account holds less than the books explain: the farther from zero, the worse.
        ("-5.00", "-50.00", True),
        ("-50.00", "-5.00", False),
        ("5.00", "-50.00", True),
    ],
)
def test_a_change_is_told_only_if_the_amount_grew(before: str | None, now: str | None, *, told: bool) -> None:
    known = a_finding(amount=None if before is None else usd(before))
    changed = replace(known, amount=None if now is None else usd(now), advice="otherwise")
    assert worth_telling([changed], [known]) == ([changed] if told else [])


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (LATER, NOW, True),
        (NOW, LATER, False),
        (None, NOW, True),
        (NOW, None, False),
        (NOW, NOW, False),
    ],
)
def test_a_change_is_told_if_there_is_less_time_than_was_said(
    before: datetime | None, now: datetime | None, *, told: bool
) -> None:
    [changed] = updated([a_finding(until=before)], [an_observation(until=now, advice="otherwise")])
    assert changed.until == now
    assert worth_telling([changed], [a_finding(until=before)]) == ([changed] if told else [])


def test_what_closes_is_not_told() -> None:
    assert worth_telling([a_finding(status="closed")], [a_finding()]) == []


def test_what_opens_again_is_told_again() -> None:
    again = a_finding(opened_at=LATER)
    assert worth_telling([again], [a_finding(status="closed", closed_at=NOW)]) == [again]


def a_row(text: str, why: str = "has no amount in DEPOSIT: 'some'", *cells: str, id_: str | None = None) -> UnreadRow:
    return UnreadRow(Command.DEPOSITS, "QueryDepositList", text, why, id_, cells=frozenset(cells))


def test_a_row_that_changes_where_nothing_is_wrong_is_the_same_finding() -> None:
    rows = [a_row(f"DEPOSITID=503; UPDATEDDATE={n}", id_="503") for n in range(2)]
    assert subject_of(rows[0]) == subject_of(rows[1])
    rows = [a_row(f"DESCRIPTION=john.com; UPDATEDDATE={n}", "odd", "john.com") for n in range(2)]
    assert subject_of(rows[0]) == subject_of(rows[1])


def test_rows_of_different_ids_or_faults_or_about_nothing_known_are_findings_of_their_own() -> None:
    rows = [
        a_row("DEPOSIT=some", id_="503"),
        a_row("DEPOSIT=some", id_="504"),
        a_row("DEPOSIT=some", "has no time in CREATEDDATE: ''", id_="503"),
        a_row("DESCRIPTION=john.com; DEPOSIT=some", "odd", "john.com"),
        a_row("DESCRIPTION=jane.com; DEPOSIT=some", "odd", "jane.com"),
        a_row("DESCRIPTION=fee; DEPOSIT=some", "odd"),
        a_row("DESCRIPTION=tax; DEPOSIT=some", "odd"),
    ]
    assert len({subject_of(row) for row in rows}) == len(rows)


def test_a_row_that_makes_no_sense_is_a_finding_that_quotes_it_for_the_providers_support() -> None:
    [observed] = examine_rows([a_row("DEPOSIT=some; DESCRIPTION=john.com", "has no amount in DEPOSIT", "john.com")])
    assert observed.kind is Kind.ROW_UNREAD
    assert observed.subject.startswith("deposits ")
    assert observed.domain == "john.com"
    assert observed.advice.startswith("A row of QueryDepositList has no amount in DEPOSIT, and is left out")
    assert observed.advice.endswith("DEPOSIT=some; DESCRIPTION=john.com")
