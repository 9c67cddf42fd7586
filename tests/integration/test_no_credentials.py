"""The password, searched for in everything that a client of the provider gives out, whatever happens on the wire."""

from __future__ import annotations

import html
import io
import json
import logging
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, quote_plus, urlencode

import pytest

from backorder import provider as provider_package
from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import SecretCredentials
from backorder.provider.port import AccessDenied, NameFilter, ProviderError
from backorder.runtime.observability import metrics
from local.emulator import Delivery, Emulator, EmulatorServer, Options, world
from local.emulator.options import WIRE_FAULTS
from submission.metrics import Watch
from tests.factories import NOW

PASSWORD = "p&ss w0rd/+=é"
"""Each way of writing it differs from the others."""
WAYS = {
    PASSWORD,
    quote(PASSWORD),
    quote(PASSWORD, safe=""),
    quote_plus(PASSWORD),
    quote_plus(PASSWORD).lower(),
    html.escape(PASSWORD),
    PASSWORD.encode("unicode_escape").decode(),
    json.dumps(PASSWORD),
    PASSWORD[:9],
}
OURS = str(Path(provider_package.__file__).parent)

Answer = Callable[[Mapping[str, str]], bytes]


def answer(*lines: str) -> bytes:
    return "\r\n".join(["[RESPONSE]", *lines, "EOF", ""]).encode()


def everything(value: str) -> bytes:
    """A success whose properties, all of those that the client reads, are `value`."""
    return answer("CODE=200", "DESCRIPTION=fine", *(f"PROPERTY[{name}][0]={value}" for name in READ))


READ = (
    *("DOMAIN", "APPLICATION", "CLASS", "STATUS", "CREATEDDATE", "UPDATEDDATE", "FINALIZATIONDATE", "DROPDATE"),
    *("AMOUNT", "DEPOSIT", "CREDIT", "CURRENCY", "VAT", "DEPOSITID", "DEPOSITDATE", "RENEWALPRICE", "USER", "LOGDATE"),
    *("ACCOUNTINGDATE", "ACCOUNTINGPRICE", "ACCOUNTINGVAT", "ACCOUNTINGID", "DOMAINCHECK", "IDN", "ACE"),
    *("TOTAL", "COUNT", "FIRST", "LAST", "LIMIT"),
)
GOOD = """CODE=200
PROPERTY[APPLICATION][0]=10700
PROPERTY[DOMAIN][0]=john.com
PROPERTY[CLASS][0]=COM_BACKORDER
PROPERTY[STATUS][0]=REQUESTED
PROPERTY[CREATEDDATE][0]=2026-11-24 12:00:00"""
ECHOES: dict[str, Answer] = {
    "in the description": lambda f: answer("CODE=505", f"DESCRIPTION=bad s_pw {f['s_pw']}"),
    "in the description, encoded": lambda f: answer("CODE=505", f"DESCRIPTION=bad {urlencode(f)}"),
    "in the description, with %20": lambda f: answer("CODE=505", f"DESCRIPTION=bad {quote(f['s_pw'], safe='')}"),
    "in the description, in small letters": lambda f: answer(
        "CODE=505", f"DESCRIPTION={quote_plus(f['s_pw']).lower()}"
    ),
    "in the description, for HTML": lambda f: answer("CODE=549", f"DESCRIPTION=bad {html.escape(f['s_pw'])}"),
    "at the description's end": lambda f: answer("CODE=505", f"DESCRIPTION={'x' * 493} {f['s_pw']}"),
    "as the code": lambda f: answer(f"CODE={f['s_pw']}"),
    "as a name": lambda f: answer("CODE=200", f"PROPERTY[{f['s_pw']}][x]=1"),
    "twice": lambda f: answer("CODE=200", f"{f['s_pw']}", f"{f['s_pw']}=1", f"{f['s_pw']}=2"),
    "as the name that was ordered": lambda f: answer(*(GOOD.replace("=john.com", f"={f['s_pw']}")).split("\n")),
    "as an amount": lambda f: answer("CODE=200", *(f"PROPERTY[{each}][0]={f['s_pw']}" for each in ("AMOUNT", "VAT"))),
    "as every value": lambda f: everything(f["s_pw"]),
    "in every value": lambda f: everything(f"2026 {urlencode(f)}"),
    "as the body": lambda f: urlencode(f).encode(),
    "cut off": lambda f: answer("CODE=200", f"DESCRIPTION={f['s_pw']}")[:-5],
    "as a page": lambda f: f"<html>{urlencode(f)}</html>".encode(),
    "without rights": lambda f: answer("CODE=531", f"DESCRIPTION=Authorization failed; {f['s_pw']}"),
}


class Provision(Emulator):
    """The emulator, which can also say what a hostile one would."""

    echo: Answer | None = None

    def exchange(self, fields: Mapping[str, str]) -> Delivery:
        if self.echo is not None and "s_pw" in fields:
            return Delivery(self.echo(fields))
        return super().exchange(fields)


METHODS: dict[str, Callable[[HexonetClient], object]] = {
    "place": lambda p: p.place("john.com"),
    "place with settings": lambda p: p.place("jane.com", new=True, extra={"OWNERCONTACT0": "P-NONE"}),
    "applications": lambda p: p.applications(),
    "applications of names": lambda p: p.applications(domains=["john.com"]),
    "applications_changed": lambda p: p.applications_changed(NOW - timedelta(days=1)),
    "application": lambda p: p.application("10700"),
    "withdraw": lambda p: p.withdraw("10700"),
    "amend": lambda p: p.amend("10700", {"PERIOD": "2"}),
    "account": lambda p: p.account(),
    "balance_on": lambda p: p.balance_on(date(2026, 11, 1)),
    "deposits": lambda p: p.deposits(),
    "accounting": lambda p: p.accounting(date(2026, 11, 1), date(2026, 11, 30)),
    "renewals": lambda p: p.renewals(until=NOW),
    "user": lambda p: p.user(),
    "prices": lambda p: p.prices(),
    "pending_delete_page": lambda p: p.pending_delete_page(NameFilter(), first=0, size=10),
    "pending_deletes": lambda p: list(p.pending_deletes(zones=["com"], labels=["john"])),
    "check": lambda p: p.check(["john.com"]),
    "domain": lambda p: p.domain("john.com"),
    "domain_options": lambda p: p.domain_options(["john.com"]),
    "contact": lambda p: p.contact("P-NONE"),
    "check_authentication": lambda p: p.check_authentication(),
    "call": lambda p: p.call("StatusAccount"),
}


@dataclass
class Secrets:
    """Secrets Manager: gives one password after the other, the last one for ever."""

    passwords: list[str] = field(repr=False)

    def get_secret_value(self, **_: str) -> dict[str, str]:
        password = self.passwords.pop(0) if len(self.passwords) > 1 else self.passwords[0]
        return {"SecretString": json.dumps({"login": "test.user", "password": password})}


@dataclass
class Spy:
    """Calls each method of a client, and keeps all that can be seen from outside."""

    server: EmulatorServer
    capfd: pytest.CaptureFixture[str]
    logged: io.StringIO
    seen: list[str] = field(default_factory=list)
    raised: set[type[Exception]] = field(default_factory=set)

    def drive(self, *passwords: str, read_timeout: float = 20.0) -> None:
        credentials = SecretCredentials("arn:secret", cast("Any", Secrets(list(passwords or [PASSWORD]))))
        watch = Watch()
        provider = HexonetClient(
            endpoint=self.server.url,
            stage="test",
            credentials=credentials,
            pool_size=1,
            connect_timeout=1.0,
            read_timeout=read_timeout,
            retries=0,
            sleep=lambda _seconds: None,
            observe=watch.called,
        )
        for method in METHODS.values():
            try:
                found = method(provider)
            except ProviderError as error:
                self.raised.add(type(error))
                self.sees(error)
            else:
                # What an answer says is the caller's business; it is not what a log shows of it.
                self.seen.append("" if self.emulator.echo else repr(found))
        watch.measure()
        caller = provider._caller
        for each in (provider, credentials, credentials(), caller, caller.transport, watch, watch.__dict__):
            self.seen += [repr(each), str(each)]
        self.seen += [repr(vars(provider)), repr(vars(caller)), repr(vars(caller.transport)), repr(vars(credentials))]
        provider.close()

    @property
    def emulator(self) -> Provision:
        assert isinstance(self.server.emulator, Provision)
        return self.server.emulator

    def sees(self, error: BaseException) -> None:
        """The error, those behind it, and what a crash reporter takes: the values in our own frames."""
        self.seen += traceback.format_exception(error)
        behind: BaseException | None = error
        while behind is not None:
            self.seen += [str(behind), repr(behind), repr(vars(behind)), repr(behind.args)]
            for frame, _ in traceback.walk_tb(behind.__traceback__):
                if frame.f_code.co_filename.startswith(OURS) and self.emulator.echo is None:
                    self.seen.append(repr(frame.f_locals))
            behind = behind.__cause__ or behind.__context__

    def shows_nothing(self) -> None:
        out, err = self.capfd.readouterr()
        text = "\n".join([*self.seen, out, err, self.logged.getvalue(), json.dumps(metrics.serialize_metric_set())])
        assert "provider_call command=AddDomainApplication" in text
        assert {way for way in WAYS if way in text} == set()


@pytest.fixture
def spy(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Spy]:
    monkeypatch.setitem(world.PASSWORDS, "test.user", PASSWORD)
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Backorders")
    monkeypatch.setattr(metrics.provider, "namespace", "Backorders")
    metrics.clear_metrics()
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    with EmulatorServer(Provision(Options(start=NOW))) as server:
        yield Spy(server, capfd, logged)
    root.removeHandler(handler)
    root.setLevel(level)
    metrics.clear_metrics()


def test_every_method_is_driven() -> None:
    public = {name for name, value in vars(HexonetClient).items() if callable(value) and not name.startswith("_")}
    assert public - {"close", "within"} <= set(METHODS)


def test_no_call_shows_the_password(spy: Spy) -> None:
    spy.drive()
    spy.shows_nothing()


@pytest.mark.parametrize("fault", WIRE_FAULTS)
def test_no_fault_of_the_wire_shows_the_password(spy: Spy, fault: str) -> None:
    spy.emulator.set_faults(1.0, [fault])
    spy.drive(read_timeout=0.05)
    spy.shows_nothing()


def test_a_refused_password_is_not_shown(spy: Spy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(world.PASSWORDS, "test.user", "another")
    spy.drive()
    assert spy.raised == {AccessDenied}
    spy.shows_nothing()


def test_a_rotation_shows_the_password_nowhere(spy: Spy) -> None:
    spy.drive("old", PASSWORD)
    spy.shows_nothing()


@pytest.mark.parametrize("echo", ECHOES)
def test_a_server_that_repeats_the_password_does_not_get_it_shown(spy: Spy, echo: str) -> None:
    spy.emulator.echo = ECHOES[echo]
    spy.drive()
    spy.shows_nothing()


def test_a_login_is_checked_with_the_password_that_replaced_the_refused_one(spy: Spy) -> None:
    secrets = Secrets(["old", PASSWORD])
    provider = HexonetClient(
        endpoint=spy.server.url,
        stage="test",
        credentials=SecretCredentials("arn:secret", cast("Any", secrets)),
        pool_size=1,
    )
    provider.check_authentication()
    provider.close()
