"""The state as tests see it: JSON with times in ISO 8601 and amounts as strings."""

from typing import Any

from .moments import iso
from .options import cents
from .records import Account
from .world import MAIN_USER, World


def state_of(world: World) -> dict[str, Any]:
    """Everything that invariants are checked against. Lists cover every user, `account` is that of `test.user`."""
    return {
        "now": iso(world.now),
        "account": account_of(world, world.accounts[MAIN_USER]),
        "applications": [world.view(each) for each in world.applications.values()],
        "deleted": list(world.deleted),
        "deposits": [
            {
                "id": str(deposit.id),
                "domain": deposit.domain,
                "amount": str(deposit.amount),
                "type": deposit.kind,
                "user": deposit.user,
                "created": iso(deposit.created),
            }
            for account in world.accounts.values()
            for deposit in account.deposits.values()
        ],
        "accounting": [
            {
                "id": str(entry.id),
                "at": iso(entry.at),
                "type": entry.kind,
                "description": entry.description,
                "price": str(cents(entry.price)),
                "vat": str(cents(entry.vat)),
                "vat_price": str(cents(entry.vat_price)),
                "reference": entry.reference,
                "user": account.user,
            }
            for account in world.accounts.values()
            for entry in account.entries
        ],
        "drops": [
            {
                "domain": drop.domain,
                "finalization_at": iso(drop.finalization_at),
                "drop_at": iso(drop.drop_at),
                **({"outcome": str(drop.outcome)} if drop.outcome else {}),
            }
            for drop in world.drops.values()
        ],
        "auctions": [dict(auction) for auction in world.auctions.values()],
        "book_faults": list(world.befell),
        "faulty": dict(world.faulty),
        "account_faulty": list(world.account_faulty),
        "calls": dict(world.calls),
        "created": world.created,
        "duplicates": len(world.duplicates),
        "duplicate_domains": sorted(world.duplicates),
        "sent_late": sorted(world.sent_late),
        "unfunded": sorted(world.unfunded),
    }


def account_of(world: World, account: Account) -> dict[str, str]:
    """`amount` = `balance` + `deposit`: what is reserved is still in the amount."""
    return {
        "amount": str(cents(account.amount)),
        "deposit": str(cents(account.reserved)),
        "balance": str(cents(account.amount - account.reserved)),
        "credit": str(cents(account.credit)),
        "currency": world.options.currency,
        "vat": str(cents(world.options.vat)),
        "opening": str(cents(account.opening)),
        "paid_in": str(cents(account.paid_in)),
    }
