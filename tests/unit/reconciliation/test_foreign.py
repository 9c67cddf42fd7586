"""Orders that others placed in the account: which of them draw on it, and which are remembered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from backorder.documents.account_outlook import ForeignOrder
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Kind
from backorder.domain.states import State
from backorder.domain.values import Origin
from backorder.provider.port import Application
from backorder.store import NotUnderstood, SetAside
from local.memory_store import MemoryStore
from reconciliation.account.foreign import Strangers, find_strangers, foreign_orders
from reconciliation.account.snapshot import Money, Placed, Reading
from reconciliation.findings import Stranger
from reconciliation.open_backorders import Orders
from tests.factories import (
    NOW,
    a_backorder,
    a_claim,
    a_finding,
    a_lease,
    a_placed_backorder,
    an_account_status,
    an_application,
    changed,
)


def live(*domains: str) -> tuple[Stranger, ...]:
    return tuple(Stranger(an_application(domain), None) for domain in domains)


def test_all_that_others_placed_is_reckoned_with_however_much_it_is() -> None:
    many = [f"{n}.com" for n in range(20_000)]
    assert len(foreign_orders({}, Strangers(live(*many)), ())) == len(many)


def test_what_has_its_deposit_draws_no_more() -> None:
    theirs, ours = a_lease("a.com", cycle=None), a_lease("b.com", cycle=1)
    found = foreign_orders({}, Strangers(live("a.com", "b.com")), (theirs, ours))
    assert found == {"app-b.com": ForeignOrder("b.com", "com")}


@pytest.mark.parametrize(("everything", "left"), [(False, {"1", "app-c.com"}), (True, {"app-c.com"})])
def test_what_was_not_read_stays_known_unless_all_was_read(everything: bool, left: set[str]) -> None:
    known = {"1": ForeignOrder("a.com", "com"), "2": ForeignOrder("b.com", "com")}
    seen = Strangers(live("c.com"), over=frozenset({"2"}), everything=everything)
    assert set(foreign_orders(known, seen, ())) == left


def test_a_second_application_for_a_name_of_ours_draws_and_the_first_does_not() -> None:
    ours = a_placed_backorder()
    first = Stranger(an_application(id=str(ours.application_id)), ours)
    second = Stranger(an_application(id="77", finalization_at=NOW + timedelta(days=3)), ours)
    assert foreign_orders({}, Strangers((first, second)), ()) == {
        "77": ForeignOrder("john.com", "com", NOW + timedelta(days=3))
    }


def looked_at(
    applications: Iterable[Application], *ours: Backorder, known: Iterable[str] = (), all_there_are: bool = False
) -> Strangers:
    """What a look at these applications says, with these orders of ours in the table."""
    store = MemoryStore()
    for order in ours:
        store.create(order)
    placed = Placed({each.id: each for each in applications}, all_there_are)
    reading = Reading(Money(an_account_status()), placed)
    return find_strangers(reading, Orders(store), set(known))


ON_ITS_WAY = a_backorder(state=State.SUBMITTING, claim=a_claim(sent=1))


def test_an_application_that_nobody_of_ours_placed_is_foreign() -> None:
    others = a_backorder("jane.com")
    for ours in ([], [others], [a_backorder()], [a_placed_backorder(application="another")]):
        seen = looked_at([an_application()], *ours)
        assert [stranger.application.id for stranger in seen.live] == ["app-john.com"]
        assert (seen.over, seen.unsure) == (frozenset(), frozenset())


def test_an_application_of_an_order_of_ours_is_not_foreign_whatever_became_of_the_order() -> None:
    placed = a_placed_backorder()
    settled = replace(placed, state=State.FAILED, outcome_at=NOW, settled=True)
    for ours in (placed, replace(placed, state=State.WITHDRAWING, claim=a_claim()), settled):
        assert looked_at([an_application()], ours) == Strangers()


@pytest.mark.parametrize("changes", [{}, {"state": State.WITHDRAWING, "application": "app-earlier"}])
def test_an_application_that_may_be_the_one_that_an_order_of_ours_asked_for_is_not_called_foreign(
    changes: dict[str, Any],
) -> None:
    seen = looked_at([an_application(id="77")], changed(ON_ITS_WAY, **changes))
    assert (seen.live, seen.over, seen.unsure) == ((), frozenset(), frozenset({"77"}))


def test_an_order_of_another_name_that_is_on_its_way_makes_nothing_unsure() -> None:
    seen = looked_at([an_application("jane.com")], ON_ITS_WAY)
    assert ([stranger.application.domain for stranger in seen.live], seen.unsure) == (["jane.com"], frozenset())


def test_what_may_be_ours_is_neither_found_nor_closed_and_what_is_over_is_closed() -> None:
    findings = [a_finding(Kind.APPLICATION_FOREIGN, f"application {id_}") for id_ in ("1", "2", "3")]
    final = an_application("jane.com", "FAILED", id="2")
    for all_there_are, closable in ((False, {"2"}), (True, {"2", "3"})):
        seen = looked_at([an_application(id="1"), final], ON_ITS_WAY, known="123", all_there_are=all_there_are)
        examined = seen.examined(findings)[Kind.APPLICATION_FOREIGN]
        assert examined == {f"application {id_}" for id_ in closable}


def test_an_application_of_a_name_whose_backorder_is_not_understood_may_be_ours() -> None:
    class OfTheFuture(MemoryStore):
        def latest(self, domain: str) -> Backorder | None:
            raise NotUnderstood(SetAside(f"domain#{domain}", "cycle#0001"), "state: enum")

    ended = an_application("jane.com", "FAILED", id="2")
    reading = Reading(Money(an_account_status()), Placed({"1": an_application(id="1"), "2": ended}, all_there_are=True))
    seen = find_strangers(reading, Orders(OfTheFuture()), known=["1", "2"])
    assert seen == Strangers(over=frozenset({"2"}), unsure=frozenset({"1"}), everything=True)


def test_of_applications_that_ended_only_those_are_remembered_that_were_known() -> None:
    ended = [an_application(f"{name}.com", "FAILED", id=name) for name in "ab"]
    assert looked_at(ended, known=["a"]) == Strangers(over=frozenset({"a"}))
    assert looked_at([an_application()], a_placed_backorder(), known=["app-john.com"]).over == {"app-john.com"}


def test_an_order_that_fulfils_our_wish_and_that_somebody_else_placed_is_foreign_and_says_which_wish() -> None:
    wish = a_placed_backorder(origin=Origin.FOREIGN)
    assert looked_at([an_application()], wish).live == (Stranger(an_application(), wish),)
