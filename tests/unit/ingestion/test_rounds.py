"""When a list that goes on and on is stopped."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from ingestion.rounds import Place, Rounds

places = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=30)


def after(came_to: Sequence[Place]) -> Rounds:
    """Each round's message comes back as it was sent."""
    rounds = Rounds()
    for place in came_to:
        rounds = Rounds.model_validate_json(rounds.after(place).model_dump_json())
    return rounds


def test_whoever_uploads_a_list_says_nothing_of_rounds() -> None:
    assert not Rounds().lead_nowhere


@given(places)
def test_a_list_is_stopped_when_two_rounds_in_a_row_came_no_further_than_the_one_before(came_to: list[Place]) -> None:
    further = [later > earlier for earlier, later in pairwise([(0, 0), *came_to])]

    assert after(came_to).lead_nowhere == (len(further) >= 2 and not any(further[-2:]))


@given(places, st.lists(st.integers(1, 1000), min_size=1, max_size=60))
def test_whatever_went_before_a_list_that_gets_on_is_never_stopped(before: list[Place], steps: list[int]) -> None:
    came_to = [(5, line) for line in accumulate(steps)]

    assert not any(after([*before, *came_to[:number]]).lead_nowhere for number in range(1, len(came_to) + 1))


@given(places)
def test_rounds_are_counted(came_to: list[Place]) -> None:
    assert after(came_to).number == len(came_to)


def test_the_next_list_of_an_archive_is_further_than_any_line_of_the_one_before() -> None:
    assert after([(0, 1_000_000), (1, 0), (1, 1)]).without_progress == 0
