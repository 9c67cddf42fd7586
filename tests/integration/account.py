"""One account at the emulator over loopback HTTP, reconciled by the real use case on the store in memory."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, BinaryIO

from backorder.domain.backorder import Backorder
from backorder.domain.findings import Finding, Kind
from backorder.domain.ledger import Account, Posting, balances
from backorder.domain.registries import Registries, Times
from backorder.domain.states import State
from backorder.domain.values import BackorderKey
from local.emulator import Delivery, Emulator, EmulatorServer, Options
from local.world.by_hand import Pipeline
from planning.plan_submissions import Summary as Tick
from reconciliation.alert import Message
from reconciliation.reconcile import Summary
from tests.factories import NOW, a_placed_backorder, a_step, usd

FINALIZATION = NOW + timedelta(days=1)
DROP = FINALIZATION + timedelta(hours=3)
HOUR = timedelta(hours=1)
NOTHING_FREE = 58
"""A seed with which the emulator gives no lost name of these tests away."""
_TIMES = Times.model_validate({"starts": ["15:00"], "minutes": 75})
REGISTRIES = Registries.load().overridden({"com": _TIMES, "se": _TIMES})
"""Names drop three hours after noon, here."""


class Provision(Emulator):
    """The emulator, which can also hide its list of applications, move its money while it is read, and call states and
    prices by other words."""

    shown_total: int | None = None
    moving = False
    renamed: Mapping[str, str] = {}
    retimed: tuple[str, str] | None = None
    """How times end, and how they are written instead."""

    def exchange(self, fields: Mapping[str, str]) -> Delivery:
        command = fields.get("COMMAND")
        if self.shown_total is not None and command == "QueryDomainApplicationList":
            lines = {"FIRST": 0, "COUNT": 0, "LAST": 0, "LIMIT": 1000, "TOTAL": self.shown_total}
            properties = "\r\n".join(f"PROPERTY[{name}][0]={value}" for name, value in lines.items())
            return Delivery(f"[RESPONSE]\r\nCODE=200\r\nDESCRIPTION=fine\r\n{properties}\r\nEOF\r\n".encode())
        if self.moving and command == "QueryDepositList":
            self.pay_in(Decimal("1.00"))
        delivery = super().exchange(fields)
        if self.retimed is not None:
            body = re.sub(
                r"(?<=[0-9])" + re.escape(self.retimed[0]) + r"(?=\r)", self.retimed[1], delivery.body.decode()
            )
            return replace(delivery, body=body.encode())
        if self.renamed and command in ("QueryDomainApplicationList", "StatusDomainApplication", "StatusUser"):
            body = delivery.body.decode()
            for word, other in self.renamed.items():
                body = body.replace(f"]={word}", f"]={other}")
            return replace(delivery, body=body.encode())
        return delivery


@dataclass
class World(Pipeline[Provision]):
    """One account at the emulator, the store, and the messages and reports that were sent."""

    registries: Registries = REGISTRIES
    topic_fails: bool = False
    reports_refused: bool = False

    def publish(self, message: Message) -> None:
        if self.topic_fails:
            raise RuntimeError("no such topic")
        super().publish(message)

    def put(self, key: str, content: BinaryIO, type_: str) -> None:
        if self.reports_refused:
            raise RuntimeError("AccessDenied: PutObject")
        super().put(key, content, type_)

    def plan(self, *, holder: str = "this tick", queue: bool = False) -> Tick:
        """A tick that plans, and sends nothing unless it is to `queue`."""
        return super().plan(holder=holder, queue=queue)

    def at(self, moment: datetime) -> Summary:
        """Reconciles at `moment`."""
        self.emulator.advance_to(moment)
        return self.reconcile()

    def order(self, domain: str, outcome: str | None = None, *, at: datetime | None = None, **changes: Any) -> None:
        """Ordered now; inside the lock, so that the fee is reserved at once."""
        self.emulator.schedule(domain, finalization_at=at or FINALIZATION, outcome=outcome)
        self.order_dormant(domain, **changes)

    def order_dormant(self, domain: str, **changes: Any) -> None:
        """Ordered now; the provider knows of no drop."""
        with self.provider() as provider:
            application = provider.place(domain)
        on_its_way = (
            a_step(State.QUEUED, State.SUBMITTING, at=self.emulator.now),
            a_step(State.SUBMITTING, State.REQUESTED, at=self.emulator.now),
        )
        placed = {"application": application.id, "submitted_at": application.created_at, "history": on_its_way}
        self.store.create(a_placed_backorder(domain, **{**placed, **changes}))

    def backorder(self, domain: str = "john.com") -> Backorder:
        found = self.store.get(BackorderKey(domain, 1))
        assert found is not None
        return found

    def state(self, domain: str = "john.com") -> State:
        return self.backorder(domain).state

    def booked(self) -> dict[Account, Decimal]:
        return balances(self.store.postings())

    def kinds(self) -> Counter[str]:
        return Counter(posting.kind for posting in self.store.postings())

    def of_kind(self, kind: str) -> list[Posting]:
        return [posting for posting in self.store.postings() if posting.kind == kind]

    def findings(self, status: str = "open") -> list[Finding]:
        return [finding for finding in self.store.findings() if finding.status == status]

    def found(self, status: str = "open") -> list[tuple[Kind, str | None, Decimal | None]]:
        return [(finding.kind, finding.domain, finding.amount) for finding in self.findings(status)]

    def hourly(self, until: datetime) -> None:
        """Reconciles each hour up to `until`."""
        while self.emulator.now < until:
            self.at(min(until, self.emulator.now + HOUR))

    def books_are_right(self) -> None:
        """The ledger explains the account to the cent, and nothing is unexplained."""
        held, account = self.booked(), self.emulator.account()
        assert held[Account.BALANCE] == usd(account["balance"])
        assert held[Account.RESERVED] == usd(account["deposit"])
        assert held[Account.UNEXPLAINED] == 0
        assert sum(held.values()) == 0

    def everything(self) -> tuple[object, ...]:
        documents = {name: self.store.document(name) for name in ("books", "standing", "halted", "forecast")}
        found = (self.store.backorders(), self.store.postings(), self.store.findings())
        return (*map(list, found), documents, list(self.messages))


@contextmanager
def a_world(**options: Any) -> Iterator[World]:
    with EmulatorServer(Provision(Options(**{"start": NOW, "seed": NOTHING_FREE, **options}))) as server:
        assert isinstance(server.emulator, Provision)
        world = World(server.emulator, server.url)
        world.reconcile()  # opens the books
        yield world
