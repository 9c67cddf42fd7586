"""`python -m local emulator`: the emulator alone, on a port of this machine."""

import signal
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import click

from .emulator import Emulator
from .moments import from_iso
from .options import FaultMix, Options, amount
from .server import EmulatorServer


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


def _withheld(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8053, show_default=True, help="0: any free one")
@click.option("--latency-ms", type=click.FloatRange(0), default=0, help="added to every call of the API")
@click.option("--balance", type=_Read("amount", _money), default="5000.00", show_default=True)
@click.option("--credit", type=_Read("amount", _money), default="0")
@click.option("--currency", type=_Read("currency", _currency), default="USD", show_default=True)
@click.option("--vat", type=_Read("percent", _money), default="0", help="percent")
@click.option("--fee", "fees", type=_Read("zone=amount", _fee), multiple=True, help="gross; default 69.00")
@click.option("--win-rate", type=click.FloatRange(0, 1), default=0.2, show_default=True)
@click.option("--auction-rate", type=click.FloatRange(0, 1), default=0.05, show_default=True, help="of the won")
@click.option("--refuse-zone", "refuse_zones", multiple=True, default=("de",), show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--start", type=_Read("time", from_iso), help="the clock stands there until moved; ISO 8601, UTC")
@click.option("--insufficient-funds", type=click.Choice(["per-backorder", "all-void"]), default="per-backorder")
@click.option("--duplicates", type=click.Choice(["same", "540", "new"]), default="same", show_default=True)
@click.option("--release-lag-hours", type=click.FloatRange(0), default=1, show_default=True)
@click.option("--faults", type=_Read("mix", FaultMix.parse), default="none", help="none|mild|severe[,KIND…]")
@click.option("--withhold", type=_Read("names", _withheld), default="", help="finalization-date,accounting-id")
@click.option("--charge-auctions", is_flag=True, help="the price of a won auction is taken from this account")
def emulator(
    *,
    port: int,
    latency_ms: float,
    fees: tuple[tuple[str, Decimal], ...],
    refuse_zones: tuple[str, ...],
    start: datetime | None,
    release_lag_hours: float,
    charge_auctions: bool,
    **plain: Any,
) -> None:
    """The provider's emulator at /api/call.cgi, until interrupted; JSON for tests under /_emulator/."""
    try:
        options = Options(
            latency=timedelta(milliseconds=latency_ms),
            fees=dict(fees),
            refuse_zones=frozenset(zone.lower().lstrip(".") for zone in refuse_zones),
            start=start,
            release_lag=timedelta(hours=release_lag_hours),
            charges_auctions=charge_auctions,
            **plain,
        )
        server = EmulatorServer(Emulator(options), port)
    except ValueError as cause:
        raise click.UsageError(str(cause)) from None
    except OSError as cause:
        raise click.UsageError(f"port {port}: {cause.strerror}") from None
    serve(server)


def serve(server: EmulatorServer) -> None:
    """Serves until SIGINT or SIGTERM; says on stdout where, once it is ready."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with server:
        click.echo(f"emulator listening on {server.url}")
        stopped.wait()
