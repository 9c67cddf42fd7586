"""Documents: JSON objects that functions keep for each other under a name, such as the rules and the last forecast."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from backorder.store.protocol import Store

T = TypeVar("T")
_WRITERS = 16
"""Of a group's documents, at the same time."""


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
class Group(Generic[T]):
    """Any number of documents of one kind, by key: each is an item of its own, and written only where it changed."""

    name: str
    adapter: TypeAdapter[T]

    def read(self, store: Store) -> dict[str, T]:
        """Return all of them. Raises ValidationError where this version does not understand one."""
        return {key: self.adapter.validate_python(body) for key, body in store.group(self.name).items()}

    def write(self, store: Store, values: Mapping[str, T]) -> None:
        """Make the group these: write what is new or changed, and delete what is gone; the one writer it has calls it.

        After a crash it is partly as it was; the next call makes it whole.
        """
        kept = store.group(self.name)
        bodies = {key: self.adapter.dump_python(value, mode="json") for key, value in values.items()}
        changed = [key for key, body in bodies.items() if kept.get(key) != body]
        with ThreadPoolExecutor(_WRITERS) as pool:
            # Walked through to its end, so that what a write raises is raised here.
            for _ in pool.map(lambda key: store.put_member(self.name, key, bodies[key]), changed):
                pass
            for _ in pool.map(lambda key: store.delete_member(self.name, key), kept.keys() - bodies.keys()):
                pass


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
