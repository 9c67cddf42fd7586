"""`smoke`: a small list of invented names on its way through every station of a stack, and back.

Run once after a deployment. It looks where a person would: in the buckets, in the table, at the provider.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from rich.console import Console

from backorder.runtime.clock import system_clock
from ops.faults import Fault
from ops.screen import plain
from ops.stacks import Stack, where
from ops.stations import Journey, Station, Stuck, Tell

PROJECT: Final = Path(__file__).parent.parent
NAMES: Final = 2


@dataclass(frozen=True)
class Smoke:
    """A whole test."""

    of: str
    names: tuple[str, ...]
    stations: tuple[Station, ...]

    @property
    def passed(self) -> bool:
        return all(station.passed for station in self.stations)


def invented(now: datetime) -> tuple[str, ...]:
    """Names that nobody has, and nobody wants."""
    return tuple(f"backorder-smoke-{now:%Y%m%d%H%M%S}-{number}.com" for number in range(1, NAMES + 1))


def smoke(stack: Stack, *, live: bool, patience: float, tell: Tell) -> Smoke:
    """Sends the list through, tells each station as it is passed, and takes the names back, whatever happened.

    `patience` in seconds, at each station. Raises Fault for a live stack, unless `live`.
    """
    if stack.stage == "live" and not live:
        raise Fault(
            f"{where(stack)}: this would order {NAMES} names at the live system, and take them back. Try it on a stack "
            "of stage test first; --live does it here"
        )
    names = invented(system_clock())
    with functions_at_work(stack) as check:
        journey = Journey(stack, names, patience=patience, tell=tell, check=check)
        try:
            with suppress(Stuck):  # it is among the stations, with what was seen
                journey.forth()
        finally:
            with suppress(Stuck):
                journey.back()
    return Smoke(where(stack), names, tuple(journey.stations))


@contextmanager
def functions_at_work(stack: Stack) -> Iterator[Callable[[], None]]:
    """On this machine nothing runs a stack's functions but `python -m local serve`: it does so meanwhile.

    Gives what raises Fault if it ended by itself.
    """
    if not stack.is_local:
        yield lambda: None
        return
    command = [sys.executable, "-m", "local", "serve", "--quiet"]
    with subprocess.Popen(command, cwd=PROJECT, stderr=subprocess.PIPE, text=True) as at_work:

        def check() -> None:
            if at_work.poll() is not None and at_work.stderr is not None:
                said = at_work.stderr.read().strip().splitlines()
                raise Fault(f"`python -m local serve` ended by itself: {said[-1] if said else 'it said nothing'}")

        try:
            yield check
        finally:
            at_work.terminate()


def tell_on(console: Console) -> Tell:
    """Puts each station on the screen as it is passed."""

    def tell(station: Station) -> None:
        mark, style = ("ok  ", "green") if station.passed else ("FAIL", "bold red")
        line = plain(mark, style).append(f"  {station.name:<13} {station.seconds:>6.1f} s  ", style="")
        console.print(line.append_text(plain(station.told)), soft_wrap=True)

    return tell


def render(smoke: Smoke, console: Console) -> None:
    """Says how it ended; the stations were told before."""
    seconds = sum(station.seconds for station in smoke.stations)
    if smoke.passed:
        console.print(plain(f"{smoke.of}: every station passed, in {seconds:.0f} s.", "green"))
        return
    failed = ", ".join(station.name for station in smoke.stations if not station.passed)
    console.print(plain(f"{smoke.of}: stuck at {failed}.", "bold red"))
    if smoke.stations[-1].name != "nothing left" or not smoke.stations[-1].passed:
        console.print(
            plain(f"Take the names back by hand: python -m ops cancel {' '.join(smoke.names)}"), soft_wrap=True
        )
