"""The client against the emulator, which shares no line of code with it."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from backorder.provider.hexonet.client import HexonetClient
from backorder.provider.hexonet.credentials import Credentials
from backorder.provider.port import (
    AccessDenied,
    ApplicationStatus,
    DateBalance,
    NameFilter,
    NotAllowedNow,
    NotFound,
    Refused,
)


@dataclass
class Emulator:
    endpoint: str

    def post(self, path: str, document: Any) -> Any:
        base = self.endpoint.removesuffix("/api/call.cgi")
        request = urllib.request.Request(
            f"{base}/_emulator/{path}",
            data=json.dumps(document).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def provider(self, login: str = "test.user", password: str = "test.passw0rd") -> HexonetClient:
        return HexonetClient(
            endpoint=self.endpoint,
            stage="test",
            credentials=lambda: Credentials(login, password),
            pool_size=4,
            sleep=lambda _seconds: None,
        )


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    command = [sys.executable, "-m", "local.emulator", "--port", "0", "--start", "2026-01-01T00:00:00Z", "--vat", "19"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield Emulator(line.split()[-1])
        process.terminate()


FINALIZATION = "2026-01-02T12:00:00Z"


def test_the_life_of_a_won_a_lost_and_an_auctioned_name(emulator: Emulator) -> None:
    provider = emulator.provider()
    outcomes = {"won.com": "SUCCESSFUL", "lost.net": "FAILED", "wanted.com": "AUCTION_WON"}
    emulator.post(
        "drops",
        [
            {"domain": domain, "finalization_at": FINALIZATION, "outcome": outcome}
            for domain, outcome in outcomes.items()
        ],
    )
    ids = {domain: provider.place(domain).id for domain in outcomes}

    assert {application.id for application in provider.applications()} == set(ids.values())
    assert provider.application(ids["won.com"]).status is ApplicationStatus.ACTIVE
    assert provider.application(ids["lost.net"]).zone == "net"
    assert provider.account().deposit == Decimal("207.00")
    assert {deposit.domain: deposit.amount for deposit in provider.deposits()} == dict.fromkeys(
        outcomes, Decimal("69.00")
    )

    emulator.post("clock", {"now": "2026-01-02T13:00:00Z"})
    with pytest.raises(NotAllowedNow):
        provider.withdraw(ids["won.com"])

    emulator.post("clock", {"now": "2026-01-03T13:00:00Z"})
    auctioned = provider.application(ids["wanted.com"])
    assert auctioned.status is ApplicationStatus.AUCTION_PENDING
    assert auctioned.auction is not None
    assert auctioned.auction.ends_at is not None
    assert auctioned.auction.currency == "USD"

    emulator.post("clock", {"now": "2026-01-20T00:00:00Z"})
    found = provider.applications(domains=list(outcomes))
    assert found.complete
    assert {application.domain: application.status for application in found} == {
        "won.com": ApplicationStatus.SUCCESSFUL,
        "lost.net": ApplicationStatus.FAILED,
        "wanted.com": ApplicationStatus.AUCTION_WON,
    }
    charges = provider.accounting(date(2026, 1, 1), date(2026, 1, 31))
    assert charges.complete
    assert sorted(charge.description for charge in charges) == ["wanted.com", "won.com"]
    assert provider.account().amount == Decimal("5000.00") + sum(charge.gross for charge in charges)
    assert provider.deposits().items == ()
    assert provider.domain("won.com").expires_at is not None
    with pytest.raises(NotFound):
        provider.domain("lost.net")


def test_an_order_is_taken_back_once(emulator: Emulator) -> None:
    provider = emulator.provider()
    order = provider.place("later.com")
    assert order.status is ApplicationStatus.REQUESTED
    provider.withdraw(order.id)
    with pytest.raises(NotFound):
        provider.withdraw(order.id)
    assert provider.applications(domains=["later.com"]).items == ()


def test_refusals_say_whose_fault_they_are(emulator: Emulator) -> None:
    provider = emulator.provider()
    with pytest.raises(Refused) as zone:
        provider.place("john.de")
    assert zone.value.counts_by_zone
    with pytest.raises(Refused) as name:
        provider.place("jo_hn.com")
    assert name.value.blames_name
    with pytest.raises(Refused) as setting:
        provider.place("john.com", extra={"X-NO-SUCH-THING": "1", "PERIOD": "many"})
    assert not setting.value.blames_name
    with pytest.raises(NotFound):
        provider.place("john.com", extra={"OWNERCONTACT0": "P-NONE"})
    with pytest.raises(Refused):
        provider.call("NoSuchCommand")
    with pytest.raises(AccessDenied):
        emulator.provider(password="wrong").account()


def test_lists_are_read_over_several_pages(emulator: Emulator) -> None:
    provider = emulator.provider()
    domains = [f"name{number}.com" for number in range(1_050)]
    emulator.post("drops", [{"domain": domain, "finalization_at": "2026-01-04T12:00:00Z"} for domain in domains])
    for domain in domains:
        provider.place(domain)
    everything = provider.applications()
    assert everything.complete
    assert len(everything) == len(domains)
    assert {application.domain for application in provider.applications(domains=domains)} == set(domains)
    everywhere = NameFilter(zones=("com",))
    pages = [provider.pending_delete_page(everywhere, first=first, size=100) for first in range(0, 1_050, 100)]
    assert {name.domain for page in pages for name in page.names} == set(domains)
    assert {page.total for page in pages} == {1_050}
    some = list(provider.pending_deletes(zones=["com"], labels=["name7", "name10", "none"]))
    assert {name.domain for name in some} == {"name7.com", "name10.com"}
    assert {name.finalization_at for name in some} == {datetime(2026, 1, 4, 12, tzinfo=UTC)}


def test_every_other_command_is_understood(emulator: Emulator) -> None:
    provider = emulator.provider()
    order = provider.place("john.com")
    assert provider.amend(order.id, {"PERIOD": 2}).id == order.id
    assert [name.domain for name in provider.check(["john.com", "doe.com"])] == ["john.com", "doe.com"]
    assert [options.domain for options in provider.domain_options(["john.com", "x.se"])] == ["john.com", "x.se"]
    assert provider.user().currency == "USD"
    assert provider.balance_on(date(2026, 1, 1)) == DateBalance(Decimal("5000.00"), "USD")
    assert provider.user().vat == Decimal("19.00")
    assert provider.renewals(until=datetime(2026, 6, 1, tzinfo=UTC)).complete
    provider.check_authentication()
    assert provider.prices() == {}
