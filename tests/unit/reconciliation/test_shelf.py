"""A shelf is a mapping like any other, but that it goes by place, and to disk when it grows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.backorder import Backorder
from reconciliation.shelf import Shelf
from tests.factories import a_placed_backorder
from tests.memory import peak

KEYS = st.text(max_size=4)
STEPS = st.lists(st.tuples(st.sampled_from(["put", "drop"]), KEYS, st.text(max_size=4)), max_size=40)


@pytest.fixture(scope="module", params=[0, 3, 1_000])
def in_memory(request: pytest.FixtureRequest) -> Iterator[None]:
    """With all on disk, with some that moved there, and with all in memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reconciliation.shelf.MOST_IN_MEMORY", request.param)
        yield


@pytest.mark.usefixtures("in_memory")
@given(STEPS)
def test_it_holds_what_a_dict_would(steps: list[tuple[str, str, str]]) -> None:
    shelf, mapping = Shelf(str), dict[str, str]()
    for what, key, value in steps:
        if what == "put":
            shelf[key] = mapping[key] = value
        else:
            assert shelf.pop(key, None) == mapping.pop(key, None)
    assert list(shelf.items()) == list(mapping.items())
    assert (list(shelf), list(shelf.values()), len(shelf)) == (list(mapping), list(mapping.values()), len(mapping))
    assert all(key in shelf and shelf[key] == value for key, value in mapping.items())
    assert [shelf.get("not there"), "not there" in shelf] == [None, False]
    with pytest.raises(KeyError):
        shelf["not there"]


@pytest.mark.usefixtures("in_memory")
@given(st.dictionaries(KEYS, st.text(max_size=3)))
def test_it_is_walked_through_by_place_then_by_arrival(values: dict[str, str]) -> None:
    shelf = Shelf(str, place=lambda value: value[:1])
    shelf.update(values)
    assert list(shelf.items()) == sorted(values.items(), key=lambda item: item[1][:1])


PLACES = st.text(max_size=2) | st.just("\U0010ffff")


@pytest.mark.usefixtures("in_memory")
@given(st.dictionaries(KEYS, PLACES), PLACES, PLACES)
def test_a_stretch_of_places_has_its_first_and_not_its_end(values: dict[str, str], first: str, end: str) -> None:
    shelf = Shelf(str, place=lambda value: value)
    shelf.update(values)
    expected = sorted(value for value in values.values() if first.encode() <= value.encode() < end.encode())
    assert list(shelf.between(first, end)) == expected


def test_what_is_walked_through_may_change_meanwhile() -> None:
    shelf = Shelf(str)
    shelf.update((str(number), "before") for number in range(2_000))
    for key in shelf:
        shelf[key] = "after"
    assert set(shelf.values()) == {"after"}
    assert len(shelf) == 2_000


@pytest.mark.usefixtures("in_memory")
def test_a_backorder_comes_back_as_it_was() -> None:
    order = a_placed_backorder("xn--mller-kva.com")
    shelf = Shelf(Backorder)
    shelf["one"] = order
    assert shelf["one"] == order


def test_more_of_it_takes_no_more_memory() -> None:
    order = a_placed_backorder()

    def fill(number: int) -> None:
        shelf = Shelf(Backorder)
        for each in range(number):
            shelf[str(each)] = order
        assert sum(1 for _ in shelf.values()) == sum(1 for _ in shelf.between("", "9")) == number

    assert peak(lambda: fill(8_000)) < 2 * peak(lambda: fill(2_000))


def test_four_times_as_many_of_one_place_are_walked_through_in_four_times_the_steps(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("reconciliation.shelf._AT_A_TIME", 10)
    monkeypatch.setattr("reconciliation.shelf.MOST_IN_MEMORY", 0)

    def steps(number: int) -> int:
        shelf, taken = Shelf(str), count()
        shelf.update((str(each), "") for each in range(number))
        # SQLite calls it once for so many instructions of its own.
        assert shelf._database is not None
        shelf._database._sqlite.set_progress_handler(lambda: bool(next(taken) < 0), 10)
        assert len(list(shelf)) == number
        return next(taken)

    assert steps(2_000) < 5 * steps(500)
