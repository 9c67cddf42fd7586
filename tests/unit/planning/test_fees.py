"""What an order is expected to draw: never less than what the provider will reserve."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backorder.documents.account_outlook import Standing
from backorder.domain.money import CENT, ZERO
from backorder.domain.states import State
from backorder.domain.values import Charge
from backorder.provider.port import OwnPrice
from backorder.rules import Rules
from planning.funding.fees import EXCHANGE, Fees
from tests.factories import CURRENCY, FEE, NOW, a_backorder, a_placed_backorder, changed, usd


def fees(com: str | Decimal = FEE, **standing: object) -> Fees:
    rules = Rules.model_validate({"fees": {"com": str(com)}})
    return Fees(rules, Standing(**standing), CURRENCY)  # type: ignore[arg-type]


def in_euros(com: str | Decimal) -> Decimal:
    """The fee in .com where the account's own price for it is in another currency."""
    return fees(com, prices={"com": OwnPrice(usd(1), "EUR")}).of("com")


@pytest.mark.parametrize(
    ("fee", "may_be"),
    [
        ("100.00", "103.00"),
        ("69.00", "71.07"),
        ("60.15", "61.96"),  # 61.9545
        ("51.50", "53.05"),  # 53.045: half a cent counts as one
        ("0.01", "0.02"),
        ("0.00", "0.00"),
    ],
)
def test_a_fee_in_another_currency_may_rise_by_three_percent_and_is_never_a_part_of_a_cent_short(
    fee: str, may_be: str
) -> None:
    assert in_euros(fee) == usd(may_be)


@given(st.integers(0, 10**7).map(lambda cents: Decimal(cents) / 100))
@example(usd("60.15"))
@example(usd("51.50"))
def test_a_fee_in_another_currency_is_in_whole_cents_and_covers_the_rise_by_less_than_one_too_many(
    fee: Decimal,
) -> None:
    expected = in_euros(fee)
    assert expected == expected.quantize(CENT)
    assert ZERO <= expected - fee * EXCHANGE < CENT


def test_of_rules_deposits_and_the_accounts_own_price_the_highest_counts() -> None:
    amounts = [usd("60.00"), usd("69.00"), usd("80.00")]
    for rules, deposit, price in [amounts, amounts[::-1], (amounts[1], amounts[2], amounts[0])]:
        known = fees(rules, last_deposits={"com": deposit}, prices={"com": OwnPrice(price, CURRENCY)})
        assert known.of("com") == usd("80.00")


def test_where_the_price_is_in_another_currency_the_highest_of_the_others_may_rise() -> None:
    known = fees("60.00", last_deposits={"com": usd("100.00")}, prices={"com": OwnPrice(usd("500.00"), "EUR")})
    assert known.of("com") == usd("103.00")


@pytest.mark.parametrize("currency", ["", CURRENCY])
def test_a_price_without_a_currency_is_in_the_accounts(currency: str) -> None:
    assert fees("60.00", prices={"com": OwnPrice(usd("75.50"), currency)}).of("com") == usd("75.50")


def test_each_zone_has_its_own_fee_however_often_it_is_asked_for() -> None:
    known = Fees(Rules.model_validate({"fees": {"com": "60.00", "co.uk": "20.00", "default": "69.00"}}))
    for _ in range(2):
        assert [known.of(zone) for zone in ("com", "co.uk", "uk")] == [usd("60.00"), usd("20.00"), usd("69.00")]


@pytest.mark.parametrize(
    ("state", "deposit", "charges", "draws"),
    [
        (State.REQUESTED, None, (), FEE),
        (State.ACTIVE, usd("59.00"), (), usd("59.00")),
        (State.ACTIVE, ZERO, (), ZERO),
        (State.FAILED, usd("59.00"), (), usd("59.00")),
        (State.FAILED, None, (), ZERO),
        (State.SUCCESSFUL, None, (), FEE),
        (State.SUCCESSFUL, None, ("69.00",), ZERO),
        (State.SUCCESSFUL, None, ("0.01",), ZERO),
        (State.SUCCESSFUL, None, ("69.00", "-69.00"), FEE),  # given back: it is charged again, or for nothing
        (State.PROCESSING, None, ("69.00",), FEE),  # booked before its outcome is known
    ],
)
def test_an_order_draws_its_deposit_or_its_fee_until_the_charge_is_booked(
    state: State, deposit: Decimal | None, charges: tuple[str, ...], draws: Decimal
) -> None:
    booked = tuple(Charge(f"entry#{n}", NOW, usd(gross), ZERO) for n, gross in enumerate(charges))
    assert fees().drawn_by(a_placed_backorder(state=state, deposit=deposit, charges=booked)) == draws


def test_one_that_waits_again_draws_the_deposit_that_is_not_back_yet() -> None:
    waits = a_backorder(state=State.HELD)
    assert fees().drawn_by(waits) == FEE
    assert fees().drawn_by(changed(waits, deposit=usd("59.00"))) == usd("59.00")
