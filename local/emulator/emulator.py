"""The emulator: a provider in one object, without HTTP. Commands go in as fields, answers come out as wire text."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from threading import RLock
from typing import Any

from . import book_faults, books, life
from .access import Gate
from .agenda import Kind
from .commands import COMMANDS, Call, Command
from .faults import WireFaults, delivered
from .moments import iso
from .names import ascii_form
from .options import BOOK_FAULTS, WIRE_FAULTS, Options, cents
from .records import OUTCOMES, Drop, Renewal, Status
from .scripted import Script, Scripted
from .scripted import delivered as as_scripted
from .view import state_of
from .wire import CommandError, Delivery, Request, parse_request, render
from .world import FINALIZATION_LEAD, MAIN_USER, Happening, World


class Emulator:
    """Every method can be called from any thread. Times are aware UTC, amounts in the account's currency.

    With `options.start` the clock stands still until it is moved; else it follows the machine's, and what is due takes
    place before the next command or question.
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        self._lock = RLock()
        self._frozen = self.options.start is not None
        self._world = World(self.options, self.options.start or datetime.now(UTC))
        self._gate = Gate(self.options.seed)
        self._faults = WireFaults(self.options.faults, self.options.seed)
        self._script = Script(self.options.answers)
        self._former_scripts: list[Script] = []
        self._silent_until = self._world.now

    def begin_anew(self, options: Options) -> None:
        """Forgets all that happened, and starts with other options."""
        with self._lock:
            fresh = Emulator(options)
            self.options = options
            self._frozen, self._world = fresh._frozen, fresh._world
            self._gate, self._faults, self._script = fresh._gate, fresh._faults, fresh._script
            self._former_scripts = []
            self._silent_until = fresh._silent_until

    @property
    def now(self) -> datetime:
        """The emulator's present."""
        with self._at_present():
            return self._world.now

    @property
    def date(self) -> str:
        """The present by the provider's own clock, as an HTTP answer is dated."""
        return format_datetime(self.now + self.options.clock_ahead, usegmt=True)

    @property
    def frozen(self) -> bool:
        """Whether the clock only moves when it is told to."""
        return self._frozen

    def call(self, fields: Mapping[str, str]) -> str:
        """Runs one command and gives its answer; no fault of the wire is played. Never raises for what was sent."""
        with self._at_present():
            request = self._receive(fields)
            return self._run(request)

    def exchange(self, fields: Mapping[str, str]) -> Delivery:
        """Runs one command as a client over the wire sees it: with the scripted answers and the faults of
        the options, or of `set_answers` and `set_faults`."""
        with self._at_present():
            request = self._receive(fields)
            domains = self._domains_of(request)
            if self._world.now < self._silent_until:
                self._world.unanswered(domains)
                self._world.silent_calls += 1
                return Delivery(b"", ending="close", fault="outage")
            if (scripted := self._script.whole(request, domains)) is not None:
                return self._scripted(scripted, request, domains)
            fault = self._faults.strike(request, domains)
            if fault is not None and fault.kind != "slow":
                self._world.unanswered(domains)
            if fault is not None and fault.late_by is not None:
                self._world.agenda.plan(self._world.now + fault.late_by, Kind.LATE_COMMAND, lambda: self._run(request))
            answer = self._run(request) if fault is None or fault.takes_effect else ""
            return delivered(fault, self._script.touched(request, answer) if answer else "")

    def _scripted(self, scripted: Scripted, request: Request, domains: tuple[str, ...]) -> Delivery:
        if scripted.after:
            self._run(request)
        if scripted.http is not None or (scripted.code is not None and scripted.code < 500):
            self._world.unanswered(domains)
        return as_scripted(scripted)

    def advance_to(self, moment: datetime) -> list[Happening]:
        """Moves the clock, which then stands still, and tells what happened on the way.

        Raises ValueError for a moment before the present: what has happened stays.
        """
        with self._at_present():
            if moment < self._world.now:
                raise ValueError(f"{iso(moment)} is before the emulator's present, {iso(self._world.now)}")
            self._frozen = True
            self._world.happened = []
            life.advance(self._world, moment)
            return self._world.happened

    def advance_by(self, seconds: float) -> list[Happening]:
        """As `advance_to`, from the present. Raises ValueError also for more seconds than a calendar has."""
        try:
            moment = self.now + timedelta(seconds=seconds)
        except OverflowError:
            raise ValueError(f"advance_s: {seconds} is beyond the calendar") from None
        return self.advance_to(moment)

    def next_moment(self) -> datetime | None:
        """The next moment at which anything is scheduled to happen."""
        with self._at_present():
            event = life.next_event(self._world)
            moments = [event.at] if event else []
            if self._world.now < self._silent_until:
                moments.append(self._silent_until)
            return min(moments, default=None)

    def schedule(
        self,
        domain: str,
        *,
        finalization_at: datetime | None = None,
        drop_at: datetime | None = None,
        outcome: str | None = None,
    ) -> bool:
        """Schedules a name's drop; of a name that has one already, changes what is given. False if nothing changed.

        A missing one of the two times is three hours from the other. Raises ValueError for what cannot be.
        """
        name = ascii_form(domain)
        result = _outcome(outcome)
        with self._at_present():
            former = self._world.drops.get(name)
            if finalization_at is None and drop_at is None:
                if former is None:
                    raise ValueError(f"{name}: finalization_at or drop_at is needed")
                changed = result is not None and result is not former.outcome
                former.outcome = result or former.outcome
                return changed
            finalization = finalization_at or (drop_at or self._world.now) - FINALIZATION_LEAD
            drop = drop_at or finalization + FINALIZATION_LEAD
            if finalization > drop:
                raise ValueError(f"{name}: finalization_at is after drop_at")
            if former and (former.finalization_at, former.drop_at) == (finalization, drop):
                changed = result is not None and result is not former.outcome
                former.outcome = result or former.outcome
                return changed
            given = result or (former.outcome if former else None)
            life.schedule(self._world, Drop(name, finalization, drop, given))
            life.advance(self._world, self._world.now)
            return True

    def rotate_password(self, password: str, *, user: str = MAIN_USER) -> None:
        """The login has another password from now on."""
        with self._lock:
            self._gate.rotate(user, password)

    def pay_in(self, amount: Decimal, *, user: str = MAIN_USER) -> None:
        """Money from outside; orders that wait for funds are tried again at the next full minute."""
        with self._at_present():
            books.pay_in(self._world, self._world.accounts[user], cents(amount))

    def charge(self, amount: Decimal, description: str, *, kind: str = "ADD_DOMAIN", user: str = MAIN_USER) -> None:
        """Something else that the login pays for: `amount` gross."""
        with self._at_present():
            one_line = " ".join(description.split())
            books.charge_other(self._world, self._world.accounts[user], cents(amount), one_line, kind)

    def add_renewal(self, domain: str, at: datetime, price: Decimal, *, user: str = MAIN_USER) -> None:
        """Something that will draw on the balance: `price` gross, shown by QueryObjectRenewalList until then."""
        with self._at_present():
            net, tax = books.split_vat(cents(price), self.options.vat)
            renewal = Renewal(ascii_form(domain), at, net, tax)
            self._world.accounts[user].renewals.append(renewal)
            self._world.agenda.plan(at, Kind.RENEWAL, (user, renewal))

    def set_faults(self, rate: float, kinds: Iterable[str] = (), *, seed: int | None = None) -> None:
        """From now on `rate` of the calls are struck by faults of these kinds, or of all. Raises ValueError."""
        chosen = tuple(kinds) or WIRE_FAULTS
        if unknown := set(chosen) - set(WIRE_FAULTS):
            raise ValueError(f"unknown faults of the wire: {', '.join(sorted(unknown))}")
        if not 0 <= rate <= 1:
            raise ValueError(f"a rate lies between 0 and 1, not at {rate}")
        with self._at_present():
            self._faults.change(rate=rate, kinds=chosen, seed=self.options.seed if seed is None else seed)

    def fall_silent(self, hours: float) -> datetime:
        """An outage: for so long from now no call is answered, and none takes effect; gives its end.

        One that ends sooner than another that goes on changes nothing. Raises ValueError for hours that cannot be.
        """
        with self._at_present():
            if not hours > 0:
                raise ValueError(f"hours: {hours} is not more than nothing")
            try:
                end = self._world.now + timedelta(hours=hours)
            except OverflowError:
                raise ValueError(f"hours: {hours} is beyond the calendar") from None
            self._silent_until = max(self._silent_until, end)
            return self._silent_until

    def set_answers(self, answers: Iterable[Scripted]) -> None:
        """From now on these are given in the place of the emulator's own; those before are only counted."""
        with self._at_present():
            self._former_scripts.append(self._script)
            self._script = Script(tuple(answers))

    def strike_books(self, kinds: Iterable[str], domains: Iterable[str] = ()) -> None:
        """Faults of the books for these domains, or for a share of all that the seed draws. Raises ValueError."""
        chosen = list(kinds)
        if unknown := set(chosen) - set(BOOK_FAULTS):
            raise ValueError(f"unknown faults of the books: {', '.join(sorted(unknown))}")
        names = [ascii_form(domain) for domain in domains]
        with self._at_present():
            book_faults.strike(self._world, chosen, names)

    def state(self) -> dict[str, Any]:
        """Everything, for tests and invariants; its shape is in interfaces.md and `view`."""
        with self._at_present():
            state = state_of(self._world)
            state["seed"] = self.options.seed
            state["start"] = iso(self.options.start) if self.options.start else None
            state["clock"] = "frozen" if self._frozen else "machine"
            scripts = (*self._former_scripts, self._script)
            played = sum(script.played for script in scripts)
            told = {"answer": played, "outage": self._world.silent_calls}
            scripted = {kind: count for kind, count in told.items() if count}
            state["faults"] = {**self._faults.played, **self._world.books_played, **scripted}
            state["answers"] = [entry for script in scripts for entry in script.view()]
            state["refuse_zones"] = sorted(self.options.refuse_zones)
            return state

    def account(self) -> dict[str, str]:
        """The account of `test.user`, as in the state."""
        account: dict[str, str] = self.state()["account"]
        return account

    @contextmanager
    def _at_present(self) -> Iterator[None]:
        # One call at a time, and whatever is due by now takes place before it.
        with self._lock:
            if not self._frozen:
                life.advance(self._world, max(self._world.now, datetime.now(UTC)))
            yield

    def _receive(self, fields: Mapping[str, str]) -> Request:
        # What is counted is what arrived, whether or not it took effect.
        request = parse_request(fields)
        command = COMMANDS.get(request.command)
        name = command.name if command else "?"
        self._world.calls[name] = self._world.calls.get(name, 0) + 1
        if request.command == "adddomainapplication" and request.credentials.get("S_LOGIN", MAIN_USER) == MAIN_USER:
            self._world.sent_late.update(
                each for each in self._domains_of(request) if self._world.orders_closed(each, self._world.now)
            )
        return request

    def _domains_of(self, request: Request) -> tuple[str, ...]:
        parameters = request.parameters
        names = [value for key, value in parameters.items() if key == "DOMAIN" or key.rstrip("0123456789") == "DOMAIN"]
        if (identity := parameters.get("APPLICATION", "")).isdecimal():
            application = self._world.applications.get(int(identity))
            names += [application.domain] if application else []
        return tuple(_name_or_text(name) for name in names)

    def _run(self, request: Request) -> str:
        try:
            user = self._gate.user_of(request.credentials, self._world.now)
            command = _command(request)
            command.check_names(request.parameters)
            session = request.credentials.get("S_SESSION", "")
            return command.handler(Call(user, request.parameters, self._world, self._gate, session))
        except CommandError as error:
            return render(code=error.code, about=error.about)


def _command(request: Request) -> Command:
    if not request.command:
        raise CommandError(507)
    if request.command not in COMMANDS:
        raise CommandError(500)
    return COMMANDS[request.command]


def _name_or_text(name: str) -> str:
    try:
        return ascii_form(name)
    except ValueError:
        return name


def _outcome(text: str | None) -> Status | None:
    if text is None:
        return None
    try:
        status = Status(text.upper().replace("_", "-"))
    except ValueError:
        status = Status.REQUESTED
    if status not in OUTCOMES:
        raise ValueError(f"{text!r} is no outcome: one of {', '.join(sorted(OUTCOMES))} is")
    return status
