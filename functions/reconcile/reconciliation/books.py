"""The books as they stand in the store: what the ledger adds up to, and what has to be remembered between two runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from pydantic import TypeAdapter, ValidationError

from backorder.domain.ledger import Posting, Tally
from backorder.domain.money import CENT, ZERO
from backorder.domain.reservation import RELEASE_LAG
from backorder.runtime.observability import logger
from backorder.store import NotUnderstood, Store
from backorder.store.documents import Group
from reconciliation.ledger import Checked, Differs, Reading, Sum, name_of_posting, sum_up
from reconciliation.writers import side_by_side

_DOCUMENT = "books"
_HISTORY: Group[dict[str, str]] = Group("books-history", TypeAdapter(dict[str, str]))
"""The keys of the bookings that were there before the books, and nothing about them; read on the first days only."""
_RECENT = 9
"""Deposits and charges of a zone that say what is usual there: an odd one is outvoted, and a new price soon wins."""
_READINGS = 3
_LAGS = 20
_LEAST_LAGS = 5
"""Refunds that must have been seen before the account's release lag counts as measured."""
_LEAST_LATE = 10
"""Refunds that must have been seen before late ones count as what is usual on the account."""
_SPENT_FOR = timedelta(days=70)
"""The limits of rules.toml go by day and by month."""


@dataclass(frozen=True, slots=True)
class Notes:
    """What the postings themselves do not tell."""

    opened_at: datetime | None = None
    """When the first run read the account; None before it."""
    missing: tuple[Decimal, Decimal] = (ZERO, ZERO)
    """What the last run could not explain, of the balance and of the reserved: posted if the next run sees the same."""
    checked: Checked | None = None
    """The account's own numbers when they were last compared with the books."""
    readings: tuple[bool, ...] = ()
    """What the last changes of DEPOSIT said: that AMOUNT leaves out what is reserved (True), or has it (False)."""
    opened_with: Decimal = ZERO
    """What was reserved when the books were opened, as long as it is not known whether AMOUNT had it."""
    tally: Tally = field(default_factory=Tally)
    clean: bool = True
    """False while postings are written: after a crash the ledger is added up anew."""
    deposits: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)
    """Our last deposits in each zone, and what names there were charged, the latest last."""
    odd_charges: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)
    """The last charges in each zone that were another sum than was reserved: they say nothing of what a deposit there
    should be, and something of what an order may come to."""
    lags: tuple[timedelta, ...] = ()
    """How long the last refunds took, also those that were late."""
    swept_on: date | None = None
    """The day (UTC) of the last full look at the account."""
    applications: int = 0
    """How many applications there were at the last look."""
    newest_at: datetime | None = None
    """When the newest of them was created."""
    changed_at: datetime | None = None
    """When the last one of them changed."""
    currency: str = ""
    """The account's, as it was last read."""
    proved_on: date | None = None
    """The day (UTC) on which the provider was last asked for its balances of the days before."""
    differs: Differs | None = None
    """The first of those days on which it had another one than the books."""
    balance_readings: tuple[Reading, ...] = ()
    """What these balances may mean, after all that were seen; empty: anything."""
    waiting_since: date | None = None
    """The first day (UTC) of the provider's rows that are not booked yet, since it is not known whose they are."""
    unseen: tuple[tuple[datetime, datetime], ...] = ()
    """From which comparison to which the account was not seen for long."""

    @property
    def excludes_deposits(self) -> bool | None:
        """Whether AMOUNT leaves out what is reserved: what most of the last readings say, the first of two that differ.
        None: nothing was reserved or released yet."""
        return Counter(self.readings).most_common(1)[0][0] if self.readings else None

    @property
    def usual_deposits(self) -> dict[str, Decimal]:
        """By zone: the most frequent of the last ones, the older one of two that are as frequent."""
        return {zone: Counter(amounts).most_common(1)[0][0] for zone, amounts in self.deposits.items() if amounts}

    @property
    def agreed_deposits(self) -> dict[str, Decimal]:
        """The usual ones, of zones where more than one deposit says so."""
        return {zone: usual for zone, usual in self.usual_deposits.items() if self.deposits[zone].count(usual) > 1}

    @property
    def expected_deposits(self) -> dict[str, Decimal]:
        """By zone, what the next one may come to: the highest of the usual one, the very last, and any that came more
        than once. So a price that rose counts at once, for too little may void orders, and an odd one until the next.
        """
        usual = self.usual_deposits
        return {
            zone: max(usual[zone], amounts[-1], *_repeated(amounts), *_repeated(self.odd_charges.get(zone, ())))
            for zone, amounts in self.deposits.items()
            if amounts
        }

    @property
    def release_lag(self) -> timedelta | None:
        """The longest of the last refunds' ways, in whole hours, and one for the hour between two runs; None until
        enough were seen. One that took longer than is expected at first was a finding, and is no measure, unless nine
        of ten do: then that is how this account is."""
        in_time = [lag for lag in self.lags if lag <= RELEASE_LAG]
        late = len(self.lags) >= _LEAST_LATE and 10 * len(in_time) <= len(self.lags)
        measured = self.lags if late else in_time
        if len(measured) < _LEAST_LAGS:
            return None
        hours = -(-max(measured) // timedelta(hours=1))
        return timedelta(hours=hours + 1)

    def with_reading(self, excluded: bool | None) -> Notes:
        """With one more change of DEPOSIT seen; None: it did not tell."""
        return self if excluded is None else replace(self, readings=(*self.readings, excluded)[-_READINGS:])

    def with_fee(self, zone: str, amount: Decimal) -> Notes:
        """With one more deposit or charge of ours seen."""
        return replace(self, deposits={**self.deposits, zone: (*self.deposits.get(zone, ()), amount)[-_RECENT:]})

    def with_charge(self, zone: str, amount: Decimal, *, reserved: Decimal | None) -> Notes:
        """With one more charge seen, for which so much was `reserved` (None: nobody saw it)."""
        if reserved is None or abs(amount - reserved) <= CENT:
            return self.with_fee(zone, amount)
        odd = (*self.odd_charges.get(zone, ()), amount)[-_RECENT:]
        return replace(self, odd_charges={**self.odd_charges, zone: odd})

    def with_lag(self, lag: timedelta) -> Notes:
        """With one more refund seen."""
        return replace(self, lags=(*self.lags, lag)[-_LAGS:])


def _repeated(amounts: Iterable[Decimal]) -> Iterator[Decimal]:
    """Those that came more than once."""
    return (amount for amount, number in Counter(amounts).items() if number > 1)


_NOTES = TypeAdapter(Notes)
_SUMS = TypeAdapter(tuple[Sum, ...])
_DAY = timedelta(days=1)
_DEPOSITS = ("deposit#", "released#")
_CHECKED_IN_TURN = 34
"""Days before yesterday of which one is added up again each day."""
_STRETCH = 25
"""Postings that one writer takes."""


class Books:
    """The ledger of `store`, written through; nobody else writes it while the run's lease holds."""

    def __init__(self, store: Store) -> None:
        self._store = store
        body = store.document(_DOCUMENT)
        self._saved = self.notes = Notes() if body is None else _NOTES.validate_python(body)
        self._there: set[str] = set()
        """After a crash: the keys of all postings. A run that ended well left nothing half done."""
        if not self.notes.clean:
            self.notes = replace(self.notes, tally=Tally().plus(self._read_again()))
        self.recovers = not self.notes.clean
        self._sums: dict[str, dict[str, Any]] = {}
        """By month's group, the sums of its days as they are kept."""
        self._rows: tuple[date, list[Posting]] | None = None
        self.posted = 0
        self.earliest: date | None = None
        """The earliest day (UTC) to which this run posted anything."""

    def _read_again(self) -> Iterator[Posting]:
        for posting in self._store.postings():
            self._there.add(posting.key)
            yield posting

    @property
    def tally(self) -> Tally:
        return self.notes.tally

    def open(self, opening: Posting, *, known: Iterable[str]) -> None:
        """Posts the opening, which holds what was booked until then: `known` are the keys of those bookings. They are
        kept first: after a crash in between, the books open anew."""
        _HISTORY.write(self._store, {key: {} for key in known})
        self.notes = replace(self.notes, opened_at=opening.at)
        self._save(replace(self.notes, clean=False))
        self.post([opening])

    def history(self, since: date) -> frozenset[str]:
        """Keys of the bookings that were there when the books were opened, and are never posted: those of the days
        (UTC) from `since` on, and maybe others."""
        opened_at = self.notes.opened_at
        # Bookings are read until tomorrow.
        if opened_at is None or since > opened_at.date() + _DAY:
            return frozenset()
        return frozenset(_HISTORY.read(self._store))

    def are_understood(self, since: date) -> bool:
        """Whether all deposits that are kept, and all postings dated `since` (a day, UTC) or later, are understood, and
        after a crash all others: else nobody knows what the books say, and what they lack must not be added."""
        self.rows(since)
        for _ in self._store.leases():
            pass
        return not any(item.is_money for item in self._store.set_aside())

    def rows(self, since: date) -> Iterable[Posting]:
        """The ledger's bookings dated `since` (a day, UTC) or later, in order of their names; read once a run."""
        if self._rows is None or self._rows[0] != since:
            rows = (posting for posting in self.bookings(since) if name_of_posting(posting))
            self._rows = since, sorted(rows, key=name_of_posting)
        return self._rows[1]

    def begin(self) -> None:
        """Says that postings are to come: a run that finds it so looks for what was kept, and not posted."""
        if self._saved.clean:
            self._save(replace(self._saved, clean=False))

    def post(self, postings: Iterable[Posting]) -> None:
        """Adds to the ledger what is not there yet. Only what the ledger really took counts in its sums."""
        new = [posting for posting in postings if posting.key not in self._there]
        if not new:
            return
        self.begin()
        self._forget_sums({posting.at.date() for posting in new})
        added = [posting for some in side_by_side(self._store.post, _stretches(new)) for posting in some]
        if not added:
            return
        self.notes = replace(self.notes, tally=self.notes.tally.plus(added))
        self.posted += len(added)
        first = min(posting.at.date() for posting in added)
        self.earliest = first if self.earliest is None else min(self.earliest, first)

    def note(self, notes: Notes) -> None:
        """Replaces the notes, to be kept when the run's books are closed."""
        self.notes = notes

    def keep_reading(self, notes: Notes) -> None:
        """Keep at once what the account's numbers said of AMOUNT, and nothing else of the notes."""
        self._save(replace(self._saved, readings=notes.readings, checked=notes.checked, clean=False))

    def close(self, now: datetime, *, whole: bool = True) -> None:
        """Keeps the notes, if anything changed: from here on they say what the ledger adds up to. What a crash left is
        mended only by a `whole` run, one that saw the account."""
        since = (now - _SPENT_FOR).date()
        spent = {day: amount for day, amount in self.tally.spent.items() if day >= since}
        closed = replace(self.notes, clean=whole or not self.recovers, tally=replace(self.tally, spent=spent))
        if closed != self._saved:
            self._save(closed)
        self.notes = closed

    def bookings(self, day: date) -> Iterator[Posting]:
        """What the ledger has of bookings dated `day` (UTC) or later, and what took them back: all but deposits."""
        return (posting for posting in self._store.postings(day) if not posting.key.startswith(_DEPOSITS))

    def on(self, day: date) -> Iterator[Posting]:
        """The postings of a day (UTC)."""
        return self._store.postings(day, day + _DAY)

    def of_month(self, month: date) -> Iterator[Posting]:
        """Return the postings of the month (UTC) that begins on the day `month`, in order of time."""
        return self._store.postings(month, (month + 31 * _DAY).replace(day=1))

    def sums(self, since: date, today: date) -> dict[date, tuple[Sum, ...]]:
        """What each day (UTC) from `since` to tomorrow comes to: the provider's clock may be ahead of ours.

        Those of days before `today` are kept, and added up anew where a posting was added, where one is not understood,
        and where they themselves are not.
        """
        return self._sums_between(since, today + 2 * _DAY, today)

    def _sums_between(self, since: date, end: date, today: date) -> dict[date, tuple[Sum, ...]]:
        days: dict[date, tuple[Sum, ...]] = {}
        for month in _months(since, end):
            kept = self._kept(month)
            day = max(month, since)
            while day < end and day.month == month.month:
                text = day.isoformat()
                try:
                    days[day] = _SUMS.validate_python(kept[text])
                except (KeyError, ValidationError):
                    days[day] = sum_up(self.on(day))
                    if day < today and day not in {item.day for item in self._store.set_aside()}:
                        self._keep_sums(day, _SUMS.dump_python(days[day], mode="json"))
                day += _DAY
        return days

    def mend_sums(self, today: date) -> int:
        """Compare sums that are kept with the postings themselves, mend what differs, and return how much that was.

        Each day's call adds up the postings of the day before `today`, and of one of the five weeks before it, in turn.
        What the ledger comes to is compared with the sums of all its days.
        """
        if self.notes.opened_at is None:
            return 0
        mended = sum(self._mend_day(today - _DAY * ago) for ago in (1, 2 + today.toordinal() % _CHECKED_IN_TURN))
        since = (today - _SPENT_FOR).isoformat()
        kept, by_day = _in_words(self.tally, since), self._tally_by_day(today)
        if _in_words(by_day, since) != kept:
            # Either may be wrong, so the postings of all days decide.
            opened_on = self.notes.opened_at.date()
            mended += sum(self._mend_day(opened_on + _DAY * n) for n in range((today - opened_on).days + 2))
            by_day = self._tally_by_day(today)
        if _in_words(by_day, since) != kept:
            logger.error("tally_mended", was=kept, by_day=_in_words(by_day, since))
            self.notes = replace(self.notes, tally=by_day)
            mended += 1
        return mended

    def _tally_by_day(self, today: date) -> Tally:
        """Return what the sums of all days come to."""
        assert self.notes.opened_at is not None
        tally, opened_on = Tally(), self.notes.opened_at.date()
        for month in _months(opened_on, today + 2 * _DAY):
            end = min((month + 31 * _DAY).replace(day=1), today + 2 * _DAY)
            days = self._sums_between(max(month, opened_on), end, today)
            sums = [each for of_day in days.values() for each in of_day]
            counted = tally.plus(each.as_posting for each in sums)
            tally = replace(counted, postings=tally.postings + sum(each.count for each in sums))
        return tally

    def _mend_day(self, day: date) -> bool:
        """Whether the sums that are kept of a day were not those of its postings."""
        kept, text = self._kept(day), day.isoformat()
        if text not in kept:
            return False
        right = _SUMS.dump_python(sum_up(self.on(day)), mode="json")
        if kept[text] == right:
            return False
        logger.error("sums_mended", day=text)
        self._keep_sums(day, right)
        return True

    def _forget_sums(self, days: Iterable[date]) -> None:
        """Before a posting is added: after a crash between the two they are added up anew."""
        for day in sorted(days):
            if self._kept(day).pop(day.isoformat(), None) is not None:
                self._store.delete_member(_sums_of(day), day.isoformat())

    def _keep_sums(self, day: date, sums: Any) -> None:
        self._kept(day)[day.isoformat()] = sums
        with suppress(NotUnderstood):  # a newer version's stay as they are, and are added up in each run
            self._store.put_member(_sums_of(day), day.isoformat(), {"sums": sums})

    def _kept(self, day: date) -> dict[str, Any]:
        """By day, the sums that are kept of all days of the same month."""
        group = _sums_of(day)
        if group not in self._sums:
            self._sums[group] = {text: body["sums"] for text, body in self._store.group(group).items()}
        return self._sums[group]

    def _save(self, notes: Notes) -> None:
        self._store.put_document(_DOCUMENT, _NOTES.dump_python(notes, mode="json"))
        self._saved = notes


def _stretches(postings: Iterable[Posting]) -> Iterator[list[Posting]]:
    """Some at a time, each of which are posted one after the other. Those of one row of the account's bookings stay
    together: a crash leaves the first of them, and never a tax without its amount."""
    stretch: list[Posting] = []
    for _, row in groupby(postings, key=lambda posting: name_of_posting(posting) or posting.key):
        stretch += row
        if len(stretch) >= _STRETCH:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _in_words(tally: Tally, since: str) -> str:
    """What a tally comes to, comparable and for the log: without what is zero, and of days those from `since` on."""
    held = {account.value: str(amount + 0) for account, amount in sorted(tally.balances.items()) if amount}
    totals = {kind: str(amount + 0) for kind, amount in sorted(tally.totals.items()) if amount}
    spent = {day.isoformat(): str(amount + 0) for day, amount in sorted(tally.spent.items()) if amount}
    recent = {day: amount for day, amount in spent.items() if day >= since}
    return f"{tally.postings} postings; {held}; {totals}; {recent}"


def _sums_of(day: date) -> str:
    """Return the group that the sums of a day (UTC) are kept in: each day's apart, and a month's read together."""
    return f"ledger-{day:%Y-%m}"


def _months(since: date, end: date) -> Iterator[date]:
    month = since.replace(day=1)
    while month < end:
        yield month
        month = (month + 31 * _DAY).replace(day=1)
