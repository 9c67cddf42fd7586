"""Auctions for names that were caught: those that run, and those that are won and not paid for yet."""

from __future__ import annotations

from datetime import UTC, datetime

from backorder.domain.backorder import Backorder
from backorder.domain.money import in_words
from backorder.domain.states import AUCTIONED, State
from backorder.domain.values import AuctionState
from reconciliation.findings import PAY_WITHIN
from reconciliation.page.model import AuctionRow

MOST_AUCTIONS = 50
_NO_END = datetime.max.replace(tzinfo=UTC)


class Auctions:
    """The auctions that somebody has to look at `now`, the next end first."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._rows: list[AuctionRow] = []
        self.left_out = 0

    def add(self, backorder: Backorder) -> None:
        row = _row(backorder, self._now)
        if row is None:
            return
        self._rows = sorted([*self._rows, row], key=lambda each: (each.ends_at or _NO_END, each.domain))
        if len(self._rows) > MOST_AUCTIONS:
            self._rows.pop()
            self.left_out += 1

    @property
    def rows(self) -> list[AuctionRow]:
        return self._rows


def _row(backorder: Backorder, now: datetime) -> AuctionRow | None:
    ends_at = backorder.auction.ends_at or (backorder.outcome_at if backorder.state.is_final else None)
    if backorder.state not in AUCTIONED or backorder.auction.paid:
        return None
    over = ends_at is not None and now >= ends_at
    if backorder.state is State.AUCTION_WON and now >= (ends_at or now) + PAY_WITHIN:
        return None
    told = backorder.auction
    won = backorder.state is State.AUCTION_WON or told.won
    return AuctionRow(
        domain=backorder.domain,
        url=backorder.auction.url,
        stands="won: to be paid" if won else "over" if over else "open for bids",
        price=_price(told),
        next_bid=None if over or won else backorder.auction.next_bid,
        ends_at=ends_at,
        pay_until=ends_at + PAY_WITHIN if over and ends_at is not None else None,
    )


def _price(told: AuctionState) -> str | None:
    """What it comes to, or the best bid so far; in the auction's currency."""
    if told.price is not None:
        vat = f" and {in_words(told.vat, told.currency)} VAT" if told.vat else ""
        return f"{in_words(told.price, told.currency)}{vat}"
    return in_words(told.best_bid, told.currency) if told.best_bid else None
