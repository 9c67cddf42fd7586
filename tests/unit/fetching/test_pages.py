"""The pending-delete list read page after page, while names come to it and leave it."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backorder.provider.port import NameFilter, OutcomeUnknown, PendingDelete, PendingDeletePage, Provider
from fetching.pages import OVERLAP, MovedTooFar, page_after, rows

SIZE = 50
DROPS = datetime(2026, 11, 27, 16, tzinfo=UTC)


@dataclass
class List:
    """The provider's list; `between` happens after each page."""

    names: list[str]
    most: int = SIZE
    between: Callable[[List], None] = lambda _list: None
    asked: list[tuple[int, int]] = field(default_factory=list)

    def pending_delete_page(self, wanted: NameFilter, *, first: int, size: int) -> PendingDeletePage:
        names = self.names[first : first + min(size, self.most)]
        self.asked.append((first, size))
        page = PendingDeletePage(tuple(PendingDelete(name, DROPS) for name in names), len(self.names))
        self.between(self)
        return page


def read(listed: List, size: int = SIZE) -> list[str]:
    """All of it, as a fetch reads it."""
    found: list[str] = []
    reached = 0
    for _ in range(1000):
        page = page_after(cast("Provider", listed), NameFilter(), reached=reached, last=found[-OVERLAP:], size=size)
        found += [name.domain for name in page.names]
        reached = page.reached
        if page.is_last:
            return found
    raise AssertionError("it has no end")


def names(number: int) -> list[str]:
    return sorted(f"name{n:05}.com" for n in range(number))


@pytest.mark.parametrize("number", [0, 1, OVERLAP, SIZE - 1, SIZE, SIZE + 1, 3 * SIZE, 1234])
def test_a_list_that_stands_still_is_read_whole_and_once(number: int) -> None:
    assert read(List(names(number))) == names(number)


def test_a_provider_that_gives_smaller_pages_than_asked_for_is_read_as_well() -> None:
    assert read(List(names(500), most=30), size=1000) == names(500)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(0, OVERLAP - 1), st.booleans())
def test_names_that_come_and_leave_hide_no_other_name(seed: int, moves: int, comes: bool) -> None:
    """As long as no more leave at once than two pages have in common, each name that stays is read, and read once."""
    rng = random.Random(seed)
    every = names(600)
    left, came = set[str](), set[str]()

    def move(listed: List) -> None:
        for _ in range(moves):
            if comes:
                new = f"name{rng.randrange(600):05}-{rng.randrange(10**6)}.com"
                if new not in came:
                    came.add(new)
                    insort(listed.names, new)
            elif len(listed.names) > 1:
                gone = rng.choice(listed.names)
                left.add(gone)
                listed.names.remove(gone)

    found = read(List(list(every), between=move), size=100)
    assert set(every) - left <= set(found) <= set(every) | came
    assert len(found) == len(set(found))


def test_a_list_that_moved_by_many_is_looked_at_further_back() -> None:
    # The first 40 dropped meanwhile: what was the 200th is the 160th.
    listed = List(names(600)[40:])
    page = page_after(
        cast("Provider", listed), NameFilter(), reached=200, last=names(600)[200 - OVERLAP : 200], size=SIZE
    )
    assert listed.asked == [(180, SIZE), (150, SIZE)]
    assert [name.domain for name in page.names] == names(600)[200:240]
    assert page.reached == 200


def test_a_list_of_which_no_name_is_known_any_more_is_read_anew() -> None:
    with pytest.raises(MovedTooFar):
        page_after(cast("Provider", List(names(600))), NameFilter(), reached=200, last=["other.com"], size=SIZE)


def test_pages_that_lead_nowhere_are_told() -> None:
    with pytest.raises(OutcomeUnknown, match="leads nowhere"):
        read(List(names(600), most=OVERLAP))


def test_a_row_is_as_in_the_providers_own_file() -> None:
    assert list(rows([PendingDelete("john.com", DROPS), PendingDelete("undated.com", None)])) == [
        "john.com;2026-11-27 16:00:00\n"
    ]
