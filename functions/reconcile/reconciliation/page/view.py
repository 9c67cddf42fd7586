"""From what the store holds to what the page shows. Pure; the order of what comes in does not matter.

Backorders are gone through once; only sums of them are kept, and the rows of some: memory might not hold them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from zoneinfo import ZoneInfo

from backorder.documents.account_outlook import Forecast, Standing
from backorder.documents.successes import EXPECTATIONS, Stage, Successes
from backorder.domain.backorder import Backorder
from backorder.domain.clock_difference import Ahead
from backorder.domain.findings import Finding
from backorder.domain.ledger import Account, Posting
from backorder.domain.reservation import ReservationTerms
from backorder.provider.port import LOCK_LEAD, AccountStatus
from backorder.store import ListRecord
from reconciliation.page.auctions import Auctions
from reconciliation.page.funding import funding_days
from reconciliation.page.model import Page, StageLine
from reconciliation.page.moments import Moments
from reconciliation.page.outcomes import Weeks, Zones, summed
from reconciliation.page.past import Past
from reconciliation.page.rows import first_rows
from reconciliation.page.statements import statement
from reconciliation.page.tasks import tasks
from reconciliation.page.today import SinceMidnight
from reconciliation.page.unfunded import Unfunded

MOST_LISTS = 12


def view(
    *,
    backorders: Iterable[Backorder],
    lists: Iterable[ListRecord],
    postings: Sequence[Posting],
    held: Mapping[Account, Decimal],
    findings: Iterable[Finding],
    forecast: Forecast | None,
    standing: Standing,
    account: AccountStatus | None,
    now: datetime,
    successes: Successes | None = None,
    unread: str | None = None,
    unheard: str | None = None,
    ahead: Ahead | None = None,
    before: Past | None = None,
) -> Page:
    """The page as of `now`, with the days and hours of the user's time zone, which the forecast names.

    `held`: what each account of the whole ledger holds. `account` is None where the provider was not asked, or did not
    answer, which `unread` explains then; `successes`: of the pipeline's stages; `unheard`: why the address for alerts
    gets no mail; `ahead`: by how much the provider's clock is; `before`: what the days come to whose backorders are not
    among those given.
    """
    read = sorted(
        (record for record in lists if record.kind in ("wanted", "dropping", "cancel")),
        key=lambda record: (record.read_at, record.name, record.version),
        reverse=True,
    )
    time_zone = ZoneInfo(forecast.time_zone if forecast else "UTC")
    days = before.days if before else {}
    terms = ReservationTerms(LOCK_LEAD, standing.release_lag)
    zones, weeks, unfunded = Zones(), Weeks(now, time_zone), Unfunded(terms)
    today, coming, auctions = SinceMidnight(now, time_zone), Moments(now), Auctions(now)
    rows = first_rows(_told(backorders, (zones, weeks, unfunded, today, coming, auctions)))
    for day, sums in days.items():
        zones.add_sums(sums.states, sums.charged)
        weeks.add_sums(day, sums.states)
    moments, later = coming.soonest()
    by_zone = zones.outcomes
    total = summed(by_zone)
    return Page(
        at=now,
        time_zone=time_zone,
        currency=_currency(account, forecast, postings),
        amount=account.amount if account else None,
        reserved=account.deposit if account else None,
        stages=_stages(successes or Successes(), now),
        unread=unread,
        unheard=unheard,
        clock=str(ahead) if ahead is not None and ahead.is_worth_telling else None,
        tasks=tasks(findings, forecast, now=now),
        today=today.counts(read),
        funding=funding_days(
            [*unfunded.changes, *(change for sums in days.values() for change in sums.unfunded.items())],
            postings,
            held,
            forecast=forecast,
            amount=account.amount if account else None,
            now=now,
            time_zone=time_zone,
        ),
        outlook=forecast.sentence if forecast else None,
        zones=by_zone,
        weeks=weeks.outcomes,
        total=total,
        auctions=auctions.rows,
        auctions_left_out=auctions.left_out,
        moments=moments,
        moments_left_out=later,
        statement=statement(postings, held, now=now, time_zone=time_zone) if any(held.values()) else None,
        lists=read[:MOST_LISTS],
        lists_left_out=max(0, len(read) - MOST_LISTS),
        rows=rows,
        rows_left_out=total.decided + total.undecided - len(rows),
    )


def _stages(successes: Successes, now: datetime) -> list[StageLine]:
    """Those that ever succeeded, or should have, but for the reports: the page itself is one."""
    overdue = successes.overdue(now)
    return [
        StageLine(expectation, successes.at.get(stage), overdue.get(stage))
        for stage, expectation in EXPECTATIONS.items()
        if stage is not Stage.REPORTS and (stage in successes.at or stage in overdue)
    ]


class _Sums(Protocol):
    def add(self, backorder: Backorder) -> None: ...


def _told(backorders: Iterable[Backorder], parts: Iterable[_Sums]) -> Iterator[Backorder]:
    """The same, each told to all `parts` on its way."""
    for backorder in backorders:
        for part in parts:
            part.add(backorder)
        yield backorder


def _currency(account: AccountStatus | None, forecast: Forecast | None, postings: Sequence[Posting]) -> str:
    """The account's; empty before anything is known of it."""
    for known in (account, forecast):
        if known is not None:
            return known.currency
    return postings[-1].currency if postings else ""
