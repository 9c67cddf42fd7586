"""Each night the provider is asked what the account had on each of the last days: the statement has to say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

from backorder.provider.port import AnswerUnread, Command, Provider, ProviderError, Scope
from reconciliation import ledger
from reconciliation.books import Books
from reconciliation.stages import Stages

DAYS = timedelta(days=7)
"""So far back the provider is asked; while a day differs, back to that day."""
AT_MOST = timedelta(days=35)
"""Bookings of this long back are read again each day."""
_DAY = timedelta(days=1)


def note_gap(books: Books, last: datetime | None, now: datetime) -> None:
    """Keep that nobody saw the account between the `last` comparison and the one of `now`, if that was too long."""
    kept = [gap for gap in books.notes.unseen if gap[1] > now - AT_MOST - 2 * _DAY]
    if last is not None and now - last > ledger.UNSEEN:
        kept.append((last, now))
    if tuple(kept) != books.notes.unseen:
        books.note(replace(books.notes, unseen=tuple(kept)))


def prove_past(provider: Provider, books: Books, now: datetime, currency: str, stages: Stages) -> bool:
    """Compare the last days with the provider's own balances, once a day (UTC), and note what came of it.

    Returns whether that was done. It is not, as long as nobody knows whether AMOUNT had what was reserved when the
    books were opened. What the provider refuses, or answers so that nobody understands it, is asked again
    the next day, and what it does not answer, by the next run. Raises AccessDenied.
    """
    notes, today = books.notes, now.date()
    if notes.opened_at is None or notes.proved_on == today:
        return False
    if notes.opened_with > 0 and notes.excludes_deposits is None:
        # What the books were opened with is not known yet: the reading that is true might be the one that does not fit.
        return False
    since = min(today - DAYS, today if notes.differs is None else notes.differs.day)
    since = max(since, today - AT_MOST, notes.opened_at.date())
    with stages.stage("balances"):
        try:
            told = dict(_told(provider, since, today, currency))
        except ProviderError as error:
            if error.scope is not Scope.TRANSPORT:
                books.note(replace(notes, proved_on=today))
            raise
        # By the clock of the east, the balance of a date is that of the day before it.
        earliest = since - _DAY
        sums = [each for of_day in books.sums(earliest, today).values() for each in of_day]
        reversed_ = any(each.kind == "reversal" for each in sums)
        past = ledger.PastBooks(
            held=books.tally.balances,
            sums=sums,
            # Few days have any, and it takes all of their postings to know of which.
            corrected=ledger.corrections(books.bookings(earliest)) if reversed_ else (),
            opened_at=notes.opened_at,
            now=now,
            unseen=notes.unseen,
        )
        proof = ledger.prove(told, past, notes.balance_readings or ledger.READINGS)
        readings = proof.readings if len(proof.readings) < len(ledger.READINGS) else ()
        books.note(replace(notes, proved_on=today, differs=proof.differs, balance_readings=readings))
        return True
    return False


def _told(provider: Provider, since: date, until: date, currency: str) -> Iterator[tuple[date, Decimal]]:
    day = since
    while day <= until:
        balance = provider.balance_on(day)
        if balance.currency not in ("", currency):
            why = f"the answer is in {balance.currency}, and the account in {currency}"
            raise AnswerUnread(why, asked=Command.BALANCE)
        yield day, balance.amount
        day += _DAY
