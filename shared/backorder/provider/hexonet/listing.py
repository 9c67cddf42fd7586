"""Reads lists that come in pages, and whether what was read is the whole of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from backorder.provider.hexonet.values import number
from backorder.provider.hexonet.wire import Response
from backorder.provider.port import Listing, Recent, UnreadRow

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """The rows of a page: what was read, each with what tells it apart (None: nothing does), and what was not."""

    items: Sequence[tuple[str | None, T]]
    unread: Sequence[UnreadRow] = ()


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
    unread: dict[str, UnreadRow] = {}
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
    unread: dict[str, UnreadRow] = {}
    for response, total in read_pages(fetch):
        totals.add(total)
        page = read(response)
        unread |= {row.text: row for row in page.unread}
        kept |= ((str(key), item) for key, item in page.items if is_recent(item))
        if page.items and not is_recent(page.items[-1][1]):
            break
    return Recent(tuple(kept.values()), max(totals), len(totals) == 1, tuple(unread.values()))
