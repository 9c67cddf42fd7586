"""The port's `Provider`, and what `ops` asks besides: one typed method a command. Times in UTC, amounts `Decimal`.

Every method may raise `TemporaryFailure`, `OutcomeUnknown`, `AccessDenied` and `Refused`; where a method's docstring
names more errors of the port, these are answers that belong to the command. An answer that cannot be understood
(no amount where one belongs) is an `OutcomeUnknown`.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from datetime import date, datetime
from typing import Final, TypeVar

import requests

from backorder.provider.hexonet import account, applications, names, pending_deletes
from backorder.provider.hexonet.account import UserStatus
from backorder.provider.hexonet.adapter import (
    BACKORDER_CLASS,
    BACKORDER_CLASSES,
    DEFAULT_ENDPOINT,
    ENVIRONMENTS,
    Environment,
)
from backorder.provider.hexonet.calls import CHECKS_LOGIN, Caller
from backorder.provider.hexonet.concurrency import Concurrency
from backorder.provider.hexonet.credentials import Credentials
from backorder.provider.hexonet.listing import join, read_listing, read_pages, read_recent
from backorder.provider.hexonet.names import Contact, DomainOptions
from backorder.provider.hexonet.prices import own_prices
from backorder.provider.hexonet.reading import (
    APPLICATIONS,
    DEPOSITS,
    ENTRIES,
    RENEWALS,
    ListOf,
    answers,
    chunks,
    patterns,
    row_text,
    understood,
)
from backorder.provider.hexonet.transport import Transport
from backorder.provider.hexonet.values import day_text, moment_text
from backorder.provider.hexonet.wire import NotAnAnswer, ParameterValue, Response, Row
from backorder.provider.port import (
    AccountingEntry,
    AccountStatus,
    Application,
    Availability,
    Called,
    DateBalance,
    Deposit,
    Listing,
    NameFilter,
    OwnPrice,
    PendingDelete,
    PendingDeletePage,
    ProviderError,
    Recent,
    RegisteredDomain,
    Renewal,
    UnreadRow,
    unobserved,
)
from backorder.runtime.settings import Stage

T = TypeVar("T")

_log = logging.getLogger(__name__)

PAGE: Final = 1_000
LONG_PAGE: Final = 10_000
"""For the pending-delete list, which has hundreds of thousands of entries."""
DOMAINS_IN_A_QUERY: Final = 200
DOMAINS_IN_A_CHECK: Final = 32
"""Each name of a `CheckDomains` is looked up at its registry before the answer comes."""

_RESERVED_IN_AN_ORDER: Final = re.compile(r"(?:COMMAND|CLASS|DOMAIN|NEW)[0-9]*", re.IGNORECASE)


class HexonetClient:
    """One account in one environment. Thread-safe: all threads share one pool of connections and one cap on calls.

    `endpoint`: https, or http to this machine for `stage` "test". `pool_size`: parallel calls at most. Time-outs in
    seconds, of one attempt. `retries`: how often a temporary failure is repeated, and for commands that only read an
    unknown outcome too; `sleep` waits between them, in seconds: at first `back_off`
    at most, then twice as long each time.
    """

    def __init__(
        self,
        *,
        stage: Stage,
        credentials: Callable[[], Credentials],
        pool_size: int,
        endpoint: str = DEFAULT_ENDPOINT,
        connect_timeout: float = 5.0,
        read_timeout: float = 20.0,
        session: requests.Session | None = None,
        retries: int = 2,
        back_off: float = 0.25,
        sleep: Callable[[float], None] = time.sleep,
        concurrency: Concurrency | None = None,
        observe: Callable[[Called], None] = unobserved,
    ) -> None:
        cap = concurrency or Concurrency(pool_size)
        self._caller = Caller(
            transport=Transport(
                endpoint=endpoint,
                stage=stage,
                pool_size=cap.limit,
                connect_timeout=connect_timeout,
                read_timeout=read_timeout,
                session=session,
            ),
            environment=ENVIRONMENTS[stage],
            credentials=credentials,
            concurrency=cap,
            retries=retries,
            back_off=back_off,
            sleep=sleep,
            observe=observe,
        )

    @property
    def environment(self) -> Environment:
        return self._caller.environment

    @property
    def concurrency(self) -> Concurrency:
        return self._caller.concurrency

    @property
    def worst_case_seconds(self) -> float:
        """Connect plus read time-out of one attempt: no call may start unless more time than this remains."""
        return self._caller.worst_case_seconds

    def within(
        self, refusal: Callable[[float], str | None], heard: Callable[[ProviderError], None] = lambda _error: None
    ) -> HexonetClient:
        """This provider, with every attempt (repeats included) asked for first.

        `refusal` gets the seconds that an attempt may take, and says why it must not start, or None: then the call
        raises `NotStarted` with that reason, or the failure that it would have repeated. `heard` hears of each failure
        before its place under the cap goes to another call: so that no call starts once a failure made `refusal` say
        no. Both are called by all threads, and must be quick.
        """
        bound = copy(self)
        bound._caller = self._caller.within(refusal, heard)
        return bound

    def close(self) -> None:
        """Closes the connections; the next call opens new ones."""
        self._caller.transport.close()

    def call(self, command: str, /, **parameters: ParameterValue) -> Response:
        """Any command of the provider's reference. Names with a hyphen: `call("…", **{"X-BACKORDER-LITE": 1})`.

        Sequences become numbered parameters, None is left out. Raises all of errors.py, and ValueError for parameters
        that cannot be sent.
        """
        return self._caller.call(command, parameters)

    # Backorders

    def place(self, domain: str, *, new: bool = False, extra: Mapping[str, str] | None = None) -> Application:
        """`AddDomainApplication`: orders a domain (ASCII form). The answer's class names the zone.

        `new` makes an application "even if one with the same data exists": only after a query showed that every one is
        final. `extra`: contacts, name servers, period, and what a zone needs.

        After an unknown outcome the order is not repeated here: ask first. An answer with an old `created_at` is about
        an application that was there before. Raises besides: `AlreadyExists`, `InsufficientFunds`, `TryAgainSlowly`,
        `NotAllowedNow`, and `NotFound` if a setting names something that does not exist; ValueError if `extra` would
        change what is ordered.
        """
        extra = extra or {}
        for name in extra:
            if _RESERVED_IN_AN_ORDER.fullmatch(name):
                raise ValueError(f"application for {domain}: {name} is not for the settings to say")
        response = self.call(
            "AddDomainApplication", CLASS=BACKORDER_CLASS, DOMAIN=domain, NEW=1 if new else None, **extra
        )
        with understood("AddDomainApplication", domain):
            application = applications.read_single_application(response)
            if application.domain != domain.lower():
                raise NotAnAnswer(f"is about {self._caller.shown(application.domain)}, another domain")
            return application

    def applications(
        self,
        *,
        domains: Sequence[str] | None = None,
    ) -> Listing[Application]:
        """`QueryDomainApplicationList` of this login (not its subusers), oldest first: all, or those for `domains`.

        Domains go many to a call; an empty sequence asks nothing. Auctions are told by `application` only.
        """
        filters: dict[str, ParameterValue] = {
            "CLASS": BACKORDER_CLASSES,
            # Oldest first: what is ordered while we read comes last, and shifts no page.
            "ORDERBY": "CREATEDDATE",
            "USERDEPTH": "SELF",
            "WIDE": 1,
        }
        if domains is None:
            return self._listing(APPLICATIONS, filters)
        return join(
            [self._listing(APPLICATIONS, {**filters, "DOMAIN": chunk}) for chunk in chunks(domains, DOMAINS_IN_A_QUERY)]
        )

    def applications_changed(self, since: datetime) -> Recent[Application]:
        """`QueryDomainApplicationList` of this login, the last changed first, back to `since`: what changed, and how
        many applications there are in all. It hinges on UPDATEDDATE, which moves with a status (assumed)."""
        filters: dict[str, ParameterValue] = {
            "CLASS": BACKORDER_CLASSES,
            "ORDERBY": "UPDATEDDATEDESC",
            "USERDEPTH": "SELF",
            "WIDE": 1,
        }
        with understood(APPLICATIONS.command):
            recent = read_recent(
                self._pages(APPLICATIONS.command, filters, PAGE),
                APPLICATIONS.page,
                is_recent=lambda application: application.updated_at >= since,
            )
        return replace(recent, unread=self._shown(recent.unread))

    def application(self, application_id: str) -> Application:
        """`StatusDomainApplication`. Raises besides: `NotFound` if the provider no longer knows it."""
        response = self.call("StatusDomainApplication", APPLICATION=application_id)
        with understood("StatusDomainApplication", application_id):
            application = applications.read_single_application(response)
            if application.id != application_id:
                raise NotAnAnswer(f"is about {self._caller.shown(application.id)}, another application")
            return application

    def withdraw(self, application_id: str) -> None:
        """`DeleteDomainApplication`: takes an order back, possible until its finalization date. Not repeated after an
        unknown outcome. Raises besides: `NotAllowedNow` once it is too late, `NotFound` if it is gone already."""
        self.call("DeleteDomainApplication", APPLICATION=application_id)

    def amend(self, application_id: str, changes: Mapping[str, ParameterValue]) -> Application:
        """`ModifyDomainApplication`, such as what `missing_parameters` named. Not repeated after an unknown outcome.
        Raises besides: `NotFound` (also for a contact that does not exist), `NotAllowedNow`."""
        response = self.call("ModifyDomainApplication", APPLICATION=application_id, **changes)
        with understood("ModifyDomainApplication", application_id):
            return applications.read_single_application(response)

    # Money

    def account(self) -> AccountStatus:
        """`StatusAccount`."""
        response = self.call("StatusAccount")
        with understood("StatusAccount"):
            return account.read_account(response)

    def balance_on(self, day: date) -> DateBalance:
        """`QueryAccountBalanceList` of this login: what it had on a past day."""
        response = self.call("QueryAccountBalanceList", USERDEPTH="SELF", DATE=day_text(day))
        with understood("QueryAccountBalanceList"):
            return account.read_date_balance(response)

    def deposits(self) -> Listing[Deposit]:
        """`QueryDepositList`: reserved now, in no particular order."""
        return self._listing(DEPOSITS, {})

    def accounting(self, since: date, until: date) -> Listing[AccountingEntry]:
        """`QueryAccountingList`: this login's bookings of whole days, both included, UTC, in order of execution."""
        # Without NOSUM the provider adds up the account's whole past for each page.
        parameters: dict[str, ParameterValue] = {
            "MINDATE": f"{day_text(since)} 00:00:00",
            "MAXDATE": f"{day_text(until)} 23:59:59",
            "ORDERBY": "ACCOUNTINGDATE",
            # Whose bookings come without it is not documented.
            "USERDEPTH": "SELF",
            "NOSUM": 1,
            "WIDE": 1,
        }
        return self._listing(ENTRIES, parameters)

    def renewals(self, *, until: datetime | None = None) -> Listing[Renewal]:
        """`QueryObjectRenewalList` of this login: what will draw on the balance, soonest first, up to `until`."""
        parameters: dict[str, ParameterValue] = {
            "MAXACCOUNTINGDATE": moment_text(until) if until else None,
            "ORDERBY": "ACCOUNTINGDATE",
            "USERDEPTH": "SELF",
            "WIDE": 1,
        }
        return self._listing(RENEWALS, parameters)

    def prices(self) -> dict[str, OwnPrice]:
        """`StatusUser`: the account's own prices of backorders, by zone in lower case and without its dots."""
        return own_prices(self.user())

    def user(self) -> UserStatus:
        """`StatusUser`: own prices, allowed addresses, temporary credit."""
        response = self.call("StatusUser")
        with understood("StatusUser"):
            return account.read_user(response)

    # Names

    def pending_delete_page(self, wanted: NameFilter, *, first: int, size: int) -> PendingDeletePage:
        """`QueryDomainPendingDeleteList`, one page. A row that makes no sense keeps its place, without a date."""
        command = pending_deletes.COMMAND
        response = self.call(command, **pending_deletes.parameters(wanted), FIRST=first, LIMIT=size)
        with understood(command):
            found = [self._pending_delete(row) for row in response.rows(*pending_deletes.PROPERTIES)]
            total = pending_deletes.check_is_whole(response, first=first, names=len(found))
        return PendingDeletePage(tuple(found), total)

    def pending_deletes(self, *, zones: Sequence[str], labels: Iterable[str]) -> Iterator[PendingDelete]:
        """`QueryDomainPendingDeleteList`, by name, page by page as it is consumed. It has no filter by domain.

        Labels are sent as anchored patterns, many to a call; each is looked for in every one of `zones`, so the answer
        may hold names that were not asked for. Raises ValueError for a label that is none.
        """
        return self._pending_deletes(zones, patterns(labels))

    def check(self, domains: Sequence[str]) -> list[Availability]:
        """`CheckDomains`: is each of `domains` free now? In their order."""
        found: list[Availability] = []
        for chunk in chunks(domains, DOMAINS_IN_A_CHECK):
            response = self.call("CheckDomains", DOMAIN=chunk)
            with understood("CheckDomains", chunk[0]):
                found += [
                    names.read_availability(*pair) for pair in answers(response, chunk, names.AVAILABILITY_PROPERTIES)
                ]
        return found

    def domain(self, domain: str) -> RegisteredDomain:
        """`StatusDomain`: is a won name really here? Raises besides: `NotFound` if it is not."""
        response = self.call("StatusDomain", DOMAIN=domain)
        with understood("StatusDomain", domain):
            return names.read_registered_domain(domain, response)

    def domain_options(self, domains: Sequence[str]) -> list[DomainOptions]:
        """`QueryDomainOptions`: what the zone of each of `domains` needs, in their order."""
        found: list[DomainOptions] = []
        for chunk in chunks(domains, DOMAINS_IN_A_QUERY):
            response = self.call("QueryDomainOptions", DOMAIN=chunk)
            with understood("QueryDomainOptions", chunk[0]):
                found += [
                    names.read_domain_options(*pair) for pair in answers(response, chunk, names.OPTIONS_PROPERTIES)
                ]
        return found

    def contact(self, handle: str) -> Contact:
        """`StatusContact`: does a contact handle exist? Raises besides: `NotFound` if it does not."""
        response = self.call("StatusContact", CONTACT=handle)
        return names.read_contact(handle, response)

    def check_authentication(self) -> None:
        """`CheckAuthentication` of our own login. Raises `AccessDenied` if it is not accepted."""
        self.call(CHECKS_LOGIN)

    # How lists are read

    def _listing(
        self,
        of: ListOf[T],
        parameters: Mapping[str, ParameterValue],
    ) -> Listing[T]:
        with understood(of.command):
            listing = read_listing(self._pages(of.command, parameters, PAGE), of.page)
        return replace(listing, unread=self._shown(listing.unread))

    def _shown(self, unread: Iterable[UnreadRow]) -> tuple[UnreadRow, ...]:
        return tuple(replace(row, text=self._caller.shown(row.text)) for row in unread)

    def _pages(self, command: str, parameters: Mapping[str, ParameterValue], size: int) -> Callable[[int], Response]:
        """Gives the page that begins at an index."""
        return lambda first: self.call(command, **parameters, FIRST=first, LIMIT=size)

    def _pending_deletes(self, zones: Sequence[str], expressions: Iterable[str]) -> Iterator[PendingDelete]:
        command = pending_deletes.COMMAND
        for expression in expressions:
            wanted = NameFilter(zones=tuple(zones), expression=expression)
            pages = self._pages(command, pending_deletes.parameters(wanted), LONG_PAGE)
            with understood(command):
                for response, _ in read_pages(pages):
                    yield from (self._pending_delete(row) for row in response.rows(*pending_deletes.PROPERTIES))

    def _pending_delete(self, row: Row) -> PendingDelete:
        try:
            return pending_deletes.read_pending_delete(row)
        except NotAnAnswer as error:
            text = self._caller.shown(row_text(row))
            _log.warning("row_unread command=%s why=%s row=%s", pending_deletes.COMMAND, error, text)
            return PendingDelete(row["DOMAIN"].lower(), None)
