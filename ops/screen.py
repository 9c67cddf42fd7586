"""What a command shows: tables and sentences, or JSON. What came from outside is shown as text, whatever is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import click
from pydantic import TypeAdapter
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Table
from rich.text import Text

from backorder.domain.money import in_words
from backorder.runtime.clock import span

T = TypeVar("T")

WIDTH_WITHOUT_TERMINAL = 120
_STANDS_FOR_THE_UNPRINTABLE = "\N{REPLACEMENT CHARACTER}"


class Screen:
    """Results go to standard output, progress and remarks to standard error."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def show(self, value: T, render: Callable[[T, Console], None]) -> None:
        """The result of a command: as JSON if that was asked for, else as `render` puts it."""
        if self.as_json:
            document = TypeAdapter(type(value)).dump_json(value, indent=2).decode()
            self.out.print(document, markup=False, highlight=False, soft_wrap=True)
        else:
            render(value, self.out)

    def say(self, sentence: str) -> None:
        """A remark on the way."""
        self.err.print(plain(sentence), soft_wrap=True)

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """While something takes its time; gives what changes the words. Silent without a terminal."""
        if not self.err.is_terminal:
            yield lambda _words: None
            return
        with self.err.status(plain(what)) as status:
            yield lambda words: status.update(plain(words))

    @contextmanager
    def transfer(self, what: str, file: Path) -> Iterator[Callable[[int], None]]:
        """While a file is uploaded; gives what is told the bytes that went. Silent without a terminal."""
        size = file.stat().st_size if file.is_file() else 0
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
        with Progress(*columns, console=self.err, transient=True, disable=not self.err.is_terminal) as bar:
            task = bar.add_task(escape(what), total=size)
            yield lambda count: bar.advance(task, count)

    def agrees(self, question: str) -> bool:
        """Asks whoever sits there. As JSON nobody is asked, and nothing is done."""
        return not self.as_json and click.confirm(question, err=True)


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False)
    return console if console.is_terminal else Console(stderr=stderr, highlight=False, width=WIDTH_WITHOUT_TERMINAL)


def plain(value: object, style: str = "") -> Text:
    """Text that is shown as it is: no markup, no control characters, none that turn the direction of writing."""
    text = "".join(char if char.isprintable() or char == "\n" else _STANDS_FOR_THE_UNPRINTABLE for char in str(value))
    return Text(text, style=style)


def table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    """A table without lines; the columns named in `right` hold numbers. Without any title of a column: no header."""
    made = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, show_header=any(columns)
    )
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold", header_style="dim")
    return made


def row(made: Table, *cells: object, style: str = "") -> None:
    """Adds a row of plain cells."""
    made.add_row(*(cell if isinstance(cell, Text) else plain("" if cell is None else cell, style) for cell in cells))


def moment(at: datetime | None) -> str:
    """`24 Nov 16:00`; in UTC, as all times that are shown."""
    return "" if at is None else f"{at:%-d %b %Y %H:%M}"


def ago(at: datetime, now: datetime) -> str:
    """`3 minutes ago`."""
    passed = now - at
    return "just now" if passed < timedelta(minutes=1) else f"{span(passed)} ago"


def ahead(at: datetime, now: datetime) -> str:
    """`in 3 hours`, or `2 minutes ago`."""
    return ago(at, now) if at <= now else f"in {span(at - now)}"


def money(amount: Decimal | str | None, currency: str | None) -> str:
    """`1,234.50 USD`."""
    return "" if amount is None else in_words(Decimal(amount), currency)


def counted(number: int, one: str, more: str | None = None) -> str:
    """`1 name`, `2 names`."""
    return f"{number:,} {one if number == 1 else more or one + 's'}"
