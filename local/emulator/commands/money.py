"""The account: balance, deposits, accounting, prices, what falls due."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from ..books import lease_of
from ..moments import DAY, on_the_wire
from ..names import repository_of, zone_class, zone_of
from ..options import cents
from ..records import Account, Deposit, Entry, Renewal
from ..wire import CommandError, render
from ..world import SUBUSERS
from .call import Call, command
from .listing import expression, matches_any, ordered, page

#: The reference's sample shows this for a booking that is on no invoice; there are none here.
NO_INVOICE = "-"

_ENTRY_KEYS: dict[str, Callable[[Entry], object]] = {
    "ACCOUNTINGID": lambda entry: entry.id,
    "ACCOUNTINGTYPE": lambda entry: (entry.kind, entry.id),
    "ACCOUNTINGDATE": lambda entry: (entry.at, entry.id),
    "ACCOUNTINGDATEONLY": lambda entry: entry.at,
    "INVOICEID": lambda entry: entry.id,
    "REFERENCE": lambda entry: (entry.reference, entry.id),
}


def status_account(call: Call) -> str:
    """By one reading AMOUNT includes what is reserved: it falls when a name is won, not at the lock. By the other it is
    what can be spent, and falls at the lock. DEPOSIT is the reserved part."""
    account, options = _account(call), call.world.options
    return render(
        {
            "AMOUNT": _as_amount(call, account.amount, account.reserved),
            "CREDIT": str(cents(account.credit)),
            "CURRENCY": options.currency,
            "DEPOSIT": str(cents(account.reserved)),
            "VAT": str(cents(options.vat)),
        }
    )


def query_deposit_list(call: Call) -> str:
    """Deposits of one login, by type; there is no order to ask for and no filter by domain."""
    call.option("USERDEPTH", frozenset({"SELF"}), "SELF")
    kinds = call.column("ACCOUNTINGTYPE")
    # The reference's example lists the latest first.
    rows = [each for each in reversed(_account(call).deposits.values()) if matches_any(kinds, each.kind)]
    leases = {each.id: lease_of(call.world, each) for each in rows}
    columns: dict[str, Callable[[Deposit], str]] = {
        "ACCOUNTINGTYPE": lambda each: each.kind,
        "CREATEDDATE": lambda each: call.world.dated(each.created),
        "CURRENCY": lambda _: call.world.options.currency,
        "DEPOSIT": lambda each: str(each.amount),
        "DEPOSITID": lambda each: str(each.id),
        "DESCRIPTION": lambda each: each.domain,
        "EXPIRATIONDATE": lambda each: leases[each.id][1],
        "UPDATEDDATE": lambda each: leases[each.id][0],
        "USER": lambda each: each.user,
    }
    return page(call, rows, columns)


def query_accounting_list(call: Call) -> str:
    """Charges and payments, by date, type and description, with sums unless NOSUM=1."""
    account = _account(call)
    # Which depth holds without USERDEPTH is not documented: the account itself, here.
    below = call.option("USERDEPTH", frozenset({"SELF", "SUBUSER"}), "SELF") == "SUBUSER"
    accounts = [call.world.accounts[user] for user in (SUBUSERS[account.user] if below else (account.user,))]
    entries = sorted((entry for each in accounts for entry in each.entries), key=lambda entry: entry.id)
    earliest, latest = _in_its_zone(call, "MINDATE"), _in_its_zone(call, "MAXDATE", end_of_day=True)
    kinds, descriptions, references = call.column("TYPE"), call.column("DESCRIPTION"), call.column("REFERENCE")
    invoices = call.column("INVOICEID")
    wanted, unwanted = expression(call, "TYPEREGEX"), expression(call, "TYPEREGEXNOT")
    before = [entry for entry in entries if earliest and entry.at.replace(microsecond=0) < earliest]
    rows = [
        entry
        for entry in entries[len(before) :]
        if (latest is None or entry.at.replace(microsecond=0) <= latest)
        and matches_any(kinds, entry.kind)
        and matches_any(descriptions, entry.description)
        and matches_any(references, entry.reference)
        and matches_any(invoices, NO_INVOICE)
        and (wanted is None or wanted.search(entry.kind))
        and (unwanted is None or not unwanted.search(entry.kind))
    ]
    columns: dict[str, Callable[[Entry], str]] = {
        "ACCOUNTINGAMOUNT": lambda _: "1",
        # In small letters, as the reference's sample has it; all other commands write it in capitals.
        "ACCOUNTINGCURRENCY": lambda _: call.world.options.currency.lower(),
        "ACCOUNTINGDATE": lambda entry: call.world.dated(entry.at),
        "ACCOUNTINGDESCRIPTION": lambda entry: entry.description,
        "ACCOUNTINGPRICE": lambda entry: str(cents(entry.price)),
        "ACCOUNTINGREFERENCE": lambda entry: entry.reference,
        "ACCOUNTINGTYPE": lambda entry: entry.kind,
        "ACCOUNTINGVAT": lambda entry: str(cents(entry.vat)),
        "ACCOUNTINGVATPRICE": lambda entry: str(cents(entry.vat_price)),
    }
    if "accounting-id" not in call.world.options.withhold:
        columns["ACCOUNTINGID"] = lambda entry: str(entry.id)
        columns["ACCOUNTINGINVOICEID"] = lambda _: NO_INVOICE
    sums = {} if call.flag("NOSUM") else _sums(sum((each.opening for each in accounts), Decimal(0)), before, rows)
    return page(call, ordered(call, rows, _ENTRY_KEYS, "ACCOUNTINGDATE"), columns, more=sums)


def query_account_balance_list(call: Call) -> str:
    """What an account has, and what it had at a date's beginning or end, by the accounting's clock: with what is
    reserved, or without, as AMOUNT."""
    call.text("USERDEPTH")
    below = call.option("USERDEPTH", frozenset({"SELF", "SUBUSER"}), "SELF") == "SUBUSER"
    rows = [call.world.accounts[user] for user in (SUBUSERS[call.user] if below else (call.user,))]
    date = call.moment("DATE")
    columns: dict[str, Callable[[Account], str]] = {
        "CREDIT": lambda each: str(cents(each.credit)),
        "CURRENCY": lambda _: call.world.options.currency,
        "CURRENTBALANCE": lambda each: _as_amount(call, each.amount, each.reserved),
        "USER": lambda each: each.user,
    }
    if date is not None:
        ends = DAY if call.world.options.day_balance == "closing" else DAY * 0
        try:
            moment = date + ends - call.world.options.accounting_zone - call.world.options.clock_ahead
        except OverflowError:
            raise CommandError(505, "DATE") from None
        columns["DATE"] = lambda _: on_the_wire(date)
        columns["DATEBALANCE"] = lambda each: _as_amount(call, *each.before(moment))
        columns["DATEBALANCECURRENCY"] = lambda _: call.world.options.currency
    return page(call, rows, columns)


def _as_amount(call: Call, amount: Decimal, reserved: Decimal) -> str:
    left_out = reserved if call.world.options.amount == "excludes-deposits" else Decimal(0)
    return str(cents(amount - left_out))


def _in_its_zone(call: Call, name: str, *, end_of_day: bool = False) -> datetime | None:
    """A date that was given as the accounting understands it: in a zone of its own, perhaps."""
    moment = call.moment(name, end_of_day=end_of_day)
    options = call.world.options
    return None if moment is None else moment - options.accounting_zone - options.clock_ahead


def _sums(at_first: Decimal, before: Sequence[Entry], rows: Sequence[Entry]) -> dict[str, str]:
    opening = at_first + sum((entry.price for entry in before), Decimal(0))
    opening_tax = sum((entry.vat_price for entry in before), Decimal(0))
    price = opening + sum((entry.price for entry in rows), Decimal(0))
    tax = opening_tax + sum((entry.vat_price for entry in rows), Decimal(0))
    amounts = {
        "OPENINGBALANCE": opening + opening_tax,
        "OPENINGBALANCEPRICE": opening,
        "OPENINGBALANCEVATPRICE": opening_tax,
        "SUM": price + tax,
        "SUMPRICE": price,
        "SUMVATPRICE": tax,
    }
    return {name: str(cents(value)) for name, value in amounts.items()}


def status_user(call: Call) -> str:
    """The login and its own prices. Only domains' prices are shown: a backorder's relation is not documented."""
    account, options = _account(call), call.world.options
    spent = sum((entry.price + entry.vat_price for entry in account.entries if entry.kind != "PAYMENT"), Decimal(0))
    properties: dict[str, str | Sequence[str]] = {
        "ACCOUNTCREDIT": str(cents(account.credit)),
        "ACCOUNTCURRENCY": options.currency,
        "ACCOUNTCURRENT": str(cents(account.amount)),
        "ACCOUNTDEPOSIT": str(cents(account.reserved)),
        "ACCOUNTPAYMENT": str(cents(account.paid_in)),
        "ACCOUNTTAXRATES": f"VAT:{cents(options.vat)}",
        "ACCOUNTTEMPCREDIT": "0.00",
        "ACCOUNTVAT": str(cents(options.vat)),
        "ACCOUNTVOLUME": str(cents(-spent)),
        "ACTIVE": "1",
        "ALLOWEDIP": [],
        "CREATEDDATE": "2008-10-27 15:16:40",
        "OTPSTATUS": "INACTIVE",
        "PARENTUSER": next((parent for parent, below in SUBUSERS.items() if account.user in below), ""),
        "UPDATEDDATE": "2016-08-17 07:16:14",
        "USER": account.user,
    }
    if call.parameters.get("RELATIONS", "1") != "0":
        zones = sorted({"com", "net", "org", *options.fees})
        kinds = [f"PRICE_CLASS_DOMAIN_{zone_class(zone)}_{what}" for zone in zones for what in ("SETUP", "ANNUAL")]
        properties |= {"RELATIONTYPE": kinds, "RELATIONVALUE": ["12.50"] * len(kinds)}
    return render(properties)


def query_object_renewal_list(call: Call) -> str:
    """What will draw on the balance; prices only with WIDE=1."""
    # All of a renewal's dates are the same here.
    earliest = [moment for what in _RENEWAL_DATES if (moment := call.moment(f"MIN{what}DATE"))]
    latest = [moment for what in _RENEWAL_DATES if (moment := call.moment(f"MAX{what}DATE", end_of_day=True))]
    subuser = call.parameters.get("SUBUSER", "")
    users = {_account(call).user} if subuser else call.users()
    rows = [
        each
        for user in sorted(users)
        for each in call.world.accounts[user].renewals
        if all(moment <= each.at for moment in earliest)
        and all(each.at <= moment for moment in latest)
        and matches_any(call.column("OBJECTID"), each.domain)
        and matches_any(call.column("OBJECTCLASS"), "DOMAIN")
        and matches_any(call.column("OBJECTSUBCLASS"), zone_class(zone_of(each.domain)))
        and matches_any(call.column("RENEWALMODE"), "AUTORENEW")
        and matches_any(call.column("REPOSITORY"), repository_of(each.domain))
    ]
    columns: dict[str, Callable[[Renewal], str]] = {
        "ACCOUNTINGDATE": lambda each: on_the_wire(each.at),
        "DESCRIPTION": lambda each: each.domain,
        "EXPIRATIONDATE": lambda each: on_the_wire(each.at),
        "NEXTACTION": lambda _: "pay",
        "NEXTACTIONDATE": lambda each: on_the_wire(each.at),
        "OBJECTCLASS": lambda _: "DOMAIN",
        "OBJECTID": lambda each: each.domain,
        "RENEWALMODE": lambda _: "AUTORENEW",
        "SUBCLASS": lambda each: zone_class(zone_of(each.domain)),
        "USER": lambda _: call.user,
    }
    if call.flag("WIDE"):
        columns["PERIOD"] = lambda _: "1"
        columns["PRICE"] = lambda each: str(cents(each.price))
        columns["VAT"] = lambda _: str(cents(call.world.options.vat))
        columns["VATPRICE"] = lambda each: str(cents(each.vat_price))
    dates = ("ACCOUNTINGDATE", "EXPIRATIONDATE", "PAIDUNTILDATE", "FINALIZATIONDATE", "FAILUREDATE", "NEXTACTIONDATE")
    keys: dict[str, Callable[[Renewal], object]] = {name: lambda each: (each.at, each.domain) for name in dates}
    keys |= {"OBJECTID": lambda each: each.domain, "OBJECTCLASS": lambda each: each.domain}
    return page(call, ordered(call, rows, keys, "ACCOUNTINGDATE"), columns)


def _account(call: Call) -> Account:
    user = call.parameters.get("SUBUSER", "") or call.user
    if user != call.user and user not in SUBUSERS[call.user]:
        raise CommandError(531)
    return call.world.accounts[user]


_RENEWAL_DATES = ("EXPIRATION", "PAIDUNTIL", "ACCOUNTING", "FINALIZATION", "FAILURE", "REGISTRATIONEXPIRATION")
_FROM_TO = " ".join(f"{end}{what}DATE" for end in ("MIN", "MAX") for what in _RENEWAL_DATES)

COMMANDS = (
    command("StatusAccount", status_account),
    command("QueryDepositList", query_deposit_list, takes="SUBUSER FIRST LIMIT USERDEPTH ACCOUNTINGTYPE"),
    command(
        "QueryAccountingList",
        query_accounting_list,
        takes="SUBUSER MINDATE MAXDATE FIRST LIMIT ORDERBY USERDEPTH INVOICEID TYPE WIDE DESCRIPTION REFERENCE TASK "
        "NOSUM TYPEREGEX TYPEREGEXNOT",
    ),
    command(
        "QueryAccountBalanceList",
        query_account_balance_list,
        takes="USERDEPTH WIDE DATE FIRST LIMIT TASK ORDERBY",
        columns="SKIPSUBUSER",
    ),
    command("StatusUser", status_user, takes="SUBUSER STATS RELATIONS PROPERTIES"),
    command(
        "QueryObjectRenewalList",
        query_object_renewal_list,
        takes=f"WIDE FIRST LIMIT ORDERBY USERDEPTH SUBUSER OBJECTCLASS OBJECTID REPOSITORY OBJECTSUBCLASS RENEWALMODE "
        f"{_FROM_TO}",
    ),
)
