"""Deposits, charges and payments: every change of an account's money goes through here."""

from datetime import timedelta
from decimal import Decimal

from .agenda import Kind
from .draws import whole
from .moments import HOUR, minute_after, minute_at_or_after
from .names import backorder_class
from .options import cents
from .records import Account, Application, Deposit, Entry, Renewal
from .world import World

#: A refund that comes late comes this much after the release lag; past the day of grace in money.md.
LATE_REFUND = timedelta(hours=36)


def split_vat(gross: Decimal, vat: Decimal) -> tuple[Decimal, Decimal]:
    """Net and VAT of a gross amount; their sum is the gross amount to the cent."""
    net = cents(gross / (1 + vat / 100))
    return net, gross - net


def reserve(world: World, application: Application) -> bool:
    """Takes the deposit for an order if the funds are there: balance and credit line, less what is reserved."""
    account = world.accounts[application.user]
    fee = world.fee_of(application)
    # What the seed draws can be found: an odd deposit can be told only beside one that is as it should be.
    kind = backorder_class(application.domain)
    drawn = kind in account.reserved_right and world.drawn("deposit_wrong", application.domain)
    wrong = drawn or world.named("deposit_wrong", application.domain)
    if wrong:
        fee = cents(fee * Decimal("1.25"))
    if account.free < fee:
        return False
    if wrong:
        world.played("deposit_wrong", application.domain)
    else:
        account.reserved_right.add(kind)
    application.deposit = add_deposit(world, account, application.domain, fee)
    return True


def add_deposit(world: World, account: Account, domain: str, amount: Decimal) -> Deposit:
    """Reserves an amount under a domain's name, whether or not an order stands behind it."""
    kind = backorder_class(domain)
    deposit = Deposit(world.number("deposit"), domain, kind, amount, account.user, world.now)
    account.deposits[deposit.id] = deposit
    account.change(world.now, reserved=amount)
    return deposit


def drop_deposit(world: World, deposit: Deposit, *, during_events: bool = True) -> None:
    """Gives a deposit back to the spendable balance; orders that wait for funds are tried again the next minute."""
    account = world.accounts[deposit.user]
    if account.deposits.pop(deposit.id, None) is None:
        return
    account.change(world.now, reserved=-deposit.amount)
    try_waiting_again(world, account, during_events=during_events)


def try_waiting_again(world: World, account: Account, *, during_events: bool = False) -> None:
    """Plans the next try of the orders without funds.

    The provider tries every minute, but a try can only end differently after the funds have changed: so only then.
    An event on a full minute precedes that minute's try; a command on it comes after.
    """
    if not account.waiting:
        return
    at = minute_at_or_after(world.now) if during_events else minute_after(world.now)
    if account.retry_at is None or account.retry_at < world.now or at < account.retry_at:
        account.retry_at = at
        world.agenda.plan(at, Kind.RETRY, account.user)


def give_back_later(world: World, application: Application) -> None:
    """A lost order's deposit goes back by itself, after the release lag."""
    deposit, application.deposit = application.deposit, None
    if deposit is None:
        return
    if world.struck("refund_missing", application.domain):
        world.played("refund_missing", application.domain)
        return
    at = world.now + world.options.release_lag
    if world.struck("refund_late", application.domain):
        world.played("refund_late", application.domain)
        at += LATE_REFUND
    world.agenda.plan(at, Kind.RELEASE, deposit)


def charge_win(world: World, application: Application) -> None:
    """A won name's deposit becomes a charge at once."""
    take_fee(world, application)
    if world.struck("charge_twice", application.domain):
        world.played("charge_twice", application.domain)
        book_backorder(world, application)


def charge_lost(world: World, application: Application) -> bool:
    """The fault `charge_on_failure`: a lost order's deposit becomes a charge. False where it is not played."""
    if application.deposit is None or not world.struck("charge_on_failure", application.domain):
        return False
    world.played("charge_on_failure", application.domain)
    take_fee(world, application)
    return True


def take_fee(world: World, application: Application) -> None:
    """Turns the deposit into a charge of the fee: the balance falls, nothing is reserved any more."""
    deposit, application.deposit = application.deposit, None
    book_backorder(world, application)
    if deposit is not None:
        drop_deposit(world, deposit)


def book_backorder(world: World, application: Application) -> None:
    """One accounting entry for a backorder's fee: net, with the VAT in its own columns."""
    account = world.accounts[application.user]
    net, tax = split_vat(world.fee_of(application), world.options.vat)
    book(world, account, backorder_class(application.domain), application.domain, (-net, -tax))
    world.note("charged", domain=application.domain, application=str(application.id), user=account.user)


def book(world: World, account: Account, kind: str, description: str, price: tuple[Decimal, Decimal]) -> Entry:
    """Adds an accounting entry; the balance changes by its price, net and VAT together."""
    net, tax = price
    rate = world.options.vat if tax else Decimal(0)
    entry = Entry(world.number("entry"), world.now, kind, description, net, rate, tax)
    account.entries.append(entry)
    account.change(world.now, amount=net + tax)
    return entry


def pay_in(world: World, account: Account, amount: Decimal) -> None:
    """Money from outside: an entry of type PAYMENT, without VAT, as in the reference's example."""
    book(world, account, "PAYMENT", "Payment", (amount, Decimal(0)))
    account.paid_in += amount
    try_waiting_again(world, account)


def charge_other(world: World, account: Account, gross: Decimal, description: str, kind: str) -> None:
    """Something else that the login pays for."""
    net, tax = split_vat(gross, world.options.vat)
    book(world, account, kind, description, (-net, -tax))


def charge_renewal(world: World, account: Account, renewal: Renewal) -> None:
    """A renewal that falls due."""
    account.renewals.remove(renewal)
    book(world, account, "RENEW_DOMAIN", renewal.domain, (-renewal.price, -renewal.vat_price))
    world.note("renewed", domain=renewal.domain, user=account.user)


def drift(world: World, account: Account, about: str) -> None:
    """The fault `balance_drift`: the balance falls by something between 1.00 and 9.99, and no entry says so."""
    lost = Decimal(100 + whole(world.options.seed, "drift", about, below=900)) / 100
    account.change(world.now, amount=-lost)
    world.played("balance_drift", "")
    world.note("drifted", amount=str(lost))


def lease_of(world: World, deposit: Deposit) -> tuple[str, str]:
    """When a deposit's lease was last renewed, and when it ends unless renewed: three hours later, renewed hourly.

    The three hours are those between UPDATEDDATE and EXPIRATIONDATE in the reference's example.
    """
    renewed = deposit.created + HOUR * ((world.now - deposit.created) // HOUR)
    return world.dated(renewed), world.dated(renewed + 3 * HOUR)
