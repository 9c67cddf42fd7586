"""A few seconds of `make fuzz`; and that it would see what it looks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from ingestion.reading import ReadList, read_lists
from ingestion.reading.entries import Items
from tools.fuzz import checks
from tools.fuzz.cases import Case, make
from tools.fuzz.checks import Broken, check


def test_no_input_crashes_hangs_or_is_counted_wrong() -> None:
    for seed in range(120):
        case = make(seed)
        try:
            check(case)
        except Exception as error:
            raise AssertionError(f"{case.what}: python -m tools fuzz --cases 1 --seed {seed}") from error


def test_the_same_seed_makes_the_same_input() -> None:
    assert make(7) == make(7) != make(8)


def test_a_reader_that_loses_an_entry_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(*given: object, **more: object) -> Iterator[ReadList]:
        for read in read_lists(*given, **more):  # type: ignore[arg-type]
            yield replace(read, items=_but_the_second(read.items))

    monkeypatch.setattr(checks, "read_lists", forgetful)
    with pytest.raises(Broken, match="names on whole lines were lost"):
        check(Case(0, "", b"john.com\njane.com\n", kept=frozenset({"jane.com"})))
    with pytest.raises(Broken, match="ingestion counts other entries than the reader"):
        check(Case(0, "", b"john.com\njane.com\n"))


def _but_the_second(items: Items) -> Items:
    for number, item in enumerate(items):
        if number != 1:
            yield item


def test_what_hangs_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_LONGEST_S", 1)

    def endless(*_given: object, **_more: object) -> Iterator[ReadList]:
        while True:
            pass
        yield

    monkeypatch.setattr(checks, "read_lists", endless)
    with pytest.raises(Broken, match="takes longer than 1 seconds"):
        check(Case(0, "", b""))
