"""The emulator's options as a command line writes them: for `python -m local emulator`, and for a running one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import click
from click.core import ParameterSource

from .moments import from_iso
from .options import Amount, AuctionWon, DayBalance, FaultMix, Options, Withheld, amount
from .scripted import Scripted, read_script_text


class _Read(click.ParamType[Any]):
    """A parameter that a function of this package reads; its ValueError becomes the one line of the exit with 2."""

    def __init__(self, name: str, read: Callable[[str], object]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._read(value) if isinstance(value, str) else value
        except ValueError as cause:
            self.fail(str(cause), param, ctx)


def _money(text: str) -> Decimal:
    value = amount(text)
    if value < 0:
        raise ValueError(f"{text!r} is less than nothing")
    return value


def _fee(text: str) -> tuple[str, Decimal]:
    zone, equals, price = text.partition("=")
    if not equals or not zone:
        raise ValueError(f"{text!r} is not ZONE=AMOUNT, such as com=59.00")
    return zone.lower().lstrip("."), _money(price)


def _currency(text: str) -> str:
    if not (len(text) == 3 and text.isascii() and text.isalpha()):
        raise ValueError(f"{text!r} is not a currency of three letters, such as USD")
    return text.upper()


def _script(text: str) -> tuple[Scripted, ...]:
    file = Path(text)
    try:
        return read_script_text(file.read_text(encoding="utf-8"))
    except OSError as cause:
        raise ValueError(f"{text}: {cause.strerror}") from None
    except ValueError as cause:
        raise ValueError(f"{text}: {cause}") from None


def _withheld(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


_OPTIONS = (
    click.option("--latency-ms", type=click.FloatRange(0), default=0, help="added to every call of the API"),
    click.option("--balance", type=_Read("amount", _money), default="5000.00", show_default=True),
    click.option("--credit", type=_Read("amount", _money), default="0"),
    click.option("--currency", type=_Read("currency", _currency), default="USD", show_default=True),
    click.option("--vat", type=_Read("percent", _money), default="0", help="percent"),
    click.option("--fee", "fees", type=_Read("zone=amount", _fee), multiple=True, help="gross; default 69.00"),
    click.option("--win-rate", type=click.FloatRange(0, 1), default=0.2, show_default=True),
    click.option("--auction-rate", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="of the won"),
    click.option("--refuse-zone", "refuse_zones", multiple=True, default=("de",), show_default=True),
    click.option("--seed", type=int, default=1, show_default=True),
    click.option("--start", type=_Read("time", from_iso), help="the clock stands there until moved; ISO 8601, UTC"),
    click.option("--insufficient-funds", type=click.Choice(["per-backorder", "all-void"]), default="per-backorder"),
    click.option("--duplicates", type=click.Choice(["same", "540", "new"]), default="same", show_default=True),
    click.option("--incomplete", type=click.Choice(["taken", "refused"]), default="taken", show_default=True),
    click.option(
        "--amount",
        type=click.Choice(get_args(Amount)),
        default="includes-deposits",
        show_default=True,
        help="whether AMOUNT has what is reserved in it",
    ),
    click.option("--release-lag-hours", type=click.FloatRange(0), default=1, show_default=True),
    click.option("--faults", type=_Read("mix", FaultMix.parse), default="none", help="none|mild|severe[,KIND…]"),
    click.option(
        "--withhold",
        type=_Read("names", _withheld),
        default="",
        help=",".join(get_args(Withheld)),
    ),
    click.option(
        "--answers", type=_Read("file", _script), default=(), help="a JSON list of answers in the place of its own"
    ),
    click.option(
        "--auction-won",
        type=click.Choice(get_args(AuctionWon)),
        default="ended",
        show_default=True,
        help="what makes the winner's application AUCTION-WON",
    ),
    click.option(
        "--accounting-zone-hours",
        type=click.FloatRange(-14, 14),
        default=0,
        help="east of UTC: where the days begin that the accounting is asked for",
    ),
    click.option(
        "--day-balance",
        type=click.Choice(get_args(DayBalance)),
        default="opening",
        show_default=True,
        help="which of a day's balances is that of its date",
    ),
    click.option(
        "--clock-ahead-seconds",
        type=click.FloatRange(-86_400, 86_400),
        default=0,
        help="how far the clock is ahead by which it dates what happens, and its answers",
    ),
    click.option("--charge-auctions", is_flag=True, help="the price of a won auction is taken from this account"),
)

_Command = Callable[..., Any]


def emulator_options(command: _Command) -> _Command:
    """Gives a click command the emulator's options; `options_of` makes `Options` of their values."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def options_of(values: Mapping[str, Any], base: Options | None = None) -> Options:
    """`Options` with these values, by their names on the command line. Raises ValueError for unusable ones."""
    read = dict(values)
    given: dict[str, Any] = {}
    if "latency_ms" in read:
        given["latency"] = timedelta(milliseconds=read.pop("latency_ms"))
    if "fees" in read:
        given["fees"] = dict(read.pop("fees"))
    if "refuse_zones" in read:
        given["refuse_zones"] = frozenset(zone.lower().lstrip(".") for zone in read.pop("refuse_zones"))
    if "release_lag_hours" in read:
        given["release_lag"] = timedelta(hours=read.pop("release_lag_hours"))
    if "accounting_zone_hours" in read:
        given["accounting_zone"] = timedelta(hours=read.pop("accounting_zone_hours"))
    if "clock_ahead_seconds" in read:
        given["clock_ahead"] = timedelta(seconds=read.pop("clock_ahead_seconds"))
    if "charge_auctions" in read:
        given["charges_auctions"] = read.pop("charge_auctions")
    return replace(base or Options(), **given, **read)


@click.command()
@emulator_options
def _arguments(**_: Any) -> None:
    """Only parsed, never run."""


def changed(base: Options, arguments: Sequence[str]) -> Options:
    """`base` with what `arguments` of a command line change. Raises ValueError for what they do not allow."""
    try:
        context = _arguments.make_context("options", list(arguments))
    except click.ClickException as error:
        raise ValueError(error.format_message()) from None
    given = {
        name: value
        for name, value in context.params.items()
        if context.get_parameter_source(name) is ParameterSource.COMMANDLINE
    }
    return options_of(given, base)
