"""From the cells of a row, by column name, to an entry: the same for CSV, JSON and JSON lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from backorder.domain.domains import Domain
from backorder.domain.numbers import readings
from ingestion.reading.encodings import marked
from ingestion.reading.entries import Entry, Reject, Release, domain_or_reject, reject
from ingestion.reading.formats.columns import Roles
from ingestion.reading.formats.dates import (
    Order,
    UnreadableDate,
    Written,
    read_drop,
    read_moment,
    read_parts,
    slash_order,
)

Cells = Mapping[str, str]
"""A row: what is in it by `column_name`, without blanks around; a cell that is missing is an empty one."""
Drop = Callable[[Cells], Release | date | datetime | None]
"""When a name drops, of a source that says it in a way of its own. Raises UnreadableDate."""

LOOK_AHEAD = 1000
"""Rows that are looked at before the first is read, for what shows how the list writes its dates, and what columns it
has."""
_MOST_COLUMNS = 1000
"""Of a list of JSON objects, whose members may be others in each, so many are remembered."""
_LONGEST_NOTE = 500

_LARGEST_PRICE = Decimal(10) ** 9
_priority = re.compile(r"(?:10(?:[.,]0+)?|\d(?:[.,]\d{1,4})?)", re.ASCII).fullmatch


class SlashOrder:
    """Whether the dates with slashes of a column have day or month first, as far as it was read.

    The first date with a number over 12 shows it. A look-ahead (`see` for some rows before the first is read) lets it
    show for the rows before, too. What shows both ways shows nothing: then only dates that can be read one way are.
    """

    def __init__(self, known: Order | None = None) -> None:
        self.order = known
        self._settled = known is not None

    def look_ahead(self, texts: Iterable[str]) -> None:
        """Learns from the column's first dates."""
        shown = {order for text in texts if "/" in text or "-" in text if (order := slash_order(text))}
        if shown and not self._settled:
            self.order = shown.pop() if len(shown) == 1 else None
            self._settled = True

    def see(self, text: str) -> Order | None:
        """The order, after one more date."""
        if not self._settled:
            self.look_ahead((text,))
        return self.order


class Rows:
    """Makes entries of the rows of one list."""

    def __init__(self, *, drop: Drop | None = None) -> None:
        self._drop = drop
        self.drops = SlashOrder()
        self.finalizations = SlashOrder()
        self._empty: dict[str, str] = {}
        """The list's own columns as far as it was read, each with an empty cell."""

    def look_ahead(self, rows: Iterable[tuple[Cells, Roles | None]]) -> None:
        """Learns from the first rows."""
        found = [(cells, roles) for cells, roles in rows if roles is not None]
        self.drops.look_ahead(_cell(cells, roles.drop) for cells, roles in found)
        self.finalizations.look_ahead(_cell(cells, roles.finalization) for cells, roles in found)
        for cells, roles in found:
            self._own(cells, roles)

    def entry(self, line: int, text: str, cells: Cells, roles: Roles) -> Entry | Reject:
        """The entry in a row, or the reject of its whole line, `text`."""
        domain = domain_or_reject(line, cells.get(roles.name, ""), text)
        if not isinstance(domain, Domain):
            return domain
        priority, price = _cell(cells, roles.priority), _cell(cells, roles.price)
        if priority and not _priority(priority):
            return reject(
                line, text, f"priority '{priority[:40]}' is no number from 0 to 10", "has a priority beyond 0 to 10"
            )
        amounts = [amount for amount in readings(price) if 0 <= amount < _LARGEST_PRICE and _is_of_cents(amount)]
        if price and not amounts:
            return reject(
                line, text, f"max price '{price[:40]}' is no amount, such as 59.00", "has a max price that is no amount"
            )
        if len(amounts) > 1:
            reason = f"max price '{price[:40]}' may be {amounts[0]:f} or {amounts[1]:f}: write it as 59.00"
            return reject(line, text, reason, "has a max price that can be read in two ways")
        try:
            drop, finalization = self._drops(cells, roles), self._finalization(cells, roles)
        except UnreadableDate as unreadable:
            return reject(line, text, str(unreadable), unreadable.kind)
        if finalization is not None and not isinstance(finalization, datetime):
            return reject(line, text, "has a finalization date without a time")
        drop, eligible_at = drop if isinstance(drop, Release) else (drop, None)
        return Entry(
            line,
            domain,
            drop_day=None if isinstance(drop, datetime) else drop,
            drop_at=drop if isinstance(drop, datetime) else None,
            eligible_at=eligible_at,
            finalization_at=finalization,
            priority=Decimal(priority.replace(",", ".")) if priority else None,
            max_price=amounts[0] if amounts else None,
            note=" ".join(marked(_cell(cells, roles.note)).split())[:_LONGEST_NOTE] or None,
            columns=self._own(cells, roles),
        )

    def _own(self, cells: Cells, roles: Roles) -> dict[str, str]:
        """The cells of the list's own columns. What other rows have and this one lacks is empty, not unasked."""
        known = roles.known
        own = {name: marked(cell) for name, cell in cells.items() if name and name not in known}
        if own.keys() != self._empty.keys():
            if len(self._empty) < _MOST_COLUMNS:
                self._empty |= dict.fromkeys(own, "")
            own = self._empty | own
        return own

    def _drops(self, cells: Cells, roles: Roles) -> Release | date | datetime | None:
        if self._drop is not None:
            return self._drop(cells)
        text = _cell(cells, roles.drop)
        if roles.time is not None:
            return read_parts(text, _cell(cells, roles.time), Written(self.drops.see(text), roles.drop_zone or UTC))
        return read_drop(text, Written(self.drops.see(text), roles.drop_zone or UTC)) if text else None

    def _finalization(self, cells: Cells, roles: Roles) -> date | datetime | None:
        text = _cell(cells, roles.finalization)
        return read_moment(text, Written(self.finalizations.see(text))) if text else None


def _is_of_cents(amount: Decimal) -> bool:
    return amount == round(amount, 2)


def _cell(cells: Cells, column: str | None) -> str:
    return cells.get(column, "") if column is not None else ""
