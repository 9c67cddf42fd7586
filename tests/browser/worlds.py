"""Accounts to show on the page: what the store would hold for them. The same seed gives the same account."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backorder.documents.account_outlook import DayAhead, Standing
from backorder.domain.backorder import Backorder
from backorder.domain.findings import Kind
from backorder.domain.ledger import Account, Posting, balances
from backorder.domain.schedule import Known
from backorder.domain.states import State
from backorder.domain.values import Reason, Refusal
from tests.factories import (
    FEE,
    NOW,
    a_backorder,
    a_finding,
    a_forecast,
    a_list_record,
    a_posting,
    an_account_status,
    changed,
    usd,
)

_ZONES = ("com", "com", "com", "net", "org", "info", "se", "co.uk", "me")
_LEFT = ("north", "amber", "silver", "paper", "river", "solar", "quiet", "maple", "urban", "swift")
_RIGHT = ("studio", "garden", "ledger", "harbor", "works", "orbit", "lane", "market", "craft", "yard")


def empty(**changes: Any) -> dict[str, Any]:
    """An account nobody has used yet."""
    return {
        "backorders": [],
        "lists": [],
        "postings": [],
        "held": balances([]),
        "findings": [],
        "forecast": None,
        "standing": Standing(),
        "account": None,
        "now": NOW,
        **changes,
    }


def busy(count: int, *, seed: int = 1, **changes: Any) -> dict[str, Any]:
    """`count` backorders whose drops are spread over the last twelve weeks and the next ten days, with their money."""
    draw = random.Random(seed)
    backorders: list[Backorder] = []
    postings = [
        a_posting(
            "opening",
            usd("9000.00"),
            at=NOW - timedelta(days=84),
            kind="opening",
            source=Account.OPENING,
            target=Account.BALANCE,
        )
    ]
    for n in range(count):
        backorder = _backorder(n, draw)
        backorders.append(backorder)
        postings.extend(_postings(backorder))
    amount = sum((_change(posting) for posting in postings), Decimal(0))
    while amount < 2000:
        paid = a_posting(f"payment#{amount}", usd("5000.00"), at=NOW - timedelta(days=draw.randrange(1, 84)))
        postings.append(paid)
        amount += paid.amount
    reserved = sum((b.deposit.amount or Decimal(0) for b in backorders), Decimal(0))
    return {
        "backorders": backorders,
        "lists": [
            a_list_record(
                f"{kind}/{NOW - timedelta(days=n):%Y-%m-%d}.csv",
                f"v{n}",
                kind=kind,
                read_at=NOW - timedelta(days=n, hours=3),
                entries=40_211 if kind == "dropping" else 212,
                rejected=n % 4,
                not_selected=40_000 if kind == "dropping" else 0,
                duplicates=5,
                accepted=206 - n % 4,
                source="the provider's list" if kind == "dropping" else "CSV with a header",
                notes=("Chosen by rules.toml, version 3.",) if kind == "dropping" else (),
                details={"reasons": {"no domain name": n % 4}, "rejects": f"lists/{kind}/{n}/v{n}/rejects.csv"}
                if n % 4
                else {},
            )
            for n, kind in enumerate(("wanted", "dropping") * 15)
        ],
        "postings": sorted(postings, key=lambda posting: posting.at),
        "held": balances(postings),
        "findings": [
            a_finding(
                Kind.SHORTFALL,
                "account",
                domain=None,
                amount=usd("1242.00"),
                advice="Pay in 1,242.00 USD before 26 November 2026 16:00 UTC, or 18 backorders wait: "
                "amberharbor.com, northcraft.net, silverlane.com, quietworks.org, urbanyard.com and 13 more.",
            ),
            *(
                a_finding(
                    Kind.REFUND_MISSING,
                    f"{_name(n)}.com",
                    opened_at=NOW - timedelta(days=1),
                    advice=f"{_name(n)}.com was lost on 21 November 19:10 UTC (FAILED), and its deposit of 69.00 USD "
                    f"is still reserved: ask the provider's support to release it, application {10_700 + n}.",
                )
                for n in range(7)
            ),
            a_finding(
                Kind.APPLICATION_FOREIGN,
                "papermarket.com",
                amount=None,
                advice="papermarket.com was ordered by somebody else in this account: application 10912 stays.",
            ),
            a_finding(Kind.CHARGED_TWICE, "solarlane.com", status="closed", closed_at=NOW),
        ],
        "forecast": a_forecast(
            shortfall=usd("1242.00"),
            waiting=18,
            time_zone="America/New_York",
            days=tuple(
                DayAhead(
                    NOW.date() + timedelta(days=n),
                    amount,
                    amount - usd(900),
                    amount + usd(more),
                    max(usd(0), usd(more)),
                )
                for n, more in enumerate((-900, -900, -150, 400, 1242, 900, *[-200] * 9))
            ),
            names=("amberharbor.com", "northcraft.net", "silverlane.com", "quietworks.org", "urbanyard.com"),
        ),
        "standing": Standing(last_deposits={"com": FEE}),
        "account": an_account_status(amount, reserved),
        "now": NOW,
        **changes,
    }


def _name(n: int) -> str:
    """Another one for each number."""
    return f"{_LEFT[n % 10]}{_RIGHT[n // 10 % 10]}{n // 100 or ''}"


def _backorder(n: int, draw: random.Random) -> Backorder:
    zone = draw.choice(_ZONES)
    days = draw.randint(-84, 10)
    drop = (NOW + timedelta(days=days)).replace(hour=19, minute=0)
    finalization = drop - timedelta(hours=3)
    ordered = finalization - timedelta(days=draw.randint(3, 6), minutes=draw.randrange(600))
    fee = FEE if zone in ("com", "net") else usd("49.00")
    backorder = a_backorder(
        f"{_name(n)}.{zone}",
        zone=zone,
        list=f"wanted/{drop - timedelta(days=7):%Y-%m-%d}.csv",
        line=n % 300 + 1,
        priority=Decimal(draw.randint(0, 20)) / 2,
        created_at=drop - timedelta(days=7),
        finalization_at=finalization,
        deadline=finalization - timedelta(minutes=15),
        known=Known.FINALIZATION,
        batch_starts_at=drop,
        batch_ends_at=drop + timedelta(minutes=75),
        fee=fee,
    )
    placed: dict[str, Any] = {"application": str(10_000 + n), "submitted_at": ordered}
    chance = draw.random()
    if drop < NOW:
        over = drop + timedelta(hours=2)
        if chance < 0.08:
            return changed(backorder, state=State.MISSED, reason=Reason.UNFUNDED, outcome_at=finalization, settled=True)
        if chance < 0.11:
            said = "Domain class is not supported"
            return changed(backorder, state=State.REJECTED, refusal=Refusal(said), outcome_at=ordered, settled=True)
        won = chance < 0.30
        return changed(
            backorder, state=State.SUCCESSFUL if won else State.FAILED, outcome_at=over, settled=True, **placed
        )
    if chance < 0.15:
        return changed(backorder, state=State.HELD, reason=Reason.UNFUNDED, fee=None)
    if ordered > NOW or chance < 0.2:
        return changed(backorder, state=State.SELECTED, fee=None)
    if finalization - timedelta(days=3) > NOW:
        return changed(backorder, state=State.REQUESTED, **placed)
    return changed(backorder, state=State.ACTIVE, deposit=fee, **placed)


def _postings(backorder: Backorder) -> Iterator[Posting]:
    if backorder.submitted_at is None or backorder.plan.fee is None or backorder.schedule.finalization_at is None:
        return
    locked = max(backorder.submitted_at, backorder.schedule.finalization_at - timedelta(days=3))
    if locked > NOW:
        return

    def posting(key: str, at: datetime, kind: str, source: Account, target: Account) -> Posting:
        key = f"{key}#{backorder.domain}"
        return a_posting(
            key, backorder.plan.fee or FEE, at=at, kind=kind, source=source, target=target, domain=backorder.domain
        )

    yield posting("deposit", locked, "deposit", Account.BALANCE, Account.RESERVED)
    if backorder.outcome_at is None:
        return
    back = "release" if backorder.state.is_won else "refund"
    yield posting(back, backorder.outcome_at, back, Account.RESERVED, Account.BALANCE)
    if backorder.state.is_won:
        yield posting("charge", backorder.outcome_at, "charge", Account.BALANCE, Account.FEES)


def _change(posting: Posting) -> Decimal:
    own = (Account.BALANCE, Account.RESERVED)
    return (posting.target in own) * posting.amount - (posting.source in own) * posting.amount
