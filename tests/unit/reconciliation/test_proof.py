"""Whether the provider's balances of past days are those of the books, whatever it calls the balance of a date."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backorder.domain.ledger import Account, Posting, balances
from reconciliation.ledger import READINGS, Differs, PastBooks, Reading, corrections, prove, sum_up
from tests.factories import a_posting, usd

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
OPENED = datetime(2026, 11, 20, tzinfo=UTC)
NOW = OPENED + 9 * DAY + HOUR / 2
ASKED = [(OPENED + number * DAY).date() for number in range(2, 10)]
OPENING = a_posting("opening", usd(1000), at=OPENED, kind="opening", source=Account.OPENING)
UTC_BEGINS, UTC_ENDS, FREE = Reading(0, True), Reading(24, True), Reading(0, False)
PINNED = (UTC_BEGINS,)


def paid(day: float, amount: int, key: str = "") -> Posting:
    return a_posting(f"entry#{key or day}", usd(amount), at=OPENED + day * DAY)


def moved(kind: Any, day: float, amount: int = 69) -> Posting:
    there = kind == "deposit"
    source, target = (Account.BALANCE, Account.RESERVED) if there else (Account.RESERVED, Account.BALANCE)
    return a_posting(f"{kind}#{day}", usd(amount), at=OPENED + day * DAY, kind=kind, source=source, target=target)


def differing(day: float, amount: int) -> Posting:
    posting = paid(day, amount, f"unexplained {day}")
    return replace(posting, kind="unexplained", source=Account.UNEXPLAINED)


def books(postings: Sequence[Posting], **changes: Any) -> PastBooks:
    every = [OPENING, *postings]
    about: dict[str, Any] = {"corrected": corrections(every), "opened_at": OPENED, "now": NOW, **changes}
    return PastBooks(held=balances(every), sums=sum_up(every), **about)


def told_by(postings: Sequence[Posting], reading: Reading = UTC_BEGINS) -> Mapping[date, Decimal]:
    """What a provider says for whom this happened."""
    told = {}
    for day in ASKED:
        moment = datetime.combine(day, time(), UTC) + reading.hours * HOUR
        held = balances([OPENING, *(posting for posting in postings if posting.at < moment)])
        told[day] = held[Account.BALANCE] + (held[Account.RESERVED] if reading.reserved else 0)
    return told


BUSY = [paid(day + 0.4, 10 + day) for day in range(9)]


@pytest.mark.parametrize("reading", READINGS, ids=str)
def test_right_books_fit_whatever_is_called_the_balance_of_a_date(reading: Reading) -> None:
    happened = [*BUSY, moved("deposit", 3.3), moved("refund", 5.9)]
    proof = prove(told_by(happened, reading), books(happened), READINGS)
    assert proof.differs is None
    assert reading in proof.readings


def test_readings_that_did_not_fit_count_no_longer() -> None:
    proof = prove(told_by(BUSY, UTC_ENDS), books(BUSY), READINGS)
    assert {reading.hours for reading in proof.readings} <= set(range(10, 36))
    assert UTC_BEGINS not in proof.readings


@pytest.mark.parametrize("readings", [READINGS, PINNED], ids=["nothing known", "known"])
def test_the_first_day_is_found_of_which_the_books_know_less(readings: Sequence[Reading]) -> None:
    happened = [*BUSY, paid(4.5, 500)]
    proof = prove(told_by(happened), books(BUSY), readings)
    assert proof.differs == Differs((OPENED + 4 * DAY).date(), usd(500))


def test_what_was_booked_on_another_day_than_it_happened_is_found() -> None:
    proof = prove(told_by([*BUSY, paid(3.5, 500)]), books([*BUSY, paid(5.5, 500)]), READINGS)
    assert proof.differs == Differs((OPENED + 3 * DAY).date(), usd(500))


def test_of_yesterday_it_is_found_at_once_where_the_reading_is_known() -> None:
    proof = prove(told_by([*BUSY, paid(8.9, -500)]), books(BUSY), PINNED)
    assert proof.differs == Differs((OPENED + 8 * DAY).date(), usd(-500))


def test_readings_that_fit_a_night_that_nothing_explains_are_the_next_ones() -> None:
    """So a reading that was taken for the true one by accident costs one night."""
    proof = prove(told_by(BUSY, UTC_ENDS), books(BUSY), PINNED)
    assert proof.differs is not None
    assert UTC_ENDS in proof.readings
    assert prove(told_by(BUSY, UTC_ENDS), books(BUSY), proof.readings).differs is None


def test_where_no_reading_fits_none_is_given_up() -> None:
    told = {**told_by(BUSY), ASKED[3]: usd(7)}
    assert prove(told, books(BUSY), PINNED).readings == PINNED


def test_days_before_the_books_were_opened_are_not_judged() -> None:
    told = {OPENED.date() - DAY: usd(3), **told_by(BUSY)}
    assert prove(told, books(BUSY), PINNED).differs is None


def test_the_moments_of_opening_and_of_asking_are_judged() -> None:
    now = OPENED + 9 * DAY
    told = told_by(BUSY)
    assert prove({OPENED.date(): usd(1000), **told}, books(BUSY, now=now), PINNED).differs is None
    for day, amount in ((OPENED.date(), usd(1000)), (now.date(), told[now.date()])):
        proof = prove({**told, day: amount + 7}, books(BUSY, now=now), PINNED)
        assert proof.differs == Differs(day - DAY, usd(7))


def test_what_was_opened_with_counts_from_the_beginning_whenever_it_became_known() -> None:
    late = replace(OPENING, key="opening#reserved", at=OPENED + 3.2 * DAY, amount=usd(69))
    told = {day: amount + 69 for day, amount in told_by(BUSY).items()}
    assert prove(told, books([*BUSY, late]), PINNED).differs is None


@pytest.mark.parametrize(("after_h", "fits"), [(1, True), (5, True), (6, False)])
def test_a_difference_that_is_posted_some_hours_later_may_have_come_the_day_before(after_h: int, fits: bool) -> None:
    happened = [*BUSY, differing(5 - 1 / 24, -9)]
    posted = [*BUSY, differing(5 + after_h / 24, -9)]
    assert (prove(told_by(happened), books(posted), PINNED).differs is None) is fits


def test_a_refund_that_is_seen_after_midnight_may_have_come_before() -> None:
    there = [*BUSY, moved("deposit", 2.5)]
    told = told_by([*there, moved("refund", 5 - 1 / 24)], FREE)
    assert prove(told, books([*there, moved("refund", 5 + 1 / 48)]), (FREE,)).differs is None
    assert prove(told, books([*there, moved("refund", 5.5)]), (FREE,)).differs is not None


def test_days_ends_at_which_nobody_saw_the_account_are_not_judged() -> None:
    happened, posted = [*BUSY, differing(4.8, -9)], [*BUSY, differing(5.4, -9)]
    gap = (OPENED + 4.7 * DAY, OPENED + 5.3 * DAY)
    assert prove(told_by(happened), books(posted, unseen=[gap]), PINNED).differs is None
    assert prove(told_by(happened), books(posted), PINNED).differs is not None


def test_a_booking_that_vanished_has_vanished_from_the_providers_past() -> None:
    gone = paid(3.5, 500, "7")
    back = replace(gone, key="reversal#entry#7", kind="reversal", source=gone.target, target=gone.source)
    posted = [*BUSY, gone, replace(back, at=OPENED + 6.5 * DAY)]
    assert prove(told_by(BUSY), books(posted), PINNED).differs is None
    assert prove(told_by([*BUSY, gone]), books(posted), PINNED).differs is not None


@pytest.mark.parametrize("when", [2.2, 7.2], ids=["before", "after"])
def test_days_that_nobody_saw_hide_nothing_of_others(when: float) -> None:
    gap = (OPENED + when * DAY, OPENED + (when + 0.1) * DAY)
    proof = prove(told_by([*BUSY, paid(4.5, 500)]), books(BUSY, unseen=[gap]), PINNED)
    assert proof.differs == Differs((OPENED + 4 * DAY).date(), usd(500))


@pytest.mark.parametrize(
    ("from_h", "to_h", "judged"),
    [(-30, 0, True), (-30, 1, False), (-1, 30, False), (2, 30, False), (3, 30, True)],
)
def test_a_days_end_is_judged_if_it_was_seen_or_three_hours_after_it_the_account_was(
    from_h: int, to_h: int, judged: bool
) -> None:
    midnight = OPENED + 5 * DAY
    told = {**told_by(BUSY), midnight.date(): told_by(BUSY)[midnight.date()] + 7}
    proof = prove(told, books(BUSY, unseen=[(midnight + from_h * HOUR, midnight + to_h * HOUR)]), PINNED)
    assert (proof.differs is not None) is judged


@pytest.mark.parametrize(("more", "by"), [(7, 7), (0, None), (-9, None), (-12, -3)])
def test_by_how_much_it_differs_is_counted_from_the_nearest_that_may_have_been(more: int, by: int | None) -> None:
    """What was seen an hour after midnight may have come before."""
    happened = [*BUSY, differing(5 + 1 / 24, -9)]
    midnight = (OPENED + 5 * DAY).date()
    told = {midnight: told_by(happened)[midnight] + more}
    differs = prove(told, books(happened), PINNED).differs
    assert (differs.amount if differs else None) == (usd(by) if by else None)


def test_a_day_that_no_reading_explains_is_told_by_the_likeliest_of_those_that_were_left() -> None:
    told = {**told_by(BUSY), ASKED[3]: usd(7)}
    told_first = [prove(told, books(BUSY), both).differs for both in ((UTC_BEGINS, UTC_ENDS), (UTC_ENDS, UTC_BEGINS))]
    days = [differs.day for differs in told_first if differs is not None]
    assert days == [ASKED[3] - DAY, ASKED[0]]


def test_the_likely_readings_come_first_and_every_zones_clock_is_among_them() -> None:
    assert READINGS[:4] == (UTC_BEGINS, FREE, UTC_ENDS, Reading(24, False))
    away = [min(abs(reading.hours), abs(reading.hours - 24)) for reading in READINGS]
    assert away == sorted(away)
    # Kiritimati's date begins 14 hours before that of UTC; Baker Island's ends 12 hours after.
    assert {reading.hours for reading in READINGS} == set(range(-14, 37))


@pytest.mark.parametrize(("booked", "vanished"), [(3.0, 6.5), (3.5, 6.0), (2.5, 4.0)])
def test_a_booking_that_vanished_may_have_been_booked_and_taken_back_at_a_days_very_end(
    booked: float, vanished: float
) -> None:
    gone = paid(booked, 500, "7")
    back = replace(gone, key="reversal#entry#7", kind="reversal", source=gone.target, target=gone.source)
    posted = [*BUSY, gone, replace(back, at=OPENED + vanished * DAY)]
    assert prove(told_by(BUSY), books(posted), PINNED).differs is None


def test_only_what_took_back_a_booking_that_is_known_and_moved_the_balance_corrects_the_past() -> None:
    gone = paid(3.5, 500, "7")
    back = replace(gone, key="reversal#entry#7", kind="reversal", source=gone.target, target=gone.source, at=NOW)
    moved_no_money = replace(back, source=Account.FEES, target=Account.OTHER)
    assert [each.amount for each in corrections([gone, back])] == [usd(-500)]
    assert corrections([back]) == corrections([gone, moved_no_money]) == []


MOVES = st.lists(st.tuples(st.integers(0, 8 * 24), st.integers(-500, 500).filter(bool)), max_size=12)


@given(MOVES, st.sampled_from(READINGS))
def test_right_books_always_fit_their_reading(moves: list[tuple[int, int]], reading: Reading) -> None:
    happened = [paid(at_h / 24, amount, str(n)) for n, (at_h, amount) in enumerate(moves)]
    proof = prove(told_by(happened, reading), books(happened), READINGS)
    assert proof.differs is None
    assert reading in proof.readings


@given(MOVES, st.integers(0, 5 * 24), st.integers(1, 500))
def test_what_the_books_lack_for_good_is_always_found_on_its_day(
    moves: list[tuple[int, int]], at_h: int, lacks: int
) -> None:
    posted = [paid(hour / 24, amount, str(n)) for n, (hour, amount) in enumerate(moves)]
    lacking = paid(at_h / 24, lacks, "lacking")
    proof = prove(told_by([*posted, lacking]), books(posted), PINNED)
    # The first day that is asked about is the one that ends with the first date.
    first = max(lacking.at.date(), ASKED[0] - DAY)
    assert proof.differs == Differs(first, usd(lacks))
