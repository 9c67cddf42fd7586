"""The pending-delete list, page after page, while it moves.

Names come to the list and leave it at any time, and each shifts what comes after it. So each page begins a little
before the end of the last one, and what is new in it is what comes after the last name that was on both. A name that
comes to the list before the place that was reached is left for the next day's list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backorder.provider.port import Command, NameFilter, OutcomeUnknown, PendingDelete, Provider

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


def page_after(provider: Provider, wanted: NameFilter, *, reached: int, last: Sequence[str], size: int) -> Page:
    """The page after `reached`; `last` are the last names before it (none: from the beginning), `size` names at most.

    Raises MovedTooFar, and what the provider raises where it does not answer, or not with a page.
    """
    for back in (OVERLAP, size):
        first = max(0, reached - back)
        page = provider.pending_delete_page(wanted, first=first, size=size)
        names, total = page.names, page.total
        if not last:
            return Page(names, len(names), len(names) >= total)
        known = set(last)
        if (at := max((n for n, name in enumerate(names) if name.domain in known), default=None)) is not None:
            end = first + len(names)
            if end <= reached and end < total and len(names) <= OVERLAP:
                raise OutcomeUnknown(f"a page of {len(names)} names leads nowhere", asked=Command.PENDING_DELETES)
            return Page(names[at + 1 :], end, end >= total)
    raise MovedTooFar(f"the list moved by more than {size:,} names since it was read up to {reached:,}")


def rows(names: Sequence[PendingDelete]) -> Iterator[str]:
    """As the provider's own file has them; one without a finalization date would say nothing."""
    for name in names:
        if name.finalization_at is not None:
            yield f"{name.domain};{name.finalization_at:%Y-%m-%d %H:%M:%S}\n"
