"""Lists that come in pages, and whether what was read is the whole of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backorder.provider.values import number
from backorder.provider.wire import Response

T = TypeVar("T")


@dataclass(frozen=True)
class Listing(Generic[T]):
    """What a list command gave, each entry once, in the provider's order, unless it is kept in another.

    `complete`: TOTAL was the same on all pages and equal to the distinct entries read. Lists move while they are read;
    only a complete one may say that something is absent, and even then a direct look-up should agree (money.md).
    """

    items: Collection[T]
    complete: bool

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __bool__(self) -> bool:
        """Always true: an empty list that was read is an answer."""
        return True


@dataclass(frozen=True)
class Recent(Generic[T]):
    """The entries of a list that changed last, and how many the whole list has.

    `complete`: TOTAL was the same on all pages that were read, so that no entry slipped from one to another.
    """

    items: Collection[T]
    total: int
    complete: bool

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


def join(listings: list[Listing[T]]) -> Listing[T]:
    """Several listings of different things, as one."""
    return Listing(
        items=tuple(item for listing in listings for item in listing),
        complete=all(listing.complete for listing in listings),
    )


def read_pages(fetch: Callable[[int], Response]) -> Iterator[tuple[Response, int]]:
    """The pages of a list and each one's TOTAL, until `FIRST + COUNT >= TOTAL`; `fetch` gets the index to begin at.

    The provider may give fewer entries a page than were asked for. An empty page ends the list, whatever TOTAL says.
    """
    first = 0
    while True:
        page = fetch(first)
        total = number(page.first("TOTAL"), "TOTAL")
        count = number(page.first("COUNT") or "0", "COUNT")
        yield page, total
        first += count
        if count == 0 or first >= total:
            return


def read_listing(
    fetch: Callable[[int], Response],
    read: Callable[[Response], Sequence[tuple[str | None, T]]],
    into: MutableMapping[str, T] | None = None,
) -> Listing[T]:
    """All pages. `read` gives a page's entries with what tells them apart; None for entries that nothing tells apart,
    which are kept all. They are kept in memory, or in `into`, which is empty."""
    kept: MutableMapping[str, T] = {} if into is None else into
    totals: set[int] = set()
    nameless = 0
    for page, total in read_pages(fetch):
        totals.add(total)
        for key, item in read(page):
            nameless += key is None
            kept[f"{nameless} without an id" if key is None else key] = item
    items = tuple(kept.values()) if into is None else kept.values()
    return Listing(items, complete=totals == {len(kept)})


def read_recent(
    fetch: Callable[[int], Response],
    read: Callable[[Response], Sequence[tuple[str, T]]],
    into: MutableMapping[str, T],
    *,
    is_recent: Callable[[T], bool],
) -> Recent[T]:
    """The pages of a list that is sorted by its last change, the latest first, until one ends with an old entry. They
    are kept in `into`, which is empty."""
    totals: set[int] = set()
    for page, total in read_pages(fetch):
        totals.add(total)
        found = read(page)
        into.update((key, item) for key, item in found if is_recent(item))
        if found and not is_recent(found[-1][1]):
            break
    return Recent(into.values(), max(totals), complete=len(totals) == 1)
