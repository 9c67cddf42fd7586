"""Findings about deposits that are for no order of ours. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from backorder.domain.findings import Kind
from backorder.domain.ledger import Lease
from backorder.domain.money import in_words
from reconciliation.findings.observation import Observation


def examine_orphans(leases: Iterable[Lease], *, now: datetime, release_lag: timedelta) -> Iterator[Observation]:
    """Deposits that the provider has had no application for, longer than a lost order's takes to come back."""
    for lease in leases:
        if lease.cycle is None and lease.alone_since is not None and now >= lease.alone_since + release_lag:
            yield Observation(
                Kind.DEPOSIT_ORPHAN,
                f"deposit {lease.id}",
                f"{in_words(lease.amount, lease.currency)} are reserved for {lease.domain} since "
                f"{lease.created_at:%-d %B}, and there is no order for it: ask the provider's support to "
                f"release deposit {lease.id}.",
                lease.domain,
                lease.amount,
            )
