"""Refusals that run on: what they halt, in whatever order they come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from submission.refusals import MANY, Refusals, RefusedName, in_general

NAMES = st.builds(
    RefusedName,
    name=st.sampled_from([f"n{number}" for number in range(12)]),
    zone=st.sampled_from(["com", "net", "it"]),
    words=st.sampled_from(["no object", "no class"]),
)
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
    assert len(refusals.names) == 500


def test_words_are_compared_without_the_name_and_its_case() -> None:
    assert in_general("No object John.COM", "john.com") == in_general("no object jane.com", "jane.com")
