"""Reads what the provider says of the account's money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from backorder.domain.money import ZERO
from backorder.provider.hexonet.values import amount, amount_or_none, moment, moment_or_none, required
from backorder.provider.hexonet.wire import Response, Row
from backorder.provider.port import AccountingEntry, AccountStatus, DateBalance, Deposit, EntryKind, Renewal


def read_account(response: Response) -> AccountStatus:
    return AccountStatus(
        amount=amount(response.first("AMOUNT"), "AMOUNT"),
        credit=amount(response.first("CREDIT"), "CREDIT"),
        deposit=amount(response.first("DEPOSIT"), "DEPOSIT"),
        currency=required(response.first("CURRENCY"), "CURRENCY").upper(),
        vat=amount(response.first("VAT"), "VAT"),
        dated_at=response.dated_at,
    )


DEPOSIT_PROPERTIES: Final = (
    "DEPOSITID",
    "DESCRIPTION",
    "DEPOSIT",
    "CURRENCY",
    "ACCOUNTINGTYPE",
    "CREATEDDATE",
)


def read_deposit(row: Row) -> Deposit:
    type_ = row["ACCOUNTINGTYPE"].upper()
    return Deposit(
        id=required(row["DEPOSITID"], "DEPOSITID"),
        domain=row["DESCRIPTION"].lower(),
        amount=amount(row["DEPOSIT"], "DEPOSIT"),
        currency=row["CURRENCY"].upper(),
        created_at=moment(row["CREATEDDATE"], "CREATEDDATE"),
        is_for_a_backorder=not type_ or "BACKORDER" in type_,
    )


def read_date_balance(response: Response) -> DateBalance:
    return DateBalance(
        amount=amount(response.first("DATEBALANCE"), "DATEBALANCE"),
        currency=(response.first("DATEBALANCECURRENCY") or response.first("CURRENCY")).upper(),
    )


ACCOUNTING_PROPERTIES: Final = (
    "ACCOUNTINGID",
    "ACCOUNTINGDATE",
    "ACCOUNTINGTYPE",
    "ACCOUNTINGDESCRIPTION",
    "ACCOUNTINGPRICE",
    "ACCOUNTINGVATPRICE",
    "ACCOUNTINGCURRENCY",
    "ACCOUNTINGREFERENCE",
)


def read_accounting_entry(row: Row) -> AccountingEntry:
    type_ = row["ACCOUNTINGTYPE"].upper()
    return AccountingEntry(
        id=row["ACCOUNTINGID"] or None,
        at=moment(row["ACCOUNTINGDATE"], "ACCOUNTINGDATE"),
        kind=entry_kind(type_),
        type=type_,
        description=row["ACCOUNTINGDESCRIPTION"],
        price=amount(row["ACCOUNTINGPRICE"], "ACCOUNTINGPRICE"),
        vat_price=amount(row["ACCOUNTINGVATPRICE"] or "0.00", "ACCOUNTINGVATPRICE"),
        currency=row["ACCOUNTINGCURRENCY"].upper(),
        reference=row["ACCOUNTINGREFERENCE"],
    )


def entry_kind(type_: str) -> EntryKind:
    """Return what a type says that an entry is for.

    The reference's own example of money paid in is `PAYMENT`, of a domain registered by hand `ADD_DOMAIN`
    (QueryAccountingList). What an auction's price is called is not documented; it is taken to say so.
    """
    if "AUCTION" in type_:
        return EntryKind.AUCTION
    if "PAYMENT" in type_:
        return EntryKind.PAYMENT
    return EntryKind.REGISTRATION if type_ == "ADD_DOMAIN" else EntryKind.OTHER


RENEWAL_PROPERTIES: Final = (
    "OBJECTID",
    "OBJECTCLASS",
    "ACCOUNTINGDATE",
    "PRICE",
    "VATPRICE",
    "PERIOD",
    "RENEWALMODE",
    "NEXTACTION",
)


def read_renewal(row: Row) -> Renewal:
    price = amount_or_none(row["PRICE"], "PRICE")
    vat_price = amount_or_none(row["VATPRICE"], "VATPRICE")
    return Renewal(
        id=f"{row['OBJECTCLASS'].upper()} {required(row['OBJECTID'], 'OBJECTID')}",
        due_at=moment_or_none(row["ACCOUNTINGDATE"], "ACCOUNTINGDATE"),
        gross=None if price is None else price + (vat_price or ZERO),
        renews=_renews(row["RENEWALMODE"].upper(), row["NEXTACTION"].upper()),
    )


def _renews(mode: str, next_action: str) -> bool:
    """Return whether an object goes on: by its mode, or, where that does not speak of renewing it, by its next action
    (`expire`, `expireunpaid`, `delete`) as well."""
    says = mode if "RENEW" in mode else f"{mode} {next_action}"
    return not any(word in says for word in ("EXPIRE", "DELETE"))


@dataclass(frozen=True)
class UserStatus:
    """The account's user. `relations` hold, among others, its own prices (`PRICE_CLASS_DOMAIN_COM_SETUP` is documented;
    what a backorder's is called is not). `allowed_addresses` empty: calls are accepted from everywhere."""

    login: str
    currency: str
    vat: Decimal | None
    temporary_credit: Decimal | None
    allowed_addresses: tuple[str, ...]
    relations: Mapping[str, str] = field(repr=False)


def read_user(response: Response) -> UserStatus:
    return UserStatus(
        login=response.first("USER"),
        currency=response.first("ACCOUNTCURRENCY").upper(),
        vat=amount_or_none(response.first("ACCOUNTVAT"), "ACCOUNTVAT"),
        temporary_credit=amount_or_none(response.first("ACCOUNTTEMPCREDIT"), "ACCOUNTTEMPCREDIT"),
        allowed_addresses=tuple(address for address in response.column("ALLOWEDIP") if address),
        relations={
            row["RELATIONTYPE"].upper(): row["RELATIONVALUE"]
            for row in response.rows("RELATIONTYPE", "RELATIONVALUE")
            if row["RELATIONTYPE"]
        },
    )
