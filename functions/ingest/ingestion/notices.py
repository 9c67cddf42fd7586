"""What a list's summary says of single names, kind by kind: a sentence with their number and the first of them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

MOST_NAMES = 20

Notices = tuple[tuple["Notice", str], ...]


class Notice(StrEnum):
    """Something that happened to a name on the list, and that its user should know."""

    ORDERED_AGAIN = "ordered again"
    CANCELLED_SINCE = "cancelled since"
    CHANGED = "changed"
    PLACED = "placed"
    PAST_DATE = "past date"
    OUTRANKED_DATE = "outranked date"

    def sentence(self, number: int, names: Sequence[str]) -> str:
        """Return what the summary says, such as `1 cancelled name is ordered again: garden-hub.com`."""
        one, many = _SENTENCES[self]
        more = f" and {number - len(names):,} more" if number > len(names) else ""
        return f"{one if number == 1 else many.format(number)}: {', '.join(names)}{more}"


_SENTENCES = {
    Notice.ORDERED_AGAIN: ("1 cancelled name is ordered again", "{:,} cancelled names are ordered again"),
    Notice.CANCELLED_SINCE: (
        "1 name is not ordered, for a newer list cancels it",
        "{:,} names are not ordered, for newer lists cancel them",
    ),
    Notice.CHANGED: ("1 name that waits was changed", "{:,} names that wait were changed"),
    Notice.PLACED: (
        "1 name is at the provider already, and stays as it was ordered",
        "{:,} names are at the provider already, and stay as they were ordered",
    ),
    Notice.PAST_DATE: (
        "1 name is dated into the past by this list, which moves nothing",
        "{:,} names are dated into the past by this list, which moves nothing",
    ),
    Notice.OUTRANKED_DATE: (
        "1 name keeps the date of a better source",
        "{:,} names keep the dates of better sources",
    ),
}
