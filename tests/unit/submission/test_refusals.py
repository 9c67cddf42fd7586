"""Refusals that run on: what they halt, in whatever order they come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.refusals import MANY, Refusals, RefusedName, in_general

NAMES = st.builds(
    RefusedName,
    name=st.sampled_from([f"n{number}" for number in range(12)]),
    zone=st.sampled_from(["com", "net", "it"]),
    words=st.sampled_from(["no object", "no class"]),
)
WORDS = "541 invalid attribute value"


def refused(*names: str, words: str = WORDS) -> Refusals:
    """All of these names refused, in this order."""
    refusals = Refusals()
    for name in names:
        refusals = refusals.plus(a_refusal(name, words))
    return refusals


def a_refusal(name: str, words: str = WORDS) -> RefusedName:
    # Each text made new, as they come from answers and messages.
    return RefusedName("".join(list(name)), name.partition(".")[2], "".join(list(words)))


def test_five_names_of_one_zone_halt_that_zone() -> None:
    assert refused("a.it", "b.it", "c.it", "d.it").halts(a_refusal("d.it")) is None
    assert refused("a.it", "b.it", "c.it", "d.it", "e.it").halts(a_refusal("e.it")) == "zone"
    assert refused("a.it", "b.it", "c.it", "d.it", "e.it", "f.it").halts(a_refusal("f.it")) == "zone"


def test_five_names_of_two_zones_halt_all_orders() -> None:
    assert refused("a.it", "b.it", "c.it", "d.com").halts(a_refusal("d.com")) is None
    assert refused("a.it", "b.it", "c.it", "d.it", "e.com").halts(a_refusal("e.com")) == "line"
    assert refused("a.it", "b.it", "c.it", "d.it", "e.com", "f.com").halts(a_refusal("f.com")) == "line"


def test_other_words_count_for_themselves() -> None:
    refusals = refused("a.it", "b.it", "c.it", "d.it").plus(a_refusal("e.it", "540 not taken"))
    assert refusals.halts(a_refusal("e.it", "540 not taken")) is None
    assert refusals.plus(a_refusal("f.it")).halts(a_refusal("f.it")) == "zone"


def test_a_name_that_is_refused_again_counts_once_and_as_the_latest() -> None:
    refusals = refused("a.it", "b.it", "c.it", "d.it", "a.it")
    assert refusals.halts(a_refusal("a.it")) is None
    assert [each.name for each in refusals.names] == ["b.it", "c.it", "d.it", "a.it"]


def test_an_order_that_went_through_forgives_its_zone_and_leaves_others_to_count_for_theirs_alone() -> None:
    refusals = refused("a.it", "b.it", "c.it", "d.com").after_success({"com"})
    assert [each.name for each in refusals.names] == ["a.it", "b.it", "c.it"]
    mixed = refusals.plus(a_refusal("e.com")).plus(a_refusal("f.it"))
    assert mixed.halts(a_refusal("f.it")) is None, "of all orders only two were refused since"
    assert mixed.plus(a_refusal("g.it")).halts(a_refusal("g.it")) == "zone"


@pytest.mark.parametrize(("others", "zone"), [("it", "com"), ("com", "it")])
def test_names_of_another_zone_that_count_for_theirs_alone_halt_no_other_zone(others: str, zone: str) -> None:
    refusals = refused(*(f"n{number}.{others}" for number in range(4))).after_success({"net"})
    assert refusals.plus(a_refusal(f"a.{zone}")).halts(a_refusal(f"a.{zone}")) is None


def test_no_order_that_went_through_forgives_nothing() -> None:
    refusals = refused("a.it", "b.it", "c.it", "d.it").after_success(())
    assert refusals.plus(a_refusal("e.com")).halts(a_refusal("e.com")) == "line"


def test_names_that_are_decided_count_no_more() -> None:
    refusals = refused("a.it", "b.it", "c.it", "d.it").without({"a.it", "c.it"})
    assert [each.name for each in refusals.names] == ["b.it", "d.it"]


EVENTS = st.lists(st.one_of(NAMES, st.sampled_from(["com", "net", "it"])), max_size=40)


@given(EVENTS)
def test_a_halt_takes_five_different_names_with_no_success_of_theirs_between(events: list[RefusedName | str]) -> None:
    refusals = Refusals()
    for number, event in enumerate(events):
        if isinstance(event, str):
            refusals = refusals.after_success({event})
            continue
        refusals = refusals.plus(event)
        # Counted anew from the events: since the last success of its zone, or of any; of a name its last refusal.
        last = {each.name: (n, each) for n, each in enumerate(events[: number + 1]) if isinstance(each, RefusedName)}
        alike = [(n, each) for n, each in last.values() if each.words == event.words]
        of_zone = [each for n, each in alike if each.zone == event.zone and event.zone not in events[n : number + 1]]
        shared = [each for n, each in alike if not any(isinstance(e, str) for e in events[n : number + 1])]
        expected = "zone" if len(of_zone) >= MANY else None
        if len(shared) >= MANY and len({each.zone for each in shared}) > 1:
            expected = "line"
        assert refusals.halts(event) == expected


def test_what_is_kept_is_bounded() -> None:
    refusals = Refusals()
    for number in range(2000):
        refusals = refusals.plus(RefusedName(f"n{number}", f"z{number % 600}", "words"))
    assert [each.name for each in refusals.names] == [f"n{number}" for number in range(1500, 2000)], "the oldest go"


def test_words_are_compared_without_the_name_and_its_case() -> None:
    assert in_general("No object John.COM", "john.com") == in_general("no object jane.com", "jane.com")
