"""What a benchmark's store keeps, on disk: so that the memory it measures is the run's alone, and values come anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

T = TypeVar("T")


class OnDisk(Generic[T]):
    """Values of one type in a temporary file, as JSON; each reading makes them anew, as one of a table does."""

    def __init__(self, of: Any) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(of)
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
            "CREATE TABLE kept (key TEXT PRIMARY KEY, place TEXT, body BLOB);"
            "CREATE INDEX places ON kept (place); BEGIN;"
        )

    def put(self, key: str, value: T, place: str) -> None:
        """Keep a value in the place of the one that the key has."""
        self._database.execute("REPLACE INTO kept VALUES (?, ?, ?)", (key, place, self._adapter.dump_json(value)))

    def get(self, key: str) -> T | None:
        """Return the value of a key; None where there is none."""
        row = self._database.execute("SELECT body FROM kept WHERE key = ?", (key,)).fetchone()
        return None if row is None else self._adapter.validate_json(row[0])

    def between(self, first: str, end: str) -> Iterator[T]:
        """Yield the values from one place until before another, in order of their places; nothing is to be put
        meanwhile."""
        select = "SELECT body FROM kept WHERE place >= ? AND place < ? ORDER BY place"
        rows = self._database.execute(select, (first, end))
        return (self._adapter.validate_json(body) for (body,) in rows)
