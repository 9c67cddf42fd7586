"""The halted line: while it stands, plan queues nothing (but a probe) and submit sends nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from backorder.store import Store

_DOCUMENT = "halted"


@dataclass(frozen=True, slots=True)
class Halt:
    """Why no order can succeed now. Never holds a credential."""

    kind: Literal["access", "setting", "rules"]
    """access: the provider refuses the login, and a look at the account that succeeds lifts the halt.
    setting: it refuses every order alike, and one order that succeeds lifts it.
    rules: the rules in use are not understood any more, and good ones that are uploaded lift it."""
    why: str
    since: datetime


_HALT = TypeAdapter(Halt)


def halt(store: Store) -> Halt | None:
    """The halt that stands, if any."""
    body = store.document(_DOCUMENT)
    return None if body is None else _HALT.validate_python(body)


def halt_line(store: Store, halted: Halt) -> None:
    """Halts the line; a halt that stands already keeps its beginning."""
    if halt(store) is None:
        store.put_document(_DOCUMENT, _HALT.dump_python(halted, mode="json"))


def lift_halt(store: Store) -> None:
    """Lets the line go on."""
    store.delete_document(_DOCUMENT)
