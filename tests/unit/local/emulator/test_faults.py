"""Faults of the wire: which calls they strike, and what the client sees of them."""

from collections import Counter
from datetime import timedelta

import pytest

from local.emulator import Emulator, FaultMix, Options
from local.emulator.options import WIRE_FAULTS
from local.emulator.wire import Delivery
from tests.unit.local.emulator.customer import START, Customer, a_customer

ORDER = {"command": "AddDomainApplication", "class": "BACKORDER"}
NAMES = [f"name{number}.com" for number in range(300)]


def with_faults(rate: float, *kinds: str, seed: int = 1) -> Customer:
    return a_customer(faults=FaultMix(rate=rate, kinds=kinds or WIRE_FAULTS), seed=seed)


def order(customer: Customer, domain: str) -> Delivery:
    return customer.emulator.exchange({**customer.credentials, **ORDER, "domain": domain})


def ordered(customer: Customer) -> int:
    created: int = customer.emulator.state()["created"]
    return created


def struck_by(kind: str) -> tuple[Customer, Delivery]:
    customer = with_faults(1.0, kind)
    return customer, order(customer, "john.com")


@pytest.mark.parametrize(
    ("kind", "took_effect"),
    [
        ("timeout_before", False),
        ("timeout_after", True),
        ("reset_before", False),
        ("reset_after", True),
        ("http_429", False),
        ("http_503", False),
        ("code_420", False),
        ("code_421", False),
        ("code_423", False),
        ("code_425", False),
        ("cut", True),
        ("slow", True),
    ],
)
def test_a_fault_says_by_its_name_whether_the_command_took_effect(kind: str, took_effect: bool) -> None:
    customer, delivery = struck_by(kind)
    assert delivery.fault == kind
    assert ordered(customer) == took_effect
    assert customer.emulator.state()["faults"] == {kind: 1}


@pytest.mark.parametrize("kind", ["http_500", "html", "empty"])
def test_after_an_answer_that_is_none_the_command_may_have_taken_effect(kind: str) -> None:
    effects = set()
    for name in NAMES[:40]:
        customer = with_faults(1.0, kind)
        order(customer, name)
        effects.add(ordered(customer))
    assert effects == {0, 1}


def test_a_late_command_takes_effect_on_the_emulators_clock_after_its_caller_gave_up() -> None:
    moments = []
    for name in NAMES[:40]:
        customer = with_faults(1.0, "timeout_late")
        delivery = order(customer, name)
        assert delivery.ending == "close"
        assert ordered(customer) == 0
        moment = customer.emulator.next_moment()
        assert moment is not None
        moments.append((moment - START).total_seconds())
        assert [each["what"] for each in customer.emulator.advance_to(moment)] == ["late_command"]
        assert ordered(customer) == 1
    assert min(moments) >= 5
    assert 60 < max(moments) <= 90


@pytest.mark.parametrize(
    ("kind", "status", "ending", "begins"),
    [
        ("http_429", 429, "answer", b"<html>"),
        ("http_500", 500, "answer", b"<html>"),
        ("html", 200, "answer", b"<html>"),
        ("empty", 200, "answer", b""),
        ("code_421", 200, "answer", b"[RESPONSE]\r\nCODE=421\r\n"),
        ("timeout_after", 200, "close", b""),
        ("reset_before", 200, "reset", b""),
        ("slow", 200, "answer", b"[RESPONSE]\r\nCODE=200\r\n"),
    ],
)
def test_the_client_sees_what_the_fault_leaves(kind: str, status: int, ending: str, begins: bytes) -> None:
    _, delivery = struck_by(kind)
    assert (delivery.status, delivery.ending) == (status, ending)
    assert delivery.body.startswith(begins)


def test_a_cut_answer_never_holds_its_end() -> None:
    endings = set()
    for name in NAMES[:40]:
        delivery = order(with_faults(1.0, "cut"), name)
        endings.add(delivery.ending)
        if delivery.ending == "answer":
            assert b"EOF" not in delivery.body
    assert endings == {"answer", "short"}


def test_a_time_out_outlasts_the_client_of_a_local_run_and_a_slow_answer_does_not() -> None:
    half_a_second = timedelta(seconds=0.5)
    assert struck_by("timeout_before")[1].hold > half_a_second > struck_by("slow")[1].hold > timedelta(0)


def test_a_mix_strikes_its_share_of_the_calls_with_every_kind() -> None:
    for text, least, most in (("none", 0, 0), ("mild", 1, 15), ("severe", 60, 120)):
        customer = a_customer(faults=FaultMix.parse(text))
        kinds = Counter(order(customer, name).fault for name in NAMES)
        assert least <= len(NAMES) - kinds[None] <= most
    assert len(kinds) > 12


def test_which_calls_are_struck_does_not_depend_on_their_order() -> None:
    def struck(names: list[str], seed: int = 1) -> dict[str, str | None]:
        customer = with_faults(0.3, seed=seed)
        return {name: order(customer, name).fault for name in names}

    assert struck(NAMES) == struck(NAMES[::-1]) != struck(NAMES, seed=2)


def test_credentials_do_not_change_what_is_drawn() -> None:
    one, other = with_faults(0.5), with_faults(0.5)
    session = other.send("StartSession")["SESSION"]
    other.credentials = {"s_entity": "1234", "s_session": session}
    assert [order(one, name).fault for name in NAMES] == [order(other, name).fault for name in NAMES]


def test_never_more_than_five_faults_in_a_row_for_one_domain_and_command() -> None:
    customer = with_faults(1.0, "code_421")
    faults = [order(customer, "john.com").fault for _ in range(12)]
    assert faults == ["code_421"] * 5 + [None] + ["code_421"] * 5 + [None]
    query = {**customer.credentials, "command": "QueryDomainApplicationList", "userdepth": "SELF"}
    asked = [
        customer.emulator.exchange({**query, "domain0": "john.com", "domain1": f"name{number}.com"}).fault
        for number in range(6)
    ]
    assert asked == ["code_421"] * 5 + [None]


def test_faults_can_be_changed_while_it_runs() -> None:
    customer = a_customer()
    assert order(customer, "a.com").fault is None
    customer.emulator.set_faults(1.0, ["code_425"], seed=7)
    assert order(customer, "b.com").fault == "code_425"
    customer.emulator.set_faults(0.0)
    assert order(customer, "c.com").fault is None
    with pytest.raises(ValueError, match="no_such"):
        customer.emulator.set_faults(1.0, ["no_such"])
    with pytest.raises(ValueError, match="rate"):
        customer.emulator.set_faults(1.1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", FaultMix()),
        ("mild", FaultMix(rate=0.02)),
        ("severe,timeout_late,cut", FaultMix(rate=0.3, kinds=("timeout_late", "cut"))),
        ("none,refund_missing", FaultMix(books=frozenset({"refund_missing"}))),
        ("severe, charge_twice", FaultMix(rate=0.3, books=frozenset({"charge_twice"}))),
        ("balance_drift", FaultMix(books=frozenset({"balance_drift"}))),
    ],
)
def test_a_mix_is_read(text: str, expected: FaultMix) -> None:
    assert FaultMix.parse(text) == expected


@pytest.mark.parametrize("text", ["", "wild", "mild,no_such"])
def test_an_unknown_mix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="neither a mix"):
        FaultMix.parse(text)


def test_a_machine_clock_lets_take_place_what_is_due() -> None:
    customer = Customer(Emulator(Options(faults=FaultMix(rate=1.0, kinds=("timeout_late",)))))
    assert not customer.emulator.frozen
    order(customer, "john.com")
    assert customer.send("StatusAccount").code == 200
    customer.emulator.advance_by(90)
    assert ordered(customer) == 1
    assert customer.emulator.frozen
