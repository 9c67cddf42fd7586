"""The pending-delete list, page after page, while it moves.

Names come to the list and leave it at any time, and each shifts what comes after it. So each page begins a little
before the end of the last one, and what is new in it is what comes after the last name that was on both. A name that
comes to the list before the place that was reached is left for the next day's list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backorder.provider.errors import OutcomeUnknown
from backorder.provider.hexonet.client import Provider
from backorder.provider.hexonet.names import PENDING_DELETE_PROPERTIES, PendingDelete, read_pending_delete
from backorder.provider.hexonet.values import number
from backorder.provider.hexonet.wire import NotAnAnswer, Row
from backorder.runtime.observability import logger
from fetching.query import Query

COMMAND = "QueryDomainPendingDeleteList"
OVERLAP = 20
"""Names that two pages have in common, if nothing moved."""


class MovedTooFar(Exception):
    """None of the names that were read last is where it could be: the list has to be read anew."""


@dataclass(frozen=True, slots=True)
class Page:
    """What is new in a page."""

    names: tuple[PendingDelete, ...]
    reached: int
    """Where in the list it ends."""
    is_last: bool


def page_after(provider: Provider, query: Query, *, reached: int, last: Sequence[str], size: int) -> Page:
    """The page after `reached`; `last` are the last names before it (none: from the beginning), `size` names at most.

    Raises MovedTooFar, and what the client raises where the provider does not answer, or not with a page.
    """
    for back in (OVERLAP, size):
        first = max(0, reached - back)
        names, total = _read(provider, query, first, size)
        if not last:
            return Page(tuple(names), len(names), len(names) >= total)
        known = set(last)
        if (at := max((n for n, name in enumerate(names) if name.domain in known), default=None)) is not None:
            end = first + len(names)
            if end <= reached and end < total and len(names) <= OVERLAP:
                raise OutcomeUnknown(f"a page of {len(names)} names leads nowhere", command=COMMAND)
            return Page(tuple(names[at + 1 :]), end, end >= total)
    raise MovedTooFar(f"the list moved by more than {size:,} names since it was read up to {reached:,}")


def _read(provider: Provider, query: Query, first: int, size: int) -> tuple[list[PendingDelete], int]:
    response = provider.call(COMMAND, **query, FIRST=first, LIMIT=size)
    try:
        names = [_name(row) for row in response.rows(*PENDING_DELETE_PROPERTIES)]
        total = number(response.first("TOTAL"), "TOTAL")
        count = number(response.first("COUNT") or str(len(names)), "COUNT")
    except NotAnAnswer as error:
        raise OutcomeUnknown(f"the answer {error}", command=COMMAND) from error
    if count != len(names) or (not names and first < total):
        # Half a page: the list would end here, and seem whole.
        raise OutcomeUnknown(
            f"a page from {first:,} of {total:,} has {len(names):,} names, not {count:,}", command=COMMAND
        )
    return names, total


def _name(row: Row) -> PendingDelete:
    """A row that makes no sense keeps its place, so that the page is whole; without a date it is left out."""
    try:
        return read_pending_delete(row)
    except NotAnAnswer as error:
        logger.warning("row_unread", command=COMMAND, domain=row["DOMAIN"], why=str(error))
        return PendingDelete(row["DOMAIN"].lower(), None, None, "")


def rows(names: Sequence[PendingDelete]) -> Iterator[str]:
    """As the provider's own file has them; one without a finalization date would say nothing."""
    for name in names:
        if name.finalization_at is not None:
            yield f"{name.domain};{name.finalization_at:%Y-%m-%d %H:%M:%S}\n"
