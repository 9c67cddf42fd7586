"""Findings about rows of the provider's lists that make no sense: set aside, with what they say. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backorder.domain.findings import Kind
from backorder.provider.port import Unread
from reconciliation.findings.observation import Observation

LONGEST = 400
"""Characters of a row that a finding quotes."""
_ID = re.compile(r"(?:^|; )((?:[A-Z]*ID|APPLICATION)=[^;\s]+)(?=;|$)")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*\.[a-z][a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class UnreadRow:
    """A row of a command's list that makes no sense."""

    command: str
    text: str
    why: str
    domain: str | None = None
    """What it is about, as far as its cells tell."""
    cells: frozenset[str] = frozenset()

    @classmethod
    def of(cls, command: str, row: Unread) -> UnreadRow:
        names = (found[0] for cell in sorted(row.cells) if (found := _NAME.search(cell)) is not None)
        return cls(command, row.text, row.why, next(names, None), row.cells)

    @property
    def subject(self) -> str:
        """Return what tells the row from others: its id, or what it is about, and what is wrong with it.

        Other cells change from hour to hour (a deposit's `UPDATEDDATE`), and that is no news.
        """
        identity = _ID.search(self.text)
        told_by = f"{identity[1] if identity else self.domain or self.text} {self.why}"
        return f"{self.command} {hashlib.sha256(told_by.encode()).hexdigest()[:12]}"


def examine_rows(rows: Iterable[UnreadRow]) -> Iterator[Observation]:
    """Each of them. Books are not compared while one is about money."""
    for row in rows:
        quoted = row.text if len(row.text) <= LONGEST else f"{row.text[:LONGEST]} …"
        yield Observation(
            Kind.ROW_UNREAD,
            row.subject,
            f"A row of {row.command} {row.why}, and is left out until it makes sense: ask the provider's support what "
            f"it means: {quoted}",
            row.domain,
        )
