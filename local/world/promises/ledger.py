"""`ledger_balances`: the books are those of the account, derived anew from the emulator's own.

Nothing here goes through the code that keeps the books.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from backorder.domain.findings import Kind
from backorder.domain.ledger import Account, balances
from local.world.login import USER
from local.world.promises.evidence import Evidence

MONEY_LISTS = frozenset({"QueryDepositList", "QueryAccountingList"})
"""The provider's lists that the books are made from."""


def opened_at(evidence: Evidence) -> datetime:
    """Return when the books were opened; without books, when the run ended."""
    return next((posting.at for posting in evidence.postings if posting.kind == "opening"), evidence.ended_at)


def money_is_unread(evidence: Evidence) -> bool:
    """Tell whether some money is in a row that makes no sense to this day, as a finding says: the books wait for it."""
    return any(
        finding.kind is Kind.ROW_UNREAD
        and finding.status == "open"
        and finding.subject.partition(" ")[0] in MONEY_LISTS
        for finding in evidence.findings
    )


def ledger_differences(evidence: Evidence) -> Iterator[str]:
    """Yield what of the books does not agree with itself, with the account, or with the provider's own books."""
    if money_is_unread(evidence):
        return
    if not evidence.postings:
        # Submissions that were halted from the beginning never saw the account.
        if not evidence.planned_only and not evidence.halted and evidence.emulator["calls"]:
            yield "there are no books"
        return
    held = balances(evidence.postings)
    yield from _against_the_account(held, evidence.emulator["account"])
    yield from _against_the_accounting(held, evidence)


def _against_the_account(held: Mapping[Account, Decimal], account: Mapping[str, Any]) -> Iterator[str]:
    if sum(held.values()) != 0:
        yield f"debits and credits differ by {sum(held.values())}"
    if (amount := held[Account.BALANCE] + held[Account.RESERVED]) != Decimal(account["amount"]):
        yield f"the books have an amount of {amount}, the account has {account['amount']}"
    if held[Account.RESERVED] != Decimal(account["deposit"]):
        yield f"the books have {held[Account.RESERVED]} reserved, the account has {account['deposit']}"


def _against_the_accounting(held: Mapping[Account, Decimal], evidence: Evidence) -> Iterator[str]:
    account = evidence.emulator["account"]
    entries = [entry for entry in evidence.emulator["accounting"] if entry["user"] == USER]
    before = _before_the_books(entries, Decimal(account["opening"]), -held[Account.OPENING], evidence)
    expected = _expected(entries[before:], _won(evidence))
    for name in (Account.FEES, Account.TAX, Account.PAID_IN, Account.OTHER):
        if held[name] != expected[name]:
            yield f"{name} is {held[name]}, and should be {expected[name]}"
    booked = sum(map(_gross, entries), Decimal(0))
    drifted = Decimal(account["opening"]) + booked - Decimal(account["amount"])
    if held[Account.UNEXPLAINED] not in (drifted, Decimal(0)):
        yield f"{held[Account.UNEXPLAINED]} are unexplained, and {drifted} drifted away"
    if held[Account.UNEXPLAINED] != drifted and -held[Account.OPENING] == Decimal(account["opening"]):
        yield f"{held[Account.UNEXPLAINED]} are unexplained, and {drifted} drifted away since the books were opened"


def _won(evidence: Evidence) -> set[str]:
    """Return the domains that applications of ours won, as the provider has it."""
    ours = {backorder.application_id for backorder in evidence.backorders}
    return {
        application["domain"]
        for application in evidence.emulator["applications"]
        if application["status"] in ("SUCCESSFUL", "AUCTION-WON") and application["application"] in ours
    }


def _expected(entries: Iterable[Mapping[str, Any]], won: Collection[str]) -> Mapping[Account, Decimal]:
    """Return what the provider's entries come to, by account of the ledger."""
    expected: defaultdict[Account, Decimal] = defaultdict(Decimal)
    for entry in entries:
        if entry["type"].endswith("_BACKORDER") and entry["description"] in won:
            expected[Account.FEES] -= Decimal(entry["price"])
            expected[Account.TAX] -= Decimal(entry["vat_price"])
        elif entry["type"] == "PAYMENT":
            expected[Account.PAID_IN] -= _gross(entry)
        else:
            expected[Account.OTHER] -= _gross(entry)
    return expected


def _gross(entry: Mapping[str, Any]) -> Decimal:
    return Decimal(entry["price"]) + Decimal(entry["vat_price"])


def _before_the_books(
    entries: Sequence[Mapping[str, Any]], opening: Decimal, opened_with: Decimal, evidence: Evidence
) -> int:
    """Return how many entries were there when the books were opened."""
    first = opened_at(evidence)
    earliest = sum(datetime.fromisoformat(entry["at"]) <= first for entry in entries)
    amount = opening + sum(map(_gross, entries[:earliest]), Decimal(0))
    # The account is read some seconds after the moment that the books are dated to.
    for count, entry in enumerate(entries[earliest:], earliest):
        if amount == opened_with:
            return count
        amount += _gross(entry)
    return len(entries) if amount == opened_with else earliest
