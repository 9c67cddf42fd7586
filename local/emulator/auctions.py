"""Auctions for names that several customers wanted: they run elsewhere, the API only shows them (money.md)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from .draws import draw, outcome_of_auction, whole
from .moments import DAY, MINUTE
from .options import Options
from .records import Drop, Status

FIRST_BID = Decimal(10)
STEP = Decimal(5)
CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Auction:
    """Three days from 20:00 UTC; a late bid extended some by two minutes. `bids` are their moments, price by price."""

    domain: str
    starts: datetime
    ends: datetime
    bids: tuple[datetime, ...]
    result: Status

    @property
    def price(self) -> Decimal:
        """The last bid, in USD; zero where nobody bid."""
        return self.best_bid(self.ends)

    def number_of_bids(self, now: datetime) -> int:
        """How many bids have been placed by now."""
        return sum(bid <= now for bid in self.bids)

    def best_bid(self, now: datetime) -> Decimal:
        """The best bid so far, in USD; zero before the first."""
        placed = self.number_of_bids(now)
        return FIRST_BID + STEP * (placed - 1) if placed else Decimal(0)

    def next_bid(self, now: datetime) -> Decimal:
        """The least that the next bid must be, in USD."""
        placed = self.number_of_bids(now)
        return FIRST_BID + STEP * placed


def paid_after(options: Options, domain: str) -> timedelta:
    """How long after an auction's end its winner pays: one to seven days, by the seed."""
    return DAY + MINUTE * whole(options.seed, "pays", domain, below=6 * 24 * 60 + 1)


def auction_of(options: Options, drop: Drop) -> Auction:
    """A drop's auction, from the seed and the name alone."""
    seed, domain = options.seed, drop.domain
    starts = drop.drop_at.replace(hour=20, minute=0, second=0, microsecond=0)
    if starts < drop.drop_at:
        starts += DAY
    given = drop.outcome if drop.outcome in {Status.AUCTION_WON, Status.AUCTION_LOST} else None
    result = given or Status(outcome_of_auction(options, domain))
    ends = starts + timedelta(days=3)
    if result is Status.SUCCESSFUL:
        return Auction(domain, starts, ends, (), result)
    count = 1 + whole(seed, "bids", domain, below=12)
    span = ends - starts - MINUTE
    bids = sorted(starts + span * draw(seed, "bid", domain, str(number)) for number in range(count))
    if draw(seed, "late bid", domain) < 0.25:
        bids.append(ends - timedelta(seconds=30))
        ends += 2 * MINUTE
    return Auction(domain, starts, ends, tuple(bids), result)
