"""What holds in the emulator whatever is done to it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from local.emulator import Emulator, Options
from local.emulator.options import BOOK_FAULTS
from local.emulator.wire import form_fields, parse_request
from tests.unit.local.emulator.customer import HOUR, START, Customer, read

NAMES = st.sampled_from([f"name{number}.{zone}" for number in range(3) for zone in ("com", "org", "net")])
FEES = {"org": Decimal("40.00"), "net": Decimal("99.90")}


class Account(RuleBasedStateMachine):
    """Orders, cancels, payments, leaps of the clock: the books stay right, and no order waits that could be funded."""

    @initialize(
        balance=st.integers(0, 200),
        vat=st.sampled_from([0, 7, 19]),
        faults=st.none() | st.sampled_from(sorted(set(BOOK_FAULTS) - {"balance_drift"})),
        seed=st.integers(0, 99),
        duplicates=st.sampled_from(["same", "new"]),
    )
    def open(self, balance: int, vat: int, faults: str | None, seed: int, duplicates: Any) -> None:
        options = Options(
            start=START,
            balance=Decimal(balance),
            vat=Decimal(vat),
            fees=FEES,
            win_rate=0.5,
            auction_rate=0.4,
            seed=seed,
            duplicates=duplicates,
        )
        self.customer = Customer(Emulator(options))
        self.faulty = faults is not None
        if faults:
            self.customer.emulator.strike_books([faults])

    @rule(name=NAMES, hours=st.integers(4, 200))
    def order_what_drops(self, name: str, hours: int) -> None:
        self.schedule(name, hours)
        self.order(name)

    @rule(name=NAMES)
    def order(self, name: str) -> None:
        assert self.customer.send("AddDomainApplication", **{"class": "BACKORDER"}, domain=name).code in (200, 549)

    @rule(name=NAMES, hours=st.integers(1, 200))
    def schedule(self, name: str, hours: int) -> None:
        self.customer.emulator.schedule(name, drop_at=self.customer.emulator.now + hours * HOUR)

    @rule(number=st.integers(0, 30))
    def take_back(self, number: int) -> None:
        applications = self.customer.emulator.state()["applications"]
        if applications:
            identity = applications[number % len(applications)]["application"]
            assert self.customer.send("DeleteDomainApplication", application=identity).code in (200, 552)

    @rule(amount=st.integers(30, 200))
    def pay_in(self, amount: int) -> None:
        self.customer.emulator.pay_in(Decimal(amount))

    @rule(minutes=st.sampled_from([0.3, 1, 59, 600, 4000, 20000]))
    def wait(self, minutes: float) -> None:
        self.customer.emulator.advance_by(minutes * 60)

    @invariant()
    def amounts_add_up(self) -> None:
        state = self.customer.emulator.state()
        account, deposits, entries = state["account"], state["deposits"], state["accounting"]
        reserved = sum((Decimal(each["amount"]) for each in deposits), Decimal(0))
        booked = sum((Decimal(each["price"]) + Decimal(each["vat_price"]) for each in entries), Decimal(0))
        assert Decimal(account["deposit"]) == reserved
        assert Decimal(account["amount"]) == Decimal(account["opening"]) + booked
        assert Decimal(account["balance"]) == Decimal(account["amount"]) - reserved

    @invariant()
    def what_is_secured_has_its_deposit(self) -> None:
        if not self.faulty:
            for each in self.customer.emulator.state()["applications"]:
                secured = each["status"] in ("ACTIVE", "PROCESSING", "AUCTION-PENDING")
                assert secured == (each["deposit"] is not None)

    @invariant()
    def no_order_waits_that_the_last_minute_could_have_funded(self) -> None:
        # The provider tries every minute; the emulator only when funds changed. It must look the same.
        emulator = self.customer.emulator
        emulator.advance_to(emulator.now.replace(second=0, microsecond=0) + timedelta(minutes=1))
        state = emulator.state()
        drops = {each["domain"]: each for each in state["drops"]}
        free = Decimal(state["account"]["balance"])
        now = emulator.now.isoformat().replace("+00:00", "Z")
        for each in state["applications"]:
            drop = drops.get(each["domain"])
            if drop is None or self.faulty or each["status"] != "REQUESTED" or now >= drop["finalization_at"]:
                continue
            if (emulator.now + timedelta(days=3)).isoformat().replace("+00:00", "Z") >= drop["finalization_at"]:
                assert free < FEES.get(each["domain"].partition(".")[2], Decimal("69.00"))


TestAccount = Account.TestCase
TestAccount.settings = settings(
    max_examples=100, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@settings(max_examples=200, deadline=None)
@given(query=st.text(max_size=80), body=st.text(max_size=200))
def test_whatever_is_sent_gets_an_answer(query: str, body: str) -> None:
    emulator = Emulator(Options(start=START))
    answer = read(emulator.call(form_fields(query, body)))
    assert answer.code in (500, 507, 530)
    assert parse_request(form_fields(query, body)).command is not None


@settings(max_examples=300, deadline=None)
@given(
    command=st.sampled_from(
        ["AddDomainApplication", "QueryDomainApplicationList", "QueryDomainPendingDeleteList", "QueryAccountingList"]
    ),
    parameters=st.dictionaries(
        st.sampled_from(
            ["DOMAIN", "DOMAIN0", "CLASS", "LIMIT", "FIRST", "REGEXP", "MINDATE", "ORDERBY", "ZONE0", "NEW"]
        ),
        st.text(max_size=20),
    ),
)
def test_whatever_a_known_caller_sends_gets_an_answer_of_one_code(command: str, parameters: dict[str, str]) -> None:
    customer = Customer(Emulator(Options(start=START)))
    customer.emulator.schedule("john.com", drop_at=START + 10 * HOUR)
    text = customer.emulator.call({**customer.credentials, "command": command, **parameters})
    assert read(text).code in (200, 503, 504, 505, 506, 510, 541, 549)
