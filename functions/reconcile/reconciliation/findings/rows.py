"""Findings about rows of the provider's lists that make no sense: set aside, with what they say. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator

from backorder.domain.findings import Kind
from backorder.provider.port import UnreadRow
from reconciliation.findings.observation import Observation

LONGEST = 400
"""Characters of a row that a finding quotes."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*(?:\.[a-z0-9][a-z0-9-]*)*\.[a-z][a-z0-9-]+")


def subject_of(row: UnreadRow) -> str:
    """Return what tells a row from others: its list, its id or what it is about, and what is wrong with it.

    Other cells change from hour to hour, and that is no news.
    """
    identity = row.id or domain_of(row) or row.text
    return f"{row.source} {hashlib.sha256(f'{identity} {row.why}'.encode()).hexdigest()[:12]}"


def domain_of(row: UnreadRow) -> str | None:
    """Return the domain that a row is about, as far as its cells say."""
    names = (found[0] for cell in sorted(row.cells) if (found := _NAME.search(cell)) is not None)
    return next(names, None)


def examine_rows(rows: Iterable[UnreadRow]) -> Iterator[Observation]:
    """Each of them. Books are not compared while one is about money."""
    for row in rows:
        quoted = row.text if len(row.text) <= LONGEST else f"{row.text[:LONGEST]} …"
        yield Observation(
            Kind.ROW_UNREAD,
            subject_of(row),
            f"A row of {row.list} {row.why}, and is left out until it makes sense: ask the provider's support what "
            f"it means: {quoted}",
            domain_of(row),
        )
