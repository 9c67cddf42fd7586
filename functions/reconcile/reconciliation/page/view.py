"""From what the store holds to what the page shows. Pure; the order of what comes in does not matter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from backorder.bookkeeping import Account, Posting
from backorder.finding import Finding
from backorder.model import Backorder
from backorder.provider.account import AccountStatus
from backorder.standing import Forecast, Standing
from backorder.store import ListRecord
from reconciliation.page.funding import funding_days
from reconciliation.page.model import Page, Row
from reconciliation.page.moments import moments
from reconciliation.page.outcomes import GROUPS, by_week, by_zone, charges, summed, today
from reconciliation.page.past import Past
from reconciliation.page.statements import statement
from reconciliation.page.tasks import tasks

MOST_ROWS = 20_000
MOST_MOMENTS = 12
MOST_LISTS = 12
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_SOME_DAY = datetime.max.replace(tzinfo=UTC)


def view(
    *,
    backorders: Sequence[Backorder],
    lists: Iterable[ListRecord],
    postings: Sequence[Posting],
    held: Mapping[Account, Decimal],
    findings: Iterable[Finding],
    forecast: Forecast | None,
    standing: Standing,
    account: AccountStatus | None,
    now: datetime,
    planned_at: datetime | None = None,
    unread: str | None = None,
    before: Past | None = None,
) -> Page:
    """The page as of `now`, with the days and hours of the user's time zone, which the forecast names.

    `held`: what each account of the whole ledger holds. `account` is None where the provider was not asked, or did not
    answer, which `unread` explains then; `planned_at`: when orders were last planned; `before`: what the days come to
    whose backorders are not among those given.
    """
    read = sorted(
        (record for record in lists if record.kind in ("wanted", "dropping", "cancel")),
        key=lambda record: (record.read_at, record.name, record.version),
        reverse=True,
    )
    time_zone = ZoneInfo(forecast.time_zone if forecast else "UTC")
    zones = by_zone(backorders, charges(backorders), before)
    coming = moments(backorders, now=now)
    rows = sorted(backorders, key=_interest)
    return Page(
        at=now,
        time_zone=time_zone,
        currency=_currency(account, forecast, postings),
        amount=account.amount if account else None,
        reserved=account.deposit if account else None,
        planned_at=planned_at,
        unread=unread,
        tasks=tasks(findings, forecast, now=now),
        today=today(backorders, read, now=now, time_zone=time_zone),
        funding=funding_days(
            backorders,
            postings,
            held,
            fees=_fees(backorders, standing),
            capacity=account.amount - standing.others if account else None,
            locks=forecast.locks if forecast else (),
            now=now,
            time_zone=time_zone,
            before=(change for day in before.days.values() for change in day.needed.items()) if before else (),
            others=standing.foreign.values(),
        ),
        zones=zones,
        weeks=by_week(backorders, now=now, time_zone=time_zone, before=before),
        total=summed(zones),
        moments=coming[:MOST_MOMENTS],
        moments_left_out=max(0, len(coming) - MOST_MOMENTS),
        statement=statement(postings, held, now=now, time_zone=time_zone) if any(held.values()) else None,
        lists=read[:MOST_LISTS],
        lists_left_out=max(0, len(read) - MOST_LISTS),
        rows=[_row(backorder) for backorder in rows[:MOST_ROWS]],
        rows_left_out=max(0, len(rows) - MOST_ROWS) + (before.counted if before else 0),
    )


def _currency(account: AccountStatus | None, forecast: Forecast | None, postings: Sequence[Posting]) -> str:
    """The account's; empty before anything is known of it."""
    for known in (account, forecast):
        if known is not None:
            return known.currency
    return postings[-1].currency if postings else ""


def _fees(backorders: Iterable[Backorder], standing: Standing) -> dict[str, Decimal]:
    """What an order in each zone draws: the last deposit, or the highest fee that was planned with."""
    planned: dict[str, Decimal] = {}
    for backorder in backorders:
        if backorder.fee is not None:
            planned[backorder.zone] = max(backorder.fee, planned.get(backorder.zone, backorder.fee))
    return planned | dict(standing.last_deposits)


def _interest(backorder: Backorder) -> tuple[bool, float, str, int]:
    """Sorts what is undecided to the top, the next deadline first; then what was decided last."""
    if backorder.state.is_final:
        return True, -(backorder.outcome_at or _LONG_AGO).timestamp(), backorder.domain, backorder.cycle
    return False, (backorder.deadline or _SOME_DAY).timestamp(), backorder.domain, backorder.cycle


def _row(backorder: Backorder) -> Row:
    return Row(
        domain=backorder.domain,
        zone=backorder.zone,
        state=backorder.state.in_words,
        group=GROUPS[backorder.state],
        priority=backorder.priority,
        fee=backorder.fee,
        deadline=backorder.deadline,
        ordered_at=backorder.submitted_at,
        list=backorder.list,
        line=backorder.line,
        reason=backorder.failure or backorder.reason or "",
    )
