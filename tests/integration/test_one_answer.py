"""Whatever is answered about one name, reconciliation gets through, and the others' states and money are right."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from backorder.domain.findings import Kind
from backorder.domain.ledger import Account
from backorder.domain.states import State
from local.emulator.scripted import read_script
from tests.factories import NOW, usd
from tests.integration.account import DROP, HOUR, World, a_world
from tests.integration.test_one_refusal import REFUSALS

OTHERS = {"won.com": State.SUCCESSFUL, "lost.com": State.FAILED, "also-lost.com": State.FAILED}


def ordered(world: World, odd: str) -> None:
    """One more, odd, than the others."""
    for domain, outcome in {**OTHERS, "odd.com": State(odd)}.items():
        world.order(domain, outcome.replace("_", "-"))
    world.reconcile()


def script(world: World, *answers: dict[str, Any]) -> None:
    world.emulator.set_answers(read_script(list(answers)))


def others_are_unharmed(world: World) -> None:
    for domain, outcome in OTHERS.items():
        backorder = world.backorder(domain)
        assert (backorder.state, backorder.settled, backorder.refused_look) == (outcome, True, None), domain
        assert backorder.lookup.at is not None
    assert not [kind for kind, domain, _ in world.found() if domain in OTHERS]


COMMANDS = [
    ("StatusDomainApplication", "AUCTION_PENDING"),
    ("StatusDomain", "SUCCESSFUL"),
    ("CheckDomains", "FAILED"),
    ("QueryDomainApplicationList", "FAILED"),
]


@pytest.mark.parametrize(("command", "outcome"), COMMANDS)
@pytest.mark.parametrize(("code", "words"), REFUSALS)
def test_an_answer_about_one_name_leaves_the_others_as_they_are(
    command: str, code: int, words: str, outcome: str
) -> None:
    with a_world() as world:
        ordered(world, outcome)
        script(world, {"command": command, "domain": "odd.com", "code": code, "description": words})
        world.at(NOW + HOUR)
        for hours in (1, 2, 12, 27):
            world.at(DROP + hours * HOUR)
        others_are_unharmed(world)
        world.books_are_right()
        assert world.state("odd.com") == outcome


@pytest.mark.parametrize(
    ("command", "cell", "text", "outcome"),
    [
        ("QueryDomainApplicationList", "CREATEDDATE", None, "SUCCESSFUL"),
        ("QueryDomainApplicationList", "CREATEDDATE", "soon", "FAILED"),
        ("QueryDomainApplicationList", "STATUS", None, "SUCCESSFUL"),
        ("QueryDomainApplicationList", "FINALIZATIONDATE", "31.12.2026", "FAILED"),
        ("QueryDepositList", "DEPOSIT", "a lot", "FAILED"),
        ("QueryDepositList", "CREATEDDATE", "0000-00-00 00:00:00", "SUCCESSFUL"),
        ("QueryAccountingList", "ACCOUNTINGDATE", "0000-00-00", "SUCCESSFUL"),
        ("QueryAccountingList", "ACCOUNTINGPRICE", "1,069", "SUCCESSFUL"),
        ("CheckDomains", "DOMAINCHECK", "odd", "FAILED"),
        ("CheckDomains", "DOMAINCHECK", None, "FAILED"),
        ("StatusDomain", "REGISTRATIONEXPIRATIONDATE", "odd", "SUCCESSFUL"),
    ],
)
def test_a_cell_that_makes_no_sense_leaves_the_other_rows_as_they_are(
    command: str, cell: str, text: str | None, outcome: str
) -> None:
    with a_world() as world:
        for domain in (*OTHERS, "odd.com"):
            world.order(domain, OTHERS.get(domain, State(outcome)).replace("_", "-"))
        script(world, {"command": command, "domain": "odd.com", "properties": {cell: text}})
        world.hourly(NOW + 2 * HOUR)
        world.hourly(DROP + 4 * HOUR)
        world.at(DROP + 27 * HOUR)
        others_are_unharmed(world)
        assert all(domain in ("odd.com", None) for _, domain, _ in world.found())
        script(world)
        world.at(DROP + 60 * HOUR)
        world.at(DROP + 61 * HOUR)
        others_are_unharmed(world)
        world.books_are_right()
        assert world.state("odd.com") == outcome


@pytest.mark.parametrize(
    ("command", "cell", "text"),
    [
        ("QueryDepositList", "DEPOSIT", "sixty-nine"),
        ("QueryAccountingList", "ACCOUNTINGDATE", "0000-00-00"),
        ("QueryDomainApplicationList", "CREATEDDATE", None),
    ],
)
def test_a_row_that_makes_no_sense_is_told_with_its_text_until_it_makes_sense(
    command: str, cell: str, text: str | None
) -> None:
    with a_world() as world:
        world.order("odd.com", "SUCCESSFUL")
        script(world, {"command": command, "domain": "odd.com", "properties": {cell: text}})
        summary = world.at(DROP + HOUR if command == "QueryAccountingList" else NOW + HOUR)
        (row,) = (finding for finding in world.findings() if finding.kind is Kind.ROW_UNREAD)
        assert row.domain == "odd.com"
        assert "odd.com" in row.advice
        assert text is None or text in row.advice
        assert summary.compared is (command == "QueryDomainApplicationList")
        script(world)
        world.at(DROP + 30 * HOUR)
        assert Kind.ROW_UNREAD not in {kind for kind, _, _ in world.found()}


def test_while_a_booking_of_an_older_day_makes_no_sense_the_books_are_not_compared() -> None:
    """The hourly looks read the last days alone: what is missing for that row is no difference."""
    with a_world() as world:
        ordered(world, "SUCCESSFUL")
        script(
            world,
            {"command": "QueryAccountingList", "domain": "odd.com", "properties": {"ACCOUNTINGPRICE": "1,069"}},
        )
        world.hourly(DROP + timedelta(days=5))
        kinds = {kind for kind, _, _ in world.found()}
        assert Kind.ROW_UNREAD in kinds
        assert Kind.UNEXPLAINED_DIFFERENCE not in kinds
        assert world.booked()[Account.UNEXPLAINED] == 0

        script(world)
        world.hourly(DROP + timedelta(days=7))
        assert {kind for kind, _, _ in world.found()} == set()
        world.books_are_right()


def test_an_amount_with_groups_is_booked_as_what_it_means() -> None:
    with a_world() as world:
        world.emulator.charge(usd("1069.00"), "another.com")
        script(
            world,
            {"command": "QueryAccountingList", "domain": "another.com", "properties": {"ACCOUNTINGPRICE": "-1,069.00"}},
        )
        world.at(NOW + HOUR)
        assert world.findings() == []
        world.books_are_right()


@pytest.mark.parametrize(
    ("before", "after"),
    [(" 00:00:00", "T00:00:00Z"), (":00:00", ":00:00.000"), (":00:00", ":00")],
)
def test_times_in_another_form_are_read_everywhere(before: str, after: str) -> None:
    with a_world() as world:
        world.emulator.retimed = (before, after)
        ordered(world, "SUCCESSFUL")
        world.at(DROP + HOUR)
        world.at(DROP + 27 * HOUR)
        others_are_unharmed(world)
        world.books_are_right()


@pytest.mark.parametrize("cell", ["549 Command failed", "421 Command failed due to server error"])
def test_a_check_that_fails_for_one_name_is_asked_again_and_not_taken_for_taken(cell: str) -> None:
    with a_world(seed=1) as world:
        names = [f"lost{number}.com" for number in range(12)]
        for domain in names:
            world.order(domain, "FAILED")
        world.at(DROP + HOUR)
        world.at(DROP + 26 * HOUR)
        free = next(domain for domain in names if world.backorder(domain).lookup.is_free)
    with a_world(seed=1) as world:
        for domain in names:
            world.order(domain, "FAILED")
        odd = {"command": "CheckDomains", "domain": free, "properties": {"DOMAINCHECK": cell}, "times": 2}
        script(world, odd)
        world.at(DROP + HOUR)
        world.at(DROP + 26 * HOUR)
        looked_up = world.backorder(free)
        assert (looked_up.lookup.at, looked_up.lookup.is_free) == (None, False)
        assert looked_up.refused_look is not None
        assert all(world.backorder(domain).lookup.at for domain in names if domain != free)
        for hours in range(27, 40):
            world.at(DROP + hours * HOUR)
        assert world.backorder(free).lookup.is_free
        assert (Kind.NAME_STILL_FREE, free, None) in world.found()


def test_a_look_that_is_refused_is_told_at_the_third_time_and_closes_by_itself() -> None:
    with a_world() as world:
        ordered(world, "SUCCESSFUL")
        script(world, {"command": "StatusDomain", "domain": "odd.com", "code": 531, "description": "Not yours"})
        world.hourly(DROP + HOUR)
        assert world.found() == []
        world.hourly(DROP + 6 * HOUR)
        (told,) = world.findings()
        assert (told.kind, told.domain) == (Kind.SET_ASIDE, "odd.com")
        assert "Not yours" in told.advice
        script(world)
        world.hourly(DROP + 14 * HOUR)
        assert world.found() == []
        assert world.backorder("odd.com").lookup.expires_at is not None


@pytest.mark.parametrize(
    ("command", "stage"),
    [
        ("StatusAccount", "account"),
        ("QueryDepositList", "deposits"),
        ("QueryAccountingList", "entries"),
        ("QueryDomainApplicationList", "applications"),
        ("QueryDomainPendingDeleteList", "dates"),
        ("QueryObjectRenewalList", "renewals"),
        ("StatusUser", "prices"),
        ("QueryAccountBalanceList", "balances"),
    ],
)
@pytest.mark.parametrize("code", [545, 531, 500, 421])
def test_a_stage_that_fails_is_named_and_the_others_go_on(command: str, stage: str, code: int) -> None:
    if command == "StatusAccount" and code == 531:
        pytest.skip("then the account itself is refused")
    with a_world() as world:
        ordered(world, "FAILED")
        world.order_dormant("undated.com")
        script(world, {"command": command, "code": code})
        world.emulator.advance_to(DROP + timedelta(days=1))
        summary = world.reconcile()
        assert stage in summary.failed
        assert summary.halted is None
        if stage != "applications":
            assert {world.state(domain) for domain in ("odd.com", "lost.com")} == {State.FAILED}
        script(world)
        world.at(DROP + timedelta(days=2))
        world.at(DROP + timedelta(days=2, hours=1))
        others_are_unharmed(world)
        world.books_are_right()
