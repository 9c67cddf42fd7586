"""Halts: what is sent while one stands is a probe, one order a tick.

The line halts for what all orders share, a zone for what its own orders share. An answer about one name halts nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter

from backorder.store.documents import Document, Documents

if TYPE_CHECKING:
    from backorder.store import Store


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no order can succeed now. Never holds a credential."""

    kind: Literal["access", "setting", "rules"]
    """access: the provider refuses the account, and a look at it that succeeds lifts the halt.
    setting: it refuses orders alike, and one order that succeeds lifts it.
    rules: the rules in use are not understood any more, and good ones that are uploaded lift it."""
    why: str
    since: datetime


HALT: Document[Halt | None] = Document("halted", TypeAdapter(Halt | None), None)
ZONE_HALTS: Document[dict[str, Halt]] = Document("halted-zones", TypeAdapter(dict[str, Halt]), {})


def halt(documents: Documents) -> Halt | None:
    """The halt of the whole line that stands, if any."""
    return HALT.read(documents)


def zone_halts(documents: Documents) -> dict[str, Halt]:
    """The zones that are halted alone."""
    return ZONE_HALTS.read(documents)


def halt_line(store: Store, halted: Halt) -> None:
    """Halts the line; a halt that stands already keeps its beginning."""
    if halt(store) is None:
        HALT.write(store, halted)


def lift_halt(store: Store) -> None:
    """Lets the line go on."""
    HALT.delete(store)


def halt_zone(store: Store, zone: str, halted: Halt) -> None:
    """Halts one zone; a halt that stands already keeps its beginning."""
    ZONE_HALTS.change(store, lambda zones: {zone: halted, **zones})


def lift_zone(store: Store, zone: str) -> None:
    """Lets a zone go on."""
    ZONE_HALTS.change(store, lambda zones: {each: halted for each, halted in zones.items() if each != zone})
