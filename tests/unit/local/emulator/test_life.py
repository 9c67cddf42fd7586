"""The life of a backorder at the provider, on the emulator's clock."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from tests.unit.local.emulator.customer import DAY, HOUR, START, Customer, a_customer

DROP = START + 6 * DAY
FINALIZATION = DROP - 3 * HOUR
LOCK = FINALIZATION - 3 * DAY
SECOND = timedelta(seconds=1)
NOTHING = Decimal(0)


def with_drop(customer: Customer, domain: str = "john.com", outcome: str | None = None) -> Customer:
    customer.emulator.schedule(domain, drop_at=DROP, outcome=outcome)
    return customer


def test_an_order_without_a_scheduled_drop_stays_requested_and_draws_nothing() -> None:
    customer = a_customer()
    application = customer.order("john.com")
    customer.emulator.advance_to(START + 60 * DAY)
    assert customer.status(application) == "REQUESTED"
    assert customer.money() == (Decimal("5000.00"), NOTHING)


def test_a_won_name_goes_through_lock_finalization_and_drop_and_is_charged_at_once() -> None:
    customer = with_drop(a_customer(), outcome="SUCCESSFUL")
    application = customer.order("john.com")
    seen = []
    for moment in (LOCK - SECOND, LOCK, FINALIZATION - SECOND, FINALIZATION, DROP - SECOND, DROP):
        customer.emulator.advance_to(moment)
        seen.append((customer.status(application), *map(str, customer.money())))
    assert seen == [
        ("REQUESTED", "5000.00", "0.00"),
        ("ACTIVE", "5000.00", "69.00"),
        ("ACTIVE", "5000.00", "69.00"),
        ("PROCESSING", "5000.00", "69.00"),
        ("PROCESSING", "5000.00", "69.00"),
        ("SUCCESSFUL", "4931.00", "0.00"),
    ]


def test_a_lost_name_gives_its_deposit_back_after_the_release_lag() -> None:
    customer = with_drop(a_customer(release_lag=5 * HOUR), outcome="FAILED")
    application = customer.order("john.com")
    customer.emulator.advance_to(DROP + 5 * HOUR - SECOND)
    assert customer.status(application) == "FAILED"
    assert customer.money() == (Decimal("5000.00"), Decimal("69.00"))
    customer.emulator.advance_to(DROP + 5 * HOUR)
    assert customer.money() == (Decimal("5000.00"), NOTHING)


def test_an_order_inside_the_three_days_is_reserved_for_at_once() -> None:
    customer = with_drop(a_customer())
    customer.emulator.advance_to(LOCK + HOUR)
    assert customer.status(customer.order("john.com")) == "ACTIVE"


def test_nothing_is_taken_or_taken_back_from_the_finalization_date_on() -> None:
    customer = with_drop(a_customer())
    application = customer.order("john.com")
    customer.emulator.advance_to(FINALIZATION)
    assert customer.send("AddDomainApplication", **{"class": "BACKORDER"}, domain="john.com", new="1").code == 549
    assert customer.send("DeleteDomainApplication", application=application).code == 552
    assert customer.emulator.state()["sent_late"] == ["john.com"]


def test_an_order_taken_back_is_unknown_and_its_deposit_free_at_once() -> None:
    customer = with_drop(a_customer())
    application = customer.order("john.com")
    customer.emulator.advance_to(LOCK)
    assert customer.send("DeleteDomainApplication", application=application)["DOMAIN"] == "john.com"
    assert customer.send("StatusDomainApplication", application=application).code == 545
    assert customer.money() == (Decimal("5000.00"), NOTHING)


def test_locks_of_one_moment_are_served_in_order_of_creation() -> None:
    customer = a_customer(balance=Decimal("138.00"))
    names = ["c.com", "a.com", "b.com"]
    applications = []
    for name in names:
        with_drop(customer, name)
        applications.append(customer.order(name))
        customer.emulator.advance_by(60)
    customer.emulator.advance_to(LOCK)
    assert [customer.status(each) for each in applications] == ["ACTIVE", "ACTIVE", "REQUESTED"]
    assert customer.emulator.state()["unfunded"] == ["b.com"]


def test_an_order_without_funds_is_tried_each_minute_and_fails_at_the_finalization_date() -> None:
    customer = with_drop(with_drop(a_customer(balance=Decimal("10.00"))), "jane.com")
    first, second = customer.order("john.com"), customer.order("jane.com")
    customer.emulator.advance_to(LOCK + 30 * SECOND)
    customer.emulator.pay_in(Decimal("59.00"))
    customer.emulator.advance_to(LOCK + 59 * SECOND)
    assert customer.status(first) == "REQUESTED"
    customer.emulator.advance_to(LOCK + 60 * SECOND)
    assert [customer.status(each) for each in (first, second)] == ["ACTIVE", "REQUESTED"]
    customer.emulator.advance_to(FINALIZATION)
    assert [customer.status(each) for each in (first, second)] == ["PROCESSING", "FAILED"]


def test_a_smaller_order_takes_what_a_larger_one_could_not() -> None:
    customer = a_customer(balance=Decimal("50.00"), fees={"org": Decimal("40.00")})
    with_drop(with_drop(customer), "john.org")
    large, small = customer.order("john.com"), customer.order("john.org")
    customer.emulator.advance_to(LOCK)
    assert [customer.status(each) for each in (large, small)] == ["REQUESTED", "ACTIVE"]


def test_a_released_deposit_funds_an_order_that_waits() -> None:
    customer = a_customer(balance=Decimal("69.00"))
    customer.emulator.schedule("early.com", drop_at=DROP - DAY, outcome="FAILED")
    with_drop(customer, "late.com")
    customer.order("early.com")
    late = customer.order("late.com")
    customer.emulator.advance_to(DROP - DAY + HOUR - SECOND)
    assert customer.status(late) == "REQUESTED"
    customer.emulator.advance_to(DROP - DAY + HOUR)
    assert customer.status(late) == "ACTIVE"


def test_an_order_that_waits_and_one_that_is_locked_in_the_same_minute_are_served_by_creation() -> None:
    customer = a_customer(balance=Decimal("69.00"))
    customer.emulator.schedule("first.com", drop_at=LOCK - HOUR, outcome="FAILED")
    customer.emulator.schedule("waits.com", drop_at=DROP - DAY)
    with_drop(customer, "locked.com")
    _, waits, locked = (customer.order(name) for name in ("first.com", "waits.com", "locked.com"))
    customer.emulator.advance_to(LOCK)
    assert [customer.status(each) for each in (waits, locked)] == ["ACTIVE", "REQUESTED"]


def test_the_credit_line_funds_locks() -> None:
    customer = with_drop(a_customer(balance=Decimal("0.00"), credit=Decimal("69.00")))
    application = customer.order("john.com")
    customer.emulator.advance_to(LOCK)
    assert customer.status(application) == "ACTIVE"


def test_with_all_void_one_order_without_funds_voids_every_order_not_yet_processing() -> None:
    customer = a_customer(balance=Decimal("138.00"), insufficient_funds="all-void")
    customer.emulator.schedule("processing.com", drop_at=DROP - 3 * DAY - HOUR)
    with_drop(with_drop(customer, "active.com"), "unfunded.com")
    names = ["processing.com", "active.com", "unfunded.com", "dormant.com"]
    applications = [customer.order(name) for name in names]
    customer.emulator.advance_to(LOCK)
    assert [customer.status(each) for each in applications] == ["PROCESSING", "FAILED", "FAILED", "FAILED"]
    customer.emulator.advance_to(LOCK + HOUR)
    assert customer.money()[1] == Decimal("69.00")  # that of processing.com


@pytest.mark.parametrize(
    ("outcome", "amount"), [("AUCTION_WON", "4931.00"), ("AUCTION_LOST", "5000.00"), ("AUCTION_PENDING", None)]
)
def test_an_auction_lasts_three_days_from_eight_in_the_evening(outcome: str, amount: str | None) -> None:
    customer = with_drop(a_customer(), outcome=outcome)
    application = customer.order("john.com")
    customer.emulator.advance_to(DROP)
    shown = customer.send("StatusDomainApplication", application=application)
    assert shown["STATUS"] == shown["AUCTION-STATUS"] == "AUCTION-PENDING"
    assert shown["AUCTION-STARTDATE"] == "2026-11-30 20:00:00"
    assert shown["AUCTION-ENDDATE"] in ("2026-12-03 20:00:00", "2026-12-03 20:02:00")
    assert customer.money() == (Decimal("5000.00"), Decimal("69.00"))
    customer.emulator.advance_to(DROP + 5 * DAY)
    assert customer.status(application) in ("AUCTION-WON", "AUCTION-LOST", "SUCCESSFUL")
    if amount:
        assert customer.status(application) == outcome.replace("_", "-")
        assert customer.money() == (Decimal(amount), NOTHING)


def test_bids_start_at_ten_and_rise_by_five() -> None:
    customer = with_drop(a_customer(), outcome="AUCTION_WON")
    application = customer.order("john.com")
    seen = []
    customer.emulator.advance_to(DROP)
    for _ in range(5):
        shown = customer.send("StatusDomainApplication", application=application)
        seen.append((int(shown["AUCTION-NUMBEROFBIDS"]), shown["AUCTION-BESTBID"], shown["AUCTION-MINIMUMNEXTBID"]))
        customer.emulator.advance_by(86400)
    assert seen[0] == (0, "0.00", "10.00")
    assert all(best == f"{10 + 5 * (count - 1)}.00" for count, best, _ in seen[1:] if count)
    assert customer.send("StatusDomainApplication", application=application)["AUCTION-PRICE"] == seen[-1][1]


def test_by_the_other_reading_an_auction_is_won_when_it_is_paid_within_seven_days() -> None:
    customer = with_drop(a_customer(auction_won="paid"), outcome="AUCTION_WON")
    application = customer.order("john.com")
    customer.emulator.advance_to(DROP + 4 * DAY)
    shown = customer.send("StatusDomainApplication", application=application)
    assert (shown["STATUS"], shown["AUCTION-STATUS"]) == ("AUCTION-PENDING", "AUCTION-WON")
    assert shown["AUCTION-PRICE"] == shown["AUCTION-BESTBID"]
    assert customer.money() == (Decimal("5000.00"), Decimal("69.00"))
    customer.emulator.advance_to(DROP + 11 * DAY)
    [auction] = customer.emulator.state()["auctions"]
    assert (auction["result"], customer.status(application)) == ("AUCTION-WON", "AUCTION-WON")
    paid_after = datetime.fromisoformat(auction["paid"]) - datetime.fromisoformat(auction["ends"])
    assert DAY <= paid_after <= 7 * DAY
    assert customer.money() == (Decimal("4931.00"), NOTHING)


def test_the_price_of_an_auction_is_charged_here_only_if_asked_for() -> None:
    for charged, entries in ((False, 1), (True, 2)):
        customer = with_drop(a_customer(charges_auctions=charged), outcome="AUCTION_WON")
        customer.order("john.com")
        customer.emulator.advance_to(DROP + 5 * DAY)
        assert len(customer.emulator.state()["accounting"]) == entries


def test_a_name_that_two_customers_wanted_is_auctioned_between_them() -> None:
    customer = with_drop(a_customer())
    rival = Customer(customer.emulator, "other.user")
    ours, theirs = customer.order("john.com"), rival.order("john.com")
    customer.emulator.advance_to(DROP)
    assert (customer.status(ours), rival.status(theirs)) == ("AUCTION-PENDING", "AUCTION-PENDING")
    customer.emulator.advance_to(DROP + 5 * DAY)
    assert {customer.status(ours), rival.status(theirs)} in (
        {"AUCTION-WON", "AUCTION-LOST"},
        {"SUCCESSFUL", "AUCTION-LOST"},
    )


def test_of_an_order_placed_twice_the_earlier_wins_and_both_were_reserved_for() -> None:
    customer = with_drop(a_customer(duplicates="new"))
    first, second = customer.order("john.com"), customer.order("john.com")
    customer.emulator.advance_to(LOCK)
    assert customer.money()[1] == Decimal("138.00")
    customer.emulator.advance_to(DROP)
    assert (customer.status(first), customer.status(second)) == ("SUCCESSFUL", "FAILED")
    assert customer.emulator.state()["duplicates"] == 1


def test_a_lite_order_is_cheaper_and_loses_to_a_regular_one() -> None:
    customer = with_drop(a_customer(duplicates="new"), outcome="SUCCESSFUL")
    lite = customer.order("john.com", x_backorder_lite="1")
    regular = customer.order("john.com")
    customer.emulator.advance_to(LOCK)
    assert customer.money()[1] == Decimal("103.50")
    customer.emulator.advance_to(DROP)
    assert (customer.status(lite), customer.status(regular)) == ("FAILED", "SUCCESSFUL")


def test_outcomes_depend_on_seed_and_name_and_not_on_the_order_of_calls() -> None:
    names = [f"name{number}.com" for number in range(200)]

    def outcomes(order: list[str], seed: int) -> dict[str, str]:
        customer = a_customer(balance=Decimal(100_000), win_rate=0.4, auction_rate=0.2, seed=seed)
        for name in order:
            customer.order(name)
            customer.emulator.schedule(name, drop_at=DROP)
        customer.emulator.advance_to(DROP)
        return {each["domain"]: each["status"] for each in customer.emulator.state()["applications"]}

    forwards = outcomes(names, 1)
    assert forwards == outcomes(names[::-1], 1)
    assert forwards != outcomes(names, 2)
    caught = [status for status in forwards.values() if status != "FAILED"]
    assert 50 < len(caught) < 110
    assert 5 < caught.count("AUCTION-PENDING") < 40


def test_one_leap_and_many_small_steps_end_in_the_same_state() -> None:
    def run(step: timedelta) -> object:
        customer = a_customer(balance=Decimal("700.00"), win_rate=0.3, auction_rate=0.3)
        for number in range(60):
            customer.emulator.schedule(f"name{number}.com", drop_at=START + (4 + number % 7) * DAY)
            customer.order(f"name{number}.com")
        while customer.emulator.now < START + 20 * DAY:
            customer.emulator.advance_to(min(customer.emulator.now + step, START + 20 * DAY))
        return customer.emulator.state()

    assert run(20 * DAY) == run(HOUR) == run(timedelta(minutes=47, seconds=11))


def test_the_clock_tells_what_happened_and_what_comes_next() -> None:
    customer = with_drop(a_customer(), outcome="FAILED")
    customer.order("john.com")
    assert customer.emulator.next_moment() == DROP - 4 * DAY
    happened = customer.emulator.advance_to(DROP + DAY)
    assert [each["what"] for each in happened] == ["listed", "active", "processing", "failed", "released"]
    assert happened[0]["at"] == "2026-11-26T00:00:00Z"
    assert customer.emulator.next_moment() is None


def test_the_clock_never_goes_back() -> None:
    with pytest.raises(ValueError, match="before the emulator's present"):
        a_customer().emulator.advance_to(START - SECOND)


def test_scheduling_twice_changes_nothing_and_new_times_move_the_drop() -> None:
    customer = with_drop(a_customer(), outcome="FAILED")
    application = customer.order("john.com")
    assert not customer.emulator.schedule("john.com", drop_at=DROP)
    assert not customer.emulator.schedule("JOHN.com")
    assert customer.emulator.schedule("john.com", drop_at=DROP + DAY)
    customer.emulator.advance_to(DROP)
    assert customer.status(application) == "ACTIVE"
    customer.emulator.advance_to(DROP + DAY)
    assert customer.status(application) == "FAILED"


def test_a_name_can_be_ordered_again_once_its_next_drop_is_scheduled() -> None:
    customer = with_drop(a_customer(duplicates="new"), outcome="FAILED")
    customer.order("john.com")
    customer.emulator.advance_to(DROP + DAY)
    assert customer.send("AddDomainApplication", **{"class": "BACKORDER"}, domain="john.com").code == 549
    customer.emulator.schedule("john.com", drop_at=DROP + 30 * DAY)
    assert customer.status(customer.order("john.com")) == "REQUESTED"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "finalization_at or drop_at is needed"),
        ({"drop_at": DROP, "outcome": "ACTIVE"}, "no outcome"),
        ({"drop_at": DROP, "finalization_at": DROP + HOUR}, "after drop_at"),
    ],
)
def test_a_drop_that_cannot_be_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        a_customer().emulator.schedule("john.com", **given)  # type: ignore[arg-type]
