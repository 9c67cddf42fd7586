"""The state of the provider: accounts, applications, drops. Rules that move it are in `life` and `books`."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from .agenda import Agenda
from .draws import draw
from .moments import iso, on_the_wire
from .names import backorder_class, zone_of
from .options import Options
from .records import LIVE, Account, Application, Drop, LogLine, Status

#: The public test account, and a second one for foreign and competing orders. `other.user` is a subuser of the first:
#: so USERDEPTH=ALL shows its applications to `test.user`, which must not take them for its own.
MAIN_USER = "test.user"
OTHER_USER = "other.user"
PASSWORDS = {MAIN_USER: "test.passw0rd", OTHER_USER: "other.passw0rd"}
SUBUSERS = {MAIN_USER: (OTHER_USER,), OTHER_USER: ()}

#: A name is on the pending-delete list from four days before its drop until its finalization date.
LISTED_BEFORE_DROP = timedelta(days=4)
#: Where only one of a drop's two times is given, the other is this far away.
FINALIZATION_LEAD = timedelta(hours=3)
#: Share of the domains that a fault of the books strikes when no domains are named.
STRUCK_SHARE = 0.25


Happening = dict[str, Any]


class World:
    """Everything that a command can see or change, at the moment `now`."""

    def __init__(self, options: Options, now: datetime) -> None:
        self.options = options
        self.now = now
        self.agenda = Agenda()
        self.accounts = {
            MAIN_USER: Account(MAIN_USER, options.balance, options.balance, options.credit),
            # Competitors are never short of money, or their orders would compete for nothing.
            OTHER_USER: Account(OTHER_USER, Decimal("1000000.00"), Decimal("1000000.00"), Decimal(0)),
        }
        self.applications: dict[int, Application] = {}
        self.deleted: list[Happening] = []
        self.drops: dict[str, Drop] = {}
        self.listed: dict[str, dict[str, Drop]] = {}
        self.log: list[LogLine] = []
        self.happened: list[Happening] = []
        self.calls: dict[str, int] = {}
        self.created = 0
        self.duplicates: set[str] = set()
        self.sent_late: set[str] = set()
        self.unfunded: set[str] = set()
        self.struck_books: frozenset[str] = options.faults.books
        self.struck_domains: dict[str, set[str]] = {}
        self.books_played: dict[str, int] = {}
        self.befell: list[Happening] = []
        self.silent_calls = 0
        self.faulty: dict[str, str] = {}
        self.account_faulty: list[str] = []
        self.drifted = False
        #: Of the main user, by application: when each ends, what came of it, and when it was paid.
        self.auctions: dict[int, Happening] = {}
        self._by_domain: dict[str, list[Application]] = {}
        self._numbers = {"application": 10700, "deposit": 490, "entry": 800463, "log": 174586}

    def dated(self, moment: datetime) -> str:
        """When something happened, by the provider's own clock, in its format."""
        return on_the_wire(moment + self.options.clock_ahead)

    def number(self, series: str) -> int:
        """The next id of a series; the first ones are those of the reference's examples."""
        value = self._numbers[series]
        self._numbers[series] = value + 1
        return value

    def note(self, what: str, **details: str | int) -> None:
        """Keeps what just happened, for whoever moves the clock."""
        self.happened.append({"at": iso(self.now), "what": what, **details})

    def add_application(
        self, domain: str, user: str, settings: dict[str, str], *, foreign: bool = False
    ) -> Application:
        """Makes an application, created now; whether it can be reserved for is not decided here."""
        application = Application(
            self.number("application"), domain, user, self.now, self.now, settings=settings, foreign=foreign
        )
        self.applications[application.id] = application
        self._by_domain.setdefault(domain, []).append(application)
        if user == MAIN_USER and not foreign:
            self.created += 1
            if len([each for each in self.live_on(domain, MAIN_USER) if not each.foreign]) > 1:
                self.duplicates.add(domain)
        self.log_operation(application, "CREATE", user)
        return application

    def remove_application(self, application: Application, by: str) -> None:
        """Takes an application away as if it had never been there; the log remembers."""
        del self.applications[application.id]
        self._by_domain[application.domain].remove(application)
        self.accounts[application.user].waiting.pop(application.id, None)
        self.log_operation(application, "DELETE", by)
        self.deleted.append({**self.view(application), "deleted": iso(self.now), "deleted_by": by})

    def log_operation(self, application: Application, operation: str, by: str) -> None:
        """The object's id is the application's, its reference the domain: an assumption, the reference shows none."""
        identity = str(application.id)
        line = LogLine(self.now, self.number("log"), by, "DOMAINAPPLICATION", identity, operation, application.domain)
        self.log.append(line)

    def on(self, domain: str) -> list[Application]:
        """All applications for a domain, oldest first."""
        return self._by_domain.get(domain, [])

    def live_on(self, domain: str, user: str | None = None) -> list[Application]:
        """Those that are not in a final state, of one user or of all."""
        return [each for each in self.on(domain) if each.status in LIVE and user in (None, each.user)]

    def in_turn(self, domains: Iterable[str], *statuses: Status) -> list[Application]:
        """The applications for these domains in one of these states, in order of creation."""
        found = (each for domain in domains for each in self.on(domain) if each.status in statuses)
        return sorted(found, key=lambda each: each.turn)

    def of_user(self, user: str, *statuses: Status) -> Iterator[Application]:
        """One login's applications in one of these states, in order of creation."""
        return (each for each in list(self.applications.values()) if each.user == user and each.status in statuses)

    def finalization_of(self, domain: str) -> datetime | None:
        """The last moment at which an order is taken or taken back, where a drop is scheduled."""
        drop = self.drops.get(domain)
        return drop.finalization_at if drop else None

    def orders_closed(self, domain: str, at: datetime) -> bool:
        """Whether the finalization date has come by `at`. A name stays closed until its next drop is scheduled."""
        finalization = self.finalization_of(domain)
        return finalization is not None and at >= finalization

    def locked(self, domain: str) -> bool:
        """Whether now lies between lock and finalization date: an order made now is reserved for at once."""
        finalization = self.finalization_of(domain)
        return finalization is not None and finalization - self.options.lock_lead <= self.now < finalization

    def struck(self, fault: str, domain: str) -> bool:
        """Whether a fault of the books befalls this domain: it was named, or the seed draws it."""
        return self.named(fault, domain) or self.drawn(fault, domain)

    def named(self, fault: str, domain: str) -> bool:
        """Whether a fault of the books was asked for by this domain's name."""
        return domain in self.struck_domains.get(fault, ())

    def drawn(self, fault: str, domain: str) -> bool:
        """Whether the seed lets a fault of the books befall this domain."""
        return fault in self.struck_books and draw(self.options.seed, "books", fault, domain) < STRUCK_SHARE

    def played(self, fault: str, domain: str) -> None:
        """Keeps a fault of the books that took place."""
        self.books_played[fault] = self.books_played.get(fault, 0) + 1
        self.befell.append({"at": iso(self.now), "kind": fault, "domain": domain})

    def unanswered(self, domains: Iterable[str]) -> None:
        """Keeps whose call was just struck by a fault of the wire, and when: of a name the last one, of the account
        (calls that name none) each."""
        named = tuple(domains)
        for domain in named:
            self.faulty[domain] = iso(self.now)
        if not named:
            self.account_faulty.append(iso(self.now))

    def view(self, application: Application) -> Happening:
        """An application as the state shows it."""
        return {
            "application": str(application.id),
            "domain": application.domain,
            "class": backorder_class(application.domain),
            "status": str(application.status),
            "user": application.user,
            "created": iso(application.created),
            "updated": iso(application.updated),
            "foreign": application.foreign,
            "deposit": str(application.deposit.amount) if application.deposit else None,
        }

    def fee_of(self, application: Application) -> Decimal:
        """What the application's order costs, gross."""
        return self.options.fee(zone_of(application.domain), lite=application.lite)
