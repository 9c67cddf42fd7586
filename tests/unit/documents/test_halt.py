"""The halted line: halted once, until it is lifted; and what is kept of the account between two runs."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from backorder.documents.account_outlook import (
    DayAhead,
    Forecast,
    Standing,
    forecast,
    save_forecast,
    save_standing,
    standing,
)
from backorder.documents.halt import Halt, halt, halt_line, lift_halt
from local.memory_store import MemoryStore
from tests.factories import NOW, a_forecast, usd

DENIED = Halt("access", "530 Authentication failed", NOW + timedelta(microseconds=1))
MISTYPED = Halt("setting", "541 OWNERCONTACT0", NOW)


def test_a_line_is_not_halted_by_itself() -> None:
    assert halt(MemoryStore()) is None


@pytest.mark.parametrize("halted", [DENIED, MISTYPED])
def test_a_halt_stands_until_it_is_lifted(halted: Halt) -> None:
    store = MemoryStore()
    halt_line(store, halted)
    assert halt(store) == halted
    lift_halt(store)
    assert halt(store) is None


def test_a_halt_that_stands_keeps_its_beginning_and_its_cause() -> None:
    store = MemoryStore()
    halt_line(store, DENIED)
    halt_line(store, Halt("access", "531 Authorization failed", NOW + timedelta(hours=1)))
    halt_line(store, MISTYPED)
    assert halt(store) == DENIED


def test_a_line_may_be_halted_again() -> None:
    store = MemoryStore()
    halt_line(store, DENIED)
    lift_halt(store)
    halt_line(store, MISTYPED)
    assert halt(store) == MISTYPED


def test_lifting_what_does_not_stand_changes_nothing() -> None:
    store = MemoryStore()
    lift_halt(store)
    assert halt(store) is None


def test_how_the_account_stands_is_kept_as_it_is() -> None:
    store = MemoryStore()
    assert standing(store) == Standing()
    kept = Standing(
        {"com": usd("69.00"), "co.uk": usd("12.3400")},
        usd("-1.00"),
        {date(2026, 11, 24): usd("138.00")},
        timedelta(hours=1),
    )
    save_standing(store, kept)
    assert standing(store) == kept


@pytest.mark.parametrize(
    "kept",
    [
        a_forecast(
            days=(DayAhead(NOW.date(), usd("483.00"), usd("69.00"), usd("552.00"), usd("69.00")),),
            time_zone="Europe/Berlin",
        ),
        a_forecast(before=None, names=(), waiting=0),
    ],
)
def test_the_forecast_is_kept_until_the_next_one(kept: Forecast) -> None:
    store = MemoryStore()
    assert forecast(store) is None
    save_forecast(store, kept)
    assert forecast(store) == kept
    save_forecast(store, a_forecast(shortfall=usd(1)))
    assert forecast(store) == a_forecast(shortfall=usd(1))


def test_a_forecast_of_a_version_before_locks_is_read() -> None:
    store = MemoryStore()
    store.put_document(
        "forecast", {"shortfall": "414.00", "currency": "USD", "before": None, "waiting": 1, "names": ["john.com"]}
    )
    assert forecast(store) == a_forecast(before=None)
