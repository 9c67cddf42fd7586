"""Documents: JSON objects that functions keep for each other under a name, such as the rules and the last forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from backorder.store.protocol import Store

T = TypeVar("T")


class Documents(Protocol):
    """Where documents are read: the store, or some that were read together."""

    def document(self, name: str) -> dict[str, Any] | None:
        """Return the document's JSON object, with amounts and times as strings; None where there is none."""


@dataclass(frozen=True, slots=True)
class Document(Generic[T]):
    """A document by its name, what it is read into, and what it is before it is first written."""

    name: str
    adapter: TypeAdapter[T]
    empty: T

    def read(self, documents: Documents) -> T:
        """Return what the document holds. Raises ValidationError where this version does not understand it."""
        return self._value(documents.document(self.name))

    def write(self, store: Store, value: T) -> None:
        """Put a value in the place of the one before."""
        store.put_document(self.name, self._body(value))

    def change(self, store: Store, change: Callable[[T], T]) -> T:
        """Write what `change` makes of the value, and return it. It is called again where others write meanwhile."""
        while True:
            body = store.document(self.name)
            value = self._value(body)
            changed = change(value)
            if changed == value or store.swap_document(self.name, body, self._body(changed)):
                return changed

    def delete(self, store: Store) -> None:
        """Remove the document: it is empty again."""
        store.delete_document(self.name)

    def _value(self, body: Mapping[str, Any] | None) -> T:
        return self.empty if body is None else self.adapter.validate_python(body)

    def _body(self, value: T) -> dict[str, Any]:
        body: dict[str, Any] = self.adapter.dump_python(value, mode="json")
        return body


@dataclass(frozen=True, slots=True)
class ReadTogether:
    """Documents as they stood at one moment."""

    bodies: Mapping[str, dict[str, Any] | None]

    def document(self, name: str) -> dict[str, Any] | None:
        """Return a document that was read. Raises KeyError for any other: it is to be read with them."""
        return self.bodies[name]


def read_together(store: Store, names: Iterable[str]) -> ReadTogether:
    """Read documents with one call of the table, where one call each would take most of a run's time."""
    wanted = list(names)
    found = store.documents(wanted)
    return ReadTogether({name: found.get(name) for name in wanted})
