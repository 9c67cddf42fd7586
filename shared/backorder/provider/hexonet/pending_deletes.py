"""The pending-delete list: which filters ask for the names that are wanted, and what a page of it says. Pure."""

from __future__ import annotations

from typing import Final

from backorder.provider.hexonet.values import moment_or_none, number, required
from backorder.provider.hexonet.wire import NotAnAnswer, ParameterValue, Response, Row
from backorder.provider.port import NameFilter, PendingDelete

COMMAND: Final = "QueryDomainPendingDeleteList"
PROPERTIES: Final = ("DOMAIN", "FINALIZATIONDATE")
LONGEST_LENGTH: Final = 20
"""The provider filters by lengths up to this; longer names have none that could be asked for."""
_PLACES: Final = {"any": "ANY", "begin": "BEGIN", "end": "END"}


def parameters(wanted: NameFilter) -> dict[str, ParameterValue]:
    """Return the filters that give all that is wanted, and may give more. The list comes by name."""
    without = {"NOIDNS": wanted.idns, "NOHYPHENS": wanted.hyphens, "NONUMBERS": wanted.digits}
    found: dict[str, ParameterValue] = {
        "ORDERBY": "NAME",
        "ZONE": wanted.zones,
        "FILTER": [name for name, allowed in without.items() if not allowed],
        "REGEXP": wanted.expression,
    }
    if wanted.length is not None and wanted.length[1] <= LONGEST_LENGTH:
        shortest, longest = wanted.length
        found["LENGTH"] = [str(length) for length in range(shortest, longest + 1)]
    if wanted.keywords:
        found["KEYWORD"] = wanted.keywords
        found["KEYWORDMATCH"] = _PLACES[wanted.place]
        found["KEYWORDCATENATION"] = "AND" if wanted.all_keywords else "OR"
    return found


def read_pending_delete(row: Row) -> PendingDelete:
    return PendingDelete(
        domain=required(row["DOMAIN"], "DOMAIN").lower(),
        finalization_at=moment_or_none(row["FINALIZATIONDATE"], "FINALIZATIONDATE"),
    )


def check_is_whole(page: Response, *, first: int, names: int) -> int:
    """Return how many names the whole list has. Raises `NotAnAnswer` for half a page: the list would end there, and
    seem whole."""
    total = number(page.first("TOTAL"), "TOTAL")
    count = number(page.first("COUNT") or str(names), "COUNT")
    if count != names or (not names and first < total):
        raise NotAnAnswer(f"from {first:,} of {total:,} has {names:,} names, not {count:,}")
    return total
