"""`python -m local`: the pipeline on one machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import click
import requests
from botocore.exceptions import BotoCoreError
from rich.console import Console

from local.emulator.cli import emulator
from local.emulator.options import amount as read_amount
from local.encoding import encoding_option
from local.run.options import LONGEST_DAYS
from local.stack.lifetime import heed_signals
from local.stack.processes import PROJECT, StackError

SAMPLE = PROJECT / "local" / "samples" / "wanted.txt"
EMULATOR_PORT = 8053
EARLIEST, LATEST = 2000, 2099
"""Years in which a run may start: enough for any list, and far from where dates end."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """The backorder pipeline on one machine: the deployed template in moto, and an emulator of the provider."""


main.add_command(emulator)


def _moment(_context: click.Context, _parameter: click.Parameter, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time in ISO 8601, such as 2026-11-24T00:00:00Z") from None
    if not EARLIEST <= moment.year <= LATEST:
        raise click.BadParameter(f"{text!r} is not between {EARLIEST} and {LATEST}")
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _pay_ins(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[Decimal, int], ...]:
    pay_ins = []
    for text in texts:
        amount, _, day = text.partition("@")
        try:
            pay_ins.append((read_amount(amount), int(day)))
        except ValueError:
            raise click.BadParameter(f"{text!r} is not AMOUNT@DAY, such as 500.00@3") from None
        if pay_ins[-1][0] <= 0 or not 0 <= pay_ins[-1][1] <= LONGEST_DAYS:
            raise click.BadParameter(f"{text!r}: an amount above zero, and a day from 0 to {LONGEST_DAYS}")
    return tuple(pay_ins)


def _outages(
    _context: click.Context, _parameter: click.Parameter, texts: tuple[str, ...]
) -> tuple[tuple[float, float], ...]:
    outages = []
    for text in texts:
        hours, _, day = text.partition("@")
        try:
            outages.append((float(hours), float(day)))
        except ValueError:
            raise click.BadParameter(f"{text!r} is not HOURS@DAY, such as 3@2.5") from None
        if not (0 < outages[-1][0] <= LONGEST_DAYS * 24 and 0 <= outages[-1][1] <= LONGEST_DAYS):
            raise click.BadParameter(f"{text!r}: hours above zero, and a day from 0 to {LONGEST_DAYS}")
    return tuple(outages)


@main.command()
@click.option("--list", "lists", multiple=True, metavar="FILE[@DAY]", help="a list, uploaded on that day of the run")
@click.option("--pay-in", "pay_ins", multiple=True, metavar="AMOUNT@DAY", callback=_pay_ins, help="money that arrives")
@click.option(
    "--outage",
    "outages",
    multiple=True,
    metavar="HOURS@DAY",
    callback=_outages,
    help="so long no call to the provider is answered; the day may have decimals",
)
@click.option("--kind", type=click.Choice(["wanted", "dropping", "cancel"]), default="wanted", show_default=True)
@click.option("--rules", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="a rules.toml")
@click.option("--balance", metavar="AMOUNT", help="the account's, at the start (default 5000.00)")
@click.option("--credit", metavar="AMOUNT", help="its credit line (default 0)")
@click.option("--currency", help="default USD")
@click.option("--vat", metavar="PERCENT", help="default 0")
@click.option(
    "--start", metavar="TIME", callback=_moment, help="ISO 8601, UTC (default: six days before the first drop)"
)
@click.option(
    "--days",
    type=click.IntRange(0, LONGEST_DAYS),
    help="stop then; 0: only plan (default: when all is done, at most 60)",
)
@click.option("--win-rate", type=click.FloatRange(0, 1), help="default 0.2")
@click.option("--auction-rate", type=click.FloatRange(0, 1), help="of the won; default 0.05")
@click.option("--seed", type=int, default=1, show_default=True, help="what happens depends on it, and on nothing else")
@click.option("--faults", metavar="none|mild|severe[,KIND…]", help="of the wire; those of the books by name")
@click.option(
    "--refuse-zone", multiple=True, metavar="ZONE", help="the provider does not take it (default de; '': takes all)"
)
@click.option("--insufficient-funds", type=click.Choice(["per-backorder", "all-void"]))
@click.option("--duplicates", type=click.Choice(["same", "540", "new"]), help="what an order made twice gets")
@click.option(
    "--amount",
    type=click.Choice(["includes-deposits", "excludes-deposits"]),
    help="whether the provider's AMOUNT has what is reserved in it (default: it has)",
)
@click.option(
    "--auction-won",
    type=click.Choice(["paid", "ended"]),
    help="what makes the winner's order AUCTION-WON (default: the auction's end)",
)
@click.option(
    "--answers",
    type=click.Path(exists=True, dir_okay=False, resolve_path=True),
    metavar="FILE",
    help="a JSON list of answers that the provider gives in the place of its own",
)
@click.option("--store", type=click.Choice(["dynamodb", "memory"]), help="default: dynamodb up to 500 entries")
@click.option("--attach", is_flag=True, help="go on with the stack of a running `make up`")
@click.option("--fetch", is_flag=True, help="pull the provider's own list of dropping names each day, too")
@encoding_option
@click.option("--every-tick", is_flag=True, help="deliver every tick, needed or not")
@click.option("--out", type=click.Path(path_type=Path), default=Path("build/run"), show_default=True)
def run(**given: Any) -> None:
    """Takes lists through their whole life: ingested, ordered, dropped, and accounted for.

    Prints what happened, and writes it to --out. Without --list: the bundled sample of invented names.
    """
    # Imported here: `python -m local emulator` should not wait for all of this.
    from local.run.lists import Unusable  # noqa: PLC0415
    from local.run.options import EmulatorOptions, RunOptions  # noqa: PLC0415
    from local.run.run import run as run_it  # noqa: PLC0415
    from local.run.screen import progress, show  # noqa: PLC0415

    heed_signals()
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "backorder-local")
    of_emulator = {name: given.pop(name) for name in EmulatorOptions.__dataclass_fields__ if name != "seed"}
    given["lists"] = given["lists"] or (os.path.relpath(SAMPLE),)
    options = RunOptions(emulator=EmulatorOptions(**of_emulator, seed=given["seed"]), **given)
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=120)
    try:
        with progress(console) as tell:
            outcome = run_it(options, progress=tell)
    except (Unusable, StackError) as error:
        _stop(str(error))
    except (BotoCoreError, requests.ConnectionError) as error:
        _stop(f"the stack went away while it was worked on ({type(error).__name__}): start it anew and run again")
    show(outcome, console)
    if outcome.broken:
        print(f"broken invariants: {', '.join(outcome.broken)}")
    if outcome.broken or outcome.crashes:
        sys.exit(1)


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--emulator-port", type=click.IntRange(0, 65535), default=EMULATOR_PORT, show_default=True)
@click.argument("emulator_arguments", nargs=-1, type=click.UNPROCESSED)
def up(emulator_port: int, emulator_arguments: tuple[str, ...]) -> None:
    """Keeps the stack up, deployed into moto, with the emulator, until interrupted.

    Other options go to the emulator: `python -m local up --balance 1000.00 --duplicates new`.
    """
    from local.stack.local_stack import up as keep_up  # noqa: PLC0415

    try:
        keep_up(emulator_port=emulator_port, emulator_arguments=emulator_arguments)
    except StackError as error:
        _stop(str(error))


@main.command()
@click.option("--quiet", is_flag=True, help="say nothing but what goes wrong")
def serve(quiet: bool) -> None:
    """Runs the functions of a running `make up` until interrupted: for trying `python -m ops`.

    Their log is in build/serve.log.
    """
    from local.stack.local_stack import attach  # noqa: PLC0415
    from local.stack.serve import serve as serve_it  # noqa: PLC0415

    heed_signals()
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", "backorder-local")
    try:
        serve_it(
            attach(),
            tell=(lambda _words: None) if quiet else lambda words: print(words, flush=True),
            complain=lambda words: print(words, file=sys.stderr, flush=True),
        )
    except StackError as error:
        _stop(str(error))
    except (BotoCoreError, requests.RequestException):
        _stop("the stack is gone: start it anew with `make up`")
    except KeyboardInterrupt:
        print("\nstopped")


@main.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def choose(arguments: tuple[str, ...]) -> None:
    """What the rules would order from a list, why, and what it would cost."""
    # Imported here: `python -m local emulator` should not wait for all of this.
    from local.choose.command import choose as choose_command  # noqa: PLC0415

    choose_command.main(list(arguments), prog_name="python -m local choose", standalone_mode=False)


def _stop(message: str) -> NoReturn:
    """Ends with status 2 and one line that says what is wrong, and where."""
    print(f"local: {message}", file=sys.stderr)
    sys.exit(2)


def start(arguments: Sequence[str] | None = None) -> None:
    """Runs a command line, this process's own unless given. Exits with 2 and one line where it cannot be used."""
    try:
        main(arguments, prog_name="python -m local", standalone_mode=False)
    except click.ClickException as error:
        _stop(error.format_message())
    except click.Abort:
        sys.exit(130)


if __name__ == "__main__":
    start()
