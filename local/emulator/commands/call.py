"""What a command is handed: the caller, the parameters, the provider's world."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ..access import Gate
from ..moments import from_the_wire
from ..names import ascii_form
from ..records import Application
from ..wire import CommandError
from ..world import SUBUSERS, World


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated command. Names of parameters are upper case; the readers below raise CommandError."""

    user: str
    parameters: Mapping[str, str]
    world: World
    gate: Gate
    session_id: str = ""

    def text(self, name: str) -> str:
        """A parameter that must be there (504)."""
        if value := self.parameters.get(name, ""):
            return value
        raise CommandError(504, name)

    def column(self, name: str) -> list[str]:
        """The values of `NAME` and of `NAME0`, `NAME1`, … in their order; empty ones do not count."""
        numbered: list[tuple[int, str]] = []
        for key, value in self.parameters.items():
            index = key.removeprefix(name)
            if value and key.startswith(name) and (index == "" or index.isdecimal()):
                numbered.append((int(index or -1), value))
        return [value for _, value in sorted(numbered)]

    def number(self, name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
        """A whole number: 505 if it is none, 541 if it is out of range."""
        text = self.parameters.get(name, "")
        if not text:
            return default
        if not (text.isascii() and text.isdecimal()):
            raise CommandError(505, name)
        value = int(text)
        if value < least or (most is not None and value > most):
            raise CommandError(541, name)
        return value

    def flag(self, name: str) -> bool:
        """`1` is yes, `0` or nothing is no, anything else 541."""
        value = self.parameters.get(name, "") or "0"
        if value not in ("0", "1"):
            raise CommandError(541, name)
        return value == "1"

    def option(self, name: str, options: frozenset[str], default: str) -> str:
        """One word out of a few, in upper case; 506 for another one."""
        value = (self.parameters.get(name, "") or default).upper()
        if value not in options:
            raise CommandError(506, name)
        return value

    def moment(self, name: str, *, end_of_day: bool = False) -> datetime | None:
        """A date, or a date and a time; 505 for anything else."""
        if not (text := self.parameters.get(name, "")):
            return None
        try:
            return from_the_wire(text, end_of_day=end_of_day)
        except ValueError:
            raise CommandError(505, name) from None

    def users(self) -> frozenset[str]:
        """Whom a list covers, by USERDEPTH: SELF, SUBUSER (the subusers) or, by default, ALL."""
        depth = self.option("USERDEPTH", frozenset({"SELF", "SUBUSER", "ALL"}), "ALL")
        below = SUBUSERS[self.user]
        return {
            "SELF": frozenset({self.user}),
            "SUBUSER": frozenset(below),
            "ALL": frozenset({self.user, *below}),
        }[depth]

    def application(self) -> Application:
        """The application that the call names, of the caller or a subuser: 504, 505, or 545 if there is none."""
        text = self.text("APPLICATION")
        if not (text.isascii() and text.isdecimal()):
            raise CommandError(505, "APPLICATION")
        application = self.world.applications.get(int(text))
        if application is None or application.user not in (self.user, *SUBUSERS[self.user]):
            raise CommandError(545, "APPLICATION")
        return application


def domain(text: str, name: str = "DOMAIN") -> str:
    """A domain name in ASCII; 505 for what is none."""
    try:
        return ascii_form(text)
    except ValueError:
        raise CommandError(505, name) from None


Handler = Callable[[Call], str]


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the reference. `takes` are its parameters, `columns` its numbered ones, each with its highest number
    (None: any); others are a 503."""

    name: str
    handler: Handler
    takes: frozenset[str]
    columns: Mapping[str, int | None] = field(default_factory=dict)
    extra: bool = False  # takes the zones' own parameters, `X-…`

    def check_names(self, parameters: Mapping[str, str]) -> None:
        """Raises CommandError 503 for a parameter that the command does not have; it is not repeated."""
        for key in parameters:
            if key in self.takes or key in self.columns or (self.extra and key.startswith("X-")):
                continue
            name = key.rstrip("0123456789")
            if name in self.columns:
                most = self.columns[name]
                if most is None or int(key.removeprefix(name)) <= most:
                    continue
            raise CommandError(503)


def command(name: str, handler: Handler, *, takes: str = "", columns: str = "", extra: bool = False) -> Command:
    """Declares a command; parameters are words parted by blanks, a column with its highest number: `NAME[2]`."""
    split = (word.rstrip("]").partition("[") for word in columns.split())
    numbered = {column: int(most) if most else None for column, _, most in split}
    return Command(name, handler, frozenset(takes.split()), numbered, extra)
