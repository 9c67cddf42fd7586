"""A mapping that is kept on disk: what a run compares takes the same memory however large the account is."""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Callable, Hashable, ItemsView, Iterator, MutableMapping, ValuesView
from functools import cache
from itertools import count
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")
_AT_A_TIME = 500
"""Rows that are held in memory while a shelf is walked through."""
_AFTER_ALL = b""
"""SQLite sorts bytes after all text."""


class Shelf(MutableMapping[str, T]):
    """Values of one type by key, in a temporary database of its own that goes with it; for one thread.

    It is walked through in order of `place`, and of arrival where that is the same. What is changed meanwhile may still
    be given as it was.
    """

    def __init__(self, of: type[T], place: Callable[[T], str] = lambda _: "") -> None:
        self._adapter: TypeAdapter[T] = _adapter(cast("Hashable", of))
        self._place = place
        self._numbers = count(1)
        # Without a name: SQLite keeps some 2 MB of it in memory, and the rest in a file that it deletes by itself.
        # The garbage collector closes it in whatever thread it runs.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        self._database.executescript(
            """
            PRAGMA journal_mode = OFF;
            PRAGMA synchronous = OFF;
            CREATE TABLE shelf (key TEXT PRIMARY KEY, place TEXT NOT NULL, number INTEGER NOT NULL, body BLOB);
            CREATE INDEX places ON shelf (place, number);
            BEGIN;
            """
        )

    def __setitem__(self, key: str, value: T) -> None:
        self._database.execute(
            "INSERT INTO shelf (key, place, number, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (key) DO UPDATE SET place = excluded.place, body = excluded.body",
            (key, self._place(value), next(self._numbers), self._adapter.dump_json(value)),
        )

    def __getitem__(self, key: str) -> T:
        found = self._database.execute("SELECT body FROM shelf WHERE key = ?", (key,)).fetchone()
        if found is None:
            raise KeyError(key)
        return self._adapter.validate_json(found[0])

    def __delitem__(self, key: str) -> None:
        if self._database.execute("DELETE FROM shelf WHERE key = ?", (key,)).rowcount == 0:
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return self._database.execute("SELECT 1 FROM shelf WHERE key = ?", (key,)).fetchone() is not None

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM shelf").fetchone()[0])

    def __iter__(self) -> Iterator[str]:
        return (key for key, _ in self._rows())

    def values(self) -> ValuesView[T]:
        return _Values(self)

    def items(self) -> ItemsView[str, T]:
        return _Items(self)

    def between(self, first: str, end: str) -> Iterator[T]:
        """The values whose places are `first` or later, and before `end`."""
        return (self._adapter.validate_json(body) for _, body in self._rows(first, end))

    def _rows(self, first: str = "", end: str | bytes = _AFTER_ALL) -> Iterator[tuple[str, bytes]]:
        # The number is a column of its own, not SQLite's row id: for a pair with a row id in it, it seeks by the first
        # alone, and each step among equal places would go over all before it.
        place, number = first, 0
        while rows := self._database.execute(
            "SELECT key, body, place, number FROM shelf "
            "WHERE (place, number) > (?, ?) AND place < ? ORDER BY place, number LIMIT ?",
            (place, number, end, _AT_A_TIME),
        ).fetchall():
            yield from ((key, body) for key, body, _, _ in rows)
            place, number = rows[-1][2:]

    def _read(self) -> Iterator[tuple[str, T]]:
        return ((key, self._adapter.validate_json(body)) for key, body in self._rows())


class _Values(ValuesView[T]):
    _mapping: Shelf[T]

    def __iter__(self) -> Iterator[T]:
        return (value for _, value in self._mapping._read())


class _Items(ItemsView[str, T]):
    _mapping: Shelf[T]

    def __iter__(self) -> Iterator[tuple[str, T]]:
        return self._mapping._read()


@cache
def _adapter(of: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(of)
