"""Writes and reads of the table, side by side: those of a whole drop take too long one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

WRITERS = 16
"""At the same time."""
TOGETHER = 500
"""So many are handed to the writers at once: what waits takes memory."""


def side_by_side(action: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """What `action` gives for each of the items, in their order. It has to be safe for many threads.

    What it raises is raised once those are done that were handed out: whoever dies, or fails, leaves any part of them
    done, not the first ones.
    """
    results: list[R] = []
    with ThreadPoolExecutor(WRITERS, thread_name_prefix="write") as pool:
        for some in in_lots(items):
            results += pool.map(action, some)
    return results


def in_lots(items: Iterable[T], size: int = TOGETHER) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one of fewer."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some
