"""What happened so far, in counts and sums: summary.json. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from backorder.domain.findings import Finding
from backorder.domain.ledger import Account, Tally
from backorder.domain.money import ZERO, text
from backorder.domain.states import State
from backorder.store import ListRecord


def overview(
    *,
    lists: Iterable[ListRecord],
    states: Mapping[State, int],
    tally: Tally,
    findings: Iterable[Finding],
    currency: str,
) -> dict[str, Any]:
    """What happened so far, in counts and sums (the shapes are those of summary.json in docs/architecture.md)."""
    return {
        "lists": [
            {
                "name": record.name,
                "source": record.source,
                "encoding": record.details.get("encoding", ""),
                "entries": record.entries,
                "rejected": record.rejected,
                "not_selected": record.not_selected,
                "duplicates": record.duplicates,
                "accepted": record.accepted,
            }
            for record in lists
        ],
        "backorders": {state.value: number for state, number in sorted(states.items())},
        "account": account(tally, currency),
        "findings": [
            {
                "kind": finding.kind.value,
                "domain": finding.domain,
                "amount": None if finding.amount is None else text(finding.amount),
                "status": finding.status,
            }
            for finding in findings
        ],
    }


def account(tally: Tally, currency: str) -> dict[str, str]:
    """The account over the whole ledger: closing is opening + paid_in - charged + other + unexplained."""

    def held(of: Account) -> Decimal:
        return tally.balances.get(of, ZERO)

    return {
        "currency": currency,
        "opening": text(-held(Account.OPENING)),
        "closing": text(held(Account.BALANCE) + held(Account.RESERVED)),
        "paid_in": text(-held(Account.PAID_IN)),
        "deposited": text(tally.totals.get("deposit", ZERO)),
        "refunded": text(tally.totals.get("refund", ZERO)),
        "charged": text(held(Account.FEES) + held(Account.TAX)),
        "other": text(-held(Account.OTHER)),
        "reserved": text(held(Account.RESERVED)),
        "unexplained": text(-held(Account.UNEXPLAINED)),
    }
