"""The provider's own balances of the last days beside the statement, against the emulator over loopback HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backorder.domain.findings import Finding, Kind
from local.emulator.scripted import read_script
from local.memory_store import MemoryStore
from reconciliation.books import Books
from tests.factories import NOW, usd
from tests.integration.account import DROP, HOUR, World, a_world

DAY = timedelta(days=1)
ASKED = "QueryAccountBalanceList"
MIDNIGHT = NOW.replace(hour=0, minute=0) + DAY
NIGHT = MIDNIGHT + HOUR / 2
"""The first run of the second day."""


def asked(world: World) -> int:
    return int(world.emulator.state()["calls"].get(ASKED, 0))


def differing(world: World, status: str = "open") -> list[Finding]:
    return [finding for finding in world.findings(status) if finding.kind is Kind.BALANCE_DIFFERS_ON]


def scripted(world: World, *entries: Mapping[str, Any]) -> None:
    world.emulator.set_answers(read_script([{"command": ASKED, **entry} for entry in entries]))


def add_to_sum(world: World, day: date, amount: int) -> None:
    """Keeps another sum for a day than its postings come to."""
    name = f"ledger-{day:%Y-%m}"
    [summed] = world.store.group(name)[day.isoformat()]["sums"]
    wrong = {**summed, "amount": str(Decimal(summed["amount"]) + amount)}
    world.store.put_member(name, day.isoformat(), {"sums": [wrong]})


def test_the_provider_is_asked_once_a_day_for_the_balances_of_the_last_days() -> None:
    with a_world() as world:
        world.hourly(MIDNIGHT - HOUR)
        first_day = asked(world)
        world.hourly(MIDNIGHT + 5 * HOUR)
        assert (first_day, asked(world)) == (1, 3)
        world.hourly(MIDNIGHT + 20 * DAY)
        before = asked(world)
        world.hourly(MIDNIGHT + 21 * DAY)
        assert asked(world) - before == 8
        assert world.findings() == []


@pytest.mark.parametrize("amount", ["includes-deposits", "excludes-deposits"])
@pytest.mark.parametrize("day_balance", ["opening", "closing"])
@pytest.mark.parametrize("east", [-12, -5, 0, 1, 14])
def test_right_books_are_never_found_wrong(amount: str, day_balance: str, east: int) -> None:
    options: dict[str, Any] = {"amount": amount, "day_balance": day_balance, "accounting_zone": east * HOUR}
    with a_world(**options, vat=Decimal(19), release_lag=12 * HOUR) as world:
        world.order("john.com", "SUCCESSFUL")
        world.order("jane.com", "FAILED")
        world.hourly(NOW + 5 * HOUR)
        world.emulator.pay_in(usd(50))
        world.hourly(DROP + DAY)
        world.emulator.charge(usd("12.50"), "other.com")
        world.hourly(DROP + 3 * DAY)
        assert world.findings("open") + world.findings("closed") == []
        world.books_are_right()
        notes = Books(world.store).notes
        assert notes.proved_on == world.emulator.now.date()
        assert 0 < len(notes.balance_readings) < 80


def test_days_are_not_compared_until_it_is_known_what_the_books_were_opened_with() -> None:
    """Whether AMOUNT had what was reserved at the first look shows when the reserved sum changes."""
    with a_world(amount="excludes-deposits", day_balance="closing", release_lag=12 * HOUR) as world:
        world.order("john.com", "FAILED")
        world.emulator.advance_to(NOW + HOUR)
        # The books are opened anew, while something is reserved.
        ordered, world.store = world.backorder(), MemoryStore()
        world.store.create(ordered)
        before = asked(world)
        world.hourly(NIGHT + 8 * HOUR)
        notes = Books(world.store).notes
        assert (notes.opened_with > 0, notes.excludes_deposits) == (True, None)
        assert (asked(world), notes.balance_readings) == (before, ())

        world.hourly(DROP + 5 * DAY)
        notes = Books(world.store).notes
        assert notes.excludes_deposits
        assert notes.proved_on == world.emulator.now.date()
        assert world.findings("open") + world.findings("closed") == []


def test_a_difference_that_the_books_noticed_days_later_is_told_with_the_day_on_which_it_came() -> None:
    with a_world() as world:
        world.hourly(MIDNIGHT + 12 * HOUR)
        world.emulator.strike_books(["balance_drift"])
        # Nobody saw the account for days, and then the sums say that it was there all the time.
        world.at(MIDNIGHT + 3 * DAY + 12 * HOUR)
        world.at(MIDNIGHT + 3 * DAY + 13 * HOUR)
        assert differing(world) == [], "that gap is known"
        books = world.store.document("books")
        assert books is not None
        world.store.put_document("books", {**books, "unseen": []})
        world.at(MIDNIGHT + 4 * DAY + HOUR)
        [finding] = differing(world)
        assert finding.amount is not None
        assert finding.amount < 0
        assert f"on {MIDNIGHT + DAY / 2:%-d %B %Y}" in finding.advice
        assert f"{-finding.amount} USD less" in finding.advice
        assert len(world.messages) == 2
        world.hourly(MIDNIGHT + 12 * DAY)
        assert len(differing(world)) == 1, "that day is asked for as long as it differs"


def test_a_statement_that_is_wrong_is_found_with_its_first_day_and_the_finding_closes_once_it_is_mended() -> None:
    with a_world() as world:
        for number in range(4):
            world.hourly(MIDNIGHT + number * DAY + 12 * HOUR)
            world.emulator.pay_in(usd(40))
        world.hourly(MIDNIGHT + 5 * DAY)
        first, other = (MIDNIGHT + DAY).date(), (MIDNIGHT + 2 * DAY).date()
        add_to_sum(world, first, 7)
        add_to_sum(world, other, -7)
        world.hourly(NIGHT + 6 * DAY)
        [finding] = differing(world)
        assert finding.amount == usd(-7)
        assert f"7.00 USD less on {first:%-d %B %Y}" in finding.advice
        for name in ("ledger-2026-11", "ledger-2026-12"):
            for day in world.store.group(name):
                world.store.delete_member(name, day)
        world.hourly(NIGHT + 7 * DAY)
        assert differing(world) == []
        assert len(differing(world, "closed")) == 1


@pytest.mark.parametrize(
    ("entry", "again"),
    [
        ({"code": 500}, False),
        ({"code": 531}, False),
        ({"properties": {"DATEBALANCE": ""}}, False),
        ({"properties": {"DATEBALANCE": "1,069"}}, False),
        ({"properties": {"DATEBALANCECURRENCY": "EUR"}}, False),
        ({"code": 421}, True),
        ({"http": 503}, True),
    ],
    ids=str,
)
def test_what_is_refused_or_makes_no_sense_fails_alone_and_is_asked_for_again_the_next_day(
    entry: Mapping[str, Any], again: bool
) -> None:
    with a_world() as world:
        world.order("john.com", "FAILED")
        world.hourly(MIDNIGHT - HOUR)
        scripted(world, entry)
        summary = world.at(NIGHT)
        assert list(summary.failed) == ["balances"]
        assert summary.compared
        assert summary.halted is None
        before = asked(world)
        assert list(world.at(NIGHT + HOUR).failed) == ["balances"] * again
        assert (asked(world) > before) is again
        scripted(world)
        world.hourly(NIGHT + DAY)
        assert Books(world.store).notes.proved_on == (NIGHT + DAY).date()
        assert world.findings() == []


def test_while_nobody_knows_what_the_books_say_the_finding_stays() -> None:
    with a_world() as world:
        world.hourly(MIDNIGHT + 12 * HOUR)
        scripted(world, {"properties": {"DATEBALANCE": "4999.00"}})
        world.hourly(NIGHT + DAY)
        assert len(differing(world)) == 1
        scripted(world, {"code": 500})
        world.hourly(NIGHT + 2 * DAY)
        assert len(differing(world)) == 1
        scripted(world)
        world.hourly(NIGHT + 3 * DAY)
        assert differing(world) == []
