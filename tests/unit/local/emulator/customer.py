"""A customer of the emulator, in process: sends commands, reads answers. For the emulator's own tests."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from local.emulator import Emulator, Options

START = datetime(2026, 11, 24, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its code, its description, its columns."""

    code: int
    description: str
    columns: dict[str, list[str]]

    def __getitem__(self, name: str) -> str:
        return self.columns[name][0]


def read(text: str) -> Answer:
    """Reads an answer; each column must be numbered from 0 without gaps."""
    lines = text.split("\r\n")
    assert lines[0] == "[RESPONSE]"
    assert lines[-2:] == ["EOF", ""]
    plain: dict[str, str] = {}
    columns: dict[str, list[str]] = {}
    for line in lines[1:-2]:
        name, _, value = line.partition("=")
        if name.startswith("PROPERTY["):
            prop, index = name.removeprefix("PROPERTY[").removesuffix("]").split("][")
            columns.setdefault(prop, [])
            assert len(columns[prop]) == int(index)
            columns[prop].append(value)
        else:
            plain[name] = value
    return Answer(int(plain["CODE"]), plain["DESCRIPTION"], columns)


class Customer:
    """Calls an emulator as one login. `send` takes a command and its parameters, in any case."""

    def __init__(self, emulator: Emulator, user: str = "test.user") -> None:
        self.emulator = emulator
        self.credentials = {
            "s_entity": "1234",
            "s_login": user,
            "s_pw": {"test.user": "test.passw0rd"}.get(user, "other.passw0rd"),
        }

    def send(self, command: str, **parameters: str) -> Answer:
        fields = {name.replace("_", "-"): value for name, value in parameters.items()}
        return read(self.emulator.call({**self.credentials, "command": command, **fields}))

    def order(self, domain: str, **parameters: str) -> str:
        """Orders a name and gives the application's id."""
        answer = self.send("AddDomainApplication", **{"class": "BACKORDER"}, domain=domain, **parameters)
        assert answer.code == 200, answer
        return answer["APPLICATION"]

    def status(self, application: str) -> str:
        return self.send("StatusDomainApplication", application=application)["STATUS"]

    def money(self) -> tuple[Decimal, Decimal]:
        """Balance (reserved money included), and what is reserved."""
        account = self.send("StatusAccount")
        return Decimal(account["AMOUNT"]), Decimal(account["DEPOSIT"])


def a_customer(**options: Any) -> Customer:
    """Of a new emulator whose clock stands at START; every name is caught unless the test says otherwise."""
    settings = {"start": START, "win_rate": 1.0, "auction_rate": 0.0, **options}
    return Customer(Emulator(Options(**settings)))
