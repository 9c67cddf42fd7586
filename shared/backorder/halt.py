"""Halts: what is sent while one stands is a probe, one order a tick.

The line halts for what all orders share, a zone for what its own orders share. An answer about one name halts nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from backorder.store import Store

_LINE = "halted"
_ZONES = "halted-zones"


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no order can succeed now. Never holds a credential."""

    kind: Literal["access", "setting", "rules"]
    """access: the provider refuses the account, and a look at it that succeeds lifts the halt.
    setting: it refuses orders alike, and one order that succeeds lifts it.
    rules: the rules in use are not understood any more, and good ones that are uploaded lift it."""
    why: str
    since: datetime


_HALT = TypeAdapter(Halt)
_HALTS = TypeAdapter(dict[str, Halt])


def halt(store: Store) -> Halt | None:
    """The halt of the whole line that stands, if any."""
    body = store.document(_LINE)
    return None if body is None else _HALT.validate_python(body)


def zone_halts(store: Store) -> dict[str, Halt]:
    """The zones that are halted alone."""
    return _halts(store.document(_ZONES))


def halt_line(store: Store, halted: Halt) -> None:
    """Halts the line; a halt that stands already keeps its beginning."""
    if halt(store) is None:
        store.put_document(_LINE, _HALT.dump_python(halted, mode="json"))


def lift_halt(store: Store) -> None:
    """Lets the line go on."""
    store.delete_document(_LINE)


def halt_zone(store: Store, zone: str, halted: Halt) -> None:
    """Halts one zone; a halt that stands already keeps its beginning."""
    _change(store, lambda zones: {zone: halted, **zones})


def lift_zone(store: Store, zone: str) -> None:
    """Lets a zone go on."""
    _change(store, lambda zones: {each: halted for each, halted in zones.items() if each != zone})


def _change(store: Store, change: Callable[[dict[str, Halt]], dict[str, Halt]]) -> None:
    """Whatever other workers write meanwhile."""
    while True:
        document = store.document(_ZONES)
        zones = _halts(document)
        changed = change(zones)
        if changed == zones or store.swap_document(_ZONES, document, _HALTS.dump_python(changed, mode="json")):
            return


def _halts(document: Mapping[str, Any] | None) -> dict[str, Halt]:
    return {} if document is None else _HALTS.validate_python(document)
