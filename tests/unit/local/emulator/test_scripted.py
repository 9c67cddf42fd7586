"""Scripted answers: which calls they are for, what the client sees, and what takes effect."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.emulator.emulator import Emulator
from local.emulator.scripted import read_script
from local.emulator.wire import Delivery
from tests.unit.local.emulator.customer import Customer, a_customer

ORDER = {"command": "AddDomainApplication", "class": "BACKORDER"}
LIST = {"command": "QueryDomainApplicationList", "wide": "1"}


def scripted(*entries: dict[str, Any]) -> Customer:
    customer = a_customer()
    customer.emulator.set_answers(read_script(list(entries)))
    return customer


def exchange(customer: Customer, **fields: str) -> Delivery:
    return customer.emulator.exchange({**customer.credentials, **fields})


def order(customer: Customer, domain: str) -> str:
    return exchange(customer, **ORDER, domain=domain).body.decode()


def created(emulator: Emulator) -> int:
    count: int = emulator.state()["created"]
    return count


def test_an_answer_for_one_name_is_given_to_no_other() -> None:
    customer = scripted({"command": "AddDomainApplication", "domain": "john.com", "code": 545, "description": "No"})
    assert "CODE=545\r\nDESCRIPTION=No\r\n" in order(customer, "john.com")
    assert "CODE=200" in order(customer, "jane.com")
    assert [each["domain"] for each in customer.emulator.state()["applications"]] == ["jane.com"]
    assert customer.emulator.state()["faults"] == {"answer": 1}


def test_a_name_is_found_in_any_parameter_and_in_any_spelling() -> None:
    customer = scripted({"command": "checkdomains", "domain": "xn--bcher-kva.de", "code": 541})
    assert b"CODE=541" in exchange(customer, command="CheckDomains", domain0="a.com", domain7="BÜCHER.de").body
    assert b"CODE=200" in exchange(customer, command="CheckDomains", domain0="a.com").body


def test_an_application_is_found_by_its_domain() -> None:
    customer = scripted({"command": "StatusDomainApplication", "domain": "john.com", "code": 549})
    order(customer, "john.com")
    order(customer, "jane.com")
    assert b"CODE=549" in exchange(customer, command="StatusDomainApplication", application="10700").body
    assert b"CODE=200" in exchange(customer, command="StatusDomainApplication", application="10701").body


def test_with_both_given_both_have_to_fit() -> None:
    customer = scripted(
        {"command": "DeleteDomainApplication", "domain": "john.com", "application": "10701", "code": 531}
    )
    order(customer, "john.com")
    order(customer, "jane.com")
    for application in ("10700", "10701"):
        assert b"CODE=200" in exchange(customer, command="DeleteDomainApplication", application=application).body


def test_the_first_entry_that_fits_is_given_as_often_as_it_says_and_then_the_next() -> None:
    customer = scripted(
        {"command": "AddDomainApplication", "domain": "john.com", "code": 549, "times": 1},
        {"command": "AddDomainApplication", "code": 552, "times": 1},
    )
    assert [order(customer, "john.com").split("\r\n")[1] for _ in range(3)] == ["CODE=549", "CODE=552", "CODE=200"]


def test_a_command_may_take_effect_and_be_answered_so_all_the_same() -> None:
    customer = scripted({"command": "AddDomainApplication", "domain": "john.com", "code": 549, "after": True})
    assert "CODE=549" in order(customer, "john.com")
    assert created(customer.emulator) == 1


def test_an_http_status_carries_its_text() -> None:
    customer = scripted({"command": "StatusAccount", "http": 503, "description": "closed"})
    delivery = exchange(customer, command="StatusAccount")
    assert (delivery.status, delivery.body) == (503, b"closed")


def test_a_code_comes_with_the_scripted_properties_alone() -> None:
    customer = scripted({"command": "StatusAccount", "code": 200, "properties": {"amount": ["1.00"], "VAT": []}})
    body = exchange(customer, command="StatusAccount").body.decode()
    assert "PROPERTY[AMOUNT][0]=1.00\r\n" in body
    assert "CURRENCY" not in body


def test_cells_are_replaced_in_the_rows_about_the_object_wherever_they_are_told() -> None:
    customer = scripted(
        {"command": "QueryDomainApplicationList", "domain": "jane.com", "properties": {"CREATEDDATE": None, "X": "y"}}
    )
    for domain in ("john.com", "jane.com"):
        order(customer, domain)
    body = exchange(customer, **LIST).body.decode()
    assert "PROPERTY[CREATEDDATE][0]=" in body
    assert "PROPERTY[CREATEDDATE][1]=" not in body
    assert "PROPERTY[X][1]=y\r\n" in body
    assert "PROPERTY[X][0]" not in body


def test_rows_that_answer_by_number_are_about_what_was_asked_under_it() -> None:
    customer = scripted({"command": "CheckDomains", "domain": "b.com", "properties": {"DOMAINCHECK": "999 odd"}})
    body = exchange(customer, command="CheckDomains", domain0="a.com", domain1="b.com").body.decode()
    assert "PROPERTY[DOMAINCHECK][1]=999 odd" in body
    assert "PROPERTY[DOMAINCHECK][0]=999" not in body


def test_rows_that_name_something_are_about_that_whatever_was_asked_under_their_number() -> None:
    customer = scripted({"command": LIST["command"], "domain": "late.com", "properties": {"STATUS": "odd"}})
    for domain in ("first.com", "late.com"):
        order(customer, domain)
    body = exchange(customer, **LIST, domain0="late.com", domain1="first.com", orderby="CREATEDDATE").body.decode()
    assert "PROPERTY[DOMAIN][1]=late.com" in body
    assert "PROPERTY[STATUS][0]=odd" not in body
    assert "PROPERTY[STATUS][1]=odd" in body


def test_a_booking_is_about_the_name_in_its_text() -> None:
    customer = scripted(
        {"command": "QueryAccountingList", "domain": "won.com", "properties": {"ACCOUNTINGDATE": "0000-00-00"}}
    )
    customer.emulator.charge(Decimal("12.00"), "won.com")
    customer.emulator.charge(Decimal("13.00"), "other.com")
    body = exchange(customer, command="QueryAccountingList", wide="1").body.decode()
    assert body.count("0000-00-00") == 1


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"command": "X", "code": 545, "domian": "x"}, "unknown: domian"),
        ({"code": 545}, "command is missing"),
        ({"command": "X"}, "would change nothing"),
        ({"command": "X", "code": "545"}, "code is a number"),
        ({"command": "X", "code": 200, "properties": {"A": "x"}}, "lists of texts"),
        ({"command": "X", "properties": {"A": ["x"]}}, "texts, or null"),
        ({"command": "X", "code": 200, "http": 500}, "one of them"),
        ({"command": "X", "code": 200, "after": 1}, "after is true or false"),
        ({"command": "X", "code": 200, "times": -1}, "times is a number"),
        ("X", "is no JSON object"),
    ],
)
def test_what_cannot_be_played_is_refused_with_its_place(entry: Any, why: str) -> None:
    with pytest.raises(ValueError, match=f"^answer 2: .*{why}"):
        read_script([{"command": "X", "code": 545}, entry])


def test_a_script_is_a_list() -> None:
    with pytest.raises(ValueError, match="a JSON list"):
        read_script({"command": "X"})


@given(st.integers(100, 999), st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=40))
def test_any_code_and_any_words_reach_the_client(code: int, words: str) -> None:
    customer = scripted({"command": "AddDomainApplication", "code": code, "description": words})
    assert f"CODE={code}\r\nDESCRIPTION={words}\r\n" in order(customer, "john.com")


def test_entries_survive_the_way_through_a_file() -> None:
    entries = [{"command": "AddDomainApplication", "domain": "john.com", "code": 545, "times": None}]
    assert read_script(json.loads(json.dumps(entries)))[0].times is None
