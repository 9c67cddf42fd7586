"""Orders that others placed in the account: which of them draw on it, and which are remembered."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backorder.standing import ForeignOrder
from reconciliation.findings import Stranger
from reconciliation.strangers import Strangers, foreign_orders
from tests.factories import NOW, a_lease, a_placed_backorder, an_application


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
    first = Stranger(an_application(id=str(ours.application)), ours)
    second = Stranger(an_application(id="77", finalization_at=NOW + timedelta(days=3)), ours)
    assert foreign_orders({}, Strangers((first, second)), ()) == {
        "77": ForeignOrder("john.com", "com", NOW + timedelta(days=3))
    }
