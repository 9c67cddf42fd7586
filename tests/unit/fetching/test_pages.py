"""The pending-delete list read page after page, while names come to it and leave it."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backorder.provider.errors import OutcomeUnknown
from backorder.provider.hexonet.client import Provider
from backorder.provider.hexonet.names import PendingDelete
from backorder.provider.hexonet.wire import Response
from fetching.pages import OVERLAP, MovedTooFar, page_after, rows

SIZE = 50


@dataclass
class List:
    """The provider's list; `between` happens after each page."""

    names: list[str]
    most: int = SIZE
    between: Callable[[List], None] = lambda _list: None
    asked: list[tuple[int, int]] = field(default_factory=list)

    def call(self, command: str, **parameters: Any) -> Response:
        first = parameters["FIRST"]
        some = self.names[first : first + min(parameters["LIMIT"], self.most)]
        self.asked.append((first, parameters["LIMIT"]))
        page = {
            "DOMAIN": dict(enumerate(some)),
            "FINALIZATIONDATE": dict.fromkeys(range(len(some)), "2026-11-27 16:00:00"),
            "TOTAL": {0: str(len(self.names))},
            "COUNT": {0: str(len(some))},
        }
        self.between(self)
        return Response(200, "", page)


def read(listed: List, size: int = SIZE) -> list[str]:
    """All of it, as a fetch reads it."""
    found: list[str] = []
    reached = 0
    for _ in range(1000):
        page = page_after(cast("Provider", listed), {}, reached=reached, last=found[-OVERLAP:], size=size)
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
    page = page_after(cast("Provider", listed), {}, reached=200, last=names(600)[200 - OVERLAP : 200], size=SIZE)
    assert listed.asked == [(180, SIZE), (150, SIZE)]
    assert [name.domain for name in page.names] == names(600)[200:240]
    assert page.reached == 200


def test_a_list_of_which_no_name_is_known_any_more_is_read_anew() -> None:
    with pytest.raises(MovedTooFar):
        page_after(cast("Provider", List(names(600))), {}, reached=200, last=["other.com"], size=SIZE)


def test_half_a_page_is_no_page() -> None:
    class Half(List):
        def call(self, command: str, **parameters: Any) -> Response:
            whole = super().call(command, **parameters)
            return Response(200, "", {**whole.properties, "DOMAIN": {0: "a.com"}, "FINALIZATIONDATE": {}})

    class Empty(List):
        def call(self, command: str, **parameters: Any) -> Response:
            return Response(200, "", {"TOTAL": {0: "600"}, "COUNT": {0: "0"}})

    for listed in (Half(names(600)), Empty(names(600))):
        with pytest.raises(OutcomeUnknown):
            page_after(cast("Provider", listed), {}, reached=0, last=[], size=SIZE)


@pytest.mark.parametrize("cell", [("DOMAIN", ""), ("FINALIZATIONDATE", "soon"), ("SCORE", "many")])
def test_a_row_that_makes_no_sense_leaves_the_others_of_its_page(cell: tuple[str, str]) -> None:
    class Odd(List):
        def call(self, command: str, **parameters: Any) -> Response:
            whole = super().call(command, **parameters)
            name, text = cell
            return Response(200, "", {**whole.properties, name: {**whole.properties.get(name, {}), 3: text}})

    listed = Odd(names(50))
    page = page_after(cast("Provider", listed), {}, reached=0, last=[], size=SIZE)
    assert len(page.names) == 50
    assert len(list(rows(page.names))) == 49


def test_pages_that_lead_nowhere_are_told() -> None:
    with pytest.raises(OutcomeUnknown, match="leads nowhere"):
        read(List(names(600), most=OVERLAP))


def test_a_row_is_as_in_the_providers_own_file() -> None:
    known = PendingDelete("john.com", datetime(2026, 11, 27, 16, tzinfo=UTC), 5, "COM")
    assert list(rows([known, PendingDelete("undated.com", None, None, "COM")])) == ["john.com;2026-11-27 16:00:00\n"]
