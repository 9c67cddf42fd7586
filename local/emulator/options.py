"""What one can ask of the emulator: the same values as on its command line, checked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, get_args

from .scripted import Scripted

InsufficientFunds = Literal["per-backorder", "all-void"]
Duplicates = Literal["same", "540", "new"]
Incomplete = Literal["taken", "refused"]
Amount = Literal["includes-deposits", "excludes-deposits"]
AuctionWon = Literal["paid", "ended"]
DayBalance = Literal["opening", "closing"]
Withheld = Literal["finalization-date", "accounting-id", "missing-parameter", "auction-status"]

#: Faults of the wire: what can befall one call between the client and the command's effect.
WIRE_FAULTS = (
    "timeout_before",
    "timeout_after",
    "timeout_late",
    "reset_before",
    "reset_after",
    "http_429",
    "http_500",
    "http_503",
    "html",
    "empty",
    "cut",
    "code_420",
    "code_421",
    "code_423",
    "code_425",
    "slow",
)
#: Faults of the books: what the provider does wrong with orders and money.
BOOK_FAULTS = (
    "refund_missing",
    "refund_late",
    "charge_twice",
    "charge_on_failure",
    "deposit_wrong",
    "deposit_orphan",
    "deposit_lapse",
    "application_vanished",
    "application_foreign",
    "balance_drift",
)
#: Share of calls that a mix strikes.
RATES = {"none": 0.0, "mild": 0.02, "severe": 0.30}


@dataclass(frozen=True, slots=True)
class FaultMix:
    """Which faults are played. `rate` is the share of calls; `books` strikes a share of the domains, by the seed."""

    rate: float = 0.0
    kinds: tuple[str, ...] = WIRE_FAULTS
    books: frozenset[str] = frozenset()
    seed: int | None = None

    @classmethod
    def parse(cls, text: str) -> "FaultMix":
        """Reads `none|mild|severe[,KIND…]`: a mix, then kinds of the wire to limit it to, and kinds of the books.

        Kinds without a mix in front are taken, too (as after `none`). Raises ValueError that names what is unknown.
        """
        words = [word.strip() for word in text.split(",") if word.strip()]
        rate = RATES.get(words[0]) if words else None
        if rate is not None:
            words = words[1:]
        unknown = [word for word in words if word not in WIRE_FAULTS and word not in BOOK_FAULTS]
        if unknown or (rate is None and not words):
            what = unknown[0] if unknown else text
            raise ValueError(
                f"{what!r} is neither a mix (none, mild, severe) nor a fault ({', '.join(WIRE_FAULTS + BOOK_FAULTS)})"
            )
        kinds = tuple(word for word in words if word in WIRE_FAULTS)
        books = frozenset(word for word in words if word in BOOK_FAULTS)
        return cls(rate=rate or 0.0, kinds=kinds or WIRE_FAULTS, books=books)


@dataclass(frozen=True, slots=True)
class Options:
    """Everything that shapes a run. Amounts in `currency`; fees are gross, that is: with VAT, as deposits are.

    `start`: the emulator's clock stands there until it is moved; None: it follows the machine's.
    `lock_lead`: how long before the finalization date the fee is reserved (three days; the successor system: 6 hours).
    `incomplete`: an order that lacks what its zone needs is taken, or refused unless it says INCOMPLETE=1.
    `answers`: given in the place of its own (`scripted`).
    `amount`: whether StatusAccount's AMOUNT has what is reserved in it, or is what can be spent.
    `auction_won`: when the winner's application becomes AUCTION-WON: when its price is paid, or when the auction ends.
    `accounting_zone`: how far east of UTC the days are that the accounting is asked for; its rows are dated in UTC.
    `day_balance`: which of a day's two balances QueryAccountBalanceList gives for its date.
    `clock_ahead`: how far its clock is ahead, by which it dates what happens and its answers; negative: behind.
    `charges_auctions`: whether an auction's price is taken from this account, which no source settles.
    """

    balance: Decimal = Decimal("5000.00")
    credit: Decimal = Decimal(0)
    currency: str = "USD"
    vat: Decimal = Decimal(0)
    fees: Mapping[str, Decimal] = field(default_factory=dict)
    default_fee: Decimal = Decimal("69.00")
    win_rate: float = 0.2
    auction_rate: float = 0.05
    refuse_zones: frozenset[str] = frozenset({"de"})
    seed: int = 1
    start: datetime | None = None
    insufficient_funds: InsufficientFunds = "per-backorder"
    duplicates: Duplicates = "same"
    incomplete: Incomplete = "taken"
    release_lag: timedelta = timedelta(hours=1)
    faults: FaultMix = field(default_factory=FaultMix)
    withhold: frozenset[str] = frozenset()
    latency: timedelta = timedelta(0)
    lock_lead: timedelta = timedelta(days=3)
    charges_auctions: bool = False
    amount: Amount = "includes-deposits"
    auction_won: AuctionWon = "ended"
    accounting_zone: timedelta = timedelta(0)
    day_balance: DayBalance = "opening"
    clock_ahead: timedelta = timedelta(0)
    answers: tuple[Scripted, ...] = ()

    def __post_init__(self) -> None:
        if self.start is not None and self.start.tzinfo is None:
            raise ValueError("start needs a time zone")
        for name in ("win_rate", "auction_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie between 0 and 1")
        if unknown := self.withhold - set(get_args(Withheld)):
            raise ValueError(f"cannot withhold {', '.join(sorted(unknown))}: only {', '.join(get_args(Withheld))}")

    def fee(self, zone: str, *, lite: bool = False) -> Decimal:
        """What an order in this zone costs, gross. A lite order is cheaper; how much is not known: half, here."""
        full = self.fees.get(zone, self.default_fee)
        return cents(full / 2) if lite else full


def cents(amount: Decimal) -> Decimal:
    """Rounded to two places, as the provider's amounts are."""
    return amount.quantize(Decimal("0.01"))


# Fifteen digits are more than any account holds, and far from where Decimal rounds.
_is_amount = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII).fullmatch


def amount(text: str) -> Decimal:
    """Reads an amount with a point; never a float. Raises ValueError that quotes what was given."""
    if not isinstance(text, str) or not _is_amount(text):
        raise ValueError(f"{text!r} is not an amount, such as 100.00")
    return cents(Decimal(text))
