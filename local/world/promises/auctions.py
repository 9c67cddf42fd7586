"""`auctions_told`: whoever won an auction was told to pay, from its end until it was paid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding, Kind
from backorder.domain.values import Origin

PAY_WITHIN = timedelta(days=7)
"""The winner's time; stated here again, to be checked against."""
SEEN_WITHIN = timedelta(hours=2)
"""By so long after an auction's end somebody has looked, where the provider answers."""


def auctions_untold(
    backorders: Sequence[Backorder],
    findings: Sequence[Finding],
    emulator: Mapping[str, Any],
    *,
    ended_at: datetime,
    mishaps: bool,
) -> Iterator[str]:
    """Auctions that our orders won and that no open finding told of all the time. With `mishaps`, or where calls went
    unanswered, looks may be late: then it is enough that one told of it before it was paid."""
    ours = {backorder.application_id for backorder in backorders if backorder.origin is Origin.OURS}
    odd = {answer["domain"] for answer in emulator.get("answers", ())}
    unanswered = bool(emulator.get("account_faulty"))
    for auction in emulator.get("auctions", ()):
        domain, ends = auction["domain"], datetime.fromisoformat(auction["ends"])
        if auction["result"] != "AUCTION-WON" or auction["application"] not in ours or domain in odd:
            continue
        paid = datetime.fromisoformat(auction["paid"]) if auction["paid"] else None
        until = min(paid or ended_at, ends + PAY_WITHIN, ended_at)
        late = mishaps or unanswered or domain in emulator["faulty"]
        since = until if late else ends + SEEN_WITHIN
        told = [
            (finding.opened_at, finding.closed_at or ended_at)
            for finding in findings
            if finding.kind is Kind.AUCTION_OPEN and finding.domain == domain
        ]
        if until > ends + SEEN_WITHIN and not _covers(told, min(since, until), until):
            yield f"{domain}: its auction was won, ended at {auction['ends']}, and was not told of until {until}"


def _covers(spans: Sequence[tuple[datetime, datetime]], since: datetime, until: datetime) -> bool:
    """Whether the spans together leave no gap from `since` to `until`."""
    at = since
    for first, last in sorted(spans):
        if first <= at:
            at = max(at, last)
    return at >= until and any(first <= since for first, _ in spans)
