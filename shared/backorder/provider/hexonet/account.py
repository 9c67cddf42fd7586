"""The account's money, as the provider tells it. Amounts in the account's currency unless they carry one, times UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from backorder.provider.hexonet.values import amount, amount_or_none, moment, moment_or_none, required
from backorder.provider.hexonet.wire import Response, Row


@dataclass(frozen=True)
class AccountStatus:
    """`amount`: the balance, as the provider writes it: with what is reserved, or without (not documented). `deposit`:
    what is reserved now. `credit`: how far below zero the account may go. `vat` in percent."""

    amount: Decimal
    credit: Decimal
    deposit: Decimal
    currency: str
    vat: Decimal
    dated_at: datetime | None = field(default=None, compare=False)
    """When the answer was given, by the provider's clock."""

    def with_deposits(self, *, excluded: bool | None) -> AccountStatus:
        """Return it with the deposits in its amount, if they were `excluded` (None: not known, taken for included)."""
        return replace(self, amount=self.amount + self.deposit) if excluded else self


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
    "UPDATEDDATE",
    "EXPIRATIONDATE",
)


@dataclass(frozen=True, slots=True)
class Deposit:
    """Reserved funds; a negative amount is a credit. A lease of hours that the provider renews: `expires_at` moves."""

    id: str
    domain: str
    amount: Decimal
    currency: str
    type: str
    created_at: datetime
    updated_at: datetime | None
    expires_at: datetime | None


def read_deposit(row: Row) -> Deposit:
    return Deposit(
        id=required(row["DEPOSITID"], "DEPOSITID"),
        domain=row["DESCRIPTION"].lower(),
        amount=amount(row["DEPOSIT"], "DEPOSIT"),
        currency=row["CURRENCY"].upper(),
        type=row["ACCOUNTINGTYPE"].upper(),
        created_at=moment(row["CREATEDDATE"], "CREATEDDATE"),
        updated_at=moment_or_none(row["UPDATEDDATE"], "UPDATEDDATE"),
        expires_at=moment_or_none(row["EXPIRATIONDATE"], "EXPIRATIONDATE"),
    )


@dataclass(frozen=True, slots=True)
class DateBalance:
    """What the account had on a date: at its beginning or its end, by a clock that is not documented, and with what was
    reserved or without."""

    amount: Decimal
    currency: str


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
    "ACCOUNTINGVAT",
    "ACCOUNTINGVATPRICE",
    "ACCOUNTINGCURRENCY",
    "ACCOUNTINGAMOUNT",
    "ACCOUNTINGREFERENCE",
)


@dataclass(frozen=True, slots=True)
class AccountingEntry:
    """A booking. `price` is net and negative for a charge; `vat_price` comes on top, with the same sign. `amount` is a
    quantity, such as the years of a registration, and no money. `id` may be missing for one's own account."""

    id: str | None
    at: datetime
    type: str
    description: str
    price: Decimal
    vat_percent: Decimal
    vat_price: Decimal
    currency: str
    amount: Decimal | None
    reference: str

    @property
    def gross(self) -> Decimal:
        """What the balance changed by."""
        return self.price + self.vat_price


def read_accounting_entry(row: Row) -> AccountingEntry:
    return AccountingEntry(
        id=row["ACCOUNTINGID"] or None,
        at=moment(row["ACCOUNTINGDATE"], "ACCOUNTINGDATE"),
        type=row["ACCOUNTINGTYPE"].upper(),
        description=row["ACCOUNTINGDESCRIPTION"],
        price=amount(row["ACCOUNTINGPRICE"], "ACCOUNTINGPRICE"),
        vat_percent=amount(row["ACCOUNTINGVAT"] or "0.00", "ACCOUNTINGVAT"),
        vat_price=amount(row["ACCOUNTINGVATPRICE"] or "0.00", "ACCOUNTINGVATPRICE"),
        currency=row["ACCOUNTINGCURRENCY"].upper(),
        amount=amount_or_none(row["ACCOUNTINGAMOUNT"], "ACCOUNTINGAMOUNT"),
        reference=row["ACCOUNTINGREFERENCE"],
    )


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


@dataclass(frozen=True)
class Renewal:
    """An object that will draw on the balance at `due_at`. `price` net, `vat_price` on top; None if not told."""

    id: str
    object_class: str
    due_at: datetime | None
    price: Decimal | None
    vat_price: Decimal | None
    period: str
    renewal_mode: str
    next_action: str


def read_renewal(row: Row) -> Renewal:
    return Renewal(
        id=required(row["OBJECTID"], "OBJECTID"),
        object_class=row["OBJECTCLASS"].upper(),
        due_at=moment_or_none(row["ACCOUNTINGDATE"], "ACCOUNTINGDATE"),
        price=amount_or_none(row["PRICE"], "PRICE"),
        vat_price=amount_or_none(row["VATPRICE"], "VATPRICE"),
        period=row["PERIOD"],
        renewal_mode=row["RENEWALMODE"].upper(),
        next_action=row["NEXTACTION"],
    )


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
