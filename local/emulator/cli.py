"""`python -m local emulator`: the emulator alone, on a port of this machine."""

import signal
import threading
from typing import Any

import click

from .arguments import emulator_options, options_of
from .emulator import Emulator
from .server import EmulatorServer


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8053, show_default=True, help="0: any free one")
@emulator_options
def emulator(*, port: int, **values: Any) -> None:
    """The provider's emulator at /api/call.cgi, until interrupted; JSON for tests under /_emulator/."""
    try:
        server = EmulatorServer(Emulator(options_of(values)), port)
    except ValueError as cause:
        raise click.UsageError(str(cause)) from None
    except OSError as cause:
        others = '`make emulator PORT=N`, `make up ARGS="--emulator-port N"`'
        raise click.UsageError(f"port {port}: {cause.strerror}; on another one: {others}") from None
    serve(server)


def serve(server: EmulatorServer) -> None:
    """Serves until SIGINT or SIGTERM; says on stdout where, once it is ready."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    with server:
        click.echo(f"emulator listening on {server.url}")
        stopped.wait()
