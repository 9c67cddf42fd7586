"""The command line of `choose`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
from rich.console import Console

from backorder.rules import Rules, RulesError, parse_rules
from backorder.runtime.clock import system_clock
from local.choose.choosing import consider_file, orders
from local.choose.screen import reading, show, write
from local.encoding import encoding_option

_WIDTH = 160
"""Characters of a line where there is no terminal."""


class Unusable(click.ClickException):
    """A list or rules that cannot be read; the message says which, and why."""


@click.command()
@click.argument("list_", metavar="LIST", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--rules", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="the rules.toml to try"
)
@click.option("--show", "most", type=click.IntRange(0), default=30, show_default=True, help="names that are shown")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="write all chosen names as CSV")
@encoding_option
@click.option("--at", type=click.DateTime(), help="as if it were that time (UTC; default: now)")
def choose(list_: Path, rules: Path, most: int, out: Path | None, encoding: str | None, at: datetime | None) -> None:
    """Prints what the rules would order from LIST, why, and what it would cost. Nothing is uploaded or ordered."""
    parsed = _parsed(rules)
    moment = at.replace(tzinfo=UTC) if at else system_clock()
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(highlight=False, width=_WIDTH)
    try:
        considered = list(consider_file(list_, parsed, encoding, begun=partial(reading, console=console)))
    except OSError as error:
        raise Unusable(f"{list_}: cannot be read: {error.strerror}") from None
    if not any(one.entries > one.rejected for one in considered):
        why = next((reason for one in considered for reason in one.reasons), "it is empty")
        raise Unusable(f"{list_}: no name could be read from it: {why}")
    ordered = orders(considered, parsed, lambda: moment)
    show(considered, ordered, parsed.limits, console, most=most)
    if out is not None:
        try:
            write(ordered, out)
        except OSError as error:
            raise Unusable(f"--out {out}: cannot be written: {error.strerror}") from None
        console.print(f"All chosen names are in {out}.", markup=False, soft_wrap=True)


def _parsed(path: Path) -> Rules:
    try:
        return parse_rules(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise Unusable(f"--rules {path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unusable(f"--rules {path}: is not UTF-8: save it so") from None
    except RulesError as error:
        raise Unusable(
            "\n".join(f"{path}{line.removeprefix('rules.toml')}" for line in str(error).splitlines())
        ) from None
