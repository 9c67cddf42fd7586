"""What a run is asked to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

LONGEST_DAYS = 3650
"""More than this no run lasts, so that no day of it is beyond what dates can be."""
MOST_DAYS = 60
"""Without `--days`, a run ends here at the latest."""
DYNAMODB_LIMIT = 500
"""Entries up to which moto's DynamoDB is fast enough to be the default."""

Kind = Literal["wanted", "dropping", "cancel"]
StoreName = Literal["dynamodb", "memory"]


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """The emulator's options that a run passes on, as `python -m local emulator` takes them; None: its default."""

    balance: str | None = None
    credit: str | None = None
    currency: str | None = None
    vat: str | None = None
    win_rate: float | None = None
    auction_rate: float | None = None
    seed: int | None = None
    faults: str | None = None
    refuse_zone: tuple[str, ...] = ()
    insufficient_funds: str | None = None
    duplicates: str | None = None
    amount: str | None = None
    auction_won: str | None = None
    answers: str | None = None

    def given(self) -> dict[str, str | float | int | list[str]]:
        """Those that were given, by name."""
        values = {
            name: getattr(self, name) for name in self.__dataclass_fields__ if getattr(self, name) not in (None, ())
        }
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def arguments(self) -> list[str]:
        """For the emulator's command line."""
        arguments = []
        for name, value in self.given().items():
            for one in value if isinstance(value, list) else [value]:
                arguments += [f"--{name.replace('_', '-')}", str(one)]
        return arguments


@dataclass(frozen=True, slots=True)
class RunOptions:
    """One run. Amounts in the account's currency, times in UTC."""

    lists: tuple[str, ...]
    """`FILE[@DAY]`."""
    kind: Kind
    out: Path
    emulator: EmulatorOptions = field(default_factory=EmulatorOptions)
    rules: Path | None = None
    pay_ins: tuple[tuple[Decimal, int], ...] = ()
    """Amount and day of the run."""
    outages: tuple[tuple[float, float], ...] = ()
    """Hours, and the day of the run on which they begin."""
    start: datetime | None = None
    days: int | None = None
    seed: int = 1
    store: StoreName | None = None
    attach: bool = False
    fetch: bool = False
    """The provider's own list is pulled, too, as by a stack with FetchPendingDeletes=daily."""
    every_tick: bool = False
    encoding: str | None = None
    """What the lists are written in, as an upload declares it; None: nothing is declared."""
