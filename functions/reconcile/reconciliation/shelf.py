"""A mapping that goes to disk when it grows: what a run compares takes the same memory however large the account is."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Hashable, ItemsView, Iterator, MutableMapping, ValuesView
from functools import cache
from itertools import count
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")
MOST_IN_MEMORY = 200
"""A database costs more than so many values do."""
_AT_A_TIME = 500
"""Rows that are held in memory while a database is walked through."""
_AFTER_ALL = b""
"""SQLite sorts bytes after all text."""


class Shelf(MutableMapping[str, T]):
    """Values of one type by key: few in memory, many in a temporary database that goes with it; for one thread.

    It is walked through in order of `place`, and of arrival where that is the same. What is changed meanwhile may still
    be given as it was.
    """

    def __init__(self, of: type[T], place: Callable[[T], str] = lambda _: "") -> None:
        self._of, self._place = of, place
        self._few: dict[str, T] = {}
        self._database: _Database[T] | None = None

    @property
    def _values(self) -> MutableMapping[str, T]:
        return self._few if self._database is None else self._database

    def __setitem__(self, key: str, value: T) -> None:
        self._values[key] = value
        if self._database is None and len(self._few) > MOST_IN_MEMORY:
            self._database = _Database(self._of, self._place)
            self._database.update(self._few)
            self._few = {}

    def __getitem__(self, key: str) -> T:
        return self._values[key]

    def __delitem__(self, key: str) -> None:
        del self._values[key]

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sorted()) if self._database is None else iter(self._database)

    def values(self) -> ValuesView[T]:
        return _Values(self)

    def items(self) -> ItemsView[str, T]:
        return _Items(self)

    def between(self, first: str, end: str) -> Iterator[T]:
        """Give the values whose places are `first` or later, and before `end`."""
        if self._database is None:
            return (value for value in self._sorted().values() if first <= self._place(value) < end)
        return (value for _, value in self._database.read(first, end))

    def _read(self) -> Iterator[tuple[str, T]]:
        return iter(self._sorted().items()) if self._database is None else self._database.read()

    def _sorted(self) -> dict[str, T]:
        return dict(sorted(self._few.items(), key=lambda item: self._place(item[1])))


class _Values(ValuesView[T]):
    _mapping: Shelf[T]

    def __iter__(self) -> Iterator[T]:
        return (value for _, value in self._mapping._read())


class _Items(ItemsView[str, T]):
    _mapping: Shelf[T]

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return self._mapping._read()


class _Database(MutableMapping[str, T]):
    """The values of a shelf on disk."""

    def __init__(self, of: type[T], place: Callable[[T], str]) -> None:
        self._adapter: TypeAdapter[T] = _adapter(cast("Hashable", of))
        self._place = place
        self._numbers = count(1)
        # Without a name: SQLite keeps some 2 MB of it in memory, and the rest in a file that it deletes by itself.
        # The garbage collector closes it in whatever thread it runs.
        self._sqlite = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._sqlite.close)
        self._sqlite.executescript(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE shelf (key TEXT PRIMARY KEY, place TEXT NOT NULL, number INTEGER NOT NULL, body BLOB);
            CREATE INDEX places ON shelf (place, number);
            BEGIN;
            """
        )

    def __setitem__(self, key: str, value: T) -> None:
        self._sqlite.execute(
            "INSERT INTO shelf (key, place, number, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET place = excluded.place, body = excluded.body",
            (key, self._place(value), next(self._numbers), self._adapter.dump_json(value)),
        )

    def __getitem__(self, key: str) -> T:
        found = self._sqlite.execute("SELECT body FROM shelf WHERE key = ?", (key,)).fetchone()
        if found is None:
            raise KeyError(key)
        return self._adapter.validate_json(found[0])

    def __delitem__(self, key: str) -> None:
        if self._sqlite.execute("DELETE FROM shelf WHERE key = ?", (key,)).rowcount == 0:
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self._sqlite.execute("SELECT 1 FROM shelf WHERE key = ?", (key,)).fetchone() is not None

    def __len__(self) -> int:
        return int(self._sqlite.execute("SELECT count(*) FROM shelf").fetchone()[0])

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._rows())

    def read(self, first: str = "", end: str | bytes = _AFTER_ALL) -> Iterator[tuple[str, T]]:
        """Give keys and values in order, of the places from `first` until before `end`."""
        return ((key, self._adapter.validate_json(body)) for key, body in self._rows(first, end))

    def _rows(self, first: str = "", end: str | bytes = _AFTER_ALL) -> Iterator[tuple[str, bytes]]:
        # The number is a column of its own, not SQLite's row id: for a pair with a row id in it, it seeks by the first
        # alone, and each step among equal places would go over all before it.
        place, number = first, 0
        while rows := self._sqlite.execute(
            "SELECT key, body, place, number FROM shelf "
            "WHERE (place, number) > (?, ?) AND place < ? ORDER BY place, number LIMIT ?",
            (place, number, end, _AT_A_TIME),
        ).fetchall():
            yield from ((key, body) for key, body, _, _ in rows)
            place, number = rows[-1][2:]


@cache
def _adapter(of: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(of)
