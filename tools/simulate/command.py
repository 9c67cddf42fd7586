"""`python -m tools simulate`: many seeds, and for one that fails, the command that replays it."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import click

from backorder.domain.backorder import Backorder
from backorder.runtime.clock import iso
from local.emulator.options import Duplicates, FaultMix, InsufficientFunds
from tools.simulate.scenario import Wishes, draw
from tools.simulate.simulation import Result, simulate

_MOST_SHOWN = 5
_SWITCHES = {
    "storm": "no-storm",
    "books": "no-books",
    "ample": "short",
    "answers": "no-answers",
    "contradictions": "no-contradictions",
    "auctions": "no-auctions",
}
"""Each with what turns it off."""


@dataclass(frozen=True)
class Failure:
    """A seed that broke a promise, or the code."""

    seed: int
    lines: tuple[str, ...]


def run_seed(seed: int, wishes: Wishes) -> tuple[Failure | None, Counter[str]]:
    """Simulates one seed; gives what is wrong with it, and the mishaps that took place."""
    try:
        result = simulate(draw(seed, wishes))
    except Exception as error:  # noqa: BLE001 - a seed that breaks the code is what is looked for
        return Failure(seed, (f"{type(error).__name__}: {error}",)), Counter()
    return (None if result.ok else Failure(seed, tuple(_lines(result)))), result.seen


def _lines(result: Result) -> Iterator[str]:
    for promise, found in result.broken.items():
        yield from (f"{promise}: {line}" for line in found[:_MOST_SHOWN])
        if len(found) > _MOST_SHOWN:
            yield f"{promise}: and {len(found) - _MOST_SHOWN} more"


def history(result: Result, domains: Iterable[str]) -> Iterator[str]:
    """What the backorders of these domains went through, one line a step."""
    wanted = set(domains)
    for backorder in sorted(result.evidence.backorders, key=lambda b: b.key):
        if backorder.domain in wanted:
            yield from _history_of(backorder)


def _history_of(backorder: Backorder) -> Iterator[str]:
    about = (
        f"application {backorder.application_id}, {backorder.origin}" if backorder.application_id else "no application"
    )
    yield f"{backorder.domain} (cycle {backorder.cycle}), since {iso(backorder.created_at)}: {backorder.state}, {about}"
    for step in backorder.history:
        call = f" [{step.call}]" if step.call else ""
        yield f"  {iso(step.at)}  {step.left} > {step.entered}: {step.why}{call}"


@click.command()
@click.option("--seeds", type=click.IntRange(1), default=100, show_default=True, help="how many")
@click.option("--seed", "first", type=int, default=1, show_default=True, help="the first one")
@click.option("--faults", metavar="none|mild|severe[,KIND…]", help="of the wire (default: the seed draws them)")
@click.option("--duplicates", type=click.Choice(get_args(Duplicates)), help="what an order made twice gets")
@click.option("--insufficient-funds", type=click.Choice(get_args(InsufficientFunds)))
@click.option("--names", type=click.IntRange(1, 200), help="how many domains (default: up to 25)")
@click.option("--storm/--no-storm", default=None, help="ticks a few seconds apart (default: the seed draws it)")
@click.option("--books/--no-books", default=None, help="faults of the books (default: the seed draws them)")
@click.option("--ample/--short", default=None, help="funds for every name, or not (default: the seed draws it)")
@click.option("--contradictions/--no-contradictions", default=None, help="lists that contradict (default: the seed)")
@click.option("--answers/--no-answers", default=None, help="odd answers about single names (default: the seed)")
@click.option("--auctions/--no-auctions", default=None, help="most names are auctioned, or none (default: the seed)")
@click.option("--history", "shown", multiple=True, metavar="DOMAIN", help="show what it went through")
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, help="processes")
def simulate_command(seeds: int, first: int, shown: tuple[str, ...], jobs: int, **given: Any) -> None:
    """Simulates whole runs from seeds: each mishap that the design survives, in one process and without waiting.

    Ends with 1 if a seed breaks a promise, and prints the one command that replays it.
    """
    wishes = Wishes(**given)
    if wishes.faults is not None:
        try:
            FaultMix.parse(wishes.faults)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None
    if shown:
        result = simulate(draw(first, wishes))
        print("\n".join([*_lines(result), *history(result, shown)]))
        sys.exit(0 if result.ok else 1)
    started, seen, failures = time.monotonic(), Counter[str](), 0
    for failure, mishaps in _run_all(range(first, first + seeds), wishes, jobs):
        seen += mishaps
        if failure is not None:
            failures += 1
            print(f"seed {failure.seed}: broken")
            print("\n".join(f"  {line}" for line in failure.lines))
            print(f"  replay: {_replay(failure.seed, given)}", flush=True)
    took = time.monotonic() - started
    told = ", ".join(f"{number:,} {what}" for what, number in seen.most_common())
    print(f"{seeds:,} seeds in {took:.0f} s: {told or 'no mishaps'}")
    if failures:
        print(f"{failures} of them broke a promise")
        sys.exit(1)
    print("Every promise holds in all of them.")


def _run_all(seeds: range, wishes: Wishes, jobs: int) -> Iterator[tuple[Failure | None, Counter[str]]]:
    run = partial(run_seed, wishes=wishes)
    if jobs == 1 or len(seeds) == 1:
        yield from map(run, seeds)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, seeds, chunksize=4)


def _replay(seed: int, given: dict[str, Any]) -> str:
    given = dict(given)
    switches = {name: (given.pop(name), word) for name, word in _SWITCHES.items()}
    options = "".join(f" --{name.replace('_', '-')} {value}" for name, value in given.items() if value is not None)
    for name, (on, off) in switches.items():
        if on is not None:
            options += f" --{name}" if on else f" --{off}"
    return f"python -m tools simulate --seeds 1 --seed {seed}{options}"
