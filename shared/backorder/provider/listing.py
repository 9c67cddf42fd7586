"""Lists that come in pages, and whether what was read is the whole of one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backorder.provider.values import number
from backorder.provider.wire import Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Unread:
    """A row of a list that makes no sense, set aside."""

    text: str
    """Its cells, `NAME=value`."""
    why: str
    """What is wrong with it, such as `has no amount in DEPOSIT`."""
    cells: frozenset[str] = frozenset()
    """In lower case: a name or an id among them tells what it is about."""

    def tells(self, name: str) -> bool:
        """Whether the row has something in this property, whatever it is."""
        return f"; {name}=" in f"; {self.text}"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of a page: what was read, each with what tells it apart (None: nothing does), and what was not."""

    items: Sequence[tuple[str | None, T]]
    unread: Sequence[Unread] = ()


@dataclass(frozen=True)
class Listing(Generic[T]):
    """What a list command gave, each entry once, in the provider's order, unless it is kept in another.

    `complete`: TOTAL was the same on all pages and equal to the distinct rows. Lists move while they are read; only a
    complete one may say that something is absent, and even then a direct look-up should agree (money.md). What is
    `unread` is there, whatever it is.
    """

    items: Collection[T]
    complete: bool
    unread: tuple[Unread, ...] = ()

    @property
    def proves_absence(self) -> bool:
        """Tell whether what is not among the items is not there: no row slipped away, and none was unreadable."""
        return self.complete and not self.unread

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
    unread: tuple[Unread, ...] = ()

    def __iter__(self) -> Iterator[T]:
        return iter(self.items)


def join(listings: list[Listing[T]]) -> Listing[T]:
    """Several listings of different things, as one."""
    return Listing(
        items=tuple(item for listing in listings for item in listing),
        complete=all(listing.complete for listing in listings),
        unread=tuple(unread for listing in listings for unread in listing.unread),
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
    read: Callable[[Response], Page[T]],
) -> Listing[T]:
    """All pages. Of entries that nothing tells apart all are kept; of others, each once."""
    kept: dict[str, T] = {}
    totals: set[int] = set()
    unread: dict[str, Unread] = {}
    nameless = 0
    for response, total in read_pages(fetch):
        totals.add(total)
        page = read(response)
        unread |= {row.text: row for row in page.unread}
        for key, item in page.items:
            nameless += key is None
            kept[f"{nameless} without an id" if key is None else key] = item
    return Listing(tuple(kept.values()), totals == {len(kept) + len(unread)}, tuple(unread.values()))


def read_recent(
    fetch: Callable[[int], Response],
    read: Callable[[Response], Page[T]],
    *,
    is_recent: Callable[[T], bool],
) -> Recent[T]:
    """The pages of a list that is sorted by its last change, the latest first, until one ends with an old entry."""
    kept: dict[str, T] = {}
    totals: set[int] = set()
    unread: dict[str, Unread] = {}
    for response, total in read_pages(fetch):
        totals.add(total)
        page = read(response)
        unread |= {row.text: row for row in page.unread}
        kept |= ((str(key), item) for key, item in page.items if is_recent(item))
        if page.items and not is_recent(page.items[-1][1]):
            break
    return Recent(tuple(kept.values()), max(totals), len(totals) == 1, tuple(unread.values()))
