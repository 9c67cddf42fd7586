"""Whether the provider's balances of past days are those of the books. Pure.

What the provider calls the balance of a date is documented no further: it may be the one at the date's beginning or at
its end, by the clock of any zone, with what was reserved or without. Each way is a reading, and one of them has to fit
all days: those that did not, on any night, count no longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from backorder.domain.ledger import Account, Posting
from backorder.domain.money import ZERO
from reconciliation.ledger.sums import Sum

UNSEEN = timedelta(hours=3)
"""Between two looks at the account that are further apart, nobody knows on which day something happened."""
DATED_WHEN_SEEN = 2 * UNSEEN
"""What has no date of its own is posted so much later at most: a difference, at the second look that sees it."""
_WITHOUT_A_DATE = frozenset({"unexplained", "deposit", "release", "refund"})
"""Kinds of postings that may be dated to when they were seen."""
_REVERSAL = "reversal#"
_HOUR = timedelta(hours=1)
_WEST, _EAST = 12, 14
"""The most hours that a zone's clock is behind UTC, and ahead of it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the balance of a date may be: the one so many `hours` after the date began in UTC, with what was `reserved`
    or without."""

    hours: int
    reserved: bool


READINGS: Sequence[Reading] = tuple(
    Reading(hours, reserved)
    # The likely ones first: the beginning of the date in UTC, and its end.
    for hours in sorted(range(-_EAST, 24 + _WEST + 1), key=lambda hours: (min(abs(hours), abs(hours - 24)), hours))
    for reserved in (True, False)
)


@dataclass(frozen=True, slots=True)
class Differs:
    """The first day (UTC) at whose end the provider has another balance than the books, and by how much: more, or less
    where `amount` is negative."""

    day: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Proof:
    """What the provider's balances say of the books."""

    differs: Differs | None
    readings: tuple[Reading, ...]
    """Those that may be true after all that was told."""


@dataclass(frozen=True, slots=True)
class Correction:
    """A booking that changed or vanished at the provider, which has the change in its past: in the books it is dated to
    when it was seen. `amount` is what the spendable balance changed by then."""

    booked_at: datetime
    seen_at: datetime
    amount: Decimal


def corrections(rows: Iterable[Posting]) -> list[Correction]:
    """Those among the ledger's bookings."""
    booked: dict[str, datetime] = {}
    reversals: list[Posting] = []
    for posting in rows:
        if posting.key.startswith(_REVERSAL):
            reversals.append(posting)
        else:
            booked[posting.key] = posting.at
    pairs = ((booked.get(each.key.removeprefix(_REVERSAL)), each) for each in reversals)
    return [Correction(at, each.at, each.effect) for at, each in pairs if at is not None and each.effect]


@dataclass(frozen=True, kw_only=True)
class PastBooks:
    """What the books say of the past. `held` is what they hold now, `sums` what they moved by the hour since the first
    day that is asked about, and the day before."""

    held: Mapping[Account, Decimal]
    sums: Iterable[Sum]
    corrected: Iterable[Correction]
    opened_at: datetime
    now: datetime
    unseen: Iterable[tuple[datetime, datetime]] = ()
    """Each time from one look to the next that was longer than it should be."""

    def at(self, moment: datetime, *, reserved: bool) -> tuple[Decimal, Decimal] | None:
        """What the account had before all that happened from `moment` on (a full hour): at least, and at most, for what
        has no date of its own may have happened before. None: nobody knows."""
        if not self.opened_at <= moment <= self.now or any(start - UNSEEN < moment < end for start, end in self.unseen):
            return None
        accounts = (Account.BALANCE, Account.RESERVED) if reserved else (Account.BALANCE,)
        had = sum((self.held.get(account, ZERO) for account in accounts), ZERO)
        less = more = ZERO
        for each in self.sums:
            # What they were opened with was there from the beginning, whenever that became known.
            if each.hour < moment or each.kind == "opening":
                continue
            moved = each.amount * ((each.target in accounts) - (each.source in accounts))
            had -= moved
            if each.kind in _WITHOUT_A_DATE and each.hour < moment + DATED_WHEN_SEEN:
                less, more = less + min(moved, ZERO), more + max(moved, ZERO)
        had += sum((each.amount for each in self.corrected if each.booked_at < moment <= each.seen_at), ZERO)
        return had + less, had + more


def prove(told: Mapping[date, Decimal], books: PastBooks, readings: Sequence[Reading]) -> Proof:
    """Compare what the provider `told` of each date with the books, by the `readings` that may be true.

    If none of them fits, a day is wrong; and those that fit all the same may be the true ones from then on.
    """
    wrong = {reading: _wrong(told, books, reading) for reading in READINGS}
    fitting = tuple(reading for reading in READINGS if not wrong[reading])
    if left := tuple(reading for reading in readings if reading in fitting):
        return Proof(None, left)
    moment, amount = min(wrong[readings[0]].items())
    return Proof(Differs((moment - _HOUR).date(), amount), fitting or tuple(readings))


def _wrong(told: Mapping[date, Decimal], books: PastBooks, reading: Reading) -> dict[datetime, Decimal]:
    """By moment, how much more the provider had than the books, where that is not what they may have had."""
    found: dict[datetime, Decimal] = {}
    for day, amount in told.items():
        moment = datetime.combine(day, time(), UTC) + reading.hours * _HOUR
        had = books.at(moment, reserved=reading.reserved)
        if had is not None and not had[0] <= amount <= had[1]:
            found[moment] = amount - (had[1] if amount > had[1] else had[0])
    return found
