"""Money at the emulator: deposits, charges with VAT, the accounting, and faults of the books."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from local.emulator.options import BOOK_FAULTS
from tests.unit.local.emulator.customer import DAY, HOUR, START, Answer, Customer, a_customer

DROP = START + 6 * DAY
LOCK = DROP - 3 * HOUR - 3 * DAY
NOTHING = Decimal(0)


def after_the_drop(outcome: str, *faults: str, **options: object) -> Customer:
    """One order for john.com, taken through its drop and the day after."""
    customer = a_customer(**options)
    customer.emulator.schedule("john.com", drop_at=DROP, outcome=outcome)
    customer.emulator.strike_books(faults, ["john.com"])
    customer.order("john.com")
    customer.emulator.advance_to(DROP + DAY)
    return customer


def prices(answer: Answer) -> list[Decimal]:
    return [Decimal(price) for price in answer.columns.get("ACCOUNTINGPRICE", [])]


def test_a_charge_is_one_entry_net_with_the_vat_in_its_own_columns() -> None:
    customer = after_the_drop("SUCCESSFUL", vat=Decimal(19))
    entries = customer.send("QueryAccountingList")
    assert entries["TOTAL"] == "1"
    assert entries["ACCOUNTINGTYPE"] == "COM_BACKORDER"
    assert entries["ACCOUNTINGDESCRIPTION"] == "john.com"
    assert entries["ACCOUNTINGDATE"] == "2026-11-30 00:00:00"
    assert (entries["ACCOUNTINGPRICE"], entries["ACCOUNTINGVATPRICE"]) == ("-57.98", "-11.02")
    assert entries["ACCOUNTINGVAT"] == "19.00"
    assert customer.money() == (Decimal("4931.00"), NOTHING)


def test_a_deposit_is_gross_keeps_its_id_and_is_a_lease_renewed_each_hour() -> None:
    customer = a_customer(vat=Decimal(19))
    customer.emulator.schedule("john.com", drop_at=DROP)
    customer.order("john.com")
    customer.emulator.advance_to(LOCK)
    first = customer.send("QueryDepositList", accountingtype="COM_BACKORDER")
    assert (first["DEPOSIT"], first["DESCRIPTION"], first["CURRENCY"]) == ("69.00", "john.com", "USD")
    assert first["EXPIRATIONDATE"] == "2026-11-27 00:00:00"
    customer.emulator.advance_to(LOCK + 10 * HOUR)
    later = customer.send("QueryDepositList")
    assert later["DEPOSITID"] == first["DEPOSITID"]
    assert later["CREATEDDATE"] == first["CREATEDDATE"]
    assert later["UPDATEDDATE"] == "2026-11-27 07:00:00"
    assert customer.send("QueryDepositList", accountingtype="PAYMENT")["TOTAL"] == "0"


def test_payments_and_other_charges_are_entries_and_sums_run_from_the_opening_balance() -> None:
    customer = a_customer()
    customer.emulator.pay_in(Decimal("100.00"))
    customer.emulator.advance_to(START + DAY)
    customer.emulator.charge(Decimal("20.00"), "mine.com")
    everything = customer.send("QueryAccountingList")
    assert everything.columns["ACCOUNTINGTYPE"] == ["PAYMENT", "ADD_DOMAIN"]
    assert prices(everything) == [Decimal(100), Decimal(-20)]
    assert (everything["OPENINGBALANCE"], everything["SUM"]) == ("5000.00", "5080.00")
    second_day = customer.send("QueryAccountingList", mindate="2026-11-25", maxdate="2026-11-25")
    assert (second_day["OPENINGBALANCE"], second_day["SUM"], second_day["TOTAL"]) == ("5100.00", "5080.00", "1")
    assert "SUM" not in customer.send("QueryAccountingList", nosum="1").columns
    assert customer.send("QueryAccountingList", type="PAY*")["TOTAL"] == "1"
    assert customer.send("QueryAccountingList", description="mine.com")["ACCOUNTINGPRICE"] == "-20.00"


def test_ids_of_the_accounting_can_be_withheld() -> None:
    customer = a_customer(withhold=frozenset({"accounting-id"}))
    customer.emulator.pay_in(Decimal(1))
    assert "ACCOUNTINGID" not in customer.send("QueryAccountingList").columns


def test_a_renewal_is_announced_and_then_draws_on_the_balance() -> None:
    customer = a_customer(vat=Decimal(19))
    customer.emulator.add_renewal("mine.com", START + 2 * DAY, Decimal("11.90"))
    announced = customer.send("QueryObjectRenewalList", wide="1", maxaccountingdate="2026-11-26")
    assert (announced["PRICE"], announced["VATPRICE"], announced["OBJECTID"]) == ("10.00", "1.90", "mine.com")
    customer.emulator.advance_to(START + 2 * DAY)
    assert customer.send("QueryObjectRenewalList")["TOTAL"] == "0"
    assert customer.money()[0] == Decimal("4988.10")


def missing(customer: Customer) -> bool:
    return customer.money() == (Decimal("5000.00"), Decimal("69.00"))


FOUND_AFTER_A_LOSS: dict[str, Callable[[Customer], bool]] = {
    "refund_missing": missing,
    "refund_late": missing,
    "charge_on_failure": lambda customer: (
        customer.money() == (Decimal("4931.00"), NOTHING)
        and prices(customer.send("QueryAccountingList")) == [Decimal("-69.00")]
    ),
    "deposit_orphan": lambda customer: customer.send("QueryDepositList")["TOTAL"] == "1",
    "application_foreign": lambda customer: customer.emulator.state()["applications"][0]["foreign"],
    "application_vanished": lambda customer: (
        customer.emulator.state()["applications"] == [] and customer.money() == (Decimal("5000.00"), NOTHING)
    ),
    "balance_drift": lambda customer: (
        Decimal("4990.00") < customer.money()[0] < Decimal("5000.00")
        and customer.send("QueryAccountingList")["TOTAL"] == "0"
    ),
}


@pytest.mark.parametrize("fault", sorted(FOUND_AFTER_A_LOSS))
def test_a_fault_shows_in_the_books_of_a_lost_name(fault: str) -> None:
    customer = after_the_drop("FAILED", fault)
    assert FOUND_AFTER_A_LOSS[fault](customer)
    assert customer.emulator.state()["faults"] == {fault: 1}


def test_a_late_refund_comes_after_a_day_and_a_half_and_a_missing_one_never() -> None:
    late, never = after_the_drop("FAILED", "refund_late"), after_the_drop("FAILED", "refund_missing")
    for customer in (late, never):
        customer.emulator.advance_to(DROP + 37 * HOUR)
    assert late.money()[1] == NOTHING
    assert never.money()[1] == Decimal("69.00")


def test_a_win_can_be_charged_twice() -> None:
    customer = after_the_drop("SUCCESSFUL", "charge_twice")
    assert prices(customer.send("QueryAccountingList")) == [Decimal(-69), Decimal(-69)]
    assert customer.money() == (Decimal("4862.00"), NOTHING)


def test_a_deposit_can_differ_from_the_fee_that_is_charged() -> None:
    customer = a_customer()
    customer.emulator.schedule("john.com", drop_at=DROP, outcome="SUCCESSFUL")
    customer.emulator.strike_books(["deposit_wrong"], ["john.com"])
    customer.order("john.com")
    customer.emulator.advance_to(LOCK)
    assert customer.money()[1] == Decimal("86.25")
    customer.emulator.advance_to(DROP)
    assert customer.money() == (Decimal("4931.00"), NOTHING)


def test_a_lapsed_deposit_is_gone_for_half_a_day_while_the_order_stays_active() -> None:
    customer = a_customer()
    customer.emulator.schedule("john.com", drop_at=DROP)
    customer.emulator.strike_books(["deposit_lapse"], ["john.com"])
    application = customer.order("john.com")
    seen = []
    for hours in (2, 3, 14, 15):
        customer.emulator.advance_to(LOCK + hours * HOUR)
        seen.append((customer.status(application), customer.send("QueryDepositList")["TOTAL"]))
    assert seen == [("ACTIVE", "1"), ("ACTIVE", "0"), ("ACTIVE", "0"), ("ACTIVE", "1")]


def test_nothing_is_reserved_anew_for_an_order_that_was_taken_back_while_its_deposit_had_lapsed() -> None:
    customer = a_customer()
    customer.emulator.schedule("john.com", drop_at=DROP)
    customer.emulator.strike_books(["deposit_lapse"], ["john.com"])
    application = customer.order("john.com")
    customer.emulator.advance_to(LOCK + 4 * HOUR)
    assert customer.send("DeleteDomainApplication", application=application).code == 200
    customer.emulator.advance_to(DROP + DAY)
    assert customer.money() == (Decimal("5000.00"), NOTHING)
    assert customer.send("QueryDepositList")["TOTAL"] == "0"


def test_a_vanished_application_leaves_its_trace_in_the_log_of_deletions() -> None:
    customer = after_the_drop("FAILED", "application_vanished")
    log = customer.send("QueryObjectDeletionLogList", objectclass="DOMAINAPPLICATION")
    assert (log["LOGUSER"], log["REFERENCE"]) == ("SYSTEM", "john.com")


def test_without_names_a_fault_strikes_a_share_of_the_domains_by_the_seed() -> None:
    def struck(seed: int) -> set[str]:
        customer = a_customer(balance=Decimal(100_000), seed=seed)
        customer.emulator.strike_books(["refund_missing"])
        for number in range(100):
            customer.emulator.schedule(f"name{number}.com", drop_at=DROP, outcome="FAILED")
            customer.order(f"name{number}.com")
        customer.emulator.advance_to(DROP + DAY)
        return {each["domain"] for each in customer.emulator.state()["deposits"]}

    assert struck(1) == struck(1) != struck(2)
    assert 10 < len(struck(1)) < 45


def test_of_a_zones_deposits_the_seed_leaves_the_first_as_it_should_be_so_that_a_wrong_one_can_be_told() -> None:
    customer = a_customer(balance=Decimal(100_000))
    customer.emulator.strike_books(["deposit_wrong"])
    for number in range(60):
        zone = "com" if number % 2 else f"zone{number}"
        customer.emulator.schedule(f"name{number}.{zone}", drop_at=DROP, outcome="FAILED")
        customer.order(f"name{number}.{zone}")
    customer.emulator.advance_to(LOCK)
    wrong = [each for each in customer.emulator.state()["deposits"] if each["amount"] != "69.00"]
    assert len(wrong) == customer.emulator.state()["faults"]["deposit_wrong"] > 3
    assert {each["type"] for each in wrong} == {"COM_BACKORDER"}


@pytest.mark.parametrize(("ordered", "lapses"), [(DROP - DAY, True), (DROP - 13 * HOUR, False)])
def test_the_seed_lets_a_deposit_lapse_only_where_it_is_seen_to_be_gone(ordered: datetime, lapses: bool) -> None:
    customer = a_customer(balance=Decimal(100_000))
    customer.emulator.strike_books(["deposit_lapse"])
    customer.emulator.advance_to(ordered)
    for number in range(40):
        customer.emulator.schedule(f"name{number}.com", drop_at=DROP, outcome="FAILED")
        customer.order(f"name{number}.com")
    customer.emulator.advance_to(DROP)
    assert bool(customer.emulator.state()["faults"]) is lapses


def test_every_fault_of_the_books_can_be_asked_for_at_any_time() -> None:
    customer = after_the_drop("FAILED", *BOOK_FAULTS)
    customer.emulator.strike_books(BOOK_FAULTS)
    with pytest.raises(ValueError, match="no_such"):
        customer.emulator.strike_books(["no_such"])


# The balance of a past day


def balances(customer: Customer, *days: str) -> list[str]:
    return [customer.send("QueryAccountBalanceList", userdepth="SELF", date=day)["DATEBALANCE"] for day in days]


AROUND_THE_DROP = ("2026-11-24", "2026-11-29", "2026-11-30", "2026-12-01")


def test_a_past_days_balance_is_that_of_its_beginning_with_what_was_reserved() -> None:
    customer = after_the_drop("SUCCESSFUL")
    customer.emulator.pay_in(Decimal(10))
    assert balances(customer, *AROUND_THE_DROP) == ["5000.00", "5000.00", "5000.00", "4931.00"]
    answer = customer.send("QueryAccountBalanceList", userdepth="SELF", date="2026-11-29")
    assert (answer["DATE"], answer["CURRENTBALANCE"]) == ("2026-11-29 00:00:00", "4941.00")
    assert (answer["TOTAL"], answer["USER"], answer["DATEBALANCECURRENCY"]) == ("1", "test.user", "USD")


def test_a_days_balance_may_be_its_closing_one_without_what_was_reserved_by_the_clock_of_another_zone() -> None:
    closing = after_the_drop("SUCCESSFUL", day_balance="closing")
    assert balances(closing, *AROUND_THE_DROP) == ["5000.00", "5000.00", "4931.00", "4931.00"]
    free = after_the_drop("FAILED", amount="excludes-deposits")
    assert balances(free, *AROUND_THE_DROP) == ["5000.00", "4931.00", "4931.00", "5000.00"]
    east = after_the_drop("SUCCESSFUL", accounting_zone=-HOUR)
    assert balances(east, "2026-11-30") == ["4931.00"]


def test_a_balance_that_drifted_is_lower_from_that_moment_on() -> None:
    customer = a_customer()
    customer.emulator.advance_to(START + 2 * DAY + HOUR)
    customer.emulator.strike_books(["balance_drift"])
    customer.emulator.advance_to(START + 4 * DAY)
    now = customer.send("StatusAccount")["AMOUNT"]
    assert now != "5000.00"
    assert balances(customer, "2026-11-26", "2026-11-27") == ["5000.00", now]


def test_a_balance_needs_its_depth_and_without_a_date_is_the_present_one() -> None:
    customer = a_customer()
    assert customer.send("QueryAccountBalanceList").code == 504
    assert customer.send("QueryAccountBalanceList", userdepth="SELF", date="soon").code == 505
    answer = customer.send("QueryAccountBalanceList", userdepth="SELF")
    assert (answer["CURRENTBALANCE"], "DATEBALANCE" in answer.columns) == ("5000.00", False)
    assert customer.send("QueryAccountBalanceList", userdepth="SUBUSER")["USER"] == "other.user"
